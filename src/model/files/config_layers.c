/* SPDX-License-Identifier: MIT */
/* The keys of config.json that describe layer after layer. */
#include "model/files/config_internal.h"

#include "base/strbuf.h"

static const struct {
	const char *word;
	enum rp_mixer mixer;
	enum rp_ffn ffn;
	bool block; /* of layers_block_type: a layer is one block */
} layer_words[] = {
	{"full_attention", RP_MIX_FULL, RP_FFN_UNSAID, false},
	{"deepseek_sparse_attention", RP_MIX_FULL, RP_FFN_UNSAID, false},
	{"sliding_attention", RP_MIX_SLIDING, RP_FFN_UNSAID, false},
	{"chunked_attention", RP_MIX_CHUNKED, RP_FFN_UNSAID, false},
	{"linear_attention", RP_MIX_LINEAR, RP_FFN_UNSAID, false},
	{"attention", RP_MIX_FULL, RP_FFN_UNSAID, false},
	{"mamba", RP_MIX_MAMBA, RP_FFN_UNSAID, false},
	{"attention", RP_MIX_FULL, RP_FFN_NONE, true},
	{"mamba", RP_MIX_MAMBA, RP_FFN_NONE, true},
	{"moe", RP_MIX_NONE, RP_FFN_MOE, true},
	{"mlp", RP_MIX_NONE, RP_FFN_DENSE, true},
};

static void set_layer(struct rp_model_config *c, size_t i, enum rp_mixer mixer, enum rp_ffn ffn)
{
	if (mixer != RP_MIX_UNSAID) {
		c->mixers[i] = (uint8_t)mixer;
		if (c->n_mixers <= i)
			c->n_mixers = (uint32_t)i + 1;
	}
	if (ffn != RP_FFN_UNSAID) {
		c->ffns[i] = (uint8_t)ffn;
		if (c->n_ffns <= i)
			c->n_ffns = (uint32_t)i + 1;
	}
}

static int layer_word(struct rp_config_reader *r, const char *key, long index, bool block,
		      const struct rp_config_value *v)
{
	if (index < 0 || v->kind != RP_CONFIG_TEXT)
		return v->kind == RP_CONFIG_NULL
			       ? 0
			       : rp_config_complain(r, key, "is not a list of words");
	if (index >= RP_MODEL_MAX_LAYERS)
		return rp_config_complain(r, key, "has more entries than a model can have layers");
	r->c->n_listed = (uint32_t)index + 1;
	for (size_t i = 0; i < RP_ARRAY_LEN(layer_words); i++) {
		if (layer_words[i].block == block && rp_str_eq(layer_words[i].word, v->text)) {
			set_layer(r->c, (size_t)index, layer_words[i].mixer, layer_words[i].ffn);
			return 0;
		}
	}
	rp_error_set(r->reterr, -ENOTSUP, ROCPART_ERR_MODEL_UNKNOWN, r->name,
		     "'%s' has an unknown kind of layer, '%s'", key, v->text);
	return -ENOTSUP;
}

static int layer_types(struct rp_config_reader *r, const char *key, long index,
		       const struct rp_config_value *v)
{
	return layer_word(r, key, index, false, v);
}

static int layer_blocks(struct rp_config_reader *r, const char *key, long index,
			const struct rp_config_value *v)
{
	return layer_word(r, key, index, true, v);
}

/* Nemotron-H: "MEM*-": Mamba, experts, attention, MLP. */
static int layer_letters(struct rp_config_reader *r, const char *key, long index,
			 const struct rp_config_value *v)
{
	if (v->kind == RP_CONFIG_NULL)
		return 0;
	if (index >= 0 || v->kind != RP_CONFIG_TEXT)
		return rp_config_complain(r, key, "is not text");
	for (size_t i = 0; v->text[i]; i++) {
		char l = v->text[i];

		r->c->n_listed = (uint32_t)i + 1;
		if (i >= RP_MODEL_MAX_LAYERS)
			return rp_config_complain(r, key,
						  "has more letters than a model can have layers");
		if (l == 'M')
			set_layer(r->c, i, RP_MIX_MAMBA, RP_FFN_NONE);
		else if (l == '*')
			set_layer(r->c, i, RP_MIX_FULL, RP_FFN_NONE);
		else if (l == 'E')
			set_layer(r->c, i, RP_MIX_NONE, RP_FFN_MOE);
		else if (l == '-')
			set_layer(r->c, i, RP_MIX_NONE, RP_FFN_DENSE);
		else
			return rp_config_complain(r, key, "has an unknown letter");
	}
	return 0;
}

/* GLM 5: "full" layers choose tokens with an indexer of their own, "shared" ones have none. */
static int indexer_types(struct rp_config_reader *r, const char *key, long index,
			 const struct rp_config_value *v)
{
	struct rp_model_config *c = r->c;
	bool shared;

	if (v->kind == RP_CONFIG_NULL)
		return 0;
	if (index < 0 || v->kind != RP_CONFIG_TEXT)
		return rp_config_complain(r, key, "is not a list of words");
	if (index >= RP_MODEL_MAX_LAYERS)
		return rp_config_complain(r, key, "has more entries than a model can have layers");
	shared = rp_str_eq(v->text, "shared");
	if (!shared && !rp_str_eq(v->text, "full"))
		return rp_config_complain(r, key, "has an entry other than full and shared");
	if (shared)
		c->shares_indexer[index / 64] |= UINT64_C(1) << (index % 64);
	c->n_indexers = (uint32_t)index + 1;
	return 0;
}

