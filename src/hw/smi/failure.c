/* SPDX-License-Identifier: MIT */
/*
 * What amd-smi complains about, from its words (amd-smi study 1.4, 2.2). Up to 6.3 the library's
 * number stands before the name of the status, and is the surer of the two: 54 and 55 are called
 * "UNKNOWN_ERROR" there.
 */
#include "base/num.h"
#include "hw/smi/text.h"

#define STATUS	"AMDSMI_STATUS_"
#define AS_ROOT "run as root; in a container, /sys must be writable"

static const struct rp_smi_failure failures[] = {
	{"BUSY", 30, -EBUSY, ROCPART_ERR_BUSY_PROCESS, "the GPU is busy",
	 "stop the processes that use the GPU: `rocpart holders` names them"},
	{"INVAL", 1, -EINVAL, ROCPART_ERR_MODE_UNSUPPORTED, "the kernel does not accept this mode",
	 "`rocpart modes` lists the pairs that the GPU accepts"},
	{"NO_PERM", 10, -EACCES, ROCPART_ERR_PERMISSION, "no permission", AS_ROOT},
	{"SETTING_UNAVAILABLE", 55, -EINVAL, ROCPART_ERR_NPS_NEEDS_COMPUTE,
	 "this compute mode is not available in the GPU's memory mode",
	 "set the memory mode first; `rocpart modes` lists the pairs that the GPU accepts"},
	/* of the kernel's EPERM as well as EOPNOTSUPP */
	{"NOT_SUPPORTED", 2, -EOPNOTSUPP, ROCPART_ERR_UNSUPPORTED,
	 "the driver does not support this mode, or the GPU is being reset",
	 "repeat the command after the reset; `rocpart --backend sysfs` says which of the two it "
	 "is"},
	{"AMDGPU_RESTART_ERR", 54, -EIO, ROCPART_ERR_DRIVER_RELOAD,
	 "the driver could not be reloaded",
	 "stop the processes that use the GPUs, then: modprobe -r amdgpu; modprobe amdgpu"},
	{"NOT_INIT", 32, -ENODEV, ROCPART_ERR_NO_HARDWARE, "no GPU could be opened",
	 "`rocpart doctor` says whether the driver is loaded"},
	{"DRIVER_NOT_LOADED", 34, -ENODEV, ROCPART_ERR_NO_HARDWARE,
	 "the amdgpu driver is not loaded", "load the driver: modprobe amdgpu"},
	{"UNEXPECTED_SIZE", 42, -EIO, ROCPART_ERR_FAILED, "the kernel failed the write (EIO)",
	 "look for the reason in the kernel log (dmesg)"},
	{"UNEXPECTED_DATA", 43, -ENXIO, ROCPART_ERR_FAILED, "the kernel failed the write (ENXIO)",
	 "look for the reason in the kernel log (dmesg)"},
};

static const struct rp_smi_failure complaints[] = {
	{"Drivers not loaded", 0, -ENODEV, ROCPART_ERR_NO_HARDWARE,
	 "the amdgpu driver is not loaded", "load the driver: modprobe amdgpu"},
	{"amdsmi_init() timed out", 0, -ETIMEDOUT, ROCPART_ERR_FAILED,
	 "the library did not start within its own time limit",
	 "look in the kernel log (dmesg) for a GPU that hangs"},
	{"requires elevation", 0, -EACCES, ROCPART_ERR_PERMISSION, "it must be run as root",
	 AS_ROOT},
	{"Can not find a device", 0, -ENODEV, ROCPART_ERR_NOT_FOUND, "it does not know this GPU",
	 "`amd-smi list` shows the GPUs that it knows"},
	{"is not of valid type or format", 0, -ERANGE, ROCPART_ERR_MODE_UNSUPPORTED,
	 "it does not know this mode", "`rocpart modes` lists the pairs that the GPU accepts"},
	{"invalid choice", 0, -ERANGE, ROCPART_ERR_MODE_UNSUPPORTED, "it does not know this mode",
	 "`rocpart modes` lists the pairs that the GPU accepts"},
	/* its options for partitions vanish in guests that it does not know */
	{"is invalid", 0, -EOPNOTSUPP, ROCPART_ERR_UNSUPPORTED,
	 "this version does not offer the command on this machine", "use --backend sysfs"},
	{"Confirmation not given", 0, -EIO, ROCPART_ERR_FAILED,
	 "it did not accept the answer to its prompt", "use --backend sysfs"},
	{"EOFError", 0, -EIO, ROCPART_ERR_FAILED, "it did not accept the answer to its prompt",
	 "use --backend sysfs"},
	{"ModuleNotFoundError", 0, -ENOENT, ROCPART_ERR_UNSUPPORTED,
	 "one of its Python modules is missing", "reinstall amd-smi"},
	{"ImportError", 0, -ENOENT, ROCPART_ERR_UNSUPPORTED,
	 "one of its Python modules does not load", "reinstall amd-smi"},
	{"Traceback (most recent call last)", 0, -EIO, ROCPART_ERR_FAILED, "it crashed",
	 "run amd-smi by hand to see its whole output"},
};

/* "\t30 | AMDSMI_STATUS_BUSY": the number before the bar, or 0. */
static uint32_t number_before(const char *text, const char *at)
{
	char number[8];
	uint32_t v = 0;
	const char *from;

	if (at - text < 4 || memcmp(at - 3, " | ", 3) != 0)
		return 0;
	at -= 3;
	for (from = at; from > text && from[-1] >= '0' && from[-1] <= '9';)
		from--;
	if (rp_fmt(number, sizeof(number), "%.*s", (int)(at - from), from) < 0 ||
	    rp_parse_u32(number, 10, &v) < 0)
		return 0;
	return v;
}

static const struct rp_smi_failure *find_status(const char *text)
{
	for (const char *at = text; (at = strstr(at, STATUS)); at += strlen(STATUS)) {
		const char *name = at + strlen(STATUS);
		size_t len = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_");
		int number = (int)number_before(text, at);

		for (size_t i = 0; i < RP_ARRAY_LEN(failures); i++)
			if (number ? number == failures[i].status
				   : strlen(failures[i].words) == len &&
					     memcmp(name, failures[i].words, len) == 0)
				return &failures[i];
	}
	return NULL;
}

const struct rp_smi_failure *rp_smi_status_failure(uint32_t status)
{
	for (size_t i = 0; i < RP_ARRAY_LEN(failures); i++)
		if ((uint32_t)failures[i].status == status)
			return &failures[i];
	return NULL;
}

const struct rp_smi_failure *rp_smi_find_failure(const char *text)
{
	const struct rp_smi_failure *f = find_status(text);

	for (size_t i = 0; !f && i < RP_ARRAY_LEN(complaints); i++)
		if (strstr(text, complaints[i].words))
			f = &complaints[i];
	return f;
}
