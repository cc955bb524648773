/* SPDX-License-Identifier: MIT */
#include "change/change.h"
#include "hw/driver.h"

#define OPEN	   "journal"
#define LAST	   "journal.last"
#define SIZE_LIMIT (4 * 1024 * 1024)

/* Its last line says that it was closed; only the rename was interrupted. */
static bool is_closed(const struct rp_strbuf *text)
{
	const char *last = rp_strbuf_str(text);

	for (const char *p = last; *p; p++)
		if (*p == '\n' && p[1])
			last = p + 1;
	return rp_str_starts(last, "{\"closed\"") && rp_str_ends(last, "}\n");
}

bool rp_journal_is_open(struct rocpart_machine *m)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;

	return rp_machine_open_state(m) == 0 && m->state &&
	       rp_tree_read_file(m->state, SIZE_LIMIT, &text, OPEN) != -ENOENT && !is_closed(&text);
}

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

/*
 * A line at a time. A last line without its end was torn by an interruption or a full disk: what it
 * announced was not done, so it is dropped before the next one.
 */
static int append(struct rocpart_change *c, const struct rp_json *j)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT, line = RP_STRBUF_INIT;
	const char *end;
	int r = rp_json_print(j, false, &line);

	rp_strbuf_add_char(&line, '\n');
	if (r < 0 || rp_strbuf_failed(&line))
		return -ENOMEM;
	r = rp_tree_read_file(c->machine->state, SIZE_LIMIT, &text, OPEN);
	if (r < 0)
		return r;
	if (rp_str_ends(rp_strbuf_str(&text), "\n"))
		return rp_tree_append(c->machine->state, line.s, line.len, OPEN);
	end = strrchr(rp_strbuf_str(&text), '\n');
	rp_strbuf_truncate(&text, end ? (size_t)(end - text.s) + 1 : 0);
	rp_strbuf_add_mem(&text, line.s, line.len);
	if (rp_strbuf_failed(&text))
		return -ENOMEM;
	return rp_tree_replace(c->machine->state, text.s, text.len, OPEN);
}

int rp_journal_begin(struct rocpart_change *c)
{
	RP_AUTO_JSON struct rp_json *j = rp_json_object();
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	struct rp_json *targets = rp_json_array();
	int r = 0;

	for (size_t i = 0; i < c->n_targets && r == 0; i++)
		r = rp_json_append(targets, target_json(&c->targets[i]));
	if (rp_json_set(j, "targets", targets) < 0 || r < 0)
		return -ENOMEM;
	r = rp_json_set_u64(j, "journal_version", 1);
	if (r == 0)
		r = rp_json_set_u64(j, "n_gpus", c->n_gpus_before);
	if (r == 0 && !rp_services_are_none(&c->services))
		r = rp_json_set(j, "around", rp_services_to_json(&c->services));
	if (r == 0)
		r = rp_json_set_u64(j, "reload", (uint64_t)c->reload);
	if (r == 0)
		r = rp_json_print(j, false, &text);
	rp_strbuf_add_char(&text, '\n');
	if (r < 0 || rp_strbuf_failed(&text))
		return -ENOMEM;
	/* As one file: a journal without its first line would say nothing. */
	return rp_tree_replace(c->machine->state, text.s, text.len, OPEN);
}

int rp_journal_step(struct rocpart_change *c, const char *step, const char *bdf, const char *value)
{
	RP_AUTO_JSON struct rp_json *j = rp_json_object();
	int r = rp_json_set_string(j, "step", step);

	if (r == 0)
		r = rp_json_set_u64(j, "driver_epoch", rp_driver_epoch(c->machine->tree));
	if (r == 0 && bdf)
		r = rp_json_set_string(j, "bdf", bdf);
	if (r == 0 && value)
		r = rp_json_set_string(j, "value", value);
	return r < 0 ? r : append(c, j);
}

int rp_journal_drop(struct rocpart_change *c)
{
	return rp_tree_remove(c->machine->state, OPEN);
}

int rp_journal_close(struct rocpart_change *c, const char *how)
{
	RP_AUTO_JSON struct rp_json *j = rp_json_object();
	int r = rp_json_set_string(j, "closed", how);

	if (r == 0)
		r = append(c, j);
	if (r == 0)
		r = rp_tree_rename(c->machine->state, OPEN, LAST);
	return r;
}

static int get_pair(const struct rp_json *j, struct rp_mode_pair *ret)
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

