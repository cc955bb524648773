/* SPDX-License-Identifier: MIT */
#include "leases/owner.h"
#include "base/num.h"

static const char *const kinds[] = {"none", "pid", "docker", "unit", "pod", "job"};
static const char *const forms[] = {"docker:NAME", "unit:NAME", "pod:NAMESPACE/NAME",
				    "job:ID",	   "pid:N",	"none"};

const char *rp_owner_kind_to_string(enum rp_owner_kind kind)
{
	return (size_t)kind < RP_ARRAY_LEN(kinds) ? kinds[kind] : "none";
}

/* Return whether a text has no blanks and control bytes: owners are printed on terminals. */
static bool is_plain(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s <= ' ' || (unsigned char)*s == 0x7f)
			return false;
	return true;
}

static int refuse_owner(const char *text, struct rocpart_error *reterr)
{
	RP_AUTO_STRBUF struct rp_strbuf list = RP_STRBUF_INIT;

	(void)rp_error_set(reterr, -EINVAL, ROCPART_ERR_INVALID_ARGUMENT, text,
			   "'%.100s' is not an owner", text);
	for (size_t i = 0; i < RP_ARRAY_LEN(forms); i++)
		rp_strbuf_addf(&list, "%s%s",
			       i == 0			     ? ""
			       : i + 1 < RP_ARRAY_LEN(forms) ? ", "
							     : " or ",
			       forms[i]);
	return rp_error_hint(reterr, "an owner is %s", rp_strbuf_str(&list));
}

/*
 * Return whether the name can be one of its kind. Only the name of a pod has a slash, exactly one.
 */
static bool is_name_valid(const struct rp_owner *o)
{
	const char *slash = strchr(o->name, '/');
	uint64_t job;

	switch (o->kind) {
	case RP_OWNER_POD:
		return slash && slash != o->name && slash[1] && !strchr(slash + 1, '/');
	case RP_OWNER_JOB:
		return rp_parse_u64(o->name, 10, &job) == 0;
	case RP_OWNER_PID:
		return o->pid > 0;
	case RP_OWNER_DOCKER:
	case RP_OWNER_UNIT:
	case RP_OWNER_NONE:
	default:
		return !slash;
	}
}

int rp_owner_parse(const char *text, struct rp_owner *ret, struct rocpart_error *reterr)
{
	const char *colon = strchr(text, ':');
	struct rp_owner o = {.kind = RP_OWNER_NONE};

	if (rp_str_eq(text, "none")) {
		*ret = o;
		return 0;
	}
	for (size_t i = 1; colon && i < RP_ARRAY_LEN(kinds); i++)
		if (strlen(kinds[i]) == (size_t)(colon - text) && rp_str_starts(text, kinds[i]))
			o.kind = (enum rp_owner_kind)i;
	if (o.kind == RP_OWNER_NONE || !colon[1] || !is_plain(text) ||
	    rp_fmt(o.name, sizeof(o.name), "%s", colon + 1) < 0)
		return refuse_owner(text, reterr);
	if (o.kind == RP_OWNER_PID && rp_parse_u32(o.name, 10, &o.pid) < 0)
		return refuse_owner(text, reterr);
	if (!is_name_valid(&o))
		return refuse_owner(text, reterr);
	/* systemd names the cgroup of a unit with its suffix, so the owner has it, too. */
	if (o.kind == RP_OWNER_UNIT && !strchr(o.name, '.')) {
		size_t n = strlen(o.name);

		if (rp_fmt(o.name + n, sizeof(o.name) - n, ".service") < 0)
			return refuse_owner(text, reterr);
	}
	*ret = o;
	return 0;
}

void rp_owner_text(const struct rp_owner *o, char ret[RP_OWNER_NAME_SIZE + 16])
{
	(void)rp_fmt(ret, RP_OWNER_NAME_SIZE + 16, "%s%s%s", rp_owner_kind_to_string(o->kind),
		     o->kind == RP_OWNER_NONE ? "" : ":", o->kind == RP_OWNER_NONE ? "" : o->name);
}
