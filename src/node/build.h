/* SPDX-License-Identifier: MIT */
/* Steps of making a snapshot; used inside node/ only. */
#ifndef RP_NODE_BUILD_H
#define RP_NODE_BUILD_H

#include "node/snapshot.h"

/* Fill the partitions of gpu from its KFD nodes; sets n_partitions. 0 or -ENOMEM. */
int rp_build_partitions(struct rocpart_gpu *gpu, const struct rp_scan *scan);
/* Memory capacity and domains, once modes and partitions are known. */
void rp_build_memory(struct rocpart_gpu *gpu);
/* ROCR index of every partition: rank among accessible nodes in KFD order. */
void rp_build_rocr_indices(struct rocpart_snapshot *s, const struct rp_scan *scan);
/* Codes of degraded[] and notes[], last of all. */
void rp_build_codes(struct rocpart_snapshot *s, const struct rp_scan *scan);

#endif
