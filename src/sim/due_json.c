/* SPDX-License-Identifier: MIT */
/* The clock of a machine, and what is due by it, as JSON and back. */
#include "base/json.h"
#include "sim/machine.h"
#include "sim/state_json.h"

struct rp_json *rp_sim_dues_to_json(const struct rp_sim_state *s)
{
	struct rp_json *list = rp_json_array();
	int r = 0;

	for (size_t i = 0; i < s->n_dues; i++) {
		const struct rp_sim_due *d = &s->dues[i];
		struct rp_json *j = rp_json_object();

		r |= rp_json_set_u64(j, "id", d->id);
		r |= rp_json_set(j, "at_us", rp_json_int(d->at_us));
		r |= rp_json_set_u64(j, "kind", d->kind);
		r |= rp_json_set_u64(j, "gpu", d->gpu);
		r |= rp_json_set_u64(j, "arg", d->arg);
		if (d->fails)
			r |= rp_json_set_bool(j, "fails", true);
		if (d->rule)
			r |= rp_json_set_string(j, "rule", d->rule);
		r |= rp_json_append(list, j);
	}
	return r < 0 ? rp_json_free(list) : list;
}

static int get_time(const struct rp_json *j, const char *key, int64_t *ret)
{
	const struct rp_json *v = rp_json_get(j, key);
	int64_t us = rp_json_int_value(v);

	/* no sum of two overflows */
	if (rp_json_type(v) != RP_JSON_INT || us > INT64_MAX / 4 || us < INT64_MIN / 4)
		return -EBADMSG;
	*ret = us;
	return 0;
}

/* One of a kind and GPU, but any number of faults to come. */
static bool is_twice(const struct rp_sim_state *s, const struct rp_sim_due *d)
{
	for (size_t i = 0; d->kind != RP_SIM_DUE_FAULT && i < s->n_dues; i++)
		if (s->dues[i].kind == d->kind && s->dues[i].gpu == d->gpu)
			return true;
	return false;
}

static int due_from_json(const struct rp_sim *sim, const struct rp_json *j, struct rp_sim_state *s)
{
	struct rp_sim_due d = {0};
	struct rp_sim_fault f = {0};
	uint32_t kind = 0;
	int r = get_time(j, "at_us", &d.at_us);

	if (r == 0)
		r = rp_sim_get_u64(j, "id", s->due_ids, &d.id);
	if (r == 0)
		r = rp_sim_get_u32(j, "kind", RP_SIM_N_DUE_KINDS - 1, &kind);
	if (r == 0)
		r = rp_sim_get_u32(j, "gpu", (uint32_t)sim->profile->n_gpus - 1, &d.gpu);
	if (r == 0)
		r = rp_sim_get_u32(j, "arg", RP_SIM_N_COMPUTE - 1, &d.arg);
	d.kind = (enum rp_sim_due_kind)kind;
	d.fails = rp_json_bool_value(rp_json_get(j, "fails"));
	if (r == 0 && (d.at_us < 1 || is_twice(s, &d)))
		r = -EBADMSG;
	if (r == 0 && (d.kind == RP_SIM_DUE_LOADED || d.kind == RP_SIM_DUE_UNLOADED) && d.gpu)
		r = -EBADMSG;
	if (r == 0 && d.kind == RP_SIM_DUE_SWITCHED &&
	    !rp_sim_compute_possible(sim->profile->gpus[d.gpu].product, (enum rp_sim_compute)d.arg))
		r = -EBADMSG;
	if (r == 0 && d.kind == RP_SIM_DUE_FAULT)
		r = rp_sim_get_text(j, "rule", &d.rule);
	if (r == 0 && d.rule)
		r = rp_sim_fault_parse(d.rule, &f, NULL);
	rp_sim_fault_done(&f);
	s->dues[s->n_dues++] = d; /* freed with the state */
	return r < 0 && r != -ENOMEM ? -EBADMSG : r;
}

static int dues_from_json(const struct rp_sim *sim, const struct rp_json *list,
			  struct rp_sim_state *s)
{
	int r = rp_grow(&s->dues, &s->cap_dues, rp_json_len(list), sizeof(*s->dues));

	for (size_t i = 0; r == 0 && i < rp_json_len(list); i++) {
		r = due_from_json(sim, rp_json_at(list, i), s);
		if (r == 0 && i > 0 && s->dues[i].at_us < s->dues[i - 1].at_us)
			r = -EBADMSG;
	}
	return r;
}

/* The clock, and what is due by it: not of machines of an earlier version. */
int rp_sim_times_from_json(const struct rp_sim *sim, const struct rp_json *j,
			   struct rp_sim_state *s)
{
	int r = rp_json_get(j, "booted_us") ? get_time(j, "booted_us", &s->booted_us) : 0;

	s->realistic = rp_json_bool_value(rp_json_get(j, "realistic"));
	if (r == 0 && rp_json_get(j, "log_lines"))
		r = rp_sim_get_u64(j, "log_lines", INT64_MAX, &s->log_lines);
	if (r == 0 && rp_json_get(j, "log_bytes"))
		r = rp_sim_get_u64(j, "log_bytes", INT64_MAX, &s->log_bytes);
	if (r == 0 && rp_json_get(j, "due_ids"))
		r = rp_sim_get_u64(j, "due_ids", INT64_MAX, &s->due_ids);
	return r == 0 ? dues_from_json(sim, rp_json_get(j, "dues"), s) : r;
}
