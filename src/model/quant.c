/* SPDX-License-Identifier: MIT */
/* From quantization_config, hf_quant_config.json and --dtype to the format of each tensor. */
#include "model/weights.h"

#include "base/strbuf.h"

static const struct rp_weight_spec sixteen = {RP_W_F16, 0, 0, 0};

void rp_weight_plan_uniform(const struct rp_weight_spec *spec, struct rp_weight_plan *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->linear = ret->experts = *spec;
	ret->keep = spec->format == RP_W_F32 ? *spec : sixteen;
	/* Cannot be cut: the longest name has 31 characters. */
	(void)rp_fmt(ret->text, sizeof(ret->text), "%s", rp_weight_format_name(spec->format));
}

static int fp8(const struct rp_quant_config *q, struct rp_weight_spec *s)
{
	s->format = q->block_in ? RP_W_FP8_BLOCK : RP_W_FP8_TENSOR;
	s->block_in = q->block_in;
	s->block_out = q->block_out;
	return 0;
}

static int fbgemm(const struct rp_quant_config *q RP_UNUSED, struct rp_weight_spec *s)
{
	s->format = RP_W_FP8_CHANNEL;
	return 0;
}

static int integers(const struct rp_quant_config *q, struct rp_weight_spec *s)
{
	s->group = q->group;
	if (q->bits == 4)
		s->format = RP_W_INT4_ZERO;
	else if (q->bits == 8)
		s->format = RP_W_INT8;
	else
		return -ENOTSUP;
	return 0;
}

static int mxfp4(const struct rp_quant_config *q RP_UNUSED, struct rp_weight_spec *s)
{
	s->format = RP_W_MXFP4;
	return 0;
}

static int modelopt(const struct rp_quant_config *q, struct rp_weight_spec *s)
{
	if (rp_str_eq(q->algo, "NVFP4")) {
		s->format = RP_W_NVFP4;
		s->group = q->group;
		return 0;
	}
	if (rp_str_eq(q->algo, "FP8"))
		return fp8(q, s);
	if (rp_str_starts(q->algo, "FP8_P")) { /* FP8_PER_CHANNEL_PER_TOKEN, FP8_PB_WO */
		s->format = q->block_in || rp_str_starts(q->algo, "FP8_PB") ? RP_W_FP8_BLOCK
									    : RP_W_FP8_CHANNEL;
		return 0;
	}
	return -ENOTSUP;
}

/* Groups of modules, each in a format of its own; what none names stays as it is. */
static int mixed(const struct rp_quant_config *q, struct rp_weight_plan *plan)
{
	for (uint32_t i = 0; i < q->n_groups; i++) {
		const struct rp_quant_group *g = &q->groups[i];
		struct rp_weight_spec *s = &plan->groups[i];

		s->group = g->size;
		if (g->bits == 8)
			s->format = rp_str_eq(g->type, "int")		? RP_W_INT8
				    : rp_str_eq(g->strategy, "channel") ? RP_W_FP8_CHANNEL
									: RP_W_FP8_TENSOR;
		else if (g->bits == 4)
			s->format = rp_str_eq(g->type, "int") ? RP_W_INT4 : RP_W_NVFP4;
		else
			return -ENOTSUP;
	}
	plan->n_groups = q->n_groups;
	plan->linear = plan->experts = plan->keep = sixteen;
	plan->use_rules = true;
	/* Cannot be cut: 15 characters. */
	(void)rp_fmt(plan->text, sizeof(plan->text), "mixed precision");
	return 0;
}

/* compressed-tensors: all matrices in the format of its first group. */
static int compressed(const struct rp_quant_config *q, struct rp_weight_spec *s)
{
	const struct rp_quant_group *g = &q->groups[0];
	bool is_float = rp_str_eq(g->type, "float");

	s->group = g->size;
	if (g->bits == 8 && is_float) {
		s->format = rp_str_eq(g->strategy, "tensor")  ? RP_W_FP8_TENSOR
			    : rp_str_eq(g->strategy, "block") ? RP_W_FP8_BLOCK
							      : RP_W_FP8_CHANNEL;
		return 0;
	}
	if (g->bits == 8)
		s->format = RP_W_INT8;
	else if (g->bits == 4)
		s->format = is_float ? RP_W_NVFP4 : RP_W_INT4;
	else
		return -ENOTSUP;
	return 0;
}

