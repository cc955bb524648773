/* SPDX-License-Identifier: MIT */
/* From quantization_config, hf_quant_config.json and --dtype to the format of each tensor. */
#include "model/weights.h"

#include "base/strbuf.h"

static const struct rp_weight_spec sixteen = {RP_W_F16, 0, 0, 0};

static void uniform(const struct rp_weight_spec *spec, struct rp_weight_plan *ret)
{
	ret->linear = ret->experts = *spec;
	ret->keep = spec->format == RP_W_F32 ? *spec : sixteen;
	/* Cannot be cut: the longest name has 31 characters. */
	(void)rp_fmt(ret->text, sizeof(ret->text), "%s", rp_weight_format_name(spec->format));
}

void rp_weight_plan_uniform(const struct rp_weight_spec *spec, struct rp_weight_plan *ret)
{
	memset(ret, 0, sizeof(*ret));
	uniform(spec, ret);
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

static int auto_awq(const struct rp_quant_config *q, struct rp_weight_spec *s)
{
	int r = integers(q, s);

	if (r == 0 && q->zero_point == RP_TRI_NO && s->format == RP_W_INT4_ZERO)
		s->format = RP_W_INT4;
	return r;
}

/* AMD Quark: one format for all weights, by the names of its exporter. */
static int quark(const struct rp_quant_config *q, struct rp_weight_spec *s)
{
	bool grouped = rp_str_eq(q->weight_scheme, "per_group");

	s->group = q->group;
	if (rp_str_eq(q->weight_dtype, "fp4") && grouped && q->group == 32)
		s->format = RP_W_MXFP4;
	else if (rp_str_starts(q->weight_dtype, "fp8") && !grouped)
		s->format = rp_str_eq(q->weight_scheme, "per_tensor") ? RP_W_FP8_TENSOR
								      : RP_W_FP8_CHANNEL;
	else if (rp_str_eq(q->weight_dtype, "int8") && !grouped)
		s->format = RP_W_INT8;
	else if (rp_str_eq(q->weight_dtype, "int4") && grouped)
		s->format = RP_W_INT4;
	else if (rp_str_eq(q->weight_dtype, "uint4") && grouped)
		s->format = RP_W_INT4_ZERO;
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

/* A group of config_groups. "mixed precision" of modelopt: 8 bits are one scale per tensor. */
static int group_spec(const struct rp_quant_group *g, bool mixed, struct rp_weight_spec *s)
{
	bool is_float = !rp_str_eq(g->type, "int");

	s->group = rp_str_eq(g->strategy, "channel") ? RP_QUANT_WHOLE_ROW : g->size;
	if (g->bits == 8 && is_float) {
		bool tensor = rp_str_eq(g->strategy, "tensor") || (mixed && !g->strategy[0]);

		s->format = tensor			      ? RP_W_FP8_TENSOR
			    : rp_str_eq(g->strategy, "block") ? RP_W_FP8_BLOCK
							      : RP_W_FP8_CHANNEL;
		return 0;
	}
	if (g->bits == 8)
		s->format = RP_W_INT8;
	else if (g->bits == 4)
		s->format = !is_float ? RP_W_INT4 : g->size == 32 ? RP_W_MXFP4 : RP_W_NVFP4;
	else
		return -ENOTSUP;
	return 0;
}

static const struct rp_quant_group *main_group(const struct rp_quant_config *q)
{
	return &q->groups[q->linear_group ? q->linear_group - 1 : 0];
}

/* compressed-tensors: all matrices in the format of the group for "Linear". */
static int compressed(const struct rp_quant_config *q, struct rp_weight_spec *s)
{
	return group_spec(main_group(q), false, s);
}

/* quant_method: how its keys are read. Matrices outside the experts stay 16 bit in some. */
static const struct scheme {
	const char *method;
	int (*spec)(const struct rp_quant_config *q, struct rp_weight_spec *s);
	bool experts_only;
	bool integers; /* its patterns have bits and group sizes as the method has them */
} schemes[] = {
	{"fp8", fp8, false, false},
	{"fbgemm_fp8", fbgemm, false, false},
	{"gptq", integers, false, true},
	{"gptq_marlin", integers, false, true},
	{"awq", auto_awq, false, true},
	{"awq_marlin", auto_awq, false, true},
	{"mxfp4", mxfp4, true, false},
	{"modelopt", modelopt, false, false},
	{"modelopt_fp4", modelopt, false, false},
	{"modelopt_fp8", modelopt, false, false},
	{"compressed-tensors", compressed, false, false},
	{"quark", quark, false, false},
};

static const struct scheme *find_scheme(const struct rp_quant_config *q)
{
	const char *method = q->method[0] ? q->method : "modelopt";

	for (size_t i = 0; i < RP_ARRAY_LEN(schemes); i++)
		if (rp_str_eq(schemes[i].method, method))
			return &schemes[i];
	return NULL;
}

static int pattern_spec(const struct rp_quant_config *q, const struct rp_quant_group *g,
			const struct scheme *scheme, struct rp_weight_spec *ret)
{
	struct rp_quant_config own = *q;

	*ret = (struct rp_weight_spec){RP_W_UNSAID, 0, 0, 0};
	ret->group = g->size;
	if (!scheme || !scheme->integers)
		return group_spec(g, q->mixed, ret);
	own.bits = g->bits ? g->bits : q->bits;
	own.group = g->size ? g->size : q->group;
	return scheme->spec(&own, ret);
}

/* The formats of all patterns, and of what no pattern names. */
static int fill_plan(const struct rp_quant_config *q, struct rp_weight_plan *ret)
{
	const struct scheme *scheme = find_scheme(q);
	struct rp_weight_spec s = {RP_W_UNSAID, 0, 0, 0};

	memset(ret, 0, sizeof(*ret));
	for (uint32_t i = 0; i < q->n_groups; i++)
		if (pattern_spec(q, &q->groups[i], scheme, &ret->groups[i]) < 0 &&
		    (q->mixed || !q->groups[i].name[0]))
			return -ENOTSUP;
	if (q->mixed) {
		ret->linear = ret->experts =
			q->linear_group ? ret->groups[q->linear_group - 1] : sixteen;
		ret->keep = sixteen;
		(void)rp_fmt(ret->text, sizeof(ret->text), "mixed precision"); /* fits */
	} else {
		if (!scheme || scheme->spec(q, &s) < 0)
			return -ENOTSUP;
		uniform(&s, ret);
		if (scheme->experts_only)
			ret->linear = sixteen;
	}
	ret->n_groups = q->n_groups;
	ret->head = q->head == RP_TRI_YES;
	ret->use_rules = true;
	return 0;
}

static int refuse_format(const struct rp_quant_config *q, const char *name,
			 struct rocpart_error *reterr)
{
	RP_AUTO_STRBUF struct rp_strbuf b = RP_STRBUF_INIT;

	rp_strbuf_addf(&b, "'%s'",
		       q->method[0] ? q->method
		       : q->algo[0] ? q->algo
				    : "(none named)");
	if (q->method[0] && q->algo[0])
		rp_strbuf_addf(&b, ", '%s'", q->algo);
	if (q->weight_dtype[0])
		rp_strbuf_addf(&b, ", weights in '%s' %s", q->weight_dtype, q->weight_scheme);
	if (q->bits)
		rp_strbuf_addf(&b, ", %u bits", q->bits);
	rp_error_set(reterr, -ENOTSUP, ROCPART_ERR_MODEL_UNKNOWN, name,
		     "rocpart does not know how quantization %s stores its weights",
		     rp_strbuf_str(&b));
	return rp_error_hint(reterr, "give the model's safetensors files, or --dtype");
}

int rp_weight_plan_native(const struct rp_model_config *c, const char *name,
			  struct rp_weight_plan *ret, struct rocpart_error *reterr)
{
	static const struct rp_weight_spec float32 = {RP_W_F32, 0, 0, 0};

	if (!c->has_quant) {
		rp_weight_plan_uniform(rp_str_eq(c->dtype, "float32") ? &float32 : &sixteen, ret);
		return 0;
	}
	if (c->quant.mlx && !c->quant.method[0]) {
		rp_error_set(reterr, -ENOTSUP, ROCPART_ERR_MODEL_UNKNOWN, name,
			     "the model is quantised for MLX, which runs on Apple GPUs only");
		return rp_error_hint(reterr, "give the model that it was made from, or another "
					     "quantization of that model");
	}
	if (fill_plan(&c->quant, ret) < 0)
		return refuse_format(&c->quant, name, reterr);
	return 0;
}
