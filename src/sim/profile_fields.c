/* SPDX-License-Identifier: MIT */
#include "sim/profile_fields.h"

#include "base/num.h"
#include "base/strbuf.h"

#define MAX_FIELDS 48

static int read_number(const struct rp_sim_reader *r, const struct rp_yaml *y,
		       const struct rp_sim_field *f, void *base)
{
	uint64_t v = 0;
	int ret = rp_yaml_u64(y, r->name, &v, r->err);

	if (ret < 0)
		return ret;
	if (v < f->min || v > f->max)
		return rp_yaml_must_be(y, r->name, r->err, "from %llu to %llu",
				       (unsigned long long)f->min, (unsigned long long)f->max);
	if (f->type == FIELD_U64) {
		memcpy((char *)base + f->offset, &v, sizeof(v));
	} else {
		uint32_t v32 = (uint32_t)v;

		memcpy((char *)base + f->offset, &v32, sizeof(v32));
	}
	return 0;
}

/* Attributes show these texts: no control characters, so that one line stays one line. */
static int read_text(const struct rp_sim_reader *r, const struct rp_yaml *y, char **ret)
{
	const char *text = NULL;
	int res = rp_yaml_text(y, r->name, &text, r->err);

	if (res < 0)
		return res;
	for (const char *c = text; *c; c++) {
		if ((unsigned char)*c < ' ')
			return rp_yaml_must_be(y, r->name, r->err, "one line of text");
	}
	if (strlen(text) > 128)
		return rp_yaml_must_be(y, r->name, r->err, "at most 128 characters long");
	free(*ret);
	*ret = rp_strndup(text, strlen(text));
	return *ret ? 0 : rp_error_nomem(r->err);
}

static int read_field(const struct rp_sim_reader *r, const struct rp_yaml *y,
		      const struct rp_sim_field *f, void *base)
{
	char *at = (char *)base + f->offset;

	switch (f->type) {
	case FIELD_U32:
	case FIELD_U64:
		return read_number(r, y, f, base);
	case FIELD_BOOL:
		return rp_yaml_bool(y, r->name, (bool *)(void *)at, r->err);
	case FIELD_TEXT:
		return read_text(r, y, (char **)(void *)at);
	case FIELD_OTHER:
		break;
	}
	return 0;
}

int rp_sim_read_map(const struct rp_sim_reader *r, const struct rp_yaml *map,
		    const struct rp_sim_field *fields, size_t n, void *base)
{
	const char *known[MAX_FIELDS] = {NULL};
	int ret;

	for (size_t i = 0; i < n; i++)
		known[i] = fields[i].key;
	ret = rp_yaml_only_keys(map, r->name, known, n, r->err);
	for (size_t i = 0; ret == 0 && i < n; i++) {
		const struct rp_yaml *y = rp_yaml_get(map, fields[i].key);

		if (y)
			ret = read_field(r, y, &fields[i], base);
		else if (fields[i].required)
			ret = rp_yaml_error(map, r->name, r->err, "'%s' is missing", fields[i].key);
	}
	return ret;
}

int rp_sim_want_list(const struct rp_sim_reader *r, const struct rp_yaml *y, size_t max)
{
	if (y->kind != RP_YAML_LIST || y->n == 0 || y->n > max)
		return rp_yaml_must_be(y, r->name, r->err, "a list of 1 to %zu entries", max);
	return 0;
}
