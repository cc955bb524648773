/* SPDX-License-Identifier: MIT */
/* What a description says that was not understood: refused by name, or counted without and said. */
#ifndef RP_MODEL_DOUBTS_H
#define RP_MODEL_DOUBTS_H

#include "model/size.h"

/* Keep one line of what was assumed. what and why are static; value is cut when it is too long. */
void rp_assume(struct rp_footprint *f, const char *what, const char *why, const char *value);

/*
 * Keys of config.json that may decide the shape of a model. 0: there are none, or the request is
 * lenient; -ENOTSUP names them.
 */
int rp_doubts_of_shape(const struct rp_model_desc *d, const struct rp_layout *l,
		       const struct rp_size_request *q, struct rocpart_error *reterr) RP_MUST_CHECK;
/*
 * The same for quantization_config, with what counting the weights showed: a format that no
 * matrix has. 0 or -ENOTSUP. What is not refused is noted in f.
 */
int rp_doubts_of_format(const struct rp_model_desc *d, const struct rp_size_request *q,
			const struct rp_weights *w, struct rp_footprint *f,
			struct rocpart_error *reterr) RP_MUST_CHECK;
/* What lenience has let pass: every part that follows from the config is a guess. */
void rp_doubts_note(const struct rp_model_desc *d, const struct rp_size_request *q,
		    struct rp_footprint *f);

#endif
