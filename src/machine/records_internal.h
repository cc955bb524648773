/* SPDX-License-Identifier: MIT */
/* What the files about the records share. */
#ifndef RP_MACHINE_RECORDS_INTERNAL_H
#define RP_MACHINE_RECORDS_INTERNAL_H

#include "base/num.h"
#include "machine/records.h"

#define RP_RECORD_PENDING	"pending.json"
#define RP_RECORD_CORDONS	"cordons.json"
#define RP_RECORD_EXPECTED	"gpus.json"
#define RP_RECORD_ALLOCATOR	"allocator"
#define RP_RECORD_HOLD		"hold.json"
#define RP_RECORD_CDI		"cdi.json"	 /* of run/ */
#define RP_RECORD_APPLIED	"applied.json"	 /* of desired/ */
#define RP_RECORD_POLICY	"policy.json"	 /* of desired/ */
#define RP_RECORD_ON_DEMAND	"on-demand.json" /* of desired/ */
#define RP_RECORD_OUTAGE	"outage.json"	 /* of change/ */
#define RP_RECORD_RESTART	"restart.json"	 /* of desired/ */
#define RP_RECORD_LIMIT		(256 * 1024)
#define RP_RECORD_CDI_LIMIT	(16 * RP_MIB)
#define RP_RECORD_APPLIED_LIMIT (32 * RP_MIB)

/* The load of the driver that a request belongs to. */
uint64_t rp_records_epoch(const struct rp_json *pending);
bool rp_records_have_text(const struct rp_json *list, const char *text);
/* Lay the content of a record over the GPUs; NULL: nothing. 0; -EBADMSG: damaged; -ENOMEM. */
int rp_records_take_pending(struct rocpart_machine *m, const struct rp_json *pending,
			    struct rp_records *ret) RP_MUST_CHECK;
int rp_records_take_expected(const struct rp_json *expected, struct rp_records *ret) RP_MUST_CHECK;
/* What is laid over a GPU; NULL: out of memory. */
struct rp_overlay *rp_records_overlay(struct rp_records *r, const char *bdf);
/* Say that a record is damaged: -EBADMSG BAD_RECORDS. */
int rp_record_report_damage(const struct rocpart_machine *m, const char *file, const char *why,
			    struct rocpart_error *reterr);
/* Say that a record could not be replaced, or was replaced and not synced. Returns r. */
int rp_record_report_write(const struct rocpart_machine *m, const char *file, int r,
			   struct rocpart_error *reterr);
/* A record that is as it should be may be unsynced from an earlier call. 0 or errno. */
int rp_record_sync(struct rocpart_machine *m, const char *file,
		   struct rocpart_error *reterr) RP_MUST_CHECK;
/* Lock a record that is changed while others may hold the lock of the machine. 0 or errno. */
int rp_record_lock(struct rocpart_machine *m, const char *lock, int *ret_fd,
		   struct rocpart_error *reterr) RP_MUST_CHECK;
int rp_records_take_cordons(const struct rp_json *cordons, struct rp_records *ret) RP_MUST_CHECK;

#endif
