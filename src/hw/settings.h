/* SPDX-License-Identifier: MIT */
/* Settings of a GPU that a driver reload resets: power cap, performance level, isolation. */
#ifndef RP_HW_SETTINGS_H
#define RP_HW_SETTINGS_H

#include "base/json.h"
#include "hw/hw.h"

/* What the GPU has now, as {"file": "value"}; absent files are left out. */
int rp_settings_save(struct rp_tree *t, const char *bdf, struct rp_json **ret) RP_MUST_CHECK;
/*
 * Write back what differs. enforce_isolation has a value for each slot of the present mode and is
 * restored when it was the same for all. Errno of the first write that failed; the others are
 * tried all the same.
 */
int rp_settings_restore(struct rp_tree *t, const char *bdf, const struct rp_json *saved,
			struct rocpart_error *reterr) RP_MUST_CHECK;

#endif
