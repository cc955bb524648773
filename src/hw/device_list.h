/* SPDX-License-Identifier: MIT */
/*
 * Device nodes of a machine. A capture is a plain folder without any; capture.txt lists them:
 * "device dev/dri/renderD128 226 128 0660 0 105" (path, major, minor, mode, uid, gid).
 */
#ifndef RP_HW_DEVICE_LIST_H
#define RP_HW_DEVICE_LIST_H

#include "base/tree.h"

#define RP_DEVICE_LIST "capture.txt"

/* As rp_tree_stat(); of a capture also from its list. -ENODATA: the capture does not tell. */
int rp_hw_stat_device(struct rp_tree *t, struct rp_stat *ret, const char *path) RP_MUST_CHECK;
/* As rp_tree_list(), the same. */
int rp_hw_list_devices(struct rp_tree *t, struct rp_names *ret, const char *dir) RP_MUST_CHECK;
/* Append a line of the list. */
void rp_device_list_add(struct rp_strbuf *list, const char *path, const struct rp_stat *st);

#endif
