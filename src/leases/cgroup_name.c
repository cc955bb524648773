/* SPDX-License-Identifier: MIT */
/*
 * Names of owners in cgroup paths. Each component of each line is compared with the forms of the
 * runtimes; the parent decides where a component alone is ambiguous ("docker/ID",
 * "kubepods/podUID"). A component deeper in the path replaces a name that was found above it, so
 * that the innermost one of each kind counts. Time: linear in the text.
 */
#include "leases/cgroup_name.h"
#include "base/strbuf.h"

#include <ctype.h>

/* A container id has 64 hex digits; people see the first 12. */
#define SHOWN_ID   12
#define RUN_PREFIX "rocpart-run-"

static const struct {
	const char *prefix; /* start of a path component; the id follows */
	const char *runtime;
} scopes[] = {
	{"docker-", "docker"}, {"libpod-", "podman"},	   {"cri-containerd-", "cri"},
	{"crio-", "cri"},      {"nerdctl-", "containerd"},
};

static size_t hex_len(const char *s)
{
	size_t n = 0;

	while (isxdigit((unsigned char)s[n]))
		n++;
	return n;
}

static bool take_container(const char *part, const char *parent, struct rp_owner_names *ret)
{
	const char *runtime = NULL, *id = part;

	for (size_t i = 0; i < RP_ARRAY_LEN(scopes) && !runtime; i++) {
		if (rp_str_starts(part, scopes[i].prefix)) {
			runtime = scopes[i].runtime;
			id = part + strlen(scopes[i].prefix);
		}
	}
	if (!runtime && rp_str_eq(parent, "docker"))
		runtime = "docker";
	if (!runtime || hex_len(id) < SHOWN_ID)
		return false;
	(void)rp_fmt(ret->container, RP_OWNER_SIZE, "%s:%.*s", runtime, SHOWN_ID, id);
	return true;
}

/*
 * A pod is "podUID" below kubepods, or a slice of systemd "kubepods-burstable-podUID.slice" with
 * "_" for each "-" of the UID.
 */
static bool take_pod(const char *part, const char *parent, struct rp_owner_names *ret)
{
	const char *uid = NULL;
	char *end;

	if (strstr(part, "kubepods") && rp_str_ends(part, ".slice"))
		uid = strstr(part, "-pod");
	if (uid)
		uid += strlen("-pod");
	else if (rp_str_starts(part, "pod") &&
		 (rp_str_eq(parent, "kubepods") || rp_str_eq(parent, "burstable") ||
		  rp_str_eq(parent, "besteffort")))
		uid = part + strlen("pod");
	if (!uid || hex_len(uid) < 8)
		return false;
	(void)rp_fmt(ret->pod, RP_OWNER_SIZE, "%.*s", (int)strcspn(uid, "."), uid);
	while ((end = strchr(ret->pod, '_')))
		*end = '-';
	return true;
}

/* A cgroup that `rocpart run` made (run/cgroup.h has the form of the name). */
static bool take_run(const char *part, struct rp_owner_names *ret)
{
	return rp_str_starts(part, RUN_PREFIX) && rp_fmt(ret->run, RP_OWNER_SIZE, "%s", part) == 0;
}

static void take_part(const char *part, const char *parent, struct rp_owner_names *ret)
{
	if (take_container(part, parent, ret) || take_pod(part, parent, ret) || take_run(part, ret))
		return;
	if (rp_str_ends(part, ".service"))
		(void)rp_fmt(ret->unit, RP_OWNER_SIZE, "%s", part);
	else if (rp_str_starts(part, "job_"))
		(void)rp_fmt(ret->job, RP_OWNER_SIZE, "%s", part + strlen("job_"));
}

void rp_owner_names_parse(const char *cgroup_text, struct rp_owner_names *ret)
{
	char part[256], parent[256] = "";
	const char *p = cgroup_text;

	memset(ret, 0, sizeof(*ret));
	while (*p) {
		size_t n = strcspn(p, "/\n");

		(void)rp_fmt(part, sizeof(part), "%.*s", n < sizeof(part) ? (int)n : 255, p);
		take_part(part, parent, ret);
		memcpy(parent, part, sizeof(parent));
		p += n;
		p += *p ? 1 : 0;
	}
}

bool rp_owner_names_run(const struct rp_owner_names *names, int64_t lease)
{
	const char *p = rp_str_starts(names->run, RUN_PREFIX)
				? strchr(names->run + strlen(RUN_PREFIX), '-')
				: NULL;
	char id[32];
	size_t n;

	(void)rp_fmt(id, sizeof(id), "%lld", (long long)lease);
	p = p ? strchr(p + 1, '-') : NULL;
	while (p) {
		n = strcspn(++p, ".");
		if (n == strlen(id) && strncmp(p, id, n) == 0)
			return true;
		p = p[n] ? p + n : NULL;
	}
	return false;
}
