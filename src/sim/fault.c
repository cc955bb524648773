/* SPDX-License-Identifier: MIT */
/* Faults by rule: what is said in sim.h, parsed in one place. */
#include <fnmatch.h>

#include "base/num.h"
#include "sim/machine.h"

struct op_name {
	const char *name;
	bool pattern; /* a pattern follows */
	/* what follows the pattern, and then maybe N; ALONE: no N either; MAYBE: maybe a count */
	enum {
		EFFECT_NONE,
		EFFECT_ERRNO,
		EFFECT_WRITE,
		EFFECT_COUNT,
		EFFECT_ALONE,
		EFFECT_MAYBE
	} effect;
};

static const struct op_name op_names[RP_SIM_N_FAULT_OPS] = {
	[RP_SIM_FAULT_READ] = {"read", true, EFFECT_ERRNO},
	[RP_SIM_FAULT_WRITE] = {"write", true, EFFECT_WRITE},
	[RP_SIM_FAULT_SLOW] = {"slow", true, EFFECT_COUNT},
	[RP_SIM_FAULT_HANG] = {"hang", true, EFFECT_ALONE},
	[RP_SIM_FAULT_READ_ONLY] = {"read-only", true, EFFECT_ALONE},
	[RP_SIM_FAULT_UNLOAD] = {"unload", false, EFFECT_ERRNO},
	[RP_SIM_FAULT_LOAD] = {"load", false, EFFECT_ERRNO},
	[RP_SIM_FAULT_VANISH] = {"vanish", true, EFFECT_NONE},
	[RP_SIM_FAULT_LOSE] = {"lose", true, EFFECT_NONE},
	[RP_SIM_FAULT_UNPLUG] = {"unplug", true, EFFECT_NONE},
	[RP_SIM_FAULT_REPLACE] = {"replace", true, EFFECT_NONE},
	[RP_SIM_FAULT_RESET] = {"reset", true, EFFECT_NONE},
	[RP_SIM_FAULT_SWITCHING] = {"switching", true, EFFECT_NONE},
	[RP_SIM_FAULT_REINIT] = {"reinit", true, EFFECT_NONE},
	[RP_SIM_FAULT_NPS] = {"nps", true, EFFECT_NONE},
	[RP_SIM_FAULT_UE] = {"ue", true, EFFECT_COUNT},
	[RP_SIM_FAULT_CE] = {"ce", true, EFFECT_COUNT},
	[RP_SIM_FAULT_BAD_PAGES] = {"bad-pages", true, EFFECT_COUNT},
	[RP_SIM_FAULT_START] = {"start", true, EFFECT_NONE},
	[RP_SIM_FAULT_STOP] = {"stop", true, EFFECT_NONE},
	[RP_SIM_EVENT_OFF_BUS] = {"off-bus", true, EFFECT_ALONE},
	[RP_SIM_EVENT_REMOVE] = {"remove", true, EFFECT_ALONE},
	[RP_SIM_EVENT_RESCAN] = {"rescan", false, EFFECT_ALONE},
	[RP_SIM_EVENT_UNBIND] = {"unbind", true, EFFECT_ALONE},
	[RP_SIM_EVENT_BIND] = {"bind", true, EFFECT_ALONE},
	[RP_SIM_EVENT_RESET] = {"reset-now", true, EFFECT_MAYBE},
	[RP_SIM_EVENT_OVERHEAT] = {"overheat", true, EFFECT_ALONE},
	[RP_SIM_EVENT_SET_NPS] = {"set-nps", true, EFFECT_COUNT},
};

static const struct {
	const char *name;
	int value;
} errnos[] = {
	{"E2BIG", E2BIG},	  {"EACCES", EACCES},	{"EAGAIN", EAGAIN},
	{"EBUSY", EBUSY},	  {"EFAULT", EFAULT},	{"EINTR", EINTR},
	{"EINVAL", EINVAL},	  {"EIO", EIO},		{"ENODEV", ENODEV},
	{"ENOENT", ENOENT},	  {"ENOMEM", ENOMEM},	{"ENOSPC", ENOSPC},
	{"ENXIO", ENXIO},	  {"EPERM", EPERM},	{"EROFS", EROFS},
	{"ETIMEDOUT", ETIMEDOUT}, {"ENODATA", ENODATA}, {"EOPNOTSUPP", EOPNOTSUPP},
};

void rp_sim_fault_done(struct rp_sim_fault *f)
{
	free(f->rule);
	free(f->pattern);
	*f = (struct rp_sim_fault){0};
}

