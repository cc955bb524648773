/* SPDX-License-Identifier: MIT */
/* Plain values of config.json: numbers, flags and words. */
#include "model/files/config_internal.h"

#include "base/strbuf.h"

int rp_config_complain(const struct rp_config_reader *r, const char *key, const char *what)
{
	return rp_error_set(r->reterr, -EINVAL, ROCPART_ERR_MODEL_FORMAT, r->name, "'%s' %s", key,
			    what);
}

/* A size that every language model has: 0 would pass for one that is left to its class. */
static bool is_never_zero(const struct rp_config_key *k)
{
	static const size_t sizes[] = {
		offsetof(struct rp_model_config, hidden), offsetof(struct rp_model_config, layers),
		offsetof(struct rp_model_config, heads), offsetof(struct rp_model_config, vocab)};

	for (size_t i = 0; i < RP_ARRAY_LEN(sizes); i++)
		if (sizes[i] == k->offset)
			return true;
	return false;
}

static int put_number(struct rp_config_reader *r, const struct rp_config_key *k,
		      const struct rp_config_value *v, char *at)
{
	uint32_t n;

	/* "auto" (time_step_rank) and sizes given as words leave the default. */
	if (v->kind == RP_CONFIG_TEXT && rp_str_eq(v->text, "auto"))
		return 0;
	if (v->kind != RP_CONFIG_INT)
		return rp_config_complain(r, k->name, "is not an integer");
	if (v->negative && v->u != 0) {
		/* Group size -1: one scale per row. Everything else must be a size. */
		if (k->offset != offsetof(struct rp_model_config, quant.group) || v->u != 1)
			return rp_config_complain(r, k->name, "is negative");
		n = RP_QUANT_WHOLE_ROW;
		memcpy(at, &n, sizeof(n));
		return 0;
	}
	if (v->u > UINT32_MAX)
		return rp_config_complain(r, k->name, "is larger than any model");
	n = (uint32_t)v->u;
	if (n == 0 && is_never_zero(k))
		return rp_config_complain(r, k->name, "is 0");
	memcpy(at, &n, sizeof(n));
	return 0;
}

static int put_key(struct rp_config_reader *r, const struct rp_config_key *k,
		   const struct rp_config_value *v)
{
	char *at = (char *)r->c + k->offset;
	enum rp_tri tri = v->yes ? RP_TRI_YES : RP_TRI_NO;

	if (v->kind == RP_CONFIG_NULL)
		return 0;
	switch (k->sort) {
	case NUMBER:
		return put_number(r, k, v, at);
	case TRI:
		if (v->kind != RP_CONFIG_BOOL)
			return rp_config_complain(r, k->name, "is not true or false");
		memcpy(at, &tri, sizeof(tri));
		return 0;
	case TEXT:
		if (v->kind != RP_CONFIG_TEXT)
			return rp_config_complain(r, k->name, "is not text");
		if (rp_fmt(at, k->size, "%s", v->text) < 0)
			return rp_config_complain(r, k->name, "is too long");
		return 0;
	}
	return 0;
}

/* Bit i of a set of seen keys; true when it was set before. */
static bool mark(uint64_t *set, size_t i)
{
	uint64_t bit = UINT64_C(1) << (i % 64);
	bool before = (set[i / 64] & bit) != 0;

	set[i / 64] |= bit;
	return before;
}

static const struct rp_config_key *find(const struct rp_config_key *keys, size_t n,
					const char *name)
{
	for (size_t i = 0; i < n; i++) {
		if (rp_str_eq(keys[i].name, name))
			return &keys[i];
	}
	return NULL;
}

/* "sliding_window" and "sliding_window_size" must say the same of one part. */
static void check_aliases(struct rp_config_reader *r, enum rp_config_scope scope,
			  const struct rp_config_key *keys, size_t n_keys,
			  const struct rp_config_key *k, const struct rp_config_value *v)
{
	uint32_t before;

	memcpy(&before, (char *)r->c + k->offset, sizeof(before));
	for (size_t i = 0; k->sort == NUMBER && v->kind == RP_CONFIG_INT && i < n_keys; i++) {
		char text[64];

		if (&keys[i] == k || keys[i].offset != k->offset || !before || !v->u ||
		    before == v->u || !((r->seen[scope][i / 64] >> (i % 64)) & 1))
			continue;
		if (rp_fmt(text, sizeof(text), "%llu, not %u", (unsigned long long)v->u, before) ==
		    0)
			rp_config_doubt(r, scope, k->name, text);
		return;
	}
}

/* Keep what only some architectures understand until the architecture is known. */
static void remember(struct rp_config_reader *r, const struct rp_config_key *k,
		     const struct rp_config_value *v)
{
	size_t i = r->n_conditional;
	bool neutral = v->kind == RP_CONFIG_NULL || (v->kind == RP_CONFIG_BOOL && !v->yes) ||
		       (v->kind == RP_CONFIG_INT && v->u == 0);

	if (!k->groups || neutral || i == RP_CONFIG_MAX_CONDITIONAL)
		return;
	r->conditional[i].key = k;
	r->conditional[i].value = v->u;
	r->n_conditional++;
}

/* The language part wins over the root, under whichever name it says a size. */
static void claim(struct rp_config_reader *r, const struct rp_config_key *keys, size_t n_keys,
		  const struct rp_config_key *k)
{
	for (size_t i = 0; i < n_keys; i++)
		if (keys[i].offset == k->offset)
			(void)mark(r->text_said, i);
}

/*
 * A shape that the root and the language part give differently: one of them is not ours. Not the
 * vocabulary and the context, which roots of old files have from before they were padded.
 */
static void check_root(struct rp_config_reader *r, const struct rp_config_key *k,
		       const struct rp_config_value *v)
{
	uint32_t before;
	char text[64];

	if (!is_never_zero(k) || k->offset == offsetof(struct rp_model_config, vocab) ||
	    v->kind != RP_CONFIG_INT)
		return;
	memcpy(&before, (char *)r->c + k->offset, sizeof(before));
	if (before && before != v->u &&
	    rp_fmt(text, sizeof(text), "%llu, and %u", (unsigned long long)v->u, before) == 0)
		rp_config_doubt(r, RP_SCOPE_TEXT, k->name, text);
}

int rp_config_put_scalar(struct rp_config_reader *r, enum rp_config_scope scope,
			 const struct rp_config_key *keys, size_t n_keys, const char *name,
			 const struct rp_config_value *v)
{
	const struct rp_config_key *k = find(keys, n_keys, name);
	size_t i;

	if (!k)
		return 1;
	i = (size_t)(k - keys);
	if (mark(r->seen[scope], i))
		return rp_config_complain(r, name, "is given twice");
	if (scope == RP_SCOPE_TEXT) {
		if ((r->seen[RP_SCOPE_ROOT][i / 64] >> (i % 64)) & 1)
			check_root(r, k, v);
		claim(r, keys, n_keys, k);
	} else if (scope == RP_SCOPE_ROOT && (r->text_said[i / 64] >> (i % 64)) & 1) {
		check_root(r, k, v);
		return 0;
	}
	check_aliases(r, scope, keys, n_keys, k, v);
	remember(r, k, v);
	return put_key(r, k, v);
}
