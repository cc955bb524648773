/* SPDX-License-Identifier: MIT */
/*
 * Stopping what a file names, and starting it again. What did not run is left alone.
 */
#include "base/words.h"
#include "change/change.h"
#include "change/service_run.h"

#define STEP_STOP	  "stop-service"
#define STEP_START	  "start-service"
#define STEP_HOOKS_BEFORE "hooks-before"
#define STEP_HOOKS_AFTER  "hooks-after"

static int hold_one(struct rocpart_change *c, size_t index, struct rocpart_error *reterr)
{
	struct rp_service *s = &c->services.v[index];
	RP_AUTO_FREE char *id = rp_service_id(s);
	int r;

	r = id ? rp_change_check_interrupt(c, reterr) : rp_error_nomem(reterr);
	if (r < 0)
		return r;
	rp_change_announce(c, RP_STEP_STOP, index);
	r = rp_service_is_running(c->machine, s, reterr);
	if (r <= 0)
		return r;
	r = rp_change_record(c, STEP_STOP, NULL, id, reterr);
	if (r < 0)
		return r;
	s->is_held = true;
	r = rp_service_act(c->machine, s, RP_SERVICE_STOP, reterr);
	if (r < 0)
		(void)rp_error_prefix(reterr, "cannot stop %s '%s'", rp_service_kind_text(s->kind),
				      s->name);
	return r;
}

static int run_hook(struct rocpart_change *c, size_t index, struct rocpart_error *reterr)
{
	rp_change_announce(c, RP_STEP_HOOK, index);
	return rp_run_hook(c->machine, &c->services.hooks[index].argv, reterr);
}

static int run_hooks_before(struct rocpart_change *c, struct rocpart_error *reterr)
{
	struct rp_services *s = &c->services;
	int r = 0;

	if (s->n_hooks)
		r = rp_change_record(c, STEP_HOOKS_BEFORE, NULL, NULL, reterr);
	s->hooks_begun |= r == 0 && s->n_hooks;
	for (size_t i = 0; r == 0 && i < s->n_hooks; i++) {
		if (s->hooks[i].is_after)
			continue;
		r = rp_change_check_interrupt(c, reterr);
		if (r == 0)
			r = run_hook(c, i, reterr);
	}
	if (r < 0 && s->n_hooks && !rp_change_is_interrupt(reterr))
		(void)rp_error_prefix(reterr, "the hook before the change failed");
	return r;
}

int rp_change_hold_services(struct rocpart_change *c, struct rocpart_error *reterr)
{
	int r = run_hooks_before(c, reterr);

	for (size_t i = 0; r == 0 && i < c->services.n; i++)
		r = hold_one(c, i, reterr);
	return r;
}

/* Only saves work after an interruption: what was started may be started once more. */
static void record_done(struct rocpart_change *c, const char *step, const char *value)
{
	struct rocpart_error err = {0};

	if (rp_change_record(c, step, NULL, value, &err) < 0)
		rp_change_remark(c, "warning: %s", err.message);
}

static void report_not_started(const struct rocpart_change *c, const struct rp_service *s,
			       const struct rocpart_error *why, struct rocpart_error *err)
{
	char word[RP_WORD_SIZE];

	(void)rp_error_set(err, -EIO, ROCPART_ERR_PARTLY_DONE, s->name,
			   "%s '%s' was stopped and cannot be started again: %.200s",
			   rp_service_kind_text(s->kind), s->name, why->message);
	(void)rp_error_hint(err, "the modes are set; remove the cause, then `%s start %s`",
			    rp_service_program(c->machine, s), rp_shell_word(s->name, word));
}

/* Every one is tried; the first failure is reported. */
static int start_held(struct rocpart_change *c, struct rocpart_error *first)
{
	int result = 0;

	for (size_t k = c->services.n; k-- > 0;) {
		struct rp_service *s = &c->services.v[k];
		RP_AUTO_FREE char *id = s->is_held ? rp_service_id(s) : NULL;
		struct rocpart_error err = {0};

		if (s->is_held || rp_change_has_step(c, RP_STEP_START, k))
			rp_change_announce(c, RP_STEP_START, k);
		if (!s->is_held)
			continue;
		s->is_held = false;
		if (rp_service_act(c->machine, s, RP_SERVICE_START, &err) < 0) {
			if (result == 0)
				report_not_started(c, s, &err, first);
			result = -EIO;
		} else if (id) {
			record_done(c, STEP_START, id);
		}
	}
	return result;
}

static int run_hooks_after(struct rocpart_change *c, struct rocpart_error *first)
{
	struct rp_services *s = &c->services;
	int result = 0;

	for (size_t i = 0; s->hooks_begun && i < s->n_hooks; i++) {
		struct rocpart_error err = {0};

		if (!s->hooks[i].is_after || run_hook(c, i, &err) == 0)
			continue;
		if (result == 0) {
			(void)rp_error_set(first, -EIO, ROCPART_ERR_PARTLY_DONE, err.object,
					   "the hook after the change failed: %.300s", err.message);
			(void)rp_error_hint(first, "the modes are set; run the hook by hand");
		}
		result = -EIO;
	}
	if (s->hooks_begun)
		record_done(c, STEP_HOOKS_AFTER, NULL);
	s->hooks_begun = false;
	return result;
}

int rp_change_release_services(struct rocpart_change *c, int r, struct rocpart_error *err)
{
	struct rocpart_error late = {0}, hooks = {0};
	char hint[sizeof(err->hint)];
	int r2 = start_held(c, &late); /* first: hooks may rely on the services */
	int r3 = run_hooks_after(c, r2 < 0 ? &hooks : &late);

	if (r2 == 0 && r3 == 0)
		return r;
	if (r < 0) {
		memcpy(hint, err->hint, sizeof(hint));
		return rp_error_hint(err, "%.180s; also: %.180s", hint, late.message);
	}
	*err = late;
	return err->errnum;
}

int rp_services_read(struct rocpart_change *c, const struct rp_change_line *line)
{
	struct rp_services *s = &c->services;
	struct rp_service *service = line->value ? rp_services_find(s, line->value) : NULL;

	if (rp_str_eq(line->step, STEP_STOP) || rp_str_eq(line->step, STEP_START)) {
		if (service)
			service->is_held = rp_str_eq(line->step, STEP_STOP);
	} else {
		s->hooks_begun = rp_str_eq(line->step, STEP_HOOKS_BEFORE);
	}
	return 0;
}
