/* SPDX-License-Identifier: MIT */
/* config.json as a stream of values with their paths. */
#include "model/files/config_read.h"

#include "base/strbuf.h"
#include "model/files/pull.h"

#define KEY_SIZE   512u	 /* a key may be a regular expression */
#define VALUE_SIZE 2048u /* hybrid_override_pattern has a letter per layer */

/* Where the reader is: a key per object level, a count per array level. */
struct place {
	char keys[RP_CONFIG_MAX_PATH][KEY_SIZE];
	const char *path[RP_CONFIG_MAX_PATH];
	size_t n;			   /* keys now */
	uint8_t kinds[RP_CONFIG_MAX_PATH]; /* of each level: 1 object with its key, 0 array */
	unsigned depth;
	long index[RP_CONFIG_MAX_PATH];
};

static void token_value(const struct rp_pull *p, int token, char *buf, struct rp_config_value *ret)
{
	*ret = (struct rp_config_value){.kind = RP_CONFIG_NULL};
	switch (token) {
	case RP_PULL_STRING:
		ret->kind = RP_CONFIG_TEXT;
		rp_pull_copy(p, buf, VALUE_SIZE);
		ret->text = buf;
		break;
	case RP_PULL_INT:
		ret->kind = RP_CONFIG_INT;
		ret->u = p->u;
		ret->negative = p->negative;
		break;
	case RP_PULL_REAL:
		ret->kind = RP_CONFIG_REAL;
		break;
	case RP_PULL_TRUE:
	case RP_PULL_FALSE:
		ret->kind = RP_CONFIG_BOOL;
		ret->yes = token == RP_PULL_TRUE;
		break;
	default:
		break;
	}
}

/* A value inside an array of arrays, or of an object in an array, is none of ours. */
static bool is_plain_place(const struct place *at, long *ret_index)
{
	unsigned arrays = 0;

	*ret_index = -1;
	for (unsigned i = 0; i < at->depth; i++) {
		if (at->kinds[i])
			continue;
		arrays++;
		*ret_index = at->index[i];
		if (i + 1 != at->depth)
			return false;
	}
	return arrays <= 1;
}

static int one_value(struct rp_config_reader *r, struct rp_pull *p, struct place *at, int token,
		     char *buf)
{
	struct rp_config_value v;
	long index;
	int err = 0;

	token_value(p, token, buf, &v);
	if (is_plain_place(at, &index))
		err = rp_config_put(r, at->path, at->n, index, &v);
	else
		rp_config_put_deep(r, at->path, at->n, &v);
	if (at->depth && !at->kinds[at->depth - 1])
		at->index[at->depth - 1]++;
	return err;
}

static void open_level(struct place *at, bool object)
{
	at->kinds[at->depth] = object;
	at->index[at->depth] = 0;
	at->depth++;
}

/* Keys of the first levels: one per object among them. */
static size_t keys_of(const struct place *at, unsigned levels)
{
	size_t n = 0;

	for (unsigned i = 0; i < levels; i++)
		n += at->kinds[i];
	return n;
}

static void close_level(struct place *at)
{
	at->depth--;
	at->n = keys_of(at, at->depth);
	if (at->depth && !at->kinds[at->depth - 1])
		at->index[at->depth - 1]++;
}

static void take_key(struct place *at, const struct rp_pull *p)
{
	at->n = keys_of(at, at->depth - 1);
	rp_pull_copy(p, at->keys[at->n], KEY_SIZE);
	at->path[at->n] = at->keys[at->n];
	at->n++;
}

static int read_values(struct rp_config_reader *r, struct rp_pull *p)
{
	RP_AUTO_FREE struct place *at = rp_new0(struct place, 1);
	RP_AUTO_FREE char *buf = malloc(VALUE_SIZE);
	int t = rp_pull_expect(p, RP_PULL_OBJECT, "the map of keys");

	if (!at || !buf)
		return rp_error_nomem(r->reterr);
	if (t < 0)
		return t;
	open_level(at, true);
	while (at->depth) {
		t = rp_pull_next(p);
		if (t < 0)
			return t;
		if (t == RP_PULL_KEY) {
			take_key(at, p);
		} else if (t == RP_PULL_OBJECT || t == RP_PULL_ARRAY) {
			open_level(at, t == RP_PULL_OBJECT);
			t = t == RP_PULL_OBJECT ? rp_config_open(r, at->path, at->n) : 0;
			if (t < 0)
				return t;
		} else if (t == RP_PULL_OBJECT_END || t == RP_PULL_ARRAY_END) {
			close_level(at);
		} else {
			t = one_value(r, p, at, t, buf);
			if (t < 0)
				return t;
		}
	}
	return rp_pull_padding(p);
}

int rp_config_read(int fd, const char *text, uint64_t size, const char *name,
		   struct rp_model_config *c, struct rocpart_error *reterr)
{
	struct rp_config_reader r = {.c = c, .name = name, .reterr = reterr};
	RP_AUTO_PULL struct rp_pull p = {.fd = -EBADF};
	int err;

	if (size > RP_CONFIG_MAX_BYTES)
		return rp_error_set(reterr, -EFBIG, ROCPART_ERR_MODEL_FORMAT, name,
				    "the file is larger than %llu bytes",
				    (unsigned long long)RP_CONFIG_MAX_BYTES);
	if (fd < 0) {
		rp_pull_open_mem(&p, text, (size_t)size, name, reterr);
	} else {
		err = rp_pull_open_fd(&p, fd, 0, size, name, reterr);
		if (err < 0)
			return err;
	}
	p.nonfinite = true;
	err = read_values(&r, &p);
	return err < 0 ? err : rp_config_finish(&r);
}
