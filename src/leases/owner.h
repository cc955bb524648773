/* SPDX-License-Identifier: MIT */
/* The owner of a lease: the service that the lease belongs to, not the shell that asked for it. */
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
#define RP_BOOT_SIZE	   40 /* room for a boot id, which is a UUID */

struct rp_owner {
	enum rp_owner_kind kind;
	char name[RP_OWNER_NAME_SIZE]; /* the text behind the colon */
	uint32_t pid;
	/* The kernel reuses pids: a pid with these two is one process. */
	uint64_t start_ticks;
	char boot[RP_BOOT_SIZE]; /* boot id; of a pod its UID instead; "": not known */
};

/*
 * Parse "docker:NAME", "unit:NAME", "pod:NS/NAME", "job:ID", "pid:N" or "none". Start time and boot
 * stay empty. 0; -EINVAL.
 */
int rp_owner_parse(const char *text, struct rp_owner *ret, struct rocpart_error *reterr);
/* Write an owner as text that rp_owner_parse() reads. */
void rp_owner_text(const struct rp_owner *o, char ret[RP_OWNER_NAME_SIZE + 16]);
const char *rp_owner_kind_to_string(enum rp_owner_kind kind);

#endif
