/* SPDX-License-Identifier: MIT */
/* Reads that are slow or never end, and changes that take their time. */
#include "sim/delay.h"

#include <time.h>

#include "sim/machine.h"

#define STEP_US 20000 /* how often a program that waits looks again */

/* A switch of the mode holds the lock that reading the mode takes. */
static uint64_t end_of_switch(const struct rp_sim *sim, const char *path)
{
	for (uint32_t g = 0; sim->state.n_dues && g < sim->profile->n_gpus; g++) {
		const struct rp_sim_due *d = rp_sim_due_find(sim, RP_SIM_DUE_SWITCHED, g);

		if (d && rp_str_ends(path, "/current_compute_partition") &&
		    strstr(path, sim->profile->gpus[g].bdf))
			return d->id;
	}
	return 0;
}

void rp_sim_delay_of_read(const struct rp_sim *sim, const char *path, struct rp_sim_delay *ret)
{
	const struct rp_sim_fault *slow;

	*ret = (struct rp_sim_delay){0};
	if (rp_sim_fault_match(sim, RP_SIM_FAULT_HANG, path)) {
		ret->hangs = true;
		return;
	}
	ret->due_id = end_of_switch(sim, path);
	slow = rp_sim_fault_match(sim, RP_SIM_FAULT_SLOW, path);
	if (slow)
		ret->host_us = rp_sim_host_us() + slow->nth * 1000;
}

void rp_sim_delay_of_change(struct rp_sim *sim, struct rp_sim_delay *ret)
{
	*ret = (struct rp_sim_delay){.due_id = sim->wait_id};
	sim->wait_id = 0;
}

bool rp_sim_is_delayed(const struct rp_sim *sim, const char *path)
{
	return rp_sim_fault_match(sim, RP_SIM_FAULT_HANG, path) ||
	       rp_sim_fault_match(sim, RP_SIM_FAULT_SLOW, path);
}

static bool is_still_due(const struct rp_sim *sim, uint64_t id)
{
	for (size_t i = 0; i < sim->state.n_dues; i++)
		if (sim->state.dues[i].id == id)
			return true;
	return false;
}

bool rp_sim_delay_is_over(const struct rp_sim *sim, const char *path, const struct rp_sim_delay *d)
{
	if (d->hangs)
		return !rp_sim_fault_match(sim, RP_SIM_FAULT_HANG, path);
	return rp_sim_host_us() >= d->host_us && !(d->due_id && is_still_due(sim, d->due_id));
}

int rp_sim_delay(struct rp_sim *sim, const char *path, const struct rp_sim_delay *d)
{
	const struct timespec step = {.tv_nsec = STEP_US * 1000};
	int r = 0;

	while (r == 0 && !rp_sim_delay_is_over(sim, path, d)) {
		(void)nanosleep(&step, NULL);
		r = rp_sim_store_refresh(sim);
	}
	return r;
}

int rp_sim_look_again(struct rp_sim *sim)
{
	return rp_sim_store_refresh(sim);
}

void rp_sim_set_defers(struct rp_sim *sim, bool defers)
{
	sim->defers = defers;
}

int rp_sim_next_due_ms(const struct rp_sim *sim)
{
	int64_t us;

	if (sim->state.n_dues == 0)
		return -1;
	us = sim->state.dues[0].at_us - rp_sim_time(sim);
	if (sim->state.load)
		us = sim->state.load->rate ? us / sim->state.load->rate : 1000000;
	return us <= 0 ? 1 : us > 1000000 ? 1000 : (int)(us / 1000 + 1);
}
