/* SPDX-License-Identifier: MIT */
#include "base/json.h"
#include "base/printable.h"

#include <jansson.h>
#include <math.h>

/* struct rp_json is jansson's json_t under our name; it is never defined. */
static json_t *J(const struct rp_json *j)
{
	json_t *r;

	memcpy(&r, &j, sizeof(r));
	return r;
}

static struct rp_json *R(json_t *j)
{
	return (struct rp_json *)j;
}

struct rp_json *rp_json_object(void)
{
	return R(json_object());
}

struct rp_json *rp_json_array(void)
{
	return R(json_array());
}

struct rp_json *rp_json_null(void)
{
	return R(json_null());
}

/* What JSON can hold of any bytes: each one that is not UTF-8 becomes U+FFFD. */
static char *to_utf8(const char *s)
{
	RP_AUTO_STRBUF struct rp_strbuf b = RP_STRBUF_INIT;
	uint32_t c;

	for (size_t n; *s; s += n ? n : 1) {
		n = rp_utf8_decode(s, &c);
		rp_strbuf_add_mem(&b, n ? s : "\xef\xbf\xbd", n ? n : 3);
	}
	return rp_strbuf_steal(&b);
}

struct rp_json *rp_json_string(const char *s)
{
	json_t *j = json_string(s);
	RP_AUTO_FREE char *text = j ? NULL : to_utf8(s);

	return R(text ? json_string(text) : j);
}

struct rp_json *rp_json_int(int64_t v)
{
	return R(json_integer(v));
}

struct rp_json *rp_json_u64(uint64_t v)
{
	return v > INT64_MAX ? NULL : R(json_integer((json_int_t)v));
}

struct rp_json *rp_json_real(double v)
{
	return isfinite(v) ? R(json_real(v)) : NULL;
}

struct rp_json *rp_json_bool(bool v)
{
	return R(json_boolean(v));
}

struct rp_json *rp_json_free(struct rp_json *j)
{
	if (j)
		json_decref(J(j));
	return NULL;
}

void rp_cleanup_json(struct rp_json **j)
{
	*j = rp_json_free(*j);
}

int rp_json_set(struct rp_json *obj, const char *key, struct rp_json *value)
{
	int r = 0;

	if (!obj) {
		rp_json_free(value);
		return -ENOMEM;
	}
	if (!value)
		return -ENOMEM;
	if (json_object_set(J(obj), key, J(value)) < 0) { /* the key may be a stranger's, too */
		RP_AUTO_FREE char *text = to_utf8(key);

		r = text ? json_object_set(J(obj), text, J(value)) : -1;
	}
	rp_json_free(value);
	return r < 0 ? -ENOMEM : 0;
}

int rp_json_append(struct rp_json *arr, struct rp_json *value)
{
	if (!arr) {
		rp_json_free(value);
		return -ENOMEM;
	}
	return json_array_append_new(J(arr), J(value)) < 0 ? -ENOMEM : 0;
}

int rp_json_set_string(struct rp_json *obj, const char *key, const char *s)
{
	return rp_json_set(obj, key, s ? rp_json_string(s) : rp_json_null());
}

int rp_json_set_u64(struct rp_json *obj, const char *key, uint64_t v)
{
	return rp_json_set(obj, key, rp_json_u64(v));
}

int rp_json_set_bool(struct rp_json *obj, const char *key, bool v)
{
	return rp_json_set(obj, key, rp_json_bool(v));
}

int rp_json_set_null(struct rp_json *obj, const char *key)
{
	return rp_json_set(obj, key, rp_json_null());
}

enum rp_json_type rp_json_type(const struct rp_json *j)
{
	if (!j)
		return RP_JSON_NULL;
	switch (json_typeof(J(j))) {
	case JSON_OBJECT:
		return RP_JSON_OBJECT;
	case JSON_ARRAY:
		return RP_JSON_ARRAY;
	case JSON_STRING:
		return RP_JSON_STRING;
	case JSON_INTEGER:
		return RP_JSON_INT;
	case JSON_REAL:
		return RP_JSON_REAL;
	case JSON_TRUE:
	case JSON_FALSE:
		return RP_JSON_BOOL;
	case JSON_NULL:
	default:
		return RP_JSON_NULL;
	}
}

struct rp_json *rp_json_get(const struct rp_json *j, const char *key)
{
	return j ? R(json_object_get(J(j), key)) : NULL;
}

struct rp_json *rp_json_at(const struct rp_json *j, size_t i)
{
	return j ? R(json_array_get(J(j), i)) : NULL;
}

size_t rp_json_len(const struct rp_json *j)
{
	if (!j)
		return 0;
	return json_is_object(J(j)) ? json_object_size(J(j)) : json_array_size(J(j));
}

const char *rp_json_text(const struct rp_json *j)
{
	return j ? json_string_value(J(j)) : NULL;
}

int64_t rp_json_int_value(const struct rp_json *j)
{
	return j ? json_integer_value(J(j)) : 0;
}

double rp_json_real_value(const struct rp_json *j)
{
	return j ? json_number_value(J(j)) : 0;
}

bool rp_json_bool_value(const struct rp_json *j)
{
	return j && json_is_true(J(j));
}

void *rp_json_iter(const struct rp_json *obj)
{
	return obj ? json_object_iter(J(obj)) : NULL;
}

void *rp_json_iter_next(const struct rp_json *obj, void *iter)
{
	return json_object_iter_next(J(obj), iter);
}

const char *rp_json_iter_key(void *iter)
{
	return json_object_iter_key(iter);
}

struct rp_json *rp_json_iter_value(void *iter)
{
	return R(json_object_iter_value(iter));
}

static int append_text(const char *p, size_t len, void *out)
{
	rp_strbuf_add_mem(out, p, len);
	return 0;
}

int rp_json_print(const struct rp_json *j, bool pretty, struct rp_strbuf *ret)
{
	size_t flags = JSON_ENCODE_ANY | JSON_REAL_PRECISION(15);

	flags |= pretty ? JSON_INDENT(2) : JSON_COMPACT;
	if (!j || json_dump_callback(J(j), append_text, ret, flags) < 0)
		return -ENOMEM;
	return rp_strbuf_failed(ret) ? -ENOMEM : 0;
}
