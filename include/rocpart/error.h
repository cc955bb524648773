/* SPDX-License-Identifier: MIT */
#ifndef ROCPART_ERROR_H
#define ROCPART_ERROR_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * enum rocpart_errcode - The kind of a failure, stable across releases.
 *
 * New kinds are appended. ROCPART_ERR_NEEDS_CONFIRMATION stands for a request that stops workloads
 * or replaces a file of somebody else; ROCPART_ERR_BAD_RECORDS for records of rocpart that are
 * damaged, written by a newer version, or of another machine. A caller must handle a value that it
 * does not know like ROCPART_ERR_FAILED. rocpart_errcode_to_string() returns the name that `--json`
 * prints.
 */
enum rocpart_errcode {
	ROCPART_ERR_NONE = 0,
	ROCPART_ERR_FAILED = 1,		     /* a failure without a kind of its own; see errnum */
	ROCPART_ERR_INVALID_ARGUMENT = 2,    /* the request is invalid */
	ROCPART_ERR_NO_MEMORY = 3,	     /* the process is out of memory */
	ROCPART_ERR_NO_HARDWARE = 4,	     /* no GPU that amdgpu drives was found */
	ROCPART_ERR_NOT_FOUND = 5,	     /* the named object does not exist */
	ROCPART_ERR_BAD_ATTRIBUTE = 6,	     /* a kernel attribute holds an invalid value */
	ROCPART_ERR_CONFIG_SYNTAX = 7,	     /* a file of the user is malformed */
	ROCPART_ERR_PERMISSION = 8,	     /* user, file mode or cgroup forbids the access */
	ROCPART_ERR_BUSY_PROCESS = 9,	     /* processes hold the GPU */
	ROCPART_ERR_MODE_UNSUPPORTED = 10,   /* the GPU does not support the pair of modes */
	ROCPART_ERR_NPS_NEEDS_COMPUTE = 11,  /* the memory mode excludes the compute mode */
	ROCPART_ERR_NOT_VALIDATED = 12,	     /* the vendor has not validated the pair */
	ROCPART_ERR_NPS_NEEDS_RELOAD = 13,   /* a memory mode waits for a driver reload */
	ROCPART_ERR_READBACK_MISMATCH = 14,  /* the value read back is not the one written */
	ROCPART_ERR_STALE_SNAPSHOT = 15,     /* the machine changed since the snapshot */
	ROCPART_ERR_READ_ONLY = 16,	     /* a capture, or a file without a write bit */
	ROCPART_ERR_LOCKED = 17,	     /* another rocpart is changing this machine */
	ROCPART_ERR_UNFINISHED_CHANGE = 18,  /* resume or undo the open change first */
	ROCPART_ERR_DRIVER_IN_USE = 19,	     /* the driver cannot be unloaded */
	ROCPART_ERR_DRIVER_RELOAD = 20,	     /* unloading or loading the driver failed */
	ROCPART_ERR_GPU_LOST = 21,	     /* an earlier or a required GPU is missing */
	ROCPART_ERR_PARTITION_MISSING = 22,  /* partitions of the mode are missing */
	ROCPART_ERR_CORDONED = 23,	     /* the GPU is cordoned */
	ROCPART_ERR_SIM_ONLY = 24,	     /* only a simulated machine supports the call */
	ROCPART_ERR_NEEDS_CONFIRMATION = 25, /* the request needs --yes */
	ROCPART_ERR_RETRY = 26,		     /* the machine kept changing during the read */
	ROCPART_ERR_UNSUPPORTED = 27,	     /* build or machine lacks support for the call */
	ROCPART_ERR_MODEL_UNKNOWN = 28,	     /* no catalog entry and no file has the name */
	ROCPART_ERR_MODEL_FORMAT = 29,	     /* a model file is malformed or hostile */
	ROCPART_ERR_MODEL_TOO_LARGE = 30,    /* the model does not fit */
	ROCPART_ERR_PARTLY_DONE = 31,	     /* the change failed, and its undo failed */
	ROCPART_ERR_LEASED = 32,	     /* live leases use the partitions */
	ROCPART_ERR_NO_ROOM = 33,	     /* no partition is free for the lease */
	ROCPART_ERR_OTHER_ALLOCATOR = 34,    /* another allocator assigns the GPUs */
	ROCPART_ERR_BAD_RECORDS = 35,	     /* records are damaged, newer or foreign */
	ROCPART_ERR_INTERRUPTED = 36,  /* the caller interrupted the call, which undid itself */
	ROCPART_ERR_GPU_REPLACED = 37, /* the GPU is not the recorded one */
	ROCPART_ERR_NOT_NAMED = 38,    /* an undo that must name its change does not */
	ROCPART_ERR_ON_HOLD = 39,      /* unattended changes are on hold */
	ROCPART_ERR_DESIRED_LOST = 40, /* a node.yaml lacks what it had: it may be damaged */
};

/**
 * struct rocpart_error - The reason of a failure. Caller-owned, layout frozen.
 * @errnum: negative errno, equal to the return value of the call.
 * @code: kind of the failure.
 * @object: object that the failure concerns ("0000:c1:00.0", "node.yaml:3:7"), or "".
 * @message: one line without a newline and without a full stop.
 * @hint: next step for the user, or "".
 *
 * Initialise the struct with `struct rocpart_error err = {0}`. The struct owns no memory, so the
 * caller frees nothing. A call fills the struct only on failure. Every call accepts NULL instead of
 * the struct.
 */
struct rocpart_error {
	int errnum;
	enum rocpart_errcode code;
	char object[128];
	char message[512];
	char hint[384];
	uint64_t reserved[4];
};

/**
 * rocpart_errcode_to_string() - Return the stable name of a kind of failure, e.g. "BUSY_PROCESS".
 * @code: any value.
 *
 * Thread: any. Since 0.1.
 * Return: static text; "UNKNOWN" for a value that this version does not know.
 */
const char *rocpart_errcode_to_string(enum rocpart_errcode code);

/**
 * rocpart_errcode_exit_status() - Map a kind of failure to the exit status of the rocpart command.
 * @code: any value.
 *
 * Thread: any. Since 0.1.
 * Return: 0 done, 1 failed, 2 usage error, 3 refused by a guard, 4 partly done, 5 no hardware, 6
 * pending until a driver reload, or an unfinished change is in the way.
 */
int rocpart_errcode_exit_status(enum rocpart_errcode code);

/**
 * rocpart_strerror() - Return the text of an errno.
 * @errnum: errno value, positive or negative.
 *
 * Thread: any. Since 0.1.
 * Return: static text.
 */
const char *rocpart_strerror(int errnum);

#ifdef __cplusplus
}
#endif
#endif
