/* SPDX-License-Identifier: MIT */
/* Writing YAML: texts that every reader of YAML reads back as they were. */
#ifndef RP_DESIRED_YAML_TEXT_H
#define RP_DESIRED_YAML_TEXT_H

#include "base/strbuf.h"

/* A key or a value, in quotes where it needs them or always; valid in a flow map, too. */
void rp_yaml_add_text(struct rp_strbuf *out, const char *text, bool always_quoted);
/* A comment up to the end of the line, on which nothing may follow; "# " is put before it. */
void rp_yaml_add_comment(struct rp_strbuf *out, const char *text);

#endif
