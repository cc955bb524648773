/* SPDX-License-Identifier: MIT */
#ifndef ROCPART_ERROR_H
#define ROCPART_ERROR_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * enum rocpart_errcode - What kind of failure it was, stable across releases.
 *
 * Append-only: a caller must handle values it does not know, as it handles ROCPART_ERR_FAILED.
 * rocpart_errcode_to_string() gives the name that `--json` prints.
 */
enum rocpart_errcode {
	ROCPART_ERR_NONE = 0,
	ROCPART_ERR_FAILED = 1,		    /* anything without a kind of its own; see errnum */
	ROCPART_ERR_INVALID_ARGUMENT = 2,   /* the caller's request makes no sense */
	ROCPART_ERR_NO_MEMORY = 3,	    /* allocation failed */
	ROCPART_ERR_NO_HARDWARE = 4,	    /* no GPU that amdgpu drives was found */
	ROCPART_ERR_NOT_FOUND = 5,	    /* the named object does not exist */
	ROCPART_ERR_BAD_ATTRIBUTE = 6,	    /* a kernel attribute holds what it must not */
	ROCPART_ERR_CONFIG_SYNTAX = 7,	    /* a file given by the user is malformed */
	ROCPART_ERR_PERMISSION = 8,	    /* not allowed: user, file mode or cgroup */
	ROCPART_ERR_BUSY_PROCESS = 9,	    /* processes hold the GPU */
	ROCPART_ERR_MODE_UNSUPPORTED = 10,  /* the GPU can never be in that pair of modes */
	ROCPART_ERR_NPS_NEEDS_COMPUTE = 11, /* the compute mode is impossible in that memory mode */
	ROCPART_ERR_NOT_VALIDATED = 12, /* the kernel accepts it, the vendor has not validated it */
	ROCPART_ERR_NPS_NEEDS_RELOAD = 13,   /* a memory mode is requested and waits for a reload */
	ROCPART_ERR_READBACK_MISMATCH = 14,  /* the machine says something else than was written */
	ROCPART_ERR_STALE_SNAPSHOT = 15,     /* the machine changed since the snapshot was made */
	ROCPART_ERR_READ_ONLY = 16,	     /* a capture, or an attribute without a write bit */
	ROCPART_ERR_LOCKED = 17,	     /* another rocpart is changing this machine */
	ROCPART_ERR_UNFINISHED_CHANGE = 18,  /* a journal is open: resume or undo first */
	ROCPART_ERR_DRIVER_IN_USE = 19,	     /* the driver cannot be unloaded */
	ROCPART_ERR_DRIVER_RELOAD = 20,	     /* unloading or loading the driver failed */
	ROCPART_ERR_GPU_LOST = 21,	     /* fewer GPUs after a reload than before */
	ROCPART_ERR_PARTITION_MISSING = 22,  /* fewer partitions than the mode yields */
	ROCPART_ERR_CORDONED = 23,	     /* the GPU is cordoned */
	ROCPART_ERR_SIM_ONLY = 24,	     /* works on a simulated machine only */
	ROCPART_ERR_NEEDS_CONFIRMATION = 25, /* stops workloads: needs --yes */
	ROCPART_ERR_RETRY = 26,		     /* the machine kept changing while it was read */
	ROCPART_ERR_UNSUPPORTED = 27,	     /* this build or this machine cannot do it */
	ROCPART_ERR_MODEL_UNKNOWN = 28,	  /* no such model in the catalog, no file of that name */
	ROCPART_ERR_MODEL_FORMAT = 29,	  /* a model file is malformed or hostile */
	ROCPART_ERR_MODEL_TOO_LARGE = 30, /* the model does not fit */
	ROCPART_ERR_PARTLY_DONE = 31,	  /* stopped half-way, and it could not be undone */
	ROCPART_ERR_LEASED = 32,	  /* live leases use it */
	ROCPART_ERR_NO_ROOM = 33,	  /* no partition is free for it */
	ROCPART_ERR_OTHER_ALLOCATOR = 34, /* somebody else allocates on this machine */
	ROCPART_ERR_BAD_RECORDS = 35,	  /* our records are damaged, newer, or another machine's */
};

/**
 * struct rocpart_error - Why a call failed. Caller-owned, layout frozen.
 * @errnum: negative errno, the same value that the call returned.
 * @code: kind of failure.
 * @object: what it is about ("0000:c1:00.0", "node.yaml:3:7"), or "".
 * @message: one line, no newline, no full stop.
 * @hint: what to do next, or "".
 *
 * Start it with `struct rocpart_error err = {0}`. It owns no memory: nothing to free.
 * Calls fill it only on failure; a NULL pointer is accepted everywhere.
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
 * rocpart_errcode_to_string() - Stable name of a kind of failure, e.g. "BUSY_PROCESS".
 * @code: any value.
 *
 * Thread: any. Since 0.1.
 * Return: static text, "UNKNOWN" for a value this version does not know.
 */
const char *rocpart_errcode_to_string(enum rocpart_errcode code);

/**
 * rocpart_errcode_exit_status() - Exit status of the rocpart command for a kind of failure.
 * @code: any value.
 *
 * Thread: any. Since 0.1.
 * Return: 0 done, 1 failed, 2 usage, 3 refused by a guard, 4 partly done, 5 no hardware,
 * 6 pending until a driver reload.
 */
int rocpart_errcode_exit_status(enum rocpart_errcode code);

/**
 * rocpart_strerror() - Text of an errno of either sign.
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
