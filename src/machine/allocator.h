/* SPDX-License-Identifier: MIT */
/* Who gives GPUs to programs on this machine. */
#ifndef RP_MACHINE_ALLOCATOR_H
#define RP_MACHINE_ALLOCATOR_H

#include "machine/machine.h"

#define RP_ALLOCATOR_FILE "allocator" /* in the record folder: the word of node.yaml */

/* "kubelet", "slurm", or NULL when rocpart allocates. */
const char *rp_allocator(struct rocpart_machine *m);

#endif
