/* SPDX-License-Identifier: MIT */
/* Who a lease belongs to: a service rather than the shell that asked. */
#ifndef RP_LEASES_OWNER_H
#define RP_LEASES_OWNER_H

#include "base/error.h"
#include "base/strbuf.h"

enum rp_owner_kind {
	RP_OWNER_NONE = 0,
	RP_OWNER_PID = 1,
	RP_OWNER_DOCKER = 2,
	RP_OWNER_UNIT = 3,
	RP_OWNER_POD = 4,
	RP_OWNER_JOB = 5,
};

#define RP_OWNER_NAME_SIZE 256
#define RP_BOOT_SIZE	   40 /* of a boot id, a UUID */

struct rp_owner {
	enum rp_owner_kind kind;
	char name[RP_OWNER_NAME_SIZE]; /* what stands behind the colon */
	uint32_t pid;
	/* A pid is a name that the kernel gives again: with these two it is one process. */
	uint64_t start_ticks;
	char boot[RP_BOOT_SIZE]; /* of a pod: its UID, which makes the name one pod; "": not known
				  */
};

/*
 * "docker:NAME", "unit:NAME", "pod:NS/NAME", "job:ID", "pid:N", "none". Start time and boot are
 * left empty. 0; -EINVAL.
 */
int rp_owner_parse(const char *text, struct rp_owner *ret, struct rocpart_error *reterr);
/* The same text again; "none" without an owner. */
void rp_owner_text(const struct rp_owner *o, char ret[RP_OWNER_NAME_SIZE + 16]);
const char *rp_owner_kind_to_string(enum rp_owner_kind kind);

#endif
