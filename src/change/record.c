/* SPDX-License-Identifier: MIT */
/* What a change writes into the journal: its targets as the head, then a line a step. */
#include "base/clock.h"
#include "change/change.h"
#include "hw/driver.h"
#include "leases/reconcile.h"
#include "machine/history.h"
#include "machine/journal.h"

static int put_pair(struct rp_json *obj, const char *key, struct rp_mode_pair pair)
{
	struct rp_json *p = rp_json_object();
	int r = rp_json_set_string(p, "compute", rocpart_compute_mode_to_string(pair.compute));

	if (r == 0)
		r = rp_json_set_string(p, "memory", rocpart_memory_mode_to_string(pair.memory));
	return rp_json_set(obj, key, p) < 0 ? -ENOMEM : r;
}

static struct rp_json *target_json(const struct rp_target *t)
{
	struct rp_json *j = rp_json_object();
	int r = rp_json_set_string(j, "bdf", t->bdf);

	if (r == 0)
		r = rp_json_set_bool(j, "named", t->is_named);
	if (r == 0)
		r = put_pair(j, "from", t->from);
	if (r == 0)
		r = put_pair(j, "to", t->to);
	return r < 0 ? rp_json_free(j) : j;
}

static struct rp_json *spared_json(const struct rocpart_change *c)
{
	struct rp_json *list = rp_json_array();
	int r = 0;

	for (size_t i = 0; i < c->n_spared && r == 0; i++)
		r = rp_json_append(list, rp_json_int(c->spared[i]));
	return r < 0 ? rp_json_free(list) : list;
}

static struct rp_json *head_json(const struct rocpart_change *c)
{
	struct rp_json *j = rp_json_object(), *targets = rp_json_array();
	int r = 0;

	for (size_t i = 0; i < c->n_targets && r == 0; i++)
		r = rp_json_append(targets, target_json(&c->targets[i]));
	if (rp_json_set(j, "targets", targets) < 0 || r < 0)
		return rp_json_free(j);
	r = rp_json_set_u64(j, "journal_version", RP_JOURNAL_VERSION);
	if (r == 0)
		r = rp_json_set_u64(j, "min_reader", RP_JOURNAL_VERSION);
	if (r == 0)
		r = rp_json_set_u64(j, "n_gpus", c->n_gpus_before);
	if (r == 0 && !rp_services_are_none(&c->services))
		r = rp_json_set(j, "around", rp_services_to_json(&c->services));
	if (r == 0)
		r = rp_json_set_u64(j, "reload", (uint64_t)c->reload);
	if (r == 0)
		r = rp_json_set_bool(j, "evict", c->evict);
	if (r == 0 && c->n_spared)
		r = rp_json_set(j, "spared", spared_json(c));
	if (r == 0)
		r = rp_json_set_u64(j, "change", c->number);
	return r < 0 ? rp_json_free(j) : j;
}

/* Changes are numbered from 1: by the last journal, and by the history where that is lost. */
static int take_last(void *userdata, const struct rp_json *line, bool is_head)
{
	if (is_head)
		*(int64_t *)userdata = rp_json_int_value(rp_json_get(line, "change"));
	return 0;
}

static uint64_t next_number(struct rocpart_machine *m)
{
	uint64_t told = rp_history_last_change(m);
	int64_t last = 0;

	if (rp_journal_read(m, RP_JOURNAL_LAST, take_last, &last, NULL) < 0 || last < 0)
		last = 0;
	return (told > (uint64_t)last ? told : (uint64_t)last) + 1;
}

int rp_change_record_begin(struct rocpart_change *c, struct rocpart_error *reterr)
{
	RP_AUTO_JSON struct rp_json *head = NULL;
	int r;

	c->number = next_number(c->machine);
	head = head_json(c);
	r = head ? rp_journal_begin(c->machine, head, reterr) : rp_error_nomem(reterr);
	if (r == 0)
		rp_change_history_begun(c);
	else
		c->number = 0;
	return r;
}

/* What is not known is left out: an undo asks for the name of the change then. */
int rp_change_record_end(struct rocpart_change *c, enum rp_outcome outcome,
			 struct rocpart_error *reterr)
{
	RP_AUTO_JSON struct rp_json *line = rp_json_object();
	int64_t now, lease;
	int r = rp_json_set_string(line, "closed", rp_outcome_to_string(outcome));

	if (r == 0 && rp_clock_read(&now) == 0)
		r = rp_json_set(line, "ended_s", rp_json_int(now));
	if (r == 0 && rp_leases_last_number(c->machine, &lease) == 0)
		r = rp_json_set(line, "last_lease", rp_json_int(lease));
	return r < 0 ? rp_error_nomem(reterr) : rp_journal_close(c->machine, line, reterr);
}

int rp_change_record(struct rocpart_change *c, const char *step, const char *bdf, const char *value,
		     struct rocpart_error *reterr)
{
	RP_AUTO_JSON struct rp_json *j = rp_json_object();
	uint64_t epoch = 0;
	int r = rp_driver_read_epoch(c->machine->tree, &epoch, reterr);

	if (r < 0)
		return r;
	r = rp_json_set_string(j, "step", step);

	rp_trace_note(&c->machine->trace, ROCPART_TRACE_STEP, bdf, "%s%s%s", step, value ? " " : "",
		      value ? value : "");

	if (r == 0)
		r = rp_json_set_u64(j, "driver_epoch", epoch);
	if (r == 0 && bdf)
		r = rp_json_set_string(j, "bdf", bdf);
	if (r == 0 && value)
		r = rp_json_set_string(j, "value", value);
	return r < 0 ? rp_error_nomem(reterr) : rp_journal_append(c->machine, j, reterr);
}
