/* SPDX-License-Identifier: MIT */
#include "model/cache.h"

#include "base/num.h"
#include "base/strbuf.h"

#define BLOCK_TOKENS 16u  /* vLLM's default block size */
#define CELL_PAD     256u /* llama.cpp pads windows to this many cells */

static uint64_t div_up(uint64_t a, uint64_t b)
{
	return a / b + (a % b != 0);
}

static uint64_t u64_min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Key heads on one rank: at least one. */
static uint64_t rank_heads(uint64_t heads, uint32_t tp)
{
	return heads > tp ? div_up(heads, tp) : 1;
}

static int elements(const struct rp_kv_dtype *d, uint64_t n, uint64_t *ret)
{
	if (n % d->block)
		return -EINVAL;
	*ret = n / d->block * d->block_bytes;
	return 0;
}

/* Bytes per token of one attention layer (sizing study, 1.2). */
static int attention_token(const struct rp_layout *l, const struct rp_kv_dtype *d, uint32_t tp,
			   bool window, uint64_t *ret)
{
	const struct rp_model_config *c = &l->c;
	bool global = !window && c->global_head_dim;
	uint64_t hd = window ? c->swa_head_dim : global ? c->global_head_dim : c->head_dim;
	uint64_t heads = window				? c->swa_kv_heads
			 : global && c->global_kv_heads ? c->global_kv_heads
							: c->kv_heads;
	uint64_t vd = window ? c->swa_v_head_dim : c->v_head_dim && !global ? c->v_head_dim : hd;
	uint64_t k, v;

	if (l->features & RP_AF_MLA) {
		if (elements(d, (uint64_t)c->kv_lora + c->qk_rope, &k) < 0)
			return -EINVAL;
		*ret = k; /* every rank holds the latent whole */
		return 0;
	}
	heads = rank_heads(heads, tp);
	if (elements(d, heads * hd, &k) < 0 || elements(d, heads * vd, &v) < 0)
		return -EINVAL;
	*ret = k + v;
	return 0;
}

static uint64_t state_element(const struct rp_layout *l, bool paged)
{
	if (!paged || rp_str_eq(l->c.m_cache_dtype, "float32"))
		return 4; /* llama.cpp keeps all state in float32 */
	return 2;
}

/* Bytes per sequence of one recurrent layer. */
static uint64_t state_bytes(const struct rp_layout *l, uint32_t tp, enum rp_mixer mixer, bool paged)
{
	const struct rp_model_config *c = &l->c;
	uint64_t element = state_element(l, paged), conv = paged ? 2 : 4, width, state;

	if (mixer == RP_MIX_LINEAR) {
		uint64_t keys = (uint64_t)c->l_k_heads * c->l_k_dim;

		width = (2 * keys + (uint64_t)c->l_v_heads * c->l_v_dim) * (c->l_conv - 1u);
		state = (uint64_t)c->l_v_heads * c->l_v_dim * c->l_k_dim;
	} else if (l->features & RP_AF_MAMBA1) {
		uint64_t inner = c->m_inner ? c->m_inner : (uint64_t)c->m_expand * c->hidden;

		width = inner * (c->m_conv - 1u);
		state = inner * c->m_state;
	} else {
		uint64_t inner = (uint64_t)c->m_heads * c->m_head_dim;

		width = (inner + 2 * (uint64_t)c->m_groups * c->m_state) * (c->m_conv - 1u);
		state = inner * c->m_state;
	}
	return div_up(width, tp) * conv + div_up(state, tp) * element;
}

static int fill_kinds(const struct rp_layout *l, const struct rp_kv_dtype *d, uint32_t tp,
		      struct rp_cache *c)
{
	enum rp_cache_sort window = l->window_is_chunk ? RP_CACHE_CHUNK : RP_CACHE_WINDOW;

