/* SPDX-License-Identifier: MIT */
/* A node against its file. NULL: out of memory. */
#ifndef RP_VIEWS_DIFFERENCE_H
#define RP_VIEWS_DIFFERENCE_H

#include "views/document.h"

/* Document of assert. reason: why apply cannot do what the file asks for; errnum 0: it can. */
struct rp_json *view_assert(struct view_machine about, struct rocpart_difference *d,
			    const struct rocpart_error *reason);
/*
 * Document of apply: that of the change of modes, the difference and the leases that were placed,
 * changed or moved (NULL: none). result: "done", "partly", "unchanged" or "dry-run"; holders: NULL
 * when they were not looked for.
 */
struct rp_json *view_applied(struct view_machine about, struct rocpart_difference *d,
			     const struct rocpart_holders *holders,
			     const struct rocpart_leases *leases, const char *result);

/* The modes that differ, as texts, and the lines; to_do: without those that stay as they are. */
struct rp_json *view_difference_modes(struct rocpart_difference *d);
struct rp_json *view_difference_replicas(const struct rocpart_difference *d, bool to_do);

/* The sign of a line: + ~ > - ! = ? */
char view_difference_sign(enum rocpart_difference_kind kind);

#endif
