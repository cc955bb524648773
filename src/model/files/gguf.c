/* SPDX-License-Identifier: MIT */
#include "model/files/gguf.h"

#include <stdio.h>

#include "base/num.h"
#include "base/strbuf.h"
#include "model/files/file.h"
#include "model/files/hash_set.h"
#include "model/files/safetensors.h"
#include "model/files/stand_in.h"
#include "model/ggml.h"

#define BUFFER	      65536u
#define MAX_ALIGNMENT 1048576u
#define LEAST_KEY     13u /* length, type and one byte of value */
#define LEAST_TENSOR  32u /* length, dimension count, one dimension, type, offset */

enum type { U8, I8, U16, I16, U32, I32, F32, BOOL, STRING, ARRAY, U64, I64, F64, N_TYPES };
static const uint8_t type_size[N_TYPES] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};

struct reader {
	int fd; /* < 0: all of the text is in buf */
	const unsigned char *buf;
	unsigned char *own;
	size_t pos, len;
	uint64_t base, size; /* place of buf[0]; of the file */
	const char *name;
	struct rocpart_error *reterr;
	struct rp_gguf *g;
	struct rp_model_config *c;
	uint64_t alignment, expected; /* expected: offset of the next tensor */
	uint64_t end;		      /* of the last one, without padding */
	struct rp_hash_set seen;
	char key[128]; /* of the present key or tensor, cut for messages */
};

static uint64_t place(const struct reader *r)
{
	return r->base + r->pos;
}

RP_PRINTF(2, 3) static int bad(struct reader *r, const char *fmt, ...)
{
	char message[384];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(message, sizeof(message), fmt, ap); /* a message too long is cut */
	va_end(ap);
	rp_error_set(r->reterr, -EINVAL, ROCPART_ERR_MODEL_FORMAT, r->name, "byte %llu: %s",
		     (unsigned long long)place(r), message);
	return -EINVAL;
}

/* n bytes of the file, n at most the buffer; NULL with the error set at its end. */
static const unsigned char *take(struct reader *r, size_t n, int *ret)
{
	const unsigned char *p;

	if (n > r->size - place(r)) {
		*ret = bad(r, "the file ends in the middle of '%s'", r->key);
		return NULL;
	}
	if (r->len - r->pos < n) {
		uint64_t left, want;

		r->base += r->pos;
		r->pos = 0;
		left = r->size - r->base;
		want = left < BUFFER ? left : BUFFER;
		*ret = rp_pread_all(r->fd, r->own, (size_t)want, r->base);
		if (*ret < 0) {
			rp_error_errno(r->reterr, *ret, r->name, "cannot read the file");
			return NULL;
		}
		r->len = (size_t)want;
	}
	p = r->buf + r->pos;
	r->pos += n;
	return p;
}

static int skip(struct reader *r, uint64_t n)
{
	if (n > r->size - place(r))
		return bad(r, "'%s' reaches beyond the end of the file", r->key);
	if (n <= r->len - r->pos) {
		r->pos += (size_t)n;
	} else {
		r->base += r->pos + n;
		r->pos = r->len = 0;
	}
	return 0;
}

static int number(struct reader *r, size_t size, uint64_t *ret)
{
	int err = 0;
	const unsigned char *p = take(r, size, &err);
	uint64_t v = 0;

	*ret = 0;
	if (!p)
		return err < 0 ? err : -EIO;
	for (size_t i = 0; i < size; i++)
		v |= (uint64_t)p[i] << (8 * i);
	*ret = v;
	return 0;
}

/* A short text, cut into buf; longer than max is an error. */
static int text(struct reader *r, uint64_t max, char *buf, size_t size, uint64_t *ret_hash)
{
	uint64_t len;
	size_t n;
	int err = number(r, 8, &len);
	const unsigned char *p;

	if (err < 0)
		return err;
	if (len > max)
		return bad(r, "a text after '%s' has %llu bytes, more than %llu", r->key,
			   (unsigned long long)len, (unsigned long long)max);
	p = take(r, (size_t)len, &err);
	if (!p)
		return err < 0 ? err : -EIO;
	if (ret_hash)
		*ret_hash = rp_st_name_hash((const char *)p, (size_t)len);
	n = len < size - 1 ? (size_t)len : size - 1;
	memcpy(buf, p, n);
	buf[n] = '\0';
	return 0;
}

