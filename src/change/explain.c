/* SPDX-License-Identifier: MIT */
/* Why a mode was not set, and what to do about it. */
#include "change/change.h"
#include "hw/smi/backend.h"

static int busy(struct rocpart_change *c, const char *bdf, struct rocpart_error *reterr)
{
	char text[RP_GPU_TEXT_SIZE];

	if (rp_change_wait_idle(c, false, reterr) < 0)
		return -EBUSY;
	(void)rp_error_set(reterr, -EBUSY, ROCPART_ERR_BUSY_PROCESS, bdf,
			   RP_CHANGE_FAILED
			   "%s is busy, but the process that uses it is not visible from here",
			   rp_gpu_text(c->snapshot, bdf, text));
	return rp_error_hint(reterr, "run `rocpart holders` as root outside of containers");
}

/* Errno of a write to the kernel's files (ABI study B.1, B.2). */
static int explain_write(const char *bdf, const char *gpu, int errnum, struct rocpart_error *reterr)
{
	switch (-errnum) {
	case EACCES:
		(void)rp_error_set(reterr, errnum, ROCPART_ERR_PERMISSION, bdf,
				   RP_CHANGE_FAILED "no permission to switch %s", gpu);
		return rp_error_hint(reterr, "run as root; in a container, /sys must be writable");
	case EROFS:
		(void)rp_error_set(reterr, errnum, ROCPART_ERR_PERMISSION, bdf,
				   RP_CHANGE_FAILED "%s cannot be switched: /sys is read-only here",
				   gpu);
		return rp_error_hint(reterr, "run on the host, or in a container with a writable "
					     "/sys");
	case EPERM:
		(void)rp_error_set(reterr, errnum, ROCPART_ERR_PERMISSION, bdf,
				   RP_CHANGE_FAILED "%s is being reset", gpu);
		return rp_error_hint(reterr, "repeat the command when the reset has ended");
	case EINVAL:
		(void)rp_error_set(
			reterr, errnum, ROCPART_ERR_MODE_UNSUPPORTED, bdf,
			RP_CHANGE_FAILED "the kernel does not accept this mode of %s now", gpu);
		return rp_error_hint(reterr,
				     "`rocpart modes` shows every pair that the GPU accepts");
	default:
		(void)rp_error_errno(reterr, errnum, bdf,
				     RP_CHANGE_FAILED "the kernel did not switch %s", gpu);
		return rp_error_hint(reterr, "look for the reason in the kernel log (dmesg)");
	}
}

int rp_change_explain(struct rocpart_change *c, const char *bdf, enum rocpart_backend used,
		      const struct rocpart_error *why, struct rocpart_error *reterr)
{
	char gpu[RP_GPU_TEXT_SIZE];

	if (why->errnum == -EBUSY)
		return busy(c, bdf, reterr);
	if (used == ROCPART_BACKEND_SYSFS)
		return explain_write(bdf, rp_gpu_text(c->snapshot, bdf, gpu), why->errnum, reterr);
	(void)rp_error_set(reterr, why->errnum, why->code, bdf, RP_CHANGE_FAILED "%.400s",
			   why->message);
	return rp_error_hint(reterr, "%s", why->hint);
}
