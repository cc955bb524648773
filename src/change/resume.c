/* SPDX-License-Identifier: MIT */
/* A change that is read back from the journal: to go on with it, or to take back the last one. */
#include "change/change.h"
#include "machine/journal.h"
#include "machine/observe.h"

/* Who reads which line. A step that is begun may or may not have been done. */
static const struct {
	const char *step;
	int (*read)(struct rocpart_change *c, const struct rp_change_line *line);
} readers[] = {
	{"hooks-before", rp_services_read}, {"hooks-after", rp_services_read},
	{"stop-service", rp_services_read}, {"start-service", rp_services_read},
	{"evict", rp_evicted_read},	    {"return", rp_evicted_read},
	{"save-settings", rp_reload_read},  {"request-memory", rp_reload_read},
	{"unload", rp_reload_read},	    {"load", rp_reload_read},
	{"set-compute", rp_compute_read},
};

static int read_pair(const struct rp_json *j, struct rp_mode_pair *ret)
{
	const char *compute = rp_json_text(rp_json_get(j, "compute"));
	const char *memory = rp_json_text(rp_json_get(j, "memory"));

	if (!compute || !memory)
		return -EBADMSG;
	/* UNKNOWN stands for a GPU that cannot be partitioned. */
	if (!rp_str_eq(compute, "UNKNOWN") &&
	    rocpart_compute_mode_from_string(compute, &ret->compute) < 0)
		return -EBADMSG;
	if (!rp_str_eq(memory, "UNKNOWN") &&
	    rocpart_memory_mode_from_string(memory, &ret->memory) < 0)
		return -EBADMSG;
	return 0;
}

static int read_spared(struct rocpart_change *c, const struct rp_json *list)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < rp_json_len(list); i++)
		r = rp_change_spare_lease(c, rp_json_int_value(rp_json_at(list, i)));
	return r;
}

static int read_head(struct rocpart_change *c, const struct rp_json *head)
{
	const struct rp_json *targets = rp_json_get(head, "targets");
	size_t n = rp_json_len(targets);
	int64_t number = rp_json_int_value(rp_json_get(head, "change"));
	int r;

	if (n == 0)
		return -EBADMSG;
	free(c->targets);
	c->n_targets = 0;
	c->targets = rp_new0(struct rp_target, n);
	if (!c->targets)
		return -ENOMEM;
	c->n_gpus_before = (size_t)rp_json_int_value(rp_json_get(head, "n_gpus"));
	c->evict = rp_json_bool_value(rp_json_get(head, "evict"));
	c->number = number > 0 ? (uint64_t)number : 0;
	if (rp_json_int_value(rp_json_get(head, "reload")) == ROCPART_RELOAD_NEVER)
		c->reload = ROCPART_RELOAD_NEVER;
	r = read_spared(c, rp_json_get(head, "spared"));
	if (r == 0)
		r = rp_services_from_json(&c->services, rp_json_get(head, "around"));
	if (r < 0)
		return r;
	for (size_t i = 0; i < n; i++) {
		const struct rp_json *j = rp_json_at(targets, i);
		const char *bdf = rp_json_text(rp_json_get(j, "bdf"));
		struct rp_target *t = &c->targets[i];

		if (!bdf || rp_fmt(t->bdf, sizeof(t->bdf), "%s", bdf) < 0 ||
		    read_pair(rp_json_get(j, "from"), &t->from) < 0 ||
		    read_pair(rp_json_get(j, "to"), &t->to) < 0)
			return -EBADMSG;
		t->is_named = rp_json_bool_value(rp_json_get(j, "named"));
		c->n_targets++;
	}
	return 0;
}

static int read_step(struct rocpart_change *c, const struct rp_json *j)
{
	const struct rp_change_line line = {
		.step = rp_json_text(rp_json_get(j, "step")),
		.bdf = rp_json_text(rp_json_get(j, "bdf")),
		.value = rp_json_text(rp_json_get(j, "value")),
		.driver_epoch = (uint64_t)rp_json_int_value(rp_json_get(j, "driver_epoch")),
	};

	for (size_t i = 0; line.step && i < RP_ARRAY_LEN(readers); i++)
		if (rp_str_eq(readers[i].step, line.step))
			return readers[i].read(c, &line);
	return -EBADMSG;
}