static int unique(struct reader *r, uint64_t hash, const char *what)
{
	int err = rp_hash_set_add(&r->seen, hash);

	if (err == -EEXIST)
		return bad(r, "%s '%s' is given twice", what, r->key);
	return err < 0 ? bad(r, "%s '%s': too many names with one hash", what, r->key) : 0;
}

struct key {
	const char *name; /* behind "ARCH." */
	size_t offset;
};

#define KEY(name, field)                                      \
	{                                                     \
		name, offsetof(struct rp_model_config, field) \
	}

static const struct key keys[] = {
	KEY("block_count", layers),
	KEY("context_length", max_context),
	KEY("embedding_length", hidden),
	KEY("feed_forward_length", inter),
	KEY("attention.head_count", heads),
	KEY("attention.head_count_kv", kv_heads),
	KEY("attention.key_length", head_dim),
	KEY("attention.value_length", v_head_dim),
	KEY("attention.sliding_window", window),
	KEY("attention.kv_lora_rank", kv_lora),
	KEY("attention.q_lora_rank", q_lora),
	KEY("rope.dimension_count", qk_rope),
	KEY("attention.chunk_size", chunk),
	KEY("expert_count", experts),
	KEY("expert_used_count", experts_per_tok),
	KEY("expert_feed_forward_length", moe_inter),
	KEY("expert_shared_feed_forward_length", shared_inter),
	KEY("expert_shared_count", shared_experts),
	KEY("leading_dense_block_count", first_dense),
	KEY("full_attention_interval", full_every),
	KEY("vocab_size", vocab),
	KEY("ssm.conv_kernel", m_conv),
	KEY("ssm.state_size", m_state),
	KEY("ssm.group_count", m_groups),
	KEY("ssm.inner_size", m_inner),
	KEY("ssm.time_step_rank", m_dt_rank),
};

static const struct key *find_key(const struct reader *r)
{
	size_t n = strlen(r->g->architecture);

	if (!n || strncmp(r->key, r->g->architecture, n) != 0 || r->key[n] != '.')
		return NULL;
	for (size_t i = 0; i < RP_ARRAY_LEN(keys); i++) {
		if (rp_str_eq(r->key + n + 1, keys[i].name))
			return &keys[i];
	}
	return NULL;
}

static int put(struct reader *r, const struct key *k, uint64_t v)
{
	uint32_t small = (uint32_t)v;

	if (v > UINT32_MAX)
		return bad(r, "'%s' is %llu, which is impossible", r->key, (unsigned long long)v);
	memcpy((char *)r->c + k->offset, &small, sizeof(small));
	return 0;
}

static bool is_integer(uint64_t type)
{
	return type == U8 || type == U16 || type == U32 || type == U64 || type == I8 ||
	       type == I16 || type == I32 || type == I64;
}

static bool is_negative(uint64_t type, uint64_t v)
{
	return (type == I8 && v > INT8_MAX) || (type == I16 && v > INT16_MAX) ||
	       (type == I32 && v > INT32_MAX) || (type == I64 && v > INT64_MAX);
}

/* Keys of the file itself. 1: not one of them. */
static int file_key(struct reader *r, uint64_t v)
{
	if (rp_str_eq(r->key, "general.alignment")) {
		if (v == 0 || v > MAX_ALIGNMENT || (v & (v - 1)))
			return bad(r, "'general.alignment' is %llu, not a power of two",
				   (unsigned long long)v);
		r->alignment = v;
	} else if (rp_str_eq(r->key, "split.no") || rp_str_eq(r->key, "split.count")) {
		if (v > UINT16_MAX)
			return bad(r, "'%s' is %llu, which is impossible", r->key,
				   (unsigned long long)v);
		if (rp_str_eq(r->key, "split.no"))
			r->g->split_no = (uint32_t)v;
		else
			r->g->split_count = (uint32_t)v;
	} else if (rp_str_eq(r->key, "split.tensors.count")) {
		r->g->split_tensors = v;
	} else {
		return 1;
	}
	return 0;
}

