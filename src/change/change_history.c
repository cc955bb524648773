/* SPDX-License-Identifier: MIT */
/* What the history says of a change: that it was begun, and how each run of it ended. */
#include "base/spawn.h"
#include "change/change.h"
#include "machine/history.h"
#include "machine/journal.h"

static bool is_same(const struct rp_target *a, const struct rp_target *b)
{
	return a->from.compute == b->from.compute && a->from.memory == b->from.memory &&
	       a->to.compute == b->to.compute && a->to.memory == b->to.memory;
}

static bool is_switch(const struct rp_target *t)
{
	return t->from.compute != t->to.compute || t->from.memory != t->to.memory;
}

static void add_group(const struct rp_target *t, size_t n, struct rp_strbuf *ret)
{
	if (n == 1)
		rp_strbuf_addf(ret, "GPU %s ", t->bdf);
	else
		rp_strbuf_addf(ret, "%zu GPUs ", n);
	rp_strbuf_addf(ret, "%s/%s -> %s/%s", rocpart_compute_mode_to_string(t->from.compute),
		       rocpart_memory_mode_to_string(t->from.memory),
		       rocpart_compute_mode_to_string(t->to.compute),
		       rocpart_memory_mode_to_string(t->to.memory));
}

void rp_change_summarize(const struct rocpart_change *c, struct rp_strbuf *ret)
{
	const char *comma = "";

	for (size_t i = 0; i < c->n_targets; i++) {
		size_t n = 0, before = 0;

		for (size_t k = 0; k < c->n_targets; k++) {
			n += is_same(&c->targets[i], &c->targets[k]);
			before += k < i && is_same(&c->targets[i], &c->targets[k]);
		}
		if (before || !is_switch(&c->targets[i]))
			continue;
		rp_strbuf_add(ret, comma);
		add_group(&c->targets[i], n, ret);
		comma = ", ";
	}
}

static void add_entry(struct rocpart_change *c, const char *outcome, int64_t ms,
		      const struct rocpart_error *err)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;

	if (c->is_resumed)
		rp_strbuf_add(&text, "resumed: ");
	if (c->undoes)
		rp_strbuf_addf(&text, "undo of change %llu: ", (unsigned long long)c->undoes);
	rp_change_summarize(c, &text);
	if (err)
		rp_strbuf_addf(&text, ": %s", err->message);
	rp_history_add(c->machine, &(struct rocpart_history_entry){.kind = "change",
								   .outcome = outcome,
								   .text = rp_strbuf_str(&text),
								   .change = c->number,
								   .milliseconds = ms});
}

void rp_change_history_begun(struct rocpart_change *c)
{
	c->has_begun = true;
	add_entry(c, "begun", -1, NULL);
}

void rp_change_history_ended(struct rocpart_change *c, int r, const struct rocpart_error *err)
{
	uint64_t ms = (rp_now_ns() - c->run_begin_ns) / 1000000;
	bool is_open = c->outcome == RP_OUTCOME_OPEN;

	if (!c->has_begun)
		return;
	/* The closing line may not have been written. */
	if (!is_open && rp_journal_look(c->machine, &is_open) < 0)
		is_open = false;
	add_entry(c, is_open ? "unfinished" : rp_outcome_to_string(c->outcome), (int64_t)ms,
		  r < 0 ? err : NULL);
}