static bool parse_effect(const char *text, bool may_ignore, int *ret)
{
	if (may_ignore && rp_str_eq(text, "ignored")) {
		*ret = 0;
		return true;
	}
	for (size_t i = 0; i < RP_ARRAY_LEN(errnos); i++) {
		if (rp_str_eq(text, errnos[i].name)) {
			*ret = -errnos[i].value;
			return true;
		}
	}
	return false;
}

/* Cut the last ":word" off text; the word, or NULL when there is no colon. */
static char *cut_last(char *text)
{
	char *colon = strrchr(text, ':');

	if (!colon)
		return NULL;
	*colon = '\0';
	return colon + 1;
}

static bool all_digits(const char *s)
{
	return *s && s[strspn(s, "0123456789")] == '\0';
}

/*
 * Patterns hold colons of PCI addresses, so the parts behind are taken from the end. rest is what
 * follows "op:"; it is cut up.
 */
static bool parse_rest(char *rest, const struct op_name *op, struct rp_sim_fault *f)
{
	char *colon = strrchr(rest, ':');
	char *number = colon ? colon + 1 : NULL;
	const char *effect;

	/* A number at the end is N, but not where it is the end of a PCI address ("05:00.0" has
	 * a dot) and not where it is all there is. */
	if (number && all_digits(number)) {
		if (rp_parse_u64(number, 10, &f->nth) < 0)
			return false;
		*colon = '\0';
	} else {
		number = NULL;
	}
	if (op->effect == EFFECT_COUNT)
		return number != NULL && *rest;
	if (number && (f->nth == 0 || op->effect == EFFECT_ALONE))
		return false;
	if (op->effect == EFFECT_NONE || op->effect == EFFECT_ALONE || op->effect == EFFECT_MAYBE)
		return *rest != '\0';
	effect = op->pattern ? cut_last(rest) : rest;
	return effect && (!op->pattern || *rest) &&
	       parse_effect(effect, op->effect == EFFECT_WRITE, &f->effect);
}

static int bad_rule(struct rocpart_error *err, const char *rule)
{
	RP_AUTO_STRBUF struct rp_strbuf ops = RP_STRBUF_INIT;

	for (size_t i = 0; i < RP_ARRAY_LEN(op_names); i++)
		rp_strbuf_addf(&ops, "%s%s", i ? ", " : "", op_names[i].name);
	(void)rp_error_set(err, -EINVAL, ROCPART_ERR_INVALID_ARGUMENT, rule,
			   "'%.200s' is not a fault rule", rule);
	return rp_error_hint(err,
			     "a rule is OPERATION:PATTERN:EFFECT:N, such as "
			     "write:current_compute_partition:EBUSY:2; operations: %s",
			     rp_strbuf_str(&ops));
}

/* Rules are listed one a line. */
static bool has_control(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			return true;
	return false;
}

/* Seconds of a reset, milliseconds of a slow read: no sum of times overflows. */
static bool is_too_long(const struct rp_sim_fault *f)
{
	return (f->op == RP_SIM_EVENT_RESET || f->op == RP_SIM_FAULT_SLOW) &&
	       f->nth > RP_SIM_MAX_TIME_US / 1000000;
}

int rp_sim_fault_parse(const char *rule, struct rp_sim_fault *ret, struct rocpart_error *reterr)
{
	RP_AUTO_FREE char *text = rp_strndup(rule, strlen(rule));
	struct rp_sim_fault f = {.op = RP_SIM_N_FAULT_OPS};
	char *colon;

	if (!text)
		return rp_error_nomem(reterr);
	colon = strchr(text, ':');
	if (strlen(rule) > 256 || has_control(rule))
		return bad_rule(reterr, rule);
	if (colon)
		*colon = '\0';
	for (unsigned i = 0; i < RP_SIM_N_FAULT_OPS; i++) {
		if (rp_str_eq(text, op_names[i].name))
			f.op = (enum rp_sim_fault_op)i;
	}
	if (f.op == RP_SIM_N_FAULT_OPS || (colon == NULL) != (f.op == RP_SIM_EVENT_RESCAN) ||
	    (colon && !parse_rest(colon + 1, &op_names[f.op], &f)) || is_too_long(&f))
		return bad_rule(reterr, rule);
	f.pattern = rp_strdupf("%s", op_names[f.op].pattern ? colon + 1 : "");
	f.rule = rp_strndup(rule, strlen(rule));
	if (!f.pattern || !f.rule) {
		rp_sim_fault_done(&f);
		return rp_error_nomem(reterr);
	}
	*ret = f;
	return 0;
}