static int scalar(struct reader *r, uint64_t type)
{
	const struct key *k = find_key(r);
	uint64_t v;
	int err = number(r, type_size[type], &v);

	if (err < 0 || !is_integer(type))
		return err;
	if (is_negative(type, v))
		return k ? bad(r, "'%s' is negative", r->key) : 0;
	err = file_key(r, v);
	if (err <= 0)
		return err;
	return k ? put(r, k, v) : 0;
}

static int string(struct reader *r)
{
	char buf[RP_MODEL_NAME_SIZE];
	uint64_t len;
	int err;

	if (rp_str_eq(r->key, "general.architecture")) {
		err = text(r, sizeof(buf) - 1, buf, sizeof(buf), NULL);
		if (err < 0)
			return err;
		memcpy(r->g->architecture, buf, sizeof(buf));
		memcpy(r->c->model_type, buf, sizeof(buf));
		return 0;
	}
	if (rp_str_eq(r->key, "general.type"))
		return text(r, sizeof(r->g->type) - 1, r->g->type, sizeof(r->g->type), NULL);
	err = number(r, 8, &len);
	if (err < 0)
		return err;
	if (len > RP_GGUF_MAX_STRING)
		return bad(r, "'%s' has %llu bytes, more than %u", r->key, (unsigned long long)len,
			   RP_GGUF_MAX_STRING);
	return skip(r, len);
}

static int string_array(struct reader *r, uint64_t n)
{
	uint64_t len;

	if (n > (r->size - place(r)) / 8)
		return bad(r, "'%s' claims %llu texts, more than fit into the file", r->key,
			   (unsigned long long)n);
	if (rp_str_eq(r->key, "tokenizer.ggml.tokens") && !r->c->vocab) {
		if (n > RP_MODEL_MAX_VOCAB)
			return bad(r, "'%s' claims %llu tokens, which is impossible", r->key,
				   (unsigned long long)n);
		r->c->vocab = (uint32_t)n;
	}
	for (uint64_t i = 0; i < n; i++) {
		int err = number(r, 8, &len);

		err = err < 0 ? err : skip(r, len);
		if (err < 0)
			return err;
	}
	return 0;
}

/* One number per layer: the largest counts; no key heads means no attention in that layer. */
static int layer_array(struct reader *r, const struct key *k, uint64_t type, uint64_t n)
{
	bool kv = k->offset == offsetof(struct rp_model_config, kv_heads);
	uint64_t most = 0, v;

	if (n > RP_MODEL_MAX_LAYERS)
		return bad(r, "'%s' has %llu entries, more than a model can have layers", r->key,
			   (unsigned long long)n);
	for (uint64_t i = 0; i < n; i++) {
		int err = number(r, type_size[type], &v);

		if (err < 0)
			return err;
		if (is_negative(type, v))
			return bad(r, "'%s' has a negative entry", r->key);
		most = v > most ? v : most;
		if (kv && v == 0) {
			r->c->mixers[i] = RP_MIX_MAMBA;
			r->c->n_mixers = (uint32_t)i + 1;
		} else if (kv && i >= r->c->n_mixers) {
			r->c->mixers[i] = RP_MIX_UNSAID;
		}
	}
	return put(r, k, most);
}

static int array(struct reader *r)
{
	const struct key *k = find_key(r);
	uint64_t type, n = 0, bytes;
	int err = number(r, 4, &type);

	err = err < 0 ? err : number(r, 8, &n);
	if (err < 0)
		return err;
	if (type == STRING)
		return string_array(r, n);
	if (type >= N_TYPES || type == ARRAY)
		return bad(r, "'%s' is a list of type %llu, which GGUF does not allow", r->key,
			   (unsigned long long)type);
	if (k && is_integer(type))
		return layer_array(r, k, type, n);
	if (rp_mul_u64(n, type_size[type], &bytes) < 0)
		return bad(r, "'%s' claims %llu entries, more than fit into the file", r->key,
			   (unsigned long long)n);
	return skip(r, bytes);
}

static int read_key(struct reader *r)
{
	uint64_t type = 0, hash = 0;
	int err = text(r, RP_GGUF_MAX_KEY, r->key, sizeof(r->key), &hash);

	err = err < 0 ? err : unique(r, hash, "key");
	err = err < 0 ? err : number(r, 4, &type);
	if (err < 0)
		return err;
	if (type >= N_TYPES)
		return bad(r, "'%s' has the unknown type %llu", r->key, (unsigned long long)type);
	if (type == STRING)
		return string(r);
	return type == ARRAY ? array(r) : scalar(r, type);
}

