/* SPDX-License-Identifier: MIT */
/*
 * How far a change has come, and how it ended. One table says what each event makes of each phase;
 * the same events are replayed from the journal when a change is resumed.
 */
#ifndef RP_CHANGE_PHASE_H
#define RP_CHANGE_PHASE_H

#include "base/base.h"

enum rp_phase {
	RP_PHASE_PLANNED,	  /* nothing of the machine was changed */
	RP_PHASE_SWITCHING,	  /* a compute mode may have been written */
	RP_PHASE_REQUESTED,	  /* a memory mode may be requested of the loaded driver */
	RP_PHASE_RELOADED,	  /* we unloaded the driver; it may be loaded again or not */
	RP_PHASE_REQUESTED_AGAIN, /* a request may wait after a reload, or in the middle of one */
	RP_PHASE_LEFT_PENDING,	  /* a request waits as the caller wanted (--reload never) */
};

enum rp_event {
	RP_EVENT_SWITCH,       /* a compute mode is about to be written */
	RP_EVENT_REQUEST,      /* a memory mode was requested: the kernel cannot take it back */
	RP_EVENT_UNLOAD_BEGUN, /* the journal says that we were about to unload the driver */
	RP_EVENT_UNLOADED,     /* the driver is unloaded: it has taken over what was requested */
	RP_EVENT_LEAVE,	       /* the request is left to somebody else's reload */
};

enum rp_phase rp_phase_after(enum rp_phase phase, enum rp_event event);

/* Something may have been changed: a failure needs an undo. */
bool rp_phase_is_started(enum rp_phase phase);
/* A request may wait: until a reload the change can go on only, not be taken back. */
bool rp_phase_has_request(enum rp_phase phase);
/* We unloaded the driver: settings are to be restored, and leases must learn of the new load. */
bool rp_phase_has_unloaded(enum rp_phase phase);

/* What the last line of the journal says; OPEN: it has none, and the change can be resumed. */
enum rp_outcome { RP_OUTCOME_OPEN, RP_OUTCOME_DONE, RP_OUTCOME_UNDONE, RP_OUTCOME_PENDING };
const char *rp_outcome_to_string(enum rp_outcome outcome);

#endif
