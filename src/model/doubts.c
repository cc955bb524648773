/* SPDX-License-Identifier: MIT */
#include "model/doubts.h"

#include "base/strbuf.h"

void rp_assume(struct rp_footprint *f, const char *what, const char *why, const char *value)
{
	struct rp_assumption *a = &f->assumed[f->n_assumed];

	if (f->n_assumed == RP_MAX_ASSUMPTIONS)
		return;
	a->what = what;
	a->why = why;
	/* A value too long for the page is cut, which harms nothing. */
	(void)rp_fmt(a->value, sizeof(a->value), "%s", value);
	f->n_assumed++;
}

/* "key 'a' = 1 (and 2 more: 'b', 'c')" */
static void describe(const struct rp_model_doubts *d, struct rp_strbuf *b)
{
	rp_strbuf_addf(b, "key '%s' = %s", d->v[0].key, d->v[0].value);
	if (d->n < 2)
		return;
	rp_strbuf_addf(b, " (and %s%u more: ", d->has_more ? "at least " : "", d->n - 1);
	for (uint32_t i = 1; i < d->n; i++)
		rp_strbuf_addf(b, "%s'%s'", i > 1 ? ", " : "", d->v[i].key);
	rp_strbuf_add(b, ")");
}

static int refuse_keys(const struct rp_model_desc *d, const struct rp_model_doubts *doubts,
		       const char *of, const char *hint, struct rocpart_error *reterr)
{
	RP_AUTO_STRBUF struct rp_strbuf b = RP_STRBUF_INIT;

	describe(doubts, &b);
	rp_error_set(reterr, -ENOTSUP, ROCPART_ERR_MODEL_UNKNOWN, d->name,
		     "%s: %s is not understood for %s: the size may be wrong", doubts->file,
		     rp_strbuf_str(&b), of);
	return rp_error_hint(reterr, "%s", hint);
}

int rp_doubts_of_shape(const struct rp_model_desc *d, const struct rp_layout *l,
		       const struct rp_size_request *q, struct rocpart_error *reterr)
{
	RP_AUTO_STRBUF struct rp_strbuf of = RP_STRBUF_INIT;

	if (!d->config.shape_doubts || q->lenient)
		return 0;
	rp_strbuf_addf(&of, "architecture '%s'",
		       d->config.text_type[0]	 ? d->config.text_type
		       : d->config.model_type[0] ? d->config.model_type
						 : l->family);
	return refuse_keys(d, d->config.shape_doubts, rp_strbuf_str(&of),
			   "give the model's safetensors files or its size with --bytes, or count "
			   "without the key with --lenient",
			   reterr);
}

/* A format that is announced, and that no matrix has: an exclusion names the whole model. */
static int check_share(const struct rp_model_desc *d, const struct rp_size_request *q,
		       const struct rp_weights *w, struct rp_footprint *f,
		       struct rocpart_error *reterr)
{
	const struct rp_quant_config *c = &d->config.quant;
	char text[32];

	if (!w->matrix_parameters || w->quantised_parameters >= w->matrix_parameters / 2)
		return 0;
	if (w->quantised_parameters) {
		(void)rp_fmt(text, sizeof(text), "%.1f %%", /* fits */
			     100.0 * (double)w->quantised_parameters /
				     (double)w->matrix_parameters);
		rp_assume(f, "quantised share of the matrices",
			  "quantization_config excludes the others", text);
		return 0;
	}
	if (q->lenient) {
		rp_assume(f, "quantization", "its patterns exclude every matrix of the model",
			  "none: all weights are counted in 16 bits");
		return 0;
	}
	rp_error_set(reterr, -ENOTSUP, ROCPART_ERR_MODEL_FORMAT, d->name,
		     "quantization_config announces '%s', but its patterns leave every matrix in "
		     "16 bits%s%.80s%s",
		     c->method[0] ? c->method : c->algo, c->n_rules ? " (such as '" : "",
		     c->n_rules ? c->rules[c->n_rules - 1].pattern : "", c->n_rules ? "')" : "");
	return rp_error_hint(reterr, "give the model's safetensors files, or --lenient to count "
				     "16 bits");
}

static void note_rules(const struct rp_weights *w, struct rp_footprint *f)
{
	char text[128];

	if (w->n_unused_rules) {
		if (w->n_unused_rules > 1)
			(void)rp_fmt(text, sizeof(text), "'%s' and %zu more", w->unused_rule,
				     w->n_unused_rules - 1);
		else
			(void)rp_fmt(text, sizeof(text), "'%s'", w->unused_rule);
		rp_assume(f, "pattern of quantization_config",
			  "it names no module of this architecture and was not used", text);
	}
	if (w->expert_rule[0]) {
		(void)rp_fmt(text, sizeof(text), "'%s'", w->expert_rule);
		rp_assume(f, "pattern of quantization_config",
			  "it names some experts of a layer; all of that layer were counted so",
			  text);
	}
	if (w->n_unused_rules || w->expert_rule[0])
		f->items[RP_PART_WEIGHTS].confidence = "guess";
}

int rp_doubts_of_format(const struct rp_model_desc *d, const struct rp_size_request *q,
			const struct rp_weights *w, struct rp_footprint *f,
			struct rocpart_error *reterr)
{
	if (!d->config.has_quant || q->dtype)
		return 0;
	if (d->config.format_doubts && !q->lenient) {
		RP_AUTO_STRBUF struct rp_strbuf of = RP_STRBUF_INIT;

		rp_strbuf_addf(&of, "quantization '%s'",
			       d->config.quant.method[0] ? d->config.quant.method
							 : d->config.quant.algo);
		return refuse_keys(
			d, d->config.format_doubts, rp_strbuf_str(&of),
			"give the model's safetensors files or --dtype, or count without "
			"the key with --lenient",
			reterr);
	}
	note_rules(w, f);
	return check_share(d, q, w, f, reterr);
}

static bool note_keys(const struct rp_model_doubts *d, struct rp_footprint *f)
{
	RP_AUTO_STRBUF struct rp_strbuf b = RP_STRBUF_INIT;

	if (!d)
		return false;
	describe(d, &b);
	rp_assume(f, "without", "--lenient: the key is not understood, so the size is a guess",
		  rp_strbuf_str(&b));
	return true;
}

void rp_doubts_note(const struct rp_model_desc *d, const struct rp_size_request *q,
		    struct rp_footprint *f)
{
	bool of_config = !d->has_file_bytes || q->dtype, format = false, shape = false;

	if (!q->lenient || !d->has_config)
		return;
	shape = note_keys(d->config.shape_doubts, f);
	if (of_config && !q->dtype)
		format = note_keys(d->config.format_doubts, f);
	if (of_config && (shape || format))
		f->items[RP_PART_WEIGHTS].confidence = "guess";
	if (shape) {
		f->items[RP_PART_KV].confidence = "guess";
		f->items[RP_PART_ACTIVATION].confidence = "guess";
	}
}
