/* SPDX-License-Identifier: MIT */
/* A handout as its parts share it. */
#ifndef RP_RUN_HANDOUT_H
#define RP_RUN_HANDOUT_H

#include "leases/session.h"
#include "run/text/forms.h"

struct rocpart_handout {
	struct rp_handout values;
	struct rp_variables variables[2]; /* by view */
	struct rocpart_snapshot *snapshot;
	struct rp_names leases;	   /* "llama/0" of what was named as a lease */
	struct rp_json *footprint; /* what values.engine points into */
};

/* As rocpart_handout_new(), for partitions of that snapshot; NULL: look anew. */
int rp_handout_new_of(struct rocpart_machine *machine, struct rocpart_snapshot *snapshot,
		      const char *const *names, size_t n_names,
		      struct rocpart_handout **ret_handout,
		      struct rocpart_error *reterr) RP_MUST_CHECK;

/* What a name of the caller stands for. */
struct rp_named {
	const struct rocpart_partition *part;
	const struct rocpart_lease *lease; /* NULL: it was named as a partition */
};

/* handout_engine.c: what leases of one model tell of its engine; nothing told: nothing set. */
int rp_handout_read_engine(struct rocpart_handout *h, const struct rp_named *named,
			   size_t n) RP_MUST_CHECK;

/* handout.c: the device nodes of its partitions, their groups, and whether it is simulated. */
int rp_handout_gather(struct rp_handout *h, struct rocpart_machine *m,
		      struct rocpart_error *reterr) RP_MUST_CHECK;

#endif
