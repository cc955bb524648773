/* SPDX-License-Identifier: MIT */
/* quantization_config and hf_quant_config.json: formats, and which modules are in which. */
#include "base/strbuf.h"
#include "model/files/config_internal.h"

static const struct rp_config_key quant_keys[] = {
	STR("quant_method", quant.method),
	STR("quant_algo", quant.algo),
	STR("kv_cache_quant_algo", quant.kv_algo),
	NUM("bits", quant.bits),
	NUM("group_size", quant.group),
	YES("symmetric", quant.symmetric),
	YES("sym", quant.symmetric),
};

static int add_rule(struct rp_config_reader *r, int group, const char *key,
		    const struct rp_config_value *v)
{
	int err = v->kind == RP_CONFIG_TEXT ? rp_model_config_rule(r->c, group, v->text) : 0;

	if (err == -ENOMEM)
		return rp_error_nomem(r->reterr);
	return err < 0 ? rp_config_complain(r, key, "has too many entries") : 0;
}

static int put_block(struct rp_config_reader *r, const char *key, long index,
		     const struct rp_config_value *v)
{
	struct rp_quant_config *q = &r->c->quant;

	if (v->kind == RP_CONFIG_NULL)
		return 0;
	if (v->kind != RP_CONFIG_INT || v->negative || v->u == 0 || v->u > RP_MODEL_MAX_INTER)
		return rp_config_complain(r, key, "is not a pair of sizes");
	if (index == 0)
		q->block_out = (uint32_t)v->u;
	else if (index == 1)
		q->block_in = (uint32_t)v->u;
	return 0;
}

/* The group of that name; NULL when there are too many. */
static struct rp_quant_group *quant_group(struct rp_quant_config *q, const char *name)
{
	for (uint32_t i = 0; i < q->n_groups; i++) {
		if (rp_str_eq(q->groups[i].name, name))
			return &q->groups[i];
	}
	if (q->n_groups == RP_QUANT_GROUPS ||
	    rp_fmt(q->groups[q->n_groups].name, sizeof(q->groups[0].name), "%s", name) < 0)
		return NULL;
	return &q->groups[q->n_groups++];
}

/* config_groups.NAME.weights.KEY and config_groups.NAME.targets[] */
static int put_group(struct rp_config_reader *r, const char *const *path, size_t n, long index,
		     const struct rp_config_value *v)
{
	struct rp_quant_config *q = &r->c->quant;
	struct rp_quant_group *g = quant_group(q, path[1]);
	const char *key = path[n - 1];
	uint32_t *number = NULL;
	char *text = NULL;
	size_t size = 0;

	if (!g)
		return rp_config_complain(r, "config_groups", "has too many groups");
	if (n == 3 && rp_str_eq(key, "targets") && index >= 0) {
		/* "Linear" means every matrix: then there is but one format. */
		if (v->kind != RP_CONFIG_TEXT || rp_str_eq(v->text, "Linear"))
			return 0;
		q->mixed = true;
		return add_rule(r, (int)(g - q->groups), key, v);
	}
	if (n != 4 || !rp_str_eq(path[2], "weights") || index >= 0)
		return 0;
	if (rp_str_eq(key, "num_bits"))
		number = &g->bits;
	else if (rp_str_eq(key, "group_size"))
		number = &g->size;
	else if (rp_str_eq(key, "type"))
		text = g->type;
	else if (rp_str_eq(key, "strategy"))
		text = g->strategy;
	if (text)
		size = text == g->type ? sizeof(g->type) : sizeof(g->strategy);
	if (number && v->kind == RP_CONFIG_INT && !v->negative && v->u <= RP_MODEL_MAX_INTER)
		*number = (uint32_t)v->u;
	if (text && v->kind == RP_CONFIG_TEXT && rp_fmt(text, size, "%s", v->text) < 0)
		return rp_config_complain(r, key, "is too long");
	return 0;
}

/* quantized_layers.NAME.quant_algo of modelopt: which module is in which format. */
static int put_layer_algo(struct rp_config_reader *r, const char *module,
			  const struct rp_config_value *v)
{
	static const struct {
		const char *algo;
		uint32_t bits, size;
	} algos[] = {{"FP8", 8, 0}, {"NVFP4", 4, 16}, {"W4A16_NVFP4", 4, 16}};
	struct rp_quant_group *g;

	if (v->kind != RP_CONFIG_TEXT)
		return 0;
	g = quant_group(&r->c->quant, v->text);
	if (!g)
		return rp_config_complain(r, "quantized_layers", "names too many formats");
	for (size_t i = 0; i < RP_ARRAY_LEN(algos); i++) {
		if (!rp_str_eq(algos[i].algo, v->text))
			continue;
		g->bits = algos[i].bits;
		g->size = algos[i].size;
		if (rp_fmt(g->type, sizeof(g->type), "float") < 0)
			return -EINVAL;
	}
	r->c->quant.mixed = true;
	if (rp_model_config_rule(r->c, (int)(g - r->c->quant.groups), module) < 0)
		return rp_config_complain(r, "quantized_layers", "has too many entries");
	return 0;
}

int rp_config_put_quant(struct rp_config_reader *r, const char *const *path, size_t n, long index,
			const struct rp_config_value *v)
{
	const char *key = path[n - 1];

	r->c->has_quant = true;
	if (n == 1 && (rp_str_eq(key, "modules_to_not_convert") || rp_str_eq(key, "ignore") ||
		       rp_str_eq(key, "exclude_modules")))
		return add_rule(r, RP_QUANT_IGNORE, key, v);
	if (n == 1 && rp_str_eq(key, "weight_block_size"))
		return put_block(r, key, index, v);
	if (n >= 3 && rp_str_eq(path[0], "config_groups"))
		return put_group(r, path, n, index, v);
	if (n == 3 && rp_str_eq(path[0], "quantized_layers") && rp_str_eq(key, "quant_algo"))
		return put_layer_algo(r, path[1], v);
	if (n != 1 || index >= 0)
		return 0;
	return rp_config_put_scalar(r, RP_SCOPE_QUANT, quant_keys, RP_ARRAY_LEN(quant_keys), key,
				    v);
}