static int mlp_types(struct rp_config_reader *r, const char *key, long index,
		     const struct rp_config_value *v)
{
	bool sparse = v->kind == RP_CONFIG_TEXT && rp_str_eq(v->text, "sparse");

	if (v->kind == RP_CONFIG_NULL)
		return 0;
	if (index < 0 || v->kind != RP_CONFIG_TEXT || (!sparse && !rp_str_eq(v->text, "dense")))
		return rp_config_complain(r, key, "has an entry other than dense and sparse");
	if (index >= RP_MODEL_MAX_LAYERS)
		return rp_config_complain(r, key, "has more entries than a model can have layers");
	set_layer(r->c, (size_t)index, RP_MIX_UNSAID, sparse ? RP_FFN_MOE : RP_FFN_DENSE);
	return 0;
}

/* MiniMax: 1 is full attention; 0 was a kind of linear attention in another architecture. */
static int attention_flags(struct rp_config_reader *r, const char *key, long index,
			   const struct rp_config_value *v)
{
	if (index >= 0 && (v->kind != RP_CONFIG_INT || v->u != 1))
		rp_config_doubt(r, RP_SCOPE_TEXT, key, "a list with entries other than 1");
	return 0;
}

/* A list of 0 and 1, one per layer. */
static int layer_flag(struct rp_config_reader *r, const char *key, long index,
		      const struct rp_config_value *v, bool *ret)
{
	if (v->kind == RP_CONFIG_NULL)
		return 1;
	if (index < 0)
		return 1;
	if (v->kind != RP_CONFIG_INT || v->u > 1)
		return rp_config_complain(r, key, "has an entry other than 0 and 1");
	if (index >= RP_MODEL_MAX_LAYERS)
		return rp_config_complain(r, key, "has more entries than a model can have layers");
	*ret = v->u == 1;
	return 0;
}

static int window_flags(struct rp_config_reader *r, const char *key, long index,
			const struct rp_config_value *v)
{
	bool yes = false;
	int err = layer_flag(r, key, index, v, &yes);

	if (err == 0)
		set_layer(r->c, (size_t)index, yes ? RP_MIX_SLIDING : RP_MIX_FULL, RP_FFN_UNSAID);
	return err < 0 ? err : 0;
}

static int moe_flags(struct rp_config_reader *r, const char *key, long index,
		     const struct rp_config_value *v)
{
	bool yes = false;
	int err = layer_flag(r, key, index, v, &yes);

	if (err == 0)
		set_layer(r->c, (size_t)index, RP_MIX_UNSAID, yes ? RP_FFN_MOE : RP_FFN_DENSE);
	return err < 0 ? err : 0;
}

/* A list of layer numbers. */
static int layer_number(struct rp_config_reader *r, const char *key, long index,
			const struct rp_config_value *v, enum rp_mixer mixer, enum rp_ffn ffn)
{
	if (v->kind == RP_CONFIG_NULL)
		return 0;
	if (index < 0 || v->kind != RP_CONFIG_INT || v->negative || v->u >= RP_MODEL_MAX_LAYERS)
		return rp_config_complain(r, key, "has an entry that is not a layer number");
	set_layer(r->c, (size_t)v->u, mixer, ffn);
	return 0;
}

static int dense_layers(struct rp_config_reader *r, const char *key, long index,
			const struct rp_config_value *v)
{
	return layer_number(r, key, index, v, RP_MIX_UNSAID, RP_FFN_DENSE);
}

static int moe_layers(struct rp_config_reader *r, const char *key, long index,
		      const struct rp_config_value *v)
{
	return layer_number(r, key, index, v, RP_MIX_UNSAID, RP_FFN_MOE);
}

static int cross_layers(struct rp_config_reader *r, const char *key, long index,
			const struct rp_config_value *v)
{
	return layer_number(r, key, index, v, RP_MIX_CROSS, RP_FFN_UNSAID);
}

static const struct {
	const char *name;
	int (*put)(struct rp_config_reader *r, const char *key, long index,
		   const struct rp_config_value *v);
} lists[] = {
	{"layer_types", layer_types},
	{"layers_block_type", layer_blocks},
	{"hybrid_override_pattern", layer_letters},
	{"hybrid_layer_pattern", window_flags},
	{"moe_layer_freq", moe_flags},
	{"mlp_only_layers", dense_layers},
	{"moe_layers", moe_layers},
	{"cross_attention_layers", cross_layers},
	{"indexer_types", indexer_types},
	{"mlp_layer_types", mlp_types},
	{"attn_type_list", attention_flags},
};

int rp_config_put_layers(struct rp_config_reader *r, const char *key, long index,
			 const struct rp_config_value *v)
{
	for (size_t i = 0; i < RP_ARRAY_LEN(lists); i++) {
		if (!rp_str_eq(lists[i].name, key))
			continue;
		/* A plain number of that name is a key like any other (moe_layer_freq). */
		if (index < 0 && v->kind == RP_CONFIG_INT)
			return 1;
		return lists[i].put(r, key, index, v);
	}
	return 1;
}
