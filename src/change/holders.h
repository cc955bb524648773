/* SPDX-License-Identifier: MIT */
#ifndef RP_CHANGE_HOLDERS_H
#define RP_CHANGE_HOLDERS_H

#include "machine/machine.h"
#include "node/snapshot.h"
#include "rocpart/change.h"

/* Drop the holders of other GPUs than those of the set (bit per index). */
void rp_holders_keep(struct rocpart_holders *list, uint64_t gpus);
/* Drop those that have no /dev/kfd open: plain DRM opens do not block a compute switch. */
void rp_holders_keep_kfd(struct rocpart_holders *list);
/* "4711 python3 (docker:3f2a), 99 rocm-smi" for a message. */
void rp_holders_text(const struct rocpart_holders *list, struct rp_strbuf *ret);
void rp_cleanup_holders(struct rocpart_holders **list);
#define RP_AUTO_HOLDERS RP_AUTO(rp_cleanup_holders)

#endif
