/* SPDX-License-Identifier: MIT */
/*
 * The steps of a change: made once, shown by a dry run, announced by the run. A step that the run
 * meets and the list lacks is put into it, so the last number is always the total.
 */
#ifndef RP_CHANGE_STEP_LIST_H
#define RP_CHANGE_STEP_LIST_H

#include "base/base.h"

enum rp_step_kind {
	RP_STEP_UNDO,
	RP_STEP_HOOK, /* arg: index of the hook */
	RP_STEP_STOP, /* arg: index of the service */
	RP_STEP_WAIT,
	RP_STEP_CHECK_UNLOAD,
	RP_STEP_EVICT,
	RP_STEP_SAVE,
	RP_STEP_REQUEST,
	RP_STEP_UNLOAD,
	RP_STEP_LOAD,
	RP_STEP_SET_GPU,  /* arg: index of the target */
	RP_STEP_SET_REST, /* after a reload: which GPUs differ is known only then */
	RP_STEP_READ_BACK,
	RP_STEP_RESTORE,
	RP_STEP_RETURN_LEASES,
	RP_STEP_START, /* arg: index of the service */
	RP_STEP_ALLOCATOR,
	RP_STEP_CORDON, /* arg: index of the cordon */
};

struct rp_step {
	enum rp_step_kind kind;
	size_t arg; /* 0 where the kind has none */
	char *text;
};

struct rp_step_list {
	struct rp_step *v;
	size_t n, cap;
	size_t n_done; /* steps announced, or passed over */
};

/* What the list is for: from the begin; an open journal; the way back of a run that failed. */
enum rp_run { RP_RUN_FRESH, RP_RUN_RESUMED, RP_RUN_FAILED };

#endif
