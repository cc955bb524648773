/* SPDX-License-Identifier: MIT */
/* A node compared with its file; shared by the files behind rocpart/difference.h. */
#ifndef RP_DESIRED_DIFFERENCE_H
#define RP_DESIRED_DIFFERENCE_H

#include "desired/desired.h"
#include "desired/planning.h"
#include "rocpart/difference.h"

#define RP_NO_PLACE UINT32_MAX

struct rp_difference_line {
	struct rocpart_difference_item item;
	uint32_t request;		    /* UINT32_MAX: none of the file */
	uint32_t place;			    /* of the plan, or RP_NO_PLACE */
	const struct rp_lease_match *match; /* NULL: no lease */
	char *fields;			    /* owned text of the item */
};

struct rocpart_difference {
	struct rocpart_machine *machine;
	const struct rocpart_desired *desired;
	const char *config;
	bool unattended, allow_unvalidated, takes_over, keeps_others, spares_running, lenient;
	bool has_max_disruption;
	uint64_t max_disruption;
	rocpart_progress_fn progress; /* NULL: not told */
	rocpart_interrupt_fn is_interrupted;
	void *progress_userdata, *interrupt_userdata;

	struct rocpart_snapshot *snapshot;
	struct rocpart_leases *leases;
	enum rocpart_compute_mode *keeps; /* see rp_on_demand_keeps() */
	struct rocpart_plan *plan;	  /* without models: matches only */
	bool has_plan;
	struct rocpart_change *change;
	struct rocpart_error refusal; /* errnum 0: the change can be done */
	struct rp_difference_line *lines;
	size_t n_lines, cap_lines;
};

/* difference_lines.c: the lines of a solved plan. -ENOMEM. */
int rp_difference_list(struct rocpart_difference *d) RP_MUST_CHECK;
/* Whether the place of a lease is in the mode that its GPU has after the change. */
bool rp_difference_has_mode(const struct rocpart_difference *d, const struct rp_lease_match *m);
/* Whether a lease without room is displaced, and its place does not come back. */
bool rp_difference_gives_up(const struct rocpart_difference *d,
			    const struct rp_difference_line *line);
void rp_difference_lines_done(struct rocpart_difference *d);

#endif
