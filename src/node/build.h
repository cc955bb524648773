/* SPDX-License-Identifier: MIT */
/* Steps of making a snapshot; used inside node/ only. */
#ifndef RP_NODE_BUILD_H
#define RP_NODE_BUILD_H

#include "node/snapshot.h"

/* Set a code of RP_DEGRADED_ODD; the reason of the first one is kept. */
void rp_build_odd(struct rocpart_gpu *gpu, enum rp_degraded code, const char *fmt, ...)
	RP_PRINTF(3, 4);
/* The modes of a GPU and their lists, as its files have them. */
void rp_build_modes(struct rocpart_gpu *gpu, const struct rp_scan_pci *pci,
		    const struct rp_scan *scan);
/* What of the GPU's files could not be read, modes apart. */
void rp_build_faults(struct rocpart_gpu *gpu, const struct rp_scan_pci *pci);
/* Dies of every GPU; then the compute mode of one without the file. */
void rp_build_xcds(struct rocpart_snapshot *s);
void rp_build_derived_mode(struct rocpart_gpu *gpu);

/* Fill the partitions of gpu from its KFD nodes; sets n_partitions. 0 or -ENOMEM. */
int rp_build_partitions(struct rocpart_gpu *gpu, const struct rp_scan *scan);
/* Memory capacity and domains, once modes and partitions are known. */
void rp_build_memory(struct rocpart_gpu *gpu);
/* ROCR index of every partition: rank among accessible nodes in KFD order. */
void rp_build_rocr_indices(struct rocpart_snapshot *s, const struct rp_scan *scan);
/* Codes of degraded[] and notes[], last of all. */
void rp_build_codes(struct rocpart_snapshot *s, const struct rp_scan *scan);

#endif