	c->kinds[window].reach = l->window_is_chunk ? l->c.chunk : l->c.window;
	for (uint32_t i = 0; i < l->c.layers; i++) {
		enum rp_mixer m = (enum rp_mixer)l->c.mixers[i];
		struct rp_cache_kind *k;

		if (m == RP_MIX_FULL || m == RP_MIX_SLIDING || m == RP_MIX_CHUNKED) {
			k = &c->kinds[m == RP_MIX_FULL ? RP_CACHE_FULL : window];
			if (!k->n_layers &&
			    attention_token(l, d, tp, m != RP_MIX_FULL, &k->token_bytes) < 0)
				return -EINVAL;
			c->token_bytes += k->token_bytes;
		} else if (m == RP_MIX_MAMBA || m == RP_MIX_LINEAR) {
			k = &c->kinds[RP_CACHE_STATE];
			if (!k->n_layers)
				k->state_bytes = state_bytes(l, tp, m, c->paged);
			c->sequence_bytes += k->state_bytes;
		} else {
			continue;
		}
		k->n_layers++;
	}
	/* Fp8 keys with one float32 scale per 128 (vLLM, DeepSeek V3.2), of layers with an indexer.
	 */
	c->index_bytes =
		l->n_indexers * (l->c.index_dim + div_up(l->c.index_dim, 128) * UINT64_C(4));
	c->token_bytes += c->index_bytes;
	return 0;
}

/* One page size for all kinds: the smaller pages hold more tokens (unify_kv_cache_spec_page_size).
 */
static void unify_pages(struct rp_cache *c)
{
	struct rp_cache_kind *state = &c->kinds[RP_CACHE_STATE];
	uint64_t most = 0;

	for (size_t i = 0; i < RP_CACHE_STATE; i++) {
		if (c->kinds[i].n_layers && c->kinds[i].token_bytes > most)
			most = c->kinds[i].token_bytes;
	}
	c->page_bytes = most * BLOCK_TOKENS;
	if (state->n_layers && state->state_bytes > c->page_bytes) {
		/* The attention block grows until one page holds the state of one sequence. */
		uint64_t blocks = most ? div_up(state->state_bytes, most * BLOCK_TOKENS) : 1;

		c->page_bytes = most ? blocks * most * BLOCK_TOKENS : state->state_bytes;
	}
	for (size_t i = 0; i < RP_CACHE_SORTS; i++) {
		struct rp_cache_kind *k = &c->kinds[i];

		k->block_tokens = k->token_bytes ? c->page_bytes / k->token_bytes : 0;
	}
}

/*
 * Layers of one kind are cut in groups of equal size: as many as the smallest kind has, or as the
 * largest when it has less than half as many again. The last group is padded.
 */
static void make_groups(struct rp_cache *c)
{
	uint32_t least = UINT32_MAX, most = 0;

	for (size_t i = 0; i < RP_CACHE_SORTS; i++) {
		const struct rp_cache_kind *k = &c->kinds[i];

		if (!k->n_layers)
			continue;
		least = k->n_layers < least ? k->n_layers : least;
		most = k->n_layers > most ? k->n_layers : most;
		if (k->block_tokens && (!c->block_tokens || k->block_tokens < c->block_tokens))
			c->block_tokens = k->block_tokens;
	}
	if (!most)
		return;
	c->group_layers = 2 * (uint64_t)most < 3 * (uint64_t)least ? most : least;
	for (size_t i = 0; i < RP_CACHE_SORTS; i++)
		c->n_groups += (uint32_t)div_up(c->kinds[i].n_layers, c->group_layers);
}

int rp_cache_make(const struct rp_layout *l, const struct rp_kv_dtype *dtype, uint32_t tp,
		  bool paged, struct rp_cache *ret, struct rocpart_error *reterr)
{
	struct rp_cache c = {.paged = paged};

	if (fill_kinds(l, dtype, tp, &c) < 0)
		return rp_error_set(reterr, -EINVAL, ROCPART_ERR_INVALID_ARGUMENT, dtype->name,
				    "this cache type stores blocks of %u values, which do not "
				    "divide the heads of the model",
				    dtype->block);
	if (paged) {
		unify_pages(&c);
		make_groups(&c);
	}
	*ret = c;
	return 0;
}

