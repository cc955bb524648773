/* SPDX-License-Identifier: MIT */
/* Handing out inside an operation that has looked at the machine already. */
#ifndef RP_API_HANDOUT_H
#define RP_API_HANDOUT_H

#include "hw/machine.h"
#include "node/snapshot.h"
#include "rocpart/handout.h"

/* As rocpart_handout_new(), for partitions of that snapshot; NULL: look anew. */
int rp_handout_new_of(struct rocpart_machine *machine, struct rocpart_snapshot *snapshot,
		      const char *const *names, size_t n_names,
		      struct rocpart_handout **ret_handout,
		      struct rocpart_error *reterr) RP_MUST_CHECK;

#endif
