/* SPDX-License-Identifier: MIT */
/* Who gives GPUs to programs on this machine. */
#ifndef RP_MACHINE_ALLOCATOR_H
#define RP_MACHINE_ALLOCATOR_H

#include "machine/machine.h"

/*
 * "kubelet", "slurm", or NULL when rocpart allocates. RP_ALLOCATOR_UNKNOWN when the record is
 * damaged or of a newer version: whoever allocates then, it is not known to be rocpart. 0, or an
 * errno: then it is not known who does, and nothing may be handed out.
 */
#define RP_ALLOCATOR_UNKNOWN "unknown"
int rp_allocator(struct rocpart_machine *m, const char **ret,
		 struct rocpart_error *reterr) RP_MUST_CHECK;

#endif
