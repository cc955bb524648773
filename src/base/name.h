/* SPDX-License-Identifier: MIT */
/*
 * The rule for names that people give. A name that follows the rule can stand in a path, a command
 * line, a unit file and a table as it is. A name is checked when it is made; one that was made by
 * somebody else (a capture, records of an earlier version) is printed through base/printable.h
 * instead.
 */
#ifndef RP_BASE_NAME_H
#define RP_BASE_NAME_H

#include "base/error.h"

enum rp_name_kind {
	RP_NAME_MACHINE, /* [A-Za-z0-9][A-Za-z0-9._-]{0,63} */
	RP_NAME_LEASE,	 /* [A-Za-z0-9][A-Za-z0-9._:/@+-]{0,127}, and not digits only */
	RP_NAME_HOST, /* [A-Za-z][A-Za-z0-9-]{0,62} but localhost: as gethostname(2) and /etc/hosts
			 take it */
};

#define RP_NAME_SIZE 129

bool rp_name_is_valid(enum rp_name_kind kind, const char *name);
/* 0, or -EINVAL with an error that says what is allowed and proposes a name. */
int rp_name_check(enum rp_name_kind kind, const char *name,
		  struct rocpart_error *reterr) RP_MUST_CHECK;
/*
 * The valid name that is nearest to any text: each run of other characters becomes "-". The same
 * for a valid name; "model" or "machine" where nothing is left. Returns ret.
 */
char *rp_name_clean(enum rp_name_kind kind, const char *text, char ret[RP_NAME_SIZE]);
/* What is allowed, as the end of a sentence: "a name of a lease has ...". */
const char *rp_name_allowed(enum rp_name_kind kind);

#endif
