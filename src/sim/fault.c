/* SPDX-License-Identifier: MIT */
/* Faults by rule: what is said in sim.h, parsed in one place. */
#include <fnmatch.h>

#include "base/num.h"
#include "sim/machine.h"

struct op_name {
	const char *name;
	bool pattern; /* a pattern follows */
	enum { EFFECT_NONE, EFFECT_ERRNO, EFFECT_WRITE, EFFECT_COUNT } effect;
};

static const struct op_name op_names[RP_SIM_N_FAULT_OPS] = {
	[RP_SIM_FAULT_READ] = {"read", true, EFFECT_ERRNO},
	[RP_SIM_FAULT_WRITE] = {"write", true, EFFECT_WRITE},
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
	if (number && f->nth == 0)
		return false;
	if (op->effect == EFFECT_NONE)
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

int rp_sim_fault_parse(const char *rule, struct rp_sim_fault *ret, struct rocpart_error *reterr)
{
	RP_AUTO_FREE char *text = rp_strndup(rule, strlen(rule));
	struct rp_sim_fault f = {.op = RP_SIM_N_FAULT_OPS};
	char *colon;

	if (!text)
		return rp_error_nomem(reterr);
	colon = strchr(text, ':');
	if (!colon || strlen(rule) > 256)
		return bad_rule(reterr, rule);
	*colon = '\0';
	for (unsigned i = 0; i < RP_SIM_N_FAULT_OPS; i++) {
		if (rp_str_eq(text, op_names[i].name))
			f.op = (enum rp_sim_fault_op)i;
	}
	if (f.op == RP_SIM_N_FAULT_OPS || !parse_rest(colon + 1, &op_names[f.op], &f))
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
	       rp_sim_fault_match(sim, RP_SIM_FAULT_RESET, sim->profile->gpus[gpu].bdf);
}

bool rp_sim_switching(const struct rp_sim *sim, size_t gpu)
{
	return rp_sim_fault_match(sim, RP_SIM_FAULT_SWITCHING, sim->profile->gpus[gpu].bdf);
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
		r = rp_grow(&sim->state.faults, &sim->state.cap_faults, sim->state.n_faults + 1,
			    sizeof(f));
	if (r < 0) {
		rp_sim_fault_done(&f);
		return rp_error_errno(reterr, r, rule, "the fault was not added");
	}
	sim->state.faults[sim->state.n_faults++] = f;
	r = rp_sim_change_end(sim);
	return r < 0 ? rp_error_errno(reterr, r, rule, "the fault was not added") : 0;
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

int rp_sim_fault_clear(struct rp_sim *sim, struct rocpart_error *reterr)
{
	RP_AUTO_CLOSE int lock = -EBADF;
	int r = rp_sim_change_begin(sim, &lock);

	if (r == 0) {
		for (size_t i = 0; i < sim->state.n_faults; i++)
			rp_sim_fault_done(&sim->state.faults[i]);
		sim->state.n_faults = 0;
		r = rp_sim_change_end(sim);
	}
	return r < 0 ? rp_error_errno(reterr, r, sim->name, "the faults were not cleared") : 0;
}
