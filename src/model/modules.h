/* SPDX-License-Identifier: MIT */
/*
 * What checkpoints call the modules that weights.c counts, and which of them a pattern of a
 * quantisation config covers. Patterns are written for the names in the files, and for the names
 * of the fused modules of engines.
 */
#ifndef RP_MODEL_MODULES_H
#define RP_MODEL_MODULES_H

#include "model/arch.h"
#include "model/pattern.h"

#define RP_MODULE_NAMES 8
#define RP_MODULE_SIZE	96

/* All names of one module of a layer, without the layer. */
struct rp_module {
	char names[RP_MODULE_NAMES][RP_MODULE_SIZE];
	size_t n;
};

/* name: of the table of weights.c, such as "mlp.experts.gate_proj". */
void rp_module_names(enum rp_naming naming, const char *name, struct rp_module *ret);

/* The rules of a config, made ready for many modules; which of them covered one is kept. */
struct rp_rules {
	const struct rp_quant_config *q;
	struct rp_regex *regexes; /* of the rules that are, in their order */
	bool *used;
	size_t *order; /* of the rules: those of no single layer, then layer by layer */
	size_t *first; /* in order: of the rules of layer N at N + 1; the end of all at the end */
	uint64_t work; /* letters compared so far */
	bool is_over;  /* more than RP_RULES_MAX_WORK: what was found since is not all */
};
#define RP_RULES_MAX_WORK UINT64_C(20000000)

int rp_rules_open(const struct rp_quant_config *q, struct rp_rules *ret) RP_MUST_CHECK;
void rp_rules_done(struct rp_rules *r);
#define RP_AUTO_RULES RP_AUTO(rp_rules_done)

/*
 * The rule for a module of a layer (RP_MODEL_MAX_LAYERS: of none): a rule to leave it as it is
 * wins, else the last one. NULL: there is none.
 */
const struct rp_quant_rule *rp_rules_find(struct rp_rules *r, uint32_t layer,
					  const struct rp_module *m);
/* A rule for modules of the model that covered none of them; NULL: there is none. */
const struct rp_quant_rule *rp_rules_unused(const struct rp_rules *r, uint32_t layers,
					    size_t *ret_more);

#endif
