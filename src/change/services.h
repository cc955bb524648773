/* SPDX-License-Identifier: MIT */
/*
 * What is stopped around a change and started again in every outcome: units, containers, and the
 * site's own programs before and after. Kept in the journal, so that an interruption forgets none.
 */
#ifndef RP_CHANGE_SERVICES_H
#define RP_CHANGE_SERVICES_H

#include "base/json.h"
#include "base/strbuf.h"
#include "rocpart/error.h"

enum rp_service_kind { RP_SERVICE_UNIT, RP_SERVICE_DOCKER, RP_SERVICE_PODMAN, RP_N_SERVICE_KINDS };

struct rp_service {
	enum rp_service_kind kind;
	char *name;
	bool is_held; /* it ran, and we stopped it or were about to */
};

struct rp_hook {
	bool is_after;
	struct rp_names argv;
};

struct rp_services {
	struct rp_service *v;
	size_t n, cap;
	struct rp_hook *hooks;
	size_t n_hooks, cap_hooks;
	bool hooks_begun; /* those before may have run, those after have not */
};

/* A name is no option and no path; -EINVAL. Twice the same is once. */
int rp_services_add(struct rp_services *s, enum rp_service_kind kind,
		    const char *name) RP_MUST_CHECK;
/* Takes the words over. -EINVAL: the program is not named by an absolute path. */
int rp_services_add_hook(struct rp_services *s, bool is_after, struct rp_names *argv) RP_MUST_CHECK;
void rp_services_done(struct rp_services *s);
static inline bool rp_services_are_none(const struct rp_services *s)
{
	return s->n == 0 && s->n_hooks == 0;
}

/* For the first line of the journal, and back. */
struct rp_json *rp_services_to_json(const struct rp_services *s);
int rp_services_from_json(struct rp_services *s, const struct rp_json *j) RP_MUST_CHECK;

/* "unit", "docker container", "podman container"; "unit:gpuagent" in the journal and back. */
const char *rp_service_kind_text(enum rp_service_kind kind);
char *rp_service_id(const struct rp_service *service);
struct rp_service *rp_services_find(struct rp_services *s, const char *id);

#endif
