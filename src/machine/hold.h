/* SPDX-License-Identifier: MIT */
#ifndef RP_MACHINE_HOLD_H
#define RP_MACHINE_HOLD_H

#include "base/json.h"
#include "machine/machine.h"
#include "rocpart/hold.h"

/* Put "hold" into the public document: its times alone, null when nothing holds. 0 or -ENOMEM. */
int rp_hold_describe(struct rocpart_machine *m, struct rp_json *ret) RP_MUST_CHECK;
/* Whether the record can be read, for `state set-aside`. */
int rp_hold_check_record(struct rocpart_machine *m, struct rocpart_error *err) RP_MUST_CHECK;

#endif