/* Without a slash the pattern is about the last name; with one about the end of the path. */
static bool matches(const struct rp_sim_fault *f, const char *subject)
{
	const char *s = subject;

	if (!*f->pattern)
		return true;
	if (fnmatch(f->pattern, s, 0) == 0)
		return true;
	while ((s = strchr(s, '/')) != NULL) {
		s++;
		if (fnmatch(f->pattern, s, FNM_PATHNAME) == 0)
			return true;
	}
	return false;
}

const struct rp_sim_fault *rp_sim_fault_match(const struct rp_sim *sim, enum rp_sim_fault_op op,
					      const char *subject)
{
	for (size_t i = 0; i < sim->state.n_faults; i++) {
		const struct rp_sim_fault *f = &sim->state.faults[i];

		if (f->op == op && matches(f, subject))
			return f;
	}
	return NULL;
}

const struct rp_sim_fault *rp_sim_fault_fires(struct rp_sim *sim, enum rp_sim_fault_op op,
					      const char *subject)
{
	const struct rp_sim_fault *fired = NULL;

	for (size_t i = 0; i < sim->state.n_faults; i++) {
		struct rp_sim_fault *f = &sim->state.faults[i];

		if (f->op != op || !matches(f, subject))
			continue;
		f->hits++;
		if (!fired && (f->nth == 0 || f->hits == f->nth))
			fired = f;
	}
	return fired;
}

bool rp_sim_in_reset(const struct rp_sim *sim, size_t gpu)
{
	return sim->profile->abi == RP_SIM_G3 &&
	       (rp_sim_is_resetting(sim, gpu) ||
		rp_sim_fault_match(sim, RP_SIM_FAULT_RESET, sim->profile->gpus[gpu].bdf));
}

bool rp_sim_switching(const struct rp_sim *sim, size_t gpu)
{
	return rp_sim_due_find(sim, RP_SIM_DUE_SWITCHED, (uint32_t)gpu) ||
	       rp_sim_fault_match(sim, RP_SIM_FAULT_SWITCHING, sim->profile->gpus[gpu].bdf);
}

/* amdgpu_ras.c, for each GPU that the rule is about. */
static void log_errors(struct rp_sim *sim, const struct rp_sim_fault *f)
{
	for (size_t g = 0; g < sim->profile->n_gpus; g++) {
		if (!rp_sim_gpu_bound(sim, g) || !matches(f, sim->profile->gpus[g].bdf))
			continue;
		if (f->op != RP_SIM_FAULT_BAD_PAGES)
			rp_sim_klog(sim, 6, g,
				    "socket: 0, die: 0, %llu new %s hardware errors detected in "
				    "umc block",
				    (unsigned long long)f->nth,
				    f->op == RP_SIM_FAULT_UE ? "uncorrectable" : "correctable");
		else if (sim->profile->bad_page_threshold &&
			 f->nth > sim->profile->bad_page_threshold)
			rp_sim_klog(sim, 4, g, "Saved bad pages %llu reaches threshold value %u",
				    (unsigned long long)f->nth, sim->profile->bad_page_threshold);
	}
}

static bool counts_errors(const struct rp_sim_fault *f)
{
	return f->op == RP_SIM_FAULT_UE || f->op == RP_SIM_FAULT_CE ||
	       f->op == RP_SIM_FAULT_BAD_PAGES;
}

int rp_sim_fault_take(struct rp_sim *sim, struct rp_sim_fault *f)
{
	struct rp_sim_state *s = &sim->state;
	int r = 0;

	if (f->op >= RP_SIM_EVENT_OFF_BUS) {
		r = rp_sim_happen(sim, f);
		rp_sim_fault_done(f);
		return r;
	}
	r = rp_grow(&s->faults, &s->cap_faults, s->n_faults + 1, sizeof(*f));
	if (r < 0) {
		rp_sim_fault_done(f);
		return r;
	}
	if (counts_errors(f))
		log_errors(sim, f);
	s->faults[s->n_faults++] = *f;
	*f = (struct rp_sim_fault){0};
	return 0;
}

static int not_added(const char *rule, int r, struct rocpart_error *err)
{
	if (r == -ENODEV)
		return rp_error_set(err, r, ROCPART_ERR_NOT_FOUND, rule,
				    "no GPU of the simulated machine is what '%s' names", rule);
	if (r == -EINVAL)
		return rp_error_set(err, r, ROCPART_ERR_INVALID_ARGUMENT, rule,
				    "a GPU that '%s' names has no such memory mode", rule);
	return rp_error_errno(err, r, rule, "the fault was not added");
}

/* What failed half-way is read back from the disk. */
static int end_change(struct rp_sim *sim, int r)
{
	if (r == 0)
		return rp_sim_change_end(sim);
	rp_cleanup_close(&sim->state_fd);
	sim->state_fd = -EBADF;
	return r;
}

