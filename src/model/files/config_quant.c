/* SPDX-License-Identifier: MIT */
/* quantization_config and hf_quant_config.json: formats, and which modules are in which. */
#include "base/strbuf.h"
#include "model/files/config_internal.h"

static const struct rp_config_key quant_keys[] = {
	STR("quant_method", quant.method),
	STR("quant_algo", quant.algo),
	NUM("bits", quant.bits),
	NUM("group_size", quant.group),
	YES("symmetric", quant.symmetric),
	YES("sym", quant.symmetric),
	YES("zero_point", quant.zero_point),
	YES("lm_head", quant.head),
};

/* What each method calls the list of modules that stay as they are. */
static const char *const ignore_keys[] = {"modules_to_not_convert", "ignored_layers", "ignore",
					  "exclude_modules", "exclude"};

static int add_rule(struct rp_config_reader *r, int group, const char *key, const char *pattern)
{
	int err = rp_model_config_rule(r->c, group, pattern);

	if (err == -ENOMEM)
		return rp_error_nomem(r->reterr);
	if (err == -ENOTSUP) { /* a regular expression with more than ours */
		rp_config_doubt(r, RP_SCOPE_QUANT, key, pattern);
		return 0;
	}
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

/* The group of that name; NULL when there are too many. "" is a new one each time. */
static struct rp_quant_group *quant_group(struct rp_quant_config *q, const char *name)
{
	for (uint32_t i = 0; name[0] && i < q->n_groups; i++) {
		if (rp_str_eq(q->groups[i].name, name))
			return &q->groups[i];
	}
	if (q->n_groups == RP_QUANT_GROUPS ||
	    rp_fmt(q->groups[q->n_groups].name, sizeof(q->groups[0].name), "%s", name) < 0)
		return NULL;
	return &q->groups[q->n_groups++];
}

/* config_groups.NAME.targets[] */
static int put_target(struct rp_config_reader *r, struct rp_quant_group *g, const char *key,
		      const struct rp_config_value *v)
{
	struct rp_quant_config *q = &r->c->quant;
	int group = (int)(g - q->groups);

	if (v->kind != RP_CONFIG_TEXT)
		return 0;
	if (rp_str_eq(v->text, "Linear")) {
		q->linear_group = (uint32_t)group + 1;
		return 0;
	}
	q->mixed = true;
	return add_rule(r, group, key, v->text);
}

/* What one key below "weights" says of a group; 1: the key is not one of these. */
static int put_weight_key(struct rp_config_reader *r, struct rp_quant_group *g, const char *key,
			  const struct rp_config_value *v)
{
	uint32_t *number = NULL;
	char *text = NULL;
	size_t size = 0;

	if (rp_str_eq(key, "num_bits") || rp_str_eq(key, "bits"))
		number = &g->bits;
	else if (rp_str_eq(key, "group_size"))
		number = &g->size;
	else if (rp_str_eq(key, "type"))
		text = g->type;
	else if (rp_str_eq(key, "strategy"))
		text = g->strategy;
	else
		return 1;
	if (text)
		size = text == g->type ? sizeof(g->type) : sizeof(g->strategy);
	if (number && v->kind != RP_CONFIG_INT && v->kind != RP_CONFIG_NULL)
		return rp_config_complain(r, key, "is not an integer");
	if (number && v->kind == RP_CONFIG_INT && !v->negative && v->u <= RP_MODEL_MAX_INTER)
		*number = (uint32_t)v->u;
	else if (number == &g->size && v->kind == RP_CONFIG_INT && v->negative && v->u == 1)
		*number = RP_QUANT_WHOLE_ROW;
	if (text && v->kind == RP_CONFIG_TEXT && rp_fmt(text, size, "%s", v->text) < 0)
		return rp_config_complain(r, key, "is too long");
	return 0;
}

/*
 * What compressed-tensors calls the form of its files. The others are of matrices that are not
 * packed or with half of the values left out, whose bytes are not known here.
 */
static void check_form(struct rp_config_reader *r, const char *key, const struct rp_config_value *v)
{
	static const char *const forms[] = {"pack-quantized",	    "int-quantized",
					    "float-quantized",	    "nvfp4-pack-quantized",
					    "mxfp4-pack-quantized", "mxfp8-quantized",
					    "mixed-precision"};

	for (size_t i = 0; v->kind == RP_CONFIG_TEXT && i < RP_ARRAY_LEN(forms); i++)
		if (rp_str_eq(forms[i], v->text))
			return;
	if (v->kind != RP_CONFIG_NULL)
		rp_config_doubt(r, RP_SCOPE_QUANT, key,
				v->kind == RP_CONFIG_TEXT ? v->text : "no word");
}

/* A key below "weights" of a group that is not read: most say how the scales were found. */
static void check_weight_key(struct rp_config_reader *r, const char *key,
			     const struct rp_config_value *v)
{
	static const char *const known[] = {"symmetric", "dynamic",	    "actorder",
					    "observer",	 "block_structure", "scale_dtype",
					    "zp_dtype",	 "is_mx",	    "averaging_constant"};

	for (size_t i = 0; i < RP_ARRAY_LEN(known); i++)
		if (rp_str_eq(known[i], key))
			return;
	rp_config_unknown(r, RP_SCOPE_QUANT, key, false, true, v);
}

/* config_groups.NAME.weights.KEY and config_groups.NAME.targets[] */
static int put_group(struct rp_config_reader *r, const char *const *path, size_t n, long index,
		     const struct rp_config_value *v)
{
	struct rp_quant_group *g = quant_group(&r->c->quant, path[1]);
	const char *key = path[n - 1];
	int err = 1;

	if (!g)
		return rp_config_complain(r, "config_groups", "has too many groups");
	if (n == 3 && rp_str_eq(key, "targets") && index >= 0)
		return put_target(r, g, key, v);
	if (n == 3 && rp_str_eq(key, "format"))
		check_form(r, key, v);
	if (n == 4 && rp_str_eq(path[2], "weights") && index < 0) {
		err = put_weight_key(r, g, key, v);
		if (err > 0)
			check_weight_key(r, key, v);
	}
	/* How activations are rounded, and how the scales were found, takes no memory. */
	return err < 0 ? err : 0;
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
	bool known = false;

	if (v->kind != RP_CONFIG_TEXT)
		return 0;
	g = quant_group(&r->c->quant, v->text);
	if (!g)
		return rp_config_complain(r, "quantized_layers", "names too many formats");
	for (size_t i = 0; i < RP_ARRAY_LEN(algos); i++) {
		if (!rp_str_eq(algos[i].algo, v->text))
			continue;
		known = true;
		g->bits = algos[i].bits;
		g->size = algos[i].size;
		if (rp_fmt(g->type, sizeof(g->type), "float") < 0)
			return -EINVAL;
	}
	if (!known)
		rp_config_doubt(r, RP_SCOPE_QUANT, "quantized_layers", v->text);
	r->c->quant.mixed = true;
	return add_rule(r, (int)(g - r->c->quant.groups), "quantized_layers", module);
}

/* Quark: {"dtype": "fp4", "qscheme": "per_group", "group_size": 32} of all weights. */
static int put_quark_weight(struct rp_config_reader *r, const char *key,
			    const struct rp_config_value *v)
{
	static const struct rp_config_key keys[] = {
		STR("dtype", quant.weight_dtype),
		STR("qscheme", quant.weight_scheme),
		NUM("group_size", quant.group),
	};
	/* Values that say how the weights were found, not how they are stored. */
	int err = rp_config_put_scalar(r, RP_SCOPE_QUANT_WEIGHT, keys, RP_ARRAY_LEN(keys), key, v);

	return err < 0 ? err : 0;
}

/* Quark: the format of the weights of some modules, by the names of its exporter. */
static int put_quark_layer(struct rp_config_reader *r, const char *key,
			   const struct rp_config_value *v)
{
	static const struct {
		const char *word, *type;
		uint32_t bits;
	} dtypes[] = {{"fp4", "float", 4},
		      {"fp8_e4m3", "float", 8},
		      {"fp8_e5m2", "float", 8},
		      {"int8", "int", 8},
		      {"int4", "int", 4}};
	struct rp_quant_group *g = &r->c->quant.groups[r->group];

	if (rp_str_eq(key, "group_size"))
		return put_weight_key(r, g, key, v);
	if (v->kind != RP_CONFIG_TEXT || (!rp_str_eq(key, "dtype") && !rp_str_eq(key, "qscheme")))
		return 0; /* how the scales were found */
	if (rp_str_eq(key, "qscheme") && rp_str_starts(v->text, "per_"))
		return rp_fmt(g->strategy, sizeof(g->strategy), "%s", v->text + 4) < 0
			       ? rp_config_complain(r, key, "is too long")
			       : 0;
	for (size_t i = 0; i < RP_ARRAY_LEN(dtypes); i++)
		if (rp_str_eq(dtypes[i].word, v->text)) {
			g->bits = dtypes[i].bits;
			return rp_fmt(g->type, sizeof(g->type), "%s", dtypes[i].type);
		}
	rp_config_doubt(r, RP_SCOPE_QUANT, "layer_quant_config", v->text);
	return 0;
}

/* layer_quant_config.PATTERN of Quark: formats of the modules that the pattern names. */
static int open_quark_layer(struct rp_config_reader *r, const char *pattern)
{
	struct rp_quant_group *g = quant_group(&r->c->quant, "");

	if (!g)
		return rp_config_complain(r, "layer_quant_config", "has too many entries");
	r->group = (int)(g - r->c->quant.groups);
	return add_rule(r, r->group, "layer_quant_config", pattern);
}

/* A pattern as a key: dynamic.PATTERN of GPTQ, with "-:" in front of what stays as it is. */
int rp_config_open_quant(struct rp_config_reader *r, const char *const *path, size_t n)
{
	RP_AUTO_FREE char *regex = NULL;
	const char *pattern = path[n - 1];
	struct rp_quant_group *g;
	bool ignored = rp_str_starts(pattern, "-:");

	r->c->has_quant = true;
	if (n == 2 && rp_str_eq(path[0], "layer_quant_config"))
		return open_quark_layer(r, pattern);
	if (n != 2 || !rp_str_eq(path[0], "dynamic"))
		return 0;
	r->group = -1;
	regex = rp_strdupf("re:%s", pattern + (ignored || rp_str_starts(pattern, "+:") ? 2 : 0));
	if (!regex)
		return rp_error_nomem(r->reterr);
	if (ignored)
		return add_rule(r, RP_QUANT_IGNORE, path[0], regex);
	g = quant_group(&r->c->quant, "");
	if (!g)
		return rp_config_complain(r, path[0], "has too many entries");
	r->group = (int)(g - r->c->quant.groups);
	return add_rule(r, r->group, path[0], regex);
}

static int put_dynamic(struct rp_config_reader *r, const char *const *path,
		       const struct rp_config_value *v)
{
	int err = 0;

	if (r->group >= 0 && r->group < (int)r->c->quant.n_groups)
		err = put_weight_key(r, &r->c->quant.groups[r->group], path[2], v);
	/* desc_act, sym and the like: the order and the sign of the values */
	return err < 0 ? err : 0;
}

static bool is_ignore_key(const char *key)
{
	for (size_t i = 0; i < RP_ARRAY_LEN(ignore_keys); i++)
		if (rp_str_eq(ignore_keys[i], key))
			return true;
	return false;
}

int rp_config_put_quant(struct rp_config_reader *r, const char *const *path, size_t n, long index,
			const struct rp_config_value *v)
{
	const char *key = path[n - 1];
	int err = 1;

	r->c->has_quant = true;
	if (n == 1 && is_ignore_key(key))
		return v->kind == RP_CONFIG_TEXT ? add_rule(r, RP_QUANT_IGNORE, key, v->text) : 0;
	if (n == 1 && rp_str_eq(key, "weight_block_size"))
		return put_block(r, key, index, v);
	if (n >= 3 && rp_str_eq(path[0], "config_groups"))
		return put_group(r, path, n, index, v);
	if (n == 3 && rp_str_eq(path[0], "quantized_layers"))
		return rp_str_eq(key, "quant_algo") ? put_layer_algo(r, path[1], v) : 0;
	if (n == 3 && rp_str_eq(path[0], "dynamic"))
		return put_dynamic(r, path, v);
	if (n == 3 && rp_str_eq(path[0], "global_quant_config") && rp_str_eq(path[1], "weight"))
		return index < 0 ? put_quark_weight(r, key, v) : 0;
	if (n == 4 && rp_str_eq(path[0], "layer_quant_config") && rp_str_eq(path[2], "weight"))
		return index < 0 ? put_quark_layer(r, key, v) : 0;
	/* Quark: formats of activations and of the cache. */
	if (n >= 2 && (rp_str_eq(path[0], "global_quant_config") ||
		       (n >= 3 && rp_str_eq(path[0], "layer_quant_config"))))
		return 0;
	if (n == 1 && rp_str_eq(key, "format")) {
		check_form(r, key, v);
		return 0;
	}
	/* Half of the values left out, in a form of their own; "dense": no such thing. */
	if (n == 2 && rp_str_eq(path[0], "sparsity_config")) {
		if (rp_str_eq(key, "format") && v->kind == RP_CONFIG_TEXT &&
		    !rp_str_eq(v->text, "dense"))
			rp_config_doubt(r, RP_SCOPE_QUANT, "sparsity_config", v->text);
		return 0;
	}
	if (n == 1 && index < 0)
		err = rp_config_put_scalar(r, r->quant_scope, quant_keys, RP_ARRAY_LEN(quant_keys),
					   key, v);
	if (err > 0)
		rp_config_unknown(r, RP_SCOPE_QUANT, path[0], index >= 0, n > 1, v);
	return err < 0 ? err : 0;
}