static int take_targets(struct rocpart_change *c, const struct rp_json *head)
{
	const struct rp_json *targets = rp_json_get(head, "targets");
	size_t n = rp_json_len(targets);
	int r;

	if (rp_json_int_value(rp_json_get(head, "journal_version")) != 1 || n == 0)
		return -EBADMSG;
	free(c->targets);
	c->n_targets = 0;
	c->targets = rp_new0(struct rp_target, n);
	if (!c->targets)
		return -ENOMEM;
	c->n_gpus_before = (size_t)rp_json_int_value(rp_json_get(head, "n_gpus"));
	r = rp_services_from_json(&c->services, rp_json_get(head, "around"));
	if (r < 0)
		return r;
	for (size_t i = 0; i < n; i++) {
		const struct rp_json *j = rp_json_at(targets, i);
		const char *bdf = rp_json_text(rp_json_get(j, "bdf"));
		struct rp_target *t = &c->targets[i];

		if (!bdf || rp_fmt(t->bdf, sizeof(t->bdf), "%s", bdf) < 0 ||
		    get_pair(rp_json_get(j, "from"), &t->from) < 0 ||
		    get_pair(rp_json_get(j, "to"), &t->to) < 0)
			return -EBADMSG;
		t->is_named = rp_json_bool_value(rp_json_get(j, "named"));
		c->n_targets++;
	}
	return 0;
}

static int take_settings(struct rocpart_change *c, const char *bdf, const char *text)
{
	for (size_t i = 0; text && bdf && i < c->n_targets; i++) {
		if (!rp_str_eq(c->targets[i].bdf, bdf))
			continue;
		c->targets[i].settings = rp_json_free(c->targets[i].settings);
		return rp_json_parse(text, strlen(text), OPEN, &c->targets[i].settings, NULL);
	}
	return 0;
}

/* What a step says about where the change stands. A step begun may or may not have been done. */
static int take_step(struct rocpart_change *c, const struct rp_json *j)
{
	const char *step = rp_json_text(rp_json_get(j, "step"));
	uint64_t epoch = (uint64_t)rp_json_int_value(rp_json_get(j, "driver_epoch"));

	if (!step)
		return rp_json_get(j, "closed") ? 0 : -EBADMSG;
	if (rp_services_take_step(&c->services, step, rp_json_text(rp_json_get(j, "value"))))
		return 0;
	if (rp_str_eq(step, "save-settings"))
		return take_settings(c, rp_json_text(rp_json_get(j, "bdf")),
				     rp_json_text(rp_json_get(j, "value")));
	if (rp_str_eq(step, "evict") || rp_str_eq(step, "return")) /* not of the machine */
		return rp_evicted_take_step(c, step, rp_json_text(rp_json_get(j, "bdf")),
					    rp_json_text(rp_json_get(j, "value")));
	if (rp_str_eq(step, "request-memory") && epoch == rp_driver_epoch(c->machine->tree))
		c->request_begun = true;
	if (rp_str_eq(step, "unload"))
		c->unload_begun = true;
	c->is_started = true;
	return 0;
}

static int take_lines(struct rocpart_change *c, char *text)
{
	bool is_head = true;

	for (char *end; (end = strchr(text, '\n')); text = end + 1) {
		RP_AUTO_JSON struct rp_json *j = NULL;
		int r = rp_json_parse(text, (size_t)(end - text), OPEN, &j, NULL);

		if (r == 0)
			r = is_head ? take_targets(c, j) : take_step(c, j);
		if (r < 0)
			return r == -ENOMEM ? r : -EBADMSG;
		is_head = false;
	}
	return is_head ? -EBADMSG : 0;
}

int rp_journal_load(struct rocpart_change *c, enum rp_journal_file file,
		    struct rocpart_error *reterr)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	const char *name = file == RP_JOURNAL_OPEN ? OPEN : LAST;
	struct rocpart_machine *m = c->machine;
	int r = rp_machine_open_state(m);

	if (r == 0)
		r = m->state ? rp_tree_read_file(m->state, SIZE_LIMIT, &text, "%s", name) : -ENOENT;
	if (r == 0 && file == RP_JOURNAL_OPEN && is_closed(&text))
		r = rp_tree_rename(m->state, OPEN, LAST) < 0 ? -EIO : -ENOENT;
	if (r == -ENOENT)
		return rp_error_set(reterr, r, ROCPART_ERR_NOT_FOUND, NULL,
				    file == RP_JOURNAL_OPEN ? "no change is unfinished"
							    : "there is no change to undo");
	if (r < 0)
		return rp_error_errno(reterr, r, m->state_dir, "cannot read '%s/%s'", m->state_dir,
				      name);
	r = text.s ? take_lines(c, text.s) : -EBADMSG;
	if (r == -EBADMSG) {
		(void)rp_error_set(reterr, r, ROCPART_ERR_CONFIG_SYNTAX, m->state_dir,
				   "the journal '%s/%s' is damaged", m->state_dir, name);
		(void)rp_error_hint(reterr, "look at `rocpart status`, set the modes that you "
					    "want and remove the file");
		return r;
	}
	return r < 0 ? rp_error_nomem(reterr) : 0;
}
