/* SPDX-License-Identifier: MIT */
/* Specs for container engines. NULL: out of memory. */
#ifndef RP_VIEWS_CDI_H
#define RP_VIEWS_CDI_H

#include "views/document.h"
#include "views/table.h"

/* Documents of cdi generate, list and validate. */
struct rp_json *view_cdi_written(struct view_machine about, const char *path);
struct rp_json *view_cdi_list(struct view_machine about, const struct rocpart_cdi *cdi);
struct rp_json *view_cdi_validate(struct view_machine about, const struct rocpart_cdi *cdi);

/* Devices that a problem is known of. */
size_t view_cdi_count_problems(const struct rocpart_cdi *cdi);
extern const struct view_field view_cdi_fields[];
struct view_table *view_cdi_table(const struct rocpart_cdi *cdi, bool problems_only,
				  const struct view_layout *layout);

#endif
