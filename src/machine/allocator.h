/* SPDX-License-Identifier: MIT */
/* Who gives GPUs to programs on this machine. */
#ifndef RP_MACHINE_ALLOCATOR_H
#define RP_MACHINE_ALLOCATOR_H

#include "machine/machine.h"

/*
 * "kubelet", "slurm", or NULL when rocpart allocates. RP_ALLOCATOR_UNKNOWN when the record is
 * damaged or of a newer version: whoever allocates then, it is not known to be rocpart.
 */
#define RP_ALLOCATOR_UNKNOWN "unknown"
const char *rp_allocator(struct rocpart_machine *m);

#endif
