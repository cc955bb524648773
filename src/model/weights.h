/* SPDX-License-Identifier: MIT */
/* Parameters and bytes of the weights of a layout, tensor by tensor, per tensor-parallel rank. */
#ifndef RP_MODEL_WEIGHTS_H
#define RP_MODEL_WEIGHTS_H

#include "model/arch.h"
#include "model/format.h"

/* In which format each sort of tensor is kept. */
struct rp_weight_plan {
	struct rp_weight_spec linear;  /* matrices of attention, MLP, mixers */
	struct rp_weight_spec experts; /* matrices of the experts */
	struct rp_weight_spec keep; /* embeddings, lm_head, norms, routers, vision: 16 or 32 bit */
	bool use_rules;		    /* the rules of the config hold for this plan */
	struct rp_weight_spec groups[RP_QUANT_GROUPS];
	bool head;	   /* lm_head is in the format of the linear matrices, too */
	uint32_t n_groups; /* 0: all that is not ignored is linear or experts */
	char text[96];	   /* for people */
};

struct rp_weights {
	uint64_t parameters;	    /* language model and vision tower, without MTP layers */
	uint64_t vision_parameters; /* of those */
	uint64_t mtp_parameters;    /* in the files, not loaded unless asked for */
	uint64_t bytes;		    /* resident on one rank */
	uint64_t active_bytes;	    /* read per token by one sequence, on one rank */
	uint64_t vision_bytes;
	uint64_t embedding_bytes;
	uint64_t matrix_parameters;    /* of matrices that a format may concern */
	uint64_t quantised_parameters; /* of those: in fewer than 16 bits */
	size_t n_unused_rules;	       /* patterns that name no module */
	char unused_rule[88];	       /* the first of them */
	char expert_rule[88];	       /* names some experts and not all; all were counted so */
};

/*
 * The plan that the config asks for: its quantization_config, else 16 bit. -ENOTSUP names a scheme
 * that is not known.
 */
int rp_weight_plan_native(const struct rp_model_config *c, const char *name,
			  struct rp_weight_plan *ret, struct rocpart_error *reterr) RP_MUST_CHECK;
/* Every quantisable matrix in one format: what --dtype asks for. */
void rp_weight_plan_uniform(const struct rp_weight_spec *spec, struct rp_weight_plan *ret);

/* Sum up. tp >= 1. -EINVAL names what does not divide by tp; -EOVERFLOW. */
int rp_weights_count(const struct rp_layout *l, const struct rp_weight_plan *plan, uint32_t tp,
		     struct rp_weights *ret, struct rocpart_error *reterr) RP_MUST_CHECK;

/*
 * vision.c: tensors of the tower and its projector; 0 when there is none. ret_split: the ranks
 * share them, else every rank holds them whole.
 */
int rp_vision_parameters(const struct rp_layout *l, uint64_t *ret, bool *ret_split,
			 struct rocpart_error *reterr) RP_MUST_CHECK;

#endif