static int read_dims(struct reader *r, uint64_t *ret_ne0, uint64_t *ret_rest)
{
	uint64_t n, v, rest = 1;
	int err = number(r, 4, &n);

	if (err < 0)
		return err;
	if (n < 1 || n > 4)
		return bad(r, "tensor '%s': n_dims is %llu, which is impossible", r->key,
			   (unsigned long long)n);
	for (uint64_t i = 0; i < n; i++) {
		err = number(r, 8, &v);
		if (err < 0)
			return err;
		if (v == 0)
			return bad(r, "tensor '%s': a dimension is zero", r->key);
		if (i == 0)
			*ret_ne0 = v;
		else if (rp_mul_u64(rest, v, &rest) < 0)
			return bad(r,
				   "tensor '%s': the product of its dimensions does not fit in 64 "
				   "bits",
				   r->key);
	}
	*ret_rest = rest;
	return 0;
}

static int tensor_size(struct reader *r, uint64_t type, uint64_t ne0, uint64_t rest, uint64_t *ret)
{
	const struct rp_ggml_type *t = type <= UINT32_MAX ? rp_ggml_type((uint32_t)type) : NULL;
	int err;

	if (!t)
		return bad(r, "tensor '%s': unknown type %llu", r->key, (unsigned long long)type);
	err = rp_ggml_bytes(t, ne0, rest, ret);
	if (err == -EINVAL)
		return bad(r,
			   "tensor '%s': rows of %llu values are no multiple of the %u values in a "
			   "block of %s",
			   r->key, (unsigned long long)ne0, t->block, t->name);
	return err < 0 ? bad(r, "tensor '%s': its size does not fit in 64 bits", r->key) : 0;
}

/* Tensors follow each other, each padded to the alignment (gguf.cpp of ggml). */
static int read_tensor(struct reader *r)
{
	uint64_t hash = 0, ne0 = 0, rest = 0, type = 0, offset = 0, bytes = 0, elements;
	int err = text(r, RP_GGUF_MAX_NAME, r->key, sizeof(r->key), &hash);

	err = err < 0 ? err : unique(r, hash, "tensor");
	err = err < 0 ? err : read_dims(r, &ne0, &rest);
	err = err < 0 ? err : number(r, 4, &type);
	err = err < 0 ? err : number(r, 8, &offset);
	err = err < 0 ? err : tensor_size(r, type, ne0, rest, &bytes);
	if (err < 0)
		return err;
	if (offset % r->alignment)
		return bad(r, "tensor '%s': offset %llu is not aligned to %llu", r->key,
			   (unsigned long long)offset, (unsigned long long)r->alignment);
	if (offset != r->expected)
		return bad(r,
			   "tensor '%s': its offset is %llu, but the tensors before it end at %llu",
			   r->key, (unsigned long long)offset, (unsigned long long)r->expected);
	if (rp_mul_u64(ne0, rest, &elements) < 0 ||
	    rp_add_u64(r->g->elements, elements, &r->g->elements) < 0 ||
	    rp_add_u64(r->g->bytes, bytes, &r->g->bytes) < 0 ||
	    rp_add_u64(offset, bytes, &r->expected) < 0 || r->expected > r->size)
		return bad(r, "tensor '%s': it ends beyond the end of the file", r->key);
	/* The file must also hold it behind the header: checked when its length is known. */
	r->end = r->expected;
	if (rp_align_up_u64(r->expected, r->alignment, &r->expected) < 0)
		return bad(r, "tensor '%s': it ends beyond the end of the file", r->key);
	if (rp_str_eq(r->key, "token_embd.weight"))
		r->g->embedding_bytes = bytes;
	r->g->n_tensors++;
	return 0;
}

static int check_data(struct reader *r, uint64_t n_tensors)
{
	uint64_t start, data;

	if (n_tensors == 0)
		return 0; /* the first part of a split file may hold keys only */
	if (rp_align_up_u64(place(r), r->alignment, &start) < 0 || start > r->size)
		return bad(r, "the file ends before the data of its tensors");
	data = r->size - start;
	/* The padding of the last tensor may be there or not. */
	if (data < r->end || data > r->expected)
		return bad(r, "the tensors need %llu bytes of data, but the file has %llu",
			   (unsigned long long)r->end, (unsigned long long)data);
	return 0;
}