static int read_line(void *userdata, const struct rp_json *line, bool is_head)
{
	return is_head ? read_head(userdata, line) : read_step(userdata, line);
}

static int load_journal(struct rocpart_change *c, enum rp_journal_file file,
			struct rocpart_error *reterr)
{
	return rp_journal_read(c->machine, file, read_line, c, reterr);
}

int rp_change_check_journal(struct rocpart_machine *m, struct rocpart_error *reterr)
{
	struct rocpart_change *c = rp_change_alloc(m);
	int r = c ? load_journal(c, RP_JOURNAL_OPEN, reterr) : rp_error_nomem(reterr);

	rocpart_change_free(c);
	return r;
}

ROCPART_PUBLIC int rocpart_change_open_journal(struct rocpart_machine *machine,
					       struct rocpart_change **ret_change,
					       struct rocpart_error *reterr)
{
	struct rocpart_change *c = rp_change_alloc(machine);
	int r;

	if (!c)
		return rp_error_nomem(reterr);
	c->is_resumed = true;
	r = load_journal(c, RP_JOURNAL_OPEN, reterr);
	if (r == 0)
		r = rp_observe(machine, &c->snapshot, reterr);
	if (r < 0) {
		rocpart_change_free(c);
		return r;
	}
	*ret_change = c;
	return 0;
}

static bool is_goal(const struct rocpart_change *last, const struct rp_target *t)
{
	for (size_t i = 0; i < last->n_targets; i++)
		if (rp_str_eq(last->targets[i].bdf, t->bdf))
			return last->targets[i].to.compute == t->to.compute &&
			       last->targets[i].to.memory == t->to.memory;
	return false;
}

int rp_change_restore(struct rocpart_change *c, struct rocpart_error *reterr)
{
	struct rocpart_change *last = rp_change_alloc(c->machine);
	bool is_done = false;
	int r = last ? load_journal(last, RP_JOURNAL_LAST, reterr) : rp_error_nomem(reterr);

	if (r == 0 && (r = rp_journal_ended_with(c->machine, rp_outcome_to_string(RP_OUTCOME_DONE),
						 &is_done)) < 0)
		r = rp_error_errno(reterr, r, NULL, "cannot see how the last change ended");
	for (size_t i = 0; r == 0 && is_done && i < c->n_targets; i++)
		c->targets[i].is_restored = is_goal(last, &c->targets[i]);
	rocpart_change_free(last);
	/* What cannot be read gives no leave. */
	return r == -ENOENT || r == -EBADMSG || r == -EPROTONOSUPPORT ? 0 : r;
}

ROCPART_PUBLIC int rocpart_change_open_last(struct rocpart_machine *machine,
					    struct rocpart_change **ret_change,
					    struct rocpart_error *reterr)
{
	RP_AUTO_SNAPSHOT struct rocpart_snapshot *s = NULL;
	struct rocpart_change *last = rp_change_alloc(machine), *c = NULL;
	int r = last ? load_journal(last, RP_JOURNAL_LAST, reterr) : rp_error_nomem(reterr);

	if (r == 0)
		r = rp_observe(machine, &s, reterr);
	if (r == 0)
		r = rocpart_change_new(machine, s, &c, reterr);
	for (size_t i = 0; r == 0 && i < c->n_targets; i++) {
		for (size_t k = 0; k < last->n_targets; k++) {
			if (!rp_str_eq(c->targets[i].bdf, last->targets[k].bdf))
				continue;
			c->targets[i].to = last->targets[k].from;
			c->targets[i].is_named = true;
		}
	}
	if (r == 0) {
		c->services = last->services;
		memset(&last->services, 0, sizeof(last->services));
		r = rp_change_reverse_evicted(c, last);
	}
	if (r == 0) {
		r = rp_change_read_end(c, last);
		if (r < 0)
			(void)rp_error_errno(reterr, r, machine->state_dir,
					     "cannot read the journal in '%s'", machine->state_dir);
	}
	rocpart_change_free(last);
	if (r < 0) {
		rocpart_change_free(c);
		return r;
	}
	c->allow_unvalidated = true; /* it was in it before */
	*ret_change = c;
	return 0;
}
