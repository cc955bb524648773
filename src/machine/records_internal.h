/* SPDX-License-Identifier: MIT */
/* What the files about the records share. */
#ifndef RP_MACHINE_RECORDS_INTERNAL_H
#define RP_MACHINE_RECORDS_INTERNAL_H

#include "base/num.h"
#include "machine/records.h"

#define RP_RECORD_PENDING   "pending.json"
#define RP_RECORD_CORDONS   "cordons.json"
#define RP_RECORD_ALLOCATOR "allocator"
#define RP_RECORD_CDI	    "cdi.json" /* of run/ */
#define RP_RECORD_LIMIT	    (256 * 1024)
#define RP_RECORD_CDI_LIMIT (16 * RP_MIB)

/* The load of the driver that a request belongs to. */
uint64_t rp_records_epoch(const struct rp_json *pending);
bool rp_records_have_text(const struct rp_json *list, const char *text);
/* Lay the content of a record over the GPUs; NULL: nothing. 0; -EBADMSG: damaged; -ENOMEM. */
int rp_records_take_pending(struct rocpart_machine *m, const struct rp_json *pending,
			    struct rp_records *ret) RP_MUST_CHECK;
int rp_records_take_cordons(const struct rp_json *cordons, struct rp_records *ret) RP_MUST_CHECK;

#endif