/* Bytes of one block of all layers of one group. */
static uint64_t pool_block(const struct rp_cache *c)
{
	return c->page_bytes * c->group_layers + c->index_bytes * c->block_tokens;
}

uint64_t rp_cache_tokens(const struct rp_cache *c, uint64_t bytes)
{
	uint64_t block = pool_block(c);

	if (!c->paged) {
		if (bytes < c->sequence_bytes || !c->token_bytes)
			return 0;
		return (bytes - c->sequence_bytes) / c->token_bytes;
	}
	if (!block || !c->n_groups)
		return 0;
	return bytes / block / c->n_groups * c->block_tokens;
}

int rp_cache_bytes(const struct rp_cache *c, uint64_t tokens, uint64_t *ret)
{
	uint64_t v;

	if (!c->paged) {
		if (rp_mul_u64(tokens, c->token_bytes, &v) < 0)
			return -EOVERFLOW;
		return rp_add_u64(v, c->sequence_bytes, ret);
	}
	if (!c->block_tokens) {
		*ret = pool_block(c) * c->n_groups;
		return 0;
	}
	if (rp_mul_u64(div_up(tokens, c->block_tokens), c->n_groups, &v) < 0)
		return -EOVERFLOW;
	return rp_mul_u64(v, pool_block(c), ret);
}

/* Blocks that one request holds in one group of that sort (vllm/v1/kv_cache_interface.py). */
static uint64_t request_blocks(const struct rp_cache_kind *k, enum rp_cache_sort sort,
			       uint64_t context, uint64_t batched)
{
	switch (sort) {
	case RP_CACHE_FULL:
		return div_up(context, k->block_tokens);
	case RP_CACHE_WINDOW:
		return div_up(u64_min(k->reach - 1 + batched, context), k->block_tokens) + 1;
	case RP_CACHE_CHUNK:
		return div_up(u64_min(k->reach + batched, context), k->block_tokens);
	case RP_CACHE_STATE:
		return 1;
	}
	return 0;
}

static int paged_request(const struct rp_cache *c, uint64_t context, uint64_t batched,
			 uint64_t *ret)
{
	uint64_t blocks = 0;

	for (size_t i = 0; i < RP_CACHE_SORTS; i++) {
		const struct rp_cache_kind *k = &c->kinds[i];
		uint64_t n;

		if (!k->n_layers)
			continue;
		n = request_blocks(k, (enum rp_cache_sort)i, context, batched);
		if (rp_mul_u64(n, div_up(k->n_layers, c->group_layers), &n) < 0 ||
		    rp_add_u64(blocks, n, &blocks) < 0)
			return -EOVERFLOW;
	}
	return rp_mul_u64(blocks, pool_block(c), ret);
}

/* llama.cpp: full layers keep every cell, windows min(n_ctx, pad(window + micro batch)). */
static int flat_request(const struct rp_cache *c, uint64_t context, uint64_t batched, uint64_t *ret)
{
	uint64_t sum = c->sequence_bytes, index;

	for (size_t i = 0; i < RP_CACHE_STATE; i++) {
		const struct rp_cache_kind *k = &c->kinds[i];
		uint64_t cells = context, n;

		if (i != RP_CACHE_FULL)
			cells = u64_min(context, div_up(k->reach + batched, CELL_PAD) * CELL_PAD);
		if (rp_mul_u64(cells, k->token_bytes, &n) < 0 ||
		    rp_mul_u64(n, k->n_layers, &n) < 0 || rp_add_u64(sum, n, &sum) < 0)
			return -EOVERFLOW;
	}
	if (rp_mul_u64(context, c->index_bytes, &index) < 0 || rp_add_u64(sum, index, ret) < 0)
		return -EOVERFLOW;
	return 0;
}

int rp_cache_request_bytes(const struct rp_cache *c, uint64_t context, uint64_t batched, uint64_t n,
			   uint64_t *ret)
{
	uint64_t one;
	int r = c->paged ? paged_request(c, context, batched, &one)
			 : flat_request(c, context, batched, &one);

	return r < 0 ? r : rp_mul_u64(one, n, ret);
}
