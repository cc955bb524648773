/* SPDX-License-Identifier: MIT */
/*
 * What takes time on a simulated machine. The operations of its tree sleep for it, as a system call
 * would; a server that must not sleep defers them, asks here, and answers later.
 */
#ifndef RP_SIM_DELAY_H
#define RP_SIM_DELAY_H

#include "base/base.h"

struct rp_sim;

struct rp_sim_delay {
	bool hangs;	  /* until the rule is gone */
	uint64_t host_us; /* until then, by the clock of the host; 0: not */
	uint64_t due_id;  /* until what has this id has happened; 0: not */
};

/* Operations of the tree do not sleep from now on. */
void rp_sim_set_defers(struct rp_sim *sim, bool defers);
/* Of a read that begins now. */
void rp_sim_delay_of_read(const struct rp_sim *sim, const char *path, struct rp_sim_delay *ret);
/* Of the write, load or unload that was made last; it has answered already. */
void rp_sim_delay_of_change(struct rp_sim *sim, struct rp_sim_delay *ret);
/* As the state was when it was last looked at. path of a read; else "". */
bool rp_sim_delay_is_over(const struct rp_sim *sim, const char *path, const struct rp_sim_delay *d);
/* Read the state if it has changed. -errno: it cannot be read, or the machine was removed. */
int rp_sim_look_again(struct rp_sim *sim) RP_MUST_CHECK;
/* Sleep until then. Errors of reading the state. */
int rp_sim_delay(struct rp_sim *sim, const char *path, const struct rp_sim_delay *d) RP_MUST_CHECK;
/* Do rules delay reads of the file? */
bool rp_sim_is_delayed(const struct rp_sim *sim, const char *path);
/* Milliseconds of the host until something may happen by itself, at most 1000; -1: nothing will. */
int rp_sim_next_due_ms(const struct rp_sim *sim);

#endif
