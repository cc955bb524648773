/* SPDX-License-Identifier: MIT */
/* Who gives GPUs to programs on this machine. */
#ifndef RP_MACHINE_ALLOCATOR_H
#define RP_MACHINE_ALLOCATOR_H

#include "machine/machine.h"

/* "kubelet", "slurm", or NULL when rocpart allocates. */
const char *rp_allocator(struct rocpart_machine *m);

#endif
