/* SPDX-License-Identifier: MIT */
/*
 * The clock of a machine, and what happens at a time of it: switches and loads of the driver that
 * take their time, resets that end, faults to come. Nothing runs: whoever looks at the state, or
 * changes it, first lets happen what is due, in its order. All come to the same state, and the next
 * change writes it down; so what was begun goes on when the program that began it was killed.
 */
#include <time.h>

#include "sim/machine.h"

/* Without a load it is the time of day: what is due outlives a boot of the host. */
static int64_t time_of_day(void)
{
	struct timespec t = {0};

	(void)clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t rp_sim_time(const struct rp_sim *sim)
{
	if (sim->acting_us)
		return sim->acting_us;
	return sim->state.load ? (int64_t)rp_sim_load_now(sim) : time_of_day();
}

void rp_sim_due_done(struct rp_sim_due *due)
{
	free(due->rule);
	*due = (struct rp_sim_due){0};
}

int rp_sim_due_add(struct rp_sim *sim, struct rp_sim_due due)
{
	struct rp_sim_state *s = &sim->state;
	size_t i = s->n_dues;

	if (rp_grow(&s->dues, &s->cap_dues, s->n_dues + 1, sizeof(due)) < 0) {
		rp_sim_due_done(&due);
		return -ENOMEM;
	}
	due.id = ++s->due_ids;
	if (s->load && due.at_us > (int64_t)RP_SIM_MAX_TIME_US)
		due.at_us = (int64_t)RP_SIM_MAX_TIME_US; /* the clock does not come further */
	for (; i > 0 && s->dues[i - 1].at_us > due.at_us; i--)
		s->dues[i] = s->dues[i - 1];
	s->dues[i] = due;
	s->n_dues++;
	return 0;
}

const struct rp_sim_due *rp_sim_due_find(const struct rp_sim *sim, enum rp_sim_due_kind kind,
					 uint32_t gpu)
{
	for (size_t i = 0; i < sim->state.n_dues; i++) {
		const struct rp_sim_due *d = &sim->state.dues[i];

		if (d->kind == kind && d->gpu == gpu)
			return d;
	}
	return NULL;
}

void rp_sim_due_drop(struct rp_sim *sim, enum rp_sim_due_kind kind, uint32_t gpu)
{
	struct rp_sim_state *s = &sim->state;
	size_t n = 0;

	for (size_t i = 0; i < s->n_dues; i++) {
		if (s->dues[i].kind == kind && s->dues[i].gpu == gpu)
			rp_sim_due_done(&s->dues[i]);
		else
			s->dues[n++] = s->dues[i];
	}
	s->n_dues = n;
}

static int add_fault(struct rp_sim *sim, const char *rule)
{
	struct rp_sim_fault f = {0};
	int r = rp_sim_fault_parse(rule, &f, NULL);

	if (r == 0)
		r = rp_sim_fault_take(sim, &f);
	return r == -ENOMEM ? r : 0; /* a GPU that is named may be gone meanwhile */
}

/* 0 or -ENOMEM: what comes of it is in the state, and no error of reading it. */
static int happen(struct rp_sim *sim, const struct rp_sim_due *d)
{
	switch (d->kind) {
	case RP_SIM_DUE_SWITCHED:
		return rp_sim_finish_switch(sim, d->gpu, (enum rp_sim_compute)d->arg, d->fails);
	case RP_SIM_DUE_LOADED:
		return rp_sim_finish_load(sim);
	case RP_SIM_DUE_UNLOADED:
		rp_sim_finish_unload(sim);
		return 0;
	case RP_SIM_DUE_RESET_ENDS:
		rp_sim_end_reset(sim, d->gpu);
		return 0;
	case RP_SIM_DUE_FAULT:
		return add_fault(sim, d->rule);
	case RP_SIM_N_DUE_KINDS:
		break;
	}
	return 0;
}

bool rp_sim_is_due(const struct rp_sim *sim)
{
	return sim->state.n_dues && sim->state.dues[0].at_us <= rp_sim_time(sim);
}

int rp_sim_settle_at(struct rp_sim *sim, int64_t now, uint64_t host_us)
{
	struct rp_sim_state *s = &sim->state;
	int r = 0;

	while (r == 0 && s->n_dues && s->dues[0].at_us <= now) {
		struct rp_sim_due d = s->dues[0];

		s->n_dues--;
		memmove(&s->dues[0], &s->dues[1], s->n_dues * sizeof(d));
		if (s->load)
			rp_sim_load_carry(sim, (uint64_t)d.at_us);
		sim->acting_us = d.at_us;
		r = rp_sim_load_follow(sim);
		if (r == 0)
			r = happen(sim, &d);
		if (s->load)
			s->load->valid_until = 0;
		sim->acting_us = 0;
		rp_sim_due_done(&d);
	}
	if (s->load) {
		rp_sim_load_carry(sim, (uint64_t)now);
		s->load->host_us = host_us;
	}
	return r;
}

int rp_sim_settle(struct rp_sim *sim)
{
	uint64_t host = rp_sim_host_us();

	return rp_sim_settle_at(sim, rp_sim_time(sim), host);
}

void rp_sim_clock_moved(struct rp_sim *sim, int64_t before)
{
	int64_t by = rp_sim_time(sim) - before;

	for (size_t i = 0; i < sim->state.n_dues; i++) {
		struct rp_sim_due *d = &sim->state.dues[i];

		d->at_us = d->at_us + by > 1 ? d->at_us + by : 1; /* it is due at once */
	}
	sim->state.booted_us += by;
}
