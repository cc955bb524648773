/* SPDX-License-Identifier: MIT */
/* Lines of a difference, done in one transaction each time; the order is that of roll.c. */
#ifndef RP_DESIRED_ENACT_H
#define RP_DESIRED_ENACT_H

#include "desired/difference.h"

/* chosen: for each line whether it is meant. Errors of rp_revise(). */
int rp_enact(const struct rocpart_difference *d, const bool *chosen,
	     struct rocpart_leases **ret_leases, struct rocpart_error *reterr) RP_MUST_CHECK;
/* The same, thrown away. */
int rp_enact_check(const struct rocpart_difference *d, const bool *chosen,
		   struct rocpart_error *reterr) RP_MUST_CHECK;
/* Give a lease that was changed what it had when the difference was computed. */
int rp_enact_back(const struct rocpart_difference *d, const struct rp_difference_line *line,
		  struct rocpart_error *reterr) RP_MUST_CHECK;
/* Record the file of the leases of an older rocpart that are as the file says. */
int rp_enact_adopt(const struct rocpart_difference *d, struct rocpart_error *reterr) RP_MUST_CHECK;

#endif