static int read_header(struct reader *r, uint64_t *ret_tensors, uint64_t *ret_keys)
{
	uint64_t magic, version = 0;
	int err;

	memcpy(r->key, "GGUF", 5);
	err = number(r, 4, &magic);
	if (err < 0)
		return err;
	if (magic != 0x46554747)
		return bad(r, "the file is not a GGUF file");
	err = number(r, 4, &version);
	err = err < 0 ? err : number(r, 8, ret_tensors);
	err = err < 0 ? err : number(r, 8, ret_keys);
	if (err < 0)
		return err;
	if (version < 2 || version > 3)
		return bad(r, "the file has the unknown GGUF version %llu",
			   (unsigned long long)version);
	if (*ret_tensors > RP_GGUF_MAX_TENSORS || *ret_tensors > r->size / LEAST_TENSOR)
		return bad(r, "n_tensors is %llu, which is impossible",
			   (unsigned long long)*ret_tensors);
	if (*ret_keys > RP_GGUF_MAX_KEYS || *ret_keys > r->size / LEAST_KEY)
		return bad(r, "n_kv is %llu, which is impossible", (unsigned long long)*ret_keys);
	return 0;
}

/* Names that the keys of GGUF share between kinds of layers. */
static void finish_config(struct rp_model_config *c)
{
	if (c->v_head_dim == c->head_dim && !c->kv_lora)
		c->v_head_dim = 0;
	c->m_heads = c->m_dt_rank;
	c->m_head_dim = c->m_heads ? c->m_inner / c->m_heads : 0;
	c->l_conv = c->m_conv;
	c->l_k_dim = c->l_v_dim = c->m_state;
	c->l_k_heads = c->m_groups;
	c->l_v_heads = c->m_dt_rank;
}

static int read_all(struct reader *r)
{
	uint64_t n_tensors = 0, n_keys = 0;
	int err = read_header(r, &n_tensors, &n_keys);

	if (err < 0)
		return err;
	r->alignment = 32;
	if (rp_hash_set_open(&r->seen, n_keys) < 0)
		return rp_error_nomem(r->reterr);
	for (uint64_t i = 0; i < n_keys; i++) {
		err = read_key(r);
		if (err < 0)
			return err;
	}
	if (rp_hash_set_open(&r->seen, n_tensors) < 0)
		return rp_error_nomem(r->reterr);
	for (uint64_t i = 0; i < n_tensors; i++) {
		err = read_tensor(r);
		if (err < 0)
			return err;
	}
	err = check_data(r, n_tensors);
	if (err < 0)
		return err;
	/* Only a part of a split file may have keys alone. */
	return rp_stand_in_check_gguf(r->g->type, r->g->architecture,
				      n_tensors || r->g->split_count, r->name, r->reterr);
}

static int read_into(struct reader *r, struct rp_gguf *g, struct rp_model_config *c)
{
	struct rp_gguf sums = {0};
	struct rp_model_config config = {0};
	int err;

	r->g = &sums;
	r->c = &config;
	err = read_all(r);
	free(r->seen.v);
	if (err < 0)
		return err;
	*g = sums;
	if (config.model_type[0]) {
		finish_config(&config);
		*c = config;
	}
	return 0;
}

int rp_gguf_read(int fd, uint64_t size, const char *name, struct rp_gguf *g,
		 struct rp_model_config *c, struct rocpart_error *reterr)
{
	RP_AUTO_FREE unsigned char *own = malloc(BUFFER);
	struct reader r = {
		.fd = fd, .buf = own, .own = own, .size = size, .name = name, .reterr = reterr};

	if (!own)
		return rp_error_nomem(reterr);
	return read_into(&r, g, c);
}

int rp_gguf_parse(const void *data, size_t len, const char *name, struct rp_gguf *g,
		  struct rp_model_config *c, struct rocpart_error *reterr)
{
	struct reader r = {
		.fd = -EBADF, .buf = data, .len = len, .size = len, .name = name, .reterr = reterr};

	return read_into(&r, g, c);
}
