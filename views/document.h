/* SPDX-License-Identifier: MIT */
/*
 * What all JSON documents share; docs/schema/ describes each of them. A document is NULL when there
 * was no memory for it.
 */
#ifndef RP_VIEWS_DOCUMENT_H
#define RP_VIEWS_DOCUMENT_H

#include "base/json.h"
#include "base/strbuf.h"
#include <rocpart/rocpart.h>

/* The machine that a document or a text is about. */
struct view_machine {
	const struct rocpart_machine *machine; /* NULL: it is about none */
	const char *name;		       /* of a simulated machine or a capture, else "" */
};

/*
 * The head of every document: {"schema_version": 1, "kind": "sim", "machine": "mi300x-8"}, and
 * "note" when the caller may not read the records.
 */
struct rp_json *view_document(struct view_machine about);
/* {..., "result": "done"} */
struct rp_json *view_result(struct view_machine about, const char *result);
/* What an error says, as a value; {"error": {...}}, in place of any other document. */
struct rp_json *view_error_value(const struct rocpart_error *err);
struct rp_json *view_error(const struct rocpart_error *err);

/* A line above text that is not about this computer; nothing for a real machine. */
void view_banner(struct view_machine about, struct rp_strbuf *ret);

/* j, finished; when r, of what was put into it, is an errno, j is freed and NULL returned. */
struct rp_json *view_finish(struct rp_json *j, int r);

#endif
