/* SPDX-License-Identifier: MIT */
/*
 * What a program needs to run on its partitions, as values: variables, device nodes, groups, the
 * flags of engines, and these as text for those who start programs. docs/design/handout.md.
 */
#ifndef RP_RUN_TEXT_VALUES_H
#define RP_RUN_TEXT_VALUES_H

#include "base/error.h"
#include "base/strbuf.h"
#include "base/words.h"
#include "model/engine_flags.h"
#include "node/snapshot.h"
#include "rocpart/handout.h"

struct rp_handout {
	const struct rocpart_partition **parts; /* in the order of their KFD nodes */
	size_t n_parts, cap_parts;
	char **devices; /* absolute paths of device nodes, /dev/kfd first */
	size_t n_devices, cap_devices;
	uint32_t *gids; /* groups that these belong to, each once */
	size_t n_gids, cap_gids;
	enum rocpart_filter filter;
	bool is_rootless; /* containers are started by a user who is not root */
	bool has_engine;
	struct rp_engine_facts engine; /* texts live as long as the handout */
	char *sim_name; /* of a simulated machine, "" without a name; NULL: it is none */
};

void rp_handout_done(struct rp_handout *h);
/* In order, each once. -EEXIST: it is there already; -ENOMEM. */
int rp_handout_add_part(struct rp_handout *h, const struct rocpart_partition *part) RP_MUST_CHECK;
int rp_handout_add_device(struct rp_handout *h, const char *path) RP_MUST_CHECK;
int rp_handout_add_group(struct rp_handout *h, uint32_t gid) RP_MUST_CHECK;

/* ---- env.c ---- */

struct rp_variable {
	const char *name; /* static text */
	char *value;
};

struct rp_variables {
	struct rp_variable *v;
	size_t n, cap;
};
void rp_variables_done(struct rp_variables *vars);
#define RP_AUTO_VARIABLES RP_AUTO(rp_variables_done)

/* AUTO made plain: what ROCr sees decides. */
enum rocpart_filter rp_handout_filter(const struct rp_handout *h, enum rocpart_view view);
int rp_handout_variables(const struct rp_handout *h, enum rocpart_view view,
			 struct rp_variables *ret) RP_MUST_CHECK; /* 0 or -ENOMEM */
#define RP_N_FILTERS 4
extern const char *const rp_filter_variables[RP_N_FILTERS];
/* Variables that would filter a second time. NULL past the end. */
const char *rp_handout_conflict(const struct rp_handout *h, enum rocpart_view view, size_t index);

/* ---- quote.c: a value as one word of each language; a shell: base/words.h ---- */

/* A quoted string of a unit file: % and \ mean something there, $ does not in Environment=. */
void rp_quote_systemd(struct rp_strbuf *b, const char *s);
/* Readers of env files disagree about quotes: only what all of them read alike. -EINVAL. */
int rp_quote_dotenv(struct rp_strbuf *b, const char *s) RP_MUST_CHECK;

#endif
