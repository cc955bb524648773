/* SPDX-License-Identifier: MIT */
#include "model/files/index.h"

#include "base/num.h"
#include "base/strbuf.h"
#include "model/files/pull.h"
#include "model/files/safetensors.h"

void rp_index_done(struct rp_index *x)
{
	if (!x)
		return;
	for (size_t i = 0; i < x->n_shards; i++)
		free(x->shards[i].name);
	free(x->shards);
	memset(x, 0, sizeof(*x));
}

/* A shard is a plain file beside the index. */
static int check_name(struct rp_pull *p, const char *tensor)
{
	if (p->cut || p->text_len == 0 || p->text_len > RP_INDEX_MAX_NAME)
		return rp_pull_error(p, "tensor '%s': the name of its shard is empty or too long",
				     tensor);
	if (memchr(p->text, '/', p->text_len) || memchr(p->text, '\0', p->text_len) ||
	    memmem(p->text, p->text_len, "..", 2) || p->text[0] == '.')
		return rp_pull_error(
			p, "tensor '%s': the name of its shard is not a plain file name", tensor);
	return 0;
}

/* Tensors of a shard mostly stand together: the last one is asked first. */
static int find_shard(struct rp_pull *p, struct rp_index *x, size_t *last)
{
	if (*last < x->n_shards && rp_pull_is(p, x->shards[*last].name))
		return 0;
	for (size_t i = 0; i < x->n_shards; i++) {
		if (rp_pull_is(p, x->shards[i].name)) {
			*last = i;
			return 0;
		}
	}
	if (x->n_shards >= RP_INDEX_MAX_SHARDS)
		return rp_pull_error(p, "the index has more than %u shards", RP_INDEX_MAX_SHARDS);
	if (rp_grow(&x->shards, &x->cap, x->n_shards + 1, sizeof(*x->shards)) < 0)
		return rp_error_nomem(p->reterr);
	x->shards[x->n_shards] = (struct rp_index_shard){.name = rp_strndup(p->text, p->text_len)};
	if (!x->shards[x->n_shards].name)
		return rp_error_nomem(p->reterr);
	*last = x->n_shards++;
	return 0;
}

static int read_map(struct rp_pull *p, struct rp_index *x)
{
	char tensor[160];
	uint64_t share;
	size_t last = 0;
	int t = rp_pull_expect(p, RP_PULL_OBJECT, "the map of 'weight_map'");

	while (t >= 0) {
		t = rp_pull_next(p);
		if (t < 0 || t == RP_PULL_OBJECT_END)
			return t < 0 ? t : 0;
		if (++x->n_tensors > RP_INDEX_MAX_TENSORS)
			return rp_pull_error(p, "the index has more than %u tensors",
					     RP_INDEX_MAX_TENSORS);
		rp_pull_copy(p, tensor, sizeof(tensor));
		share = rp_st_name_share(p->text, p->text_len);
		t = rp_pull_expect(p, RP_PULL_STRING, "the shard of a tensor");
		t = t < 0 ? t : check_name(p, tensor);
		t = t < 0 ? t : find_shard(p, x, &last);
		if (t < 0)
			return t;
		x->shards[last].n_tensors++;
		x->shards[last].name_sum += share;
	}
	return t;
}

/* Some files have total_size as 1.0e9 or as a text; then it is as if it were not there. */
static int read_metadata(struct rp_pull *p, struct rp_index *x)
{
	int t = rp_pull_expect(p, RP_PULL_OBJECT, "the map of 'metadata'");

	while (t >= 0) {
		bool total;

		t = rp_pull_next(p);
		if (t < 0 || t == RP_PULL_OBJECT_END)
			return t < 0 ? t : 0;
		total = rp_pull_is(p, "total_size");
		t = rp_pull_next(p);
		if (t == RP_PULL_INT && total) {
			if (x->has_total)
				return rp_pull_error(p, "'total_size' is given twice");
			if (p->negative)
				return rp_pull_error(p, "'total_size' is negative");
			x->has_total = true;
			x->total_bytes = p->u;
		}
		t = t < 0 ? t : rp_pull_skip(p, t);
	}
	return t;
}

static int read_index(struct rp_pull *p, struct rp_index *x)
{
	bool map = false, metadata = false;
	int t = rp_pull_expect(p, RP_PULL_OBJECT, "the map of the index");

	while (t >= 0) {
		t = rp_pull_next(p);
		if (t < 0)
			return t;
		if (t == RP_PULL_OBJECT_END)
			break;
		if (rp_pull_is(p, "weight_map")) {
			if (map)
				return rp_pull_error(p, "'weight_map' is given twice");
			map = true;
			t = read_map(p, x);
		} else if (rp_pull_is(p, "metadata")) {
			if (metadata)
				return rp_pull_error(p, "'metadata' is given twice");
			metadata = true;
			t = read_metadata(p, x);
		} else {
			t = rp_pull_next(p);
			t = t < 0 ? t : rp_pull_skip(p, t);
		}
	}
	if (t < 0)
		return t;
	if (!x->n_tensors)
		return rp_pull_error(p, "'weight_map' is missing or empty");
	return rp_pull_padding(p);
}

int rp_index_read(int fd, const char *text, uint64_t size, const char *name, struct rp_index *ret,
		  struct rocpart_error *reterr)
{
	RP_AUTO_PULL struct rp_pull p = {.fd = -EBADF};
	struct rp_index x = {0};
	int r = 0;

	if (size > RP_INDEX_MAX_BYTES)
		return rp_error_set(reterr, -EFBIG, ROCPART_ERR_MODEL_FORMAT, name,
				    "the file is larger than %llu bytes",
				    (unsigned long long)RP_INDEX_MAX_BYTES);
	if (fd < 0)
		rp_pull_open_mem(&p, text, (size_t)size, name, reterr);
	else
		r = rp_pull_open_fd(&p, fd, 0, size, name, reterr);
	r = r < 0 ? r : read_index(&p, &x);
	if (r < 0) {
		rp_index_done(&x);
		return r;
	}
	*ret = x;
	return 0;
}
