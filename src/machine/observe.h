/* SPDX-License-Identifier: MIT */
/* A fresh snapshot of a machine. */
#ifndef RP_MACHINE_OBSERVE_H
#define RP_MACHINE_OBSERVE_H

#include "machine/machine.h"
#include "node/snapshot.h"

/*
 * Picture of the machine with the records laid over it. A change goes by the kernel's files alone:
 * what somebody else tells must not start an undo.
 */
int rp_observe(struct rocpart_machine *m, struct rocpart_snapshot **ret,
	       struct rocpart_error *reterr) RP_MUST_CHECK;
/* The same with what the machine's back end tells. */
int rp_observe_via_backend(struct rocpart_machine *m, struct rocpart_snapshot **ret,
			   struct rocpart_error *reterr) RP_MUST_CHECK;

#endif