/* quant_method: how its keys are read. Matrices outside the experts stay 16 bit in some. */
static const struct scheme {
	const char *method;
	int (*spec)(const struct rp_quant_config *q, struct rp_weight_spec *s);
	bool experts_only;
} schemes[] = {
	{"fp8", fp8, false},
	{"fbgemm_fp8", fbgemm, false},
	{"gptq", integers, false},
	{"awq", integers, false},
	{"mxfp4", mxfp4, true},
	{"modelopt", modelopt, false},
	{"modelopt_fp4", modelopt, false},
	{"modelopt_fp8", modelopt, false},
	{"compressed-tensors", compressed, false},
};

int rp_weight_plan_native(const struct rp_model_config *c, const char *name,
			  struct rp_weight_plan *ret, struct rocpart_error *reterr)
{
	const struct rp_quant_config *q = &c->quant;
	const char *method = q->method[0] ? q->method : "modelopt";
	struct rp_weight_spec s = {RP_W_UNSAID, 0, 0, 0};

	if (!c->has_quant) {
		rp_weight_plan_uniform(&sixteen, ret);
		return 0;
	}
	memset(ret, 0, sizeof(*ret));
	if (q->mixed && mixed(q, ret) == 0)
		return 0;
	for (size_t i = 0; i < RP_ARRAY_LEN(schemes); i++) {
		if (!rp_str_eq(schemes[i].method, method))
			continue;
		if (schemes[i].spec(q, &s) < 0)
			break;
		rp_weight_plan_uniform(&s, ret);
		if (schemes[i].experts_only)
			ret->linear = sixteen;
		ret->use_rules = true;
		return 0;
	}
	rp_error_set(reterr, -ENOTSUP, ROCPART_ERR_MODEL_UNKNOWN, name,
		     "rocpart does not know the quantisation '%s %s' with %u bits", method, q->algo,
		     q->bits);
	return rp_error_hint(reterr, "give the model's safetensors files, or --dtype");
}

/* '*' stands for any text. Linear in the length of the text times the number of stars. */
static bool glob(const char *p, const char *s)
{
	const char *star = NULL, *back = NULL;

	while (*s) {
		if (*p == '*') {
			star = p++;
			back = s;
		} else if (*p == *s) {
			p++;
			s++;
		} else if (star) {
			p = star + 1;
			s = ++back;
		} else {
			return false;
		}
	}
	while (*p == '*')
		p++;
	return *p == '\0';
}

/* A pattern covers a module and all that is inside it. */
static bool covers(const char *pattern, const char *module)
{
	size_t n = strlen(pattern);

	if (n == 0 || glob(pattern, module))
		return true;
	return strncmp(pattern, module, n) == 0 && module[n] == '.';
}

bool rp_quant_rule_covers(const struct rp_quant_rule *r, uint32_t layer, const char *module)
{
	const char *pattern = r->module;

	if (r->any_block && strchr(module, '.'))
		module = strchr(module, '.') + 1;
	if (r->layer >= 0)
		return (uint32_t)r->layer == layer && covers(pattern, module);
	if (r->layer == RP_ANY_LAYER)
		return layer < RP_MODEL_MAX_LAYERS && covers(pattern, module);
	/* Not a layer: a part of a name, such as "lm_head", "gate" or "re:.*self_attn.*". */
	if (rp_str_starts(pattern, "re:"))
		pattern += 3;
	while (*pattern == '.' || *pattern == '*')
		pattern++;
	if (covers(pattern, module))
		return true;
	for (const char *dot = strchr(module, '.'); dot; dot = strchr(dot + 1, '.')) {
		if (covers(pattern, dot + 1))
			return true;
	}
	return false;
}