int rp_sim_fault_add(struct rp_sim *sim, const char *rule, struct rocpart_error *reterr)
{
	struct rp_sim_fault f = {0};
	RP_AUTO_CLOSE int lock = -EBADF;
	int r = rp_sim_fault_parse(rule, &f, reterr);

	if (r < 0)
		return r;
	r = rp_sim_change_begin(sim, &lock);
	if (r == 0)
		r = end_change(sim, rp_sim_fault_take(sim, &f));
	rp_sim_fault_done(&f);
	return r < 0 ? not_added(rule, r, reterr) : 0;
}

int rp_sim_fault_plan(struct rp_sim *sim, const char *rule, uint64_t seconds,
		      struct rocpart_error *reterr)
{
	struct rp_sim_due due = {.kind = RP_SIM_DUE_FAULT};
	struct rp_sim_fault f = {0};
	RP_AUTO_CLOSE int lock = -EBADF;
	int r = rp_sim_fault_parse(rule, &f, reterr);

	rp_sim_fault_done(&f);
	if (r < 0)
		return r;
	if (seconds > RP_SIM_MAX_TIME_US / 1000000)
		return rp_error_set(reterr, -EINVAL, ROCPART_ERR_INVALID_ARGUMENT, rule,
				    "a fault happens within 35 years");
	r = rp_sim_change_begin(sim, &lock);
	if (r == 0) {
		due.at_us = rp_sim_time(sim) + (int64_t)seconds * 1000000;
		due.rule = rp_strdupf("%s", rule);
		r = due.rule ? rp_sim_due_add(sim, due) : -ENOMEM;
		r = end_change(sim, r);
	}
	return r < 0 ? not_added(rule, r, reterr) : 0;
}

int rp_sim_fault_list(struct rp_sim *sim, struct rp_strbuf *ret)
{
	int r = rp_sim_store_refresh(sim);

	if (r < 0)
		return r;
	for (size_t i = 0; i < sim->state.n_faults; i++)
		rp_strbuf_addf(ret, "%s\n", sim->state.faults[i].rule);
	return rp_strbuf_failed(ret) ? -ENOMEM : 0;
}

int rp_sim_fault_list_planned(struct rp_sim *sim, struct rp_strbuf *ret)
{
	int r = rp_sim_store_refresh(sim);

	for (size_t i = 0; r == 0 && i < sim->state.n_dues; i++) {
		const struct rp_sim_due *d = &sim->state.dues[i];
		int64_t us = d->at_us - rp_sim_time(sim);

		if (d->kind == RP_SIM_DUE_FAULT)
			rp_strbuf_addf(ret, "%lld %s\n", (long long)(us + 999999) / 1000000,
				       d->rule);
	}
	return r == 0 && rp_strbuf_failed(ret) ? -ENOMEM : r;
}

/* All rules, or the first that is so; with what is planned. */
static bool remove_rules(struct rp_sim_state *s, const char *rule)
{
	size_t n = 0, due = 0;
	bool found = !rule;

	for (size_t i = 0; i < s->n_faults; i++) {
		if (rule && (found || !rp_str_eq(s->faults[i].rule, rule))) {
			s->faults[n++] = s->faults[i];
			continue;
		}
		rp_sim_fault_done(&s->faults[i]);
		found = true;
	}
	s->n_faults = n;
	for (size_t i = 0; i < s->n_dues; i++) {
		struct rp_sim_due *d = &s->dues[i];

		if (d->kind != RP_SIM_DUE_FAULT || (rule && (found || !rp_str_eq(d->rule, rule)))) {
			s->dues[due++] = *d;
			continue;
		}
		rp_sim_due_done(d);
		found = true;
	}
	s->n_dues = due;
	return found;
}

static int remove_and_save(struct rp_sim *sim, const char *rule, struct rocpart_error *err)
{
	RP_AUTO_CLOSE int lock = -EBADF;
	int r = rp_sim_change_begin(sim, &lock);

	if (r == 0 && !remove_rules(&sim->state, rule))
		return rp_error_set(err, -ENOENT, ROCPART_ERR_NOT_FOUND, rule,
				    "the simulated machine has no fault rule '%s'", rule);
	if (r == 0)
		r = rp_sim_change_end(sim);
	return r < 0 ? rp_error_errno(err, r, sim->name, "the faults were not removed") : 0;
}

int rp_sim_fault_clear(struct rp_sim *sim, struct rocpart_error *reterr)
{
	return remove_and_save(sim, NULL, reterr);
}

int rp_sim_fault_remove(struct rp_sim *sim, const char *rule, struct rocpart_error *reterr)
{
	return remove_and_save(sim, rule, reterr);
}
