/* SPDX-License-Identifier: MIT */
/* The checklist of a machine, and its capture. NULL: out of memory. */
#ifndef RP_VIEWS_DOCTOR_H
#define RP_VIEWS_DOCTOR_H

#include "views/document.h"

/* The worst state of a check. */
enum rocpart_check_state view_doctor_result(const struct rocpart_doctor *doctor);
struct rp_json *view_doctor(struct view_machine about, const struct rocpart_doctor *doctor);
/* What became of a fix: "done", "failed" with its error, or "dry-run". */
struct rp_json *view_fix(const char *id, const char *command, const char *result,
			 const struct rocpart_error *err);
/* Of gather. */
struct rp_json *view_gathered(struct view_machine about, const char *folder,
			      const struct rocpart_gathered *gathered);

#endif
