/* SPDX-License-Identifier: MIT */
#include "change/phase.h"

#define N_EVENTS (RP_EVENT_LEAVE + 1)

static const struct {
	bool is_started, has_request, has_unloaded;
	enum rp_phase after[N_EVENTS];
} phases[] = {
	[RP_PHASE_PLANNED] = {.after = {[RP_EVENT_SWITCH] = RP_PHASE_SWITCHING,
					[RP_EVENT_REQUEST] = RP_PHASE_REQUESTED,
					[RP_EVENT_UNLOAD_BEGUN] = RP_PHASE_RELOADED,
					[RP_EVENT_UNLOADED] = RP_PHASE_RELOADED,
					[RP_EVENT_LEAVE] = RP_PHASE_PLANNED}},
	[RP_PHASE_SWITCHING] = {.is_started = true,
				.after = {[RP_EVENT_SWITCH] = RP_PHASE_SWITCHING,
					  [RP_EVENT_REQUEST] = RP_PHASE_REQUESTED,
					  [RP_EVENT_UNLOAD_BEGUN] = RP_PHASE_RELOADED,
					  [RP_EVENT_UNLOADED] = RP_PHASE_RELOADED,
					  [RP_EVENT_LEAVE] = RP_PHASE_SWITCHING}},
	[RP_PHASE_REQUESTED] = {.is_started = true,
				.has_request = true,
				.after = {[RP_EVENT_SWITCH] = RP_PHASE_REQUESTED,
					  [RP_EVENT_REQUEST] = RP_PHASE_REQUESTED,
					  [RP_EVENT_UNLOAD_BEGUN] = RP_PHASE_REQUESTED_AGAIN,
					  [RP_EVENT_UNLOADED] = RP_PHASE_RELOADED,
					  [RP_EVENT_LEAVE] = RP_PHASE_LEFT_PENDING}},
	[RP_PHASE_RELOADED] = {.is_started = true,
			       .has_unloaded = true,
			       .after = {[RP_EVENT_SWITCH] = RP_PHASE_RELOADED,
					 [RP_EVENT_REQUEST] = RP_PHASE_REQUESTED_AGAIN,
					 [RP_EVENT_UNLOAD_BEGUN] = RP_PHASE_RELOADED,
					 [RP_EVENT_UNLOADED] = RP_PHASE_RELOADED,
					 [RP_EVENT_LEAVE] = RP_PHASE_RELOADED}},
	[RP_PHASE_REQUESTED_AGAIN] = {.is_started = true,
				      .has_request = true,
				      .has_unloaded = true,
				      .after = {[RP_EVENT_SWITCH] = RP_PHASE_REQUESTED_AGAIN,
						[RP_EVENT_REQUEST] = RP_PHASE_REQUESTED_AGAIN,
						[RP_EVENT_UNLOAD_BEGUN] = RP_PHASE_REQUESTED_AGAIN,
						[RP_EVENT_UNLOADED] = RP_PHASE_RELOADED,
						[RP_EVENT_LEAVE] = RP_PHASE_LEFT_PENDING}},
	[RP_PHASE_LEFT_PENDING] = {.is_started = true,
				   .has_request = true,
				   .after = {[RP_EVENT_SWITCH] = RP_PHASE_LEFT_PENDING,
					     [RP_EVENT_REQUEST] = RP_PHASE_LEFT_PENDING,
					     [RP_EVENT_UNLOAD_BEGUN] = RP_PHASE_LEFT_PENDING,
					     [RP_EVENT_UNLOADED] = RP_PHASE_LEFT_PENDING,
					     [RP_EVENT_LEAVE] = RP_PHASE_LEFT_PENDING}},
};

enum rp_phase rp_phase_after(enum rp_phase phase, enum rp_event event)
{
	return phases[phase].after[event];
}

bool rp_phase_is_started(enum rp_phase phase)
{
	return phases[phase].is_started;
}

bool rp_phase_has_request(enum rp_phase phase)
{
	return phases[phase].has_request;
}

bool rp_phase_has_unloaded(enum rp_phase phase)
{
	return phases[phase].has_unloaded;
}

const char *rp_outcome_to_string(enum rp_outcome outcome)
{
	static const char *const names[] = {[RP_OUTCOME_OPEN] = "open",
					    [RP_OUTCOME_DONE] = "done",
					    [RP_OUTCOME_UNDONE] = "undone",
					    [RP_OUTCOME_PENDING] = "pending"};

	return names[outcome];
}
