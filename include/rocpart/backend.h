/* SPDX-License-Identifier: MIT */
#ifndef ROCPART_BACKEND_H
#define ROCPART_BACKEND_H

#include <rocpart/error.h>
#include <rocpart/node.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * enum rocpart_backend - Through what a machine is looked at and switched. Append-only.
 */
enum rocpart_backend {
	ROCPART_BACKEND_AUTO = 0,	/* sysfs; for a file it may not write, the others in turn */
	ROCPART_BACKEND_SYSFS = 1,	/* files of the kernel alone */
	ROCPART_BACKEND_LIBAMD_SMI = 2, /* AMD's library, loaded when it is needed */
	ROCPART_BACKEND_AMD_SMI = 3,	/* AMD's command */
};

/**
 * rocpart_machine_set_backend() - Choose through what a machine is looked at and switched.
 * @machine: the machine; starts with ROCPART_BACKEND_AUTO.
 * @backend: which one.
 * @reterr: why it failed, or NULL.
 *
 * The kernel's files are read in any case: which partitions there are, their memory and their
 * places come from them. What the chosen back end tells beside that is taken from it, and
 * rocpart_snapshot_get_source() says so. Modes are switched through it, and a change goes by the
 * kernel's files. Calls nothing yet: that a back end is missing, hangs or crashes is told by the
 * call that needs it, after 75 s at the latest for each question to it (the command is asked up to
 * four) and 200 s for each switch. Since 0.1.
 * Return: 0; -EINVAL: no such back end; -EOPNOTSUPP: AMD's software sees the computer that it runs
 * on only, neither a capture nor a simulated machine that is not shown as files.
 */
int rocpart_machine_set_backend(struct rocpart_machine *machine, enum rocpart_backend backend,
				struct rocpart_error *reterr);

/**
 * rocpart_snapshot_get_backend() - What told the values of a snapshot, beside the kernel's files.
 * @snapshot: the snapshot.
 *
 * Thread: any. Since 0.1.
 * Return: the back end; ROCPART_BACKEND_SYSFS when there was no other.
 */
enum rocpart_backend rocpart_snapshot_get_backend(const struct rocpart_snapshot *snapshot);

/**
 * rocpart_backend_to_string() - Name of a back end: "auto", "sysfs", "libamd_smi" or "amd-smi".
 * @backend: any value.
 *
 * Thread: any. Since 0.1.
 * Return: static text; "unknown" for what has no name.
 */
const char *rocpart_backend_to_string(enum rocpart_backend backend);

/**
 * rocpart_backend_from_string() - Back end of a name.
 * @text: whole name.
 * @ret_backend: the back end.
 *
 * Thread: any. Since 0.1.
 * Return: 0; -EINVAL when no back end has that name.
 */
int rocpart_backend_from_string(const char *text, enum rocpart_backend *ret_backend);

#ifdef __cplusplus
}
#endif
#endif
