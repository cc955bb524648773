/* SPDX-License-Identifier: MIT */
/* Who gives GPUs to programs on this machine. */
#ifndef RP_API_ALLOCATOR_H
#define RP_API_ALLOCATOR_H

#include "hw/machine.h"

#define RP_ALLOCATOR_FILE "allocator" /* in the record folder: the word of node.yaml */

/* "kubelet", "slurm", or NULL when rocpart allocates. */
const char *rp_allocator(struct rocpart_machine *m);

#endif
