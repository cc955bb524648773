/* SPDX-License-Identifier: MIT */
/* Why a mode was not set, and what to do about it. */
#include "change/change.h"
#include "hw/smi/backend.h"

#define FAILED "failed to set partition mode: "

static int busy(struct rocpart_change *c, const char *bdf, struct rocpart_error *reterr)
{
	if (rp_change_wait_idle(c, false, reterr) < 0)
		return -EBUSY;
	(void)rp_error_set(reterr, -EBUSY, ROCPART_ERR_BUSY_PROCESS, bdf,
			   FAILED "the GPU is busy, but no process that holds it can be seen");
	return rp_error_hint(reterr, "look from outside of containers: `rocpart holders`");
}

/* Errno of a write to the kernel's files (ABI study B.1, B.2). */
static int explain_write(const char *bdf, int errnum, struct rocpart_error *reterr)
{
	switch (-errnum) {
	case EACCES:
		(void)rp_error_set(reterr, errnum, ROCPART_ERR_PERMISSION, bdf,
				   FAILED "no permission to write it");
		return rp_error_hint(reterr, "run as root, outside of containers with a read-only "
					     "/sys");
	case EROFS:
		(void)rp_error_set(reterr, errnum, ROCPART_ERR_PERMISSION, bdf,
				   FAILED "/sys is read-only here");
		return rp_error_hint(reterr, "run it on the host, or in a container that may write "
					     "/sys");
	case EPERM:
		(void)rp_error_set(reterr, errnum, ROCPART_ERR_PERMISSION, bdf,
				   FAILED "the GPU is being reset");
		return rp_error_hint(reterr, "try again when the reset has ended");
	case EINVAL:
		(void)rp_error_set(reterr, errnum, ROCPART_ERR_MODE_UNSUPPORTED, bdf,
				   FAILED "the kernel does not accept this mode now");
		return rp_error_hint(reterr, "`rocpart modes` shows every pair that this GPU "
					     "accepts");
	default:
		(void)rp_error_errno(reterr, errnum, bdf, FAILED "%s", rocpart_strerror(errnum));
		return rp_error_hint(reterr, "look at the kernel log");
	}
}

int rp_change_explain(struct rocpart_change *c, const char *bdf, enum rocpart_backend used,
		      const struct rocpart_error *why, struct rocpart_error *reterr)
{
	if (why->errnum == -EBUSY)
		return busy(c, bdf, reterr);
	if (used == ROCPART_BACKEND_SYSFS)
		return explain_write(bdf, why->errnum, reterr);
	(void)rp_error_set(reterr, why->errnum, why->code, bdf, FAILED "%.400s", why->message);
	return rp_error_hint(reterr, "%s", why->hint);
}
