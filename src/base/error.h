/* SPDX-License-Identifier: MIT */
/* Filling struct rocpart_error. Every function accepts NULL for err and returns errnum. */
#ifndef RP_BASE_ERROR_H
#define RP_BASE_ERROR_H

#include "base/base.h"
#include "rocpart/error.h"

/* Set all fields but hint, which is emptied. errnum is negative; object may be NULL. */
int rp_error_set(struct rocpart_error *err, int errnum, enum rocpart_errcode code,
		 const char *object, const char *fmt, ...) RP_PRINTF(5, 6);

/* The same with the kind that fits errnum: EACCES is PERMISSION, ENOMEM NO_MEMORY, and so on. */
int rp_error_errno(struct rocpart_error *err, int errnum, const char *object, const char *fmt, ...)
	RP_PRINTF(4, 5);

/* What to do next. Returns err->errnum. */
int rp_error_hint(struct rocpart_error *err, const char *fmt, ...) RP_PRINTF(2, 3);

/* Put context before the message on the way up: "prefix: message". Returns err->errnum. */
int rp_error_prefix(struct rocpart_error *err, const char *fmt, ...) RP_PRINTF(2, 3);

/* Add to the end of the message, such as what became of the machine. Returns err->errnum. */
int rp_error_append(struct rocpart_error *err, const char *fmt, ...) RP_PRINTF(2, 3);

int rp_error_nomem(struct rocpart_error *err);

/* Report an error that was found earlier. Returns its errnum. */
int rp_error_copy(struct rocpart_error *err, const struct rocpart_error *from);

#endif
