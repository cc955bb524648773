/* SPDX-License-Identifier: MIT */
/* The effective node.yaml. */
#ifndef RP_VIEWS_CONFIG_H
#define RP_VIEWS_CONFIG_H

#include "views/document.h"

/* Document of config; text: that of rocpart_desired_to_json(). NULL: out of memory. */
struct rp_json *view_config(struct view_machine about, const char *text);

#endif
