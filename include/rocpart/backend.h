/* SPDX-License-Identifier: MIT */
#ifndef ROCPART_BACKEND_H
#define ROCPART_BACKEND_H

#include <rocpart/error.h>
#include <rocpart/node.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * enum rocpart_backend - The way to observe and switch a machine. Append-only.
 */
enum rocpart_backend {
	ROCPART_BACKEND_AUTO = 0,	/* sysfs; AMD's software for unwritable files */
	ROCPART_BACKEND_SYSFS = 1,	/* the files of the kernel only */
	ROCPART_BACKEND_LIBAMD_SMI = 2, /* AMD's library, loaded when it is needed */
	ROCPART_BACKEND_AMD_SMI = 3,	/* AMD's command */
};

/**
 * rocpart_machine_set_backend() - Choose the back end that observes and switches a machine.
 * @machine: machine; a machine starts with ROCPART_BACKEND_AUTO.
 * @backend: back end to use.
 * @reterr: receives the reason on failure; may be NULL.
 *
 * rocpart reads the kernel's files with every back end: the list of partitions, their memory and
 * their positions come from these files. For the values that the chosen back end also reports, the
 * snapshot takes the value of the back end; rocpart_snapshot_get_source() names the source of each
 * value. The back end performs the switches, and the kernel's files decide whether a switch
 * succeeded. This call itself calls no back end: a back end that is missing, hangs or crashes makes
 * the later call fail that needs the back end. Each question to a back end ends after 75 s at the
 * latest (one observation asks the command up to four questions), each switch after 200 s at the
 * latest. Since 0.1.
 * Return: 0; -EINVAL: @backend is not a back end; -EOPNOTSUPP: AMD's software sees only the
 * computer that it runs on, so it cannot serve a capture or a simulated machine that is not mounted
 * as files.
 */
int rocpart_machine_set_backend(struct rocpart_machine *machine, enum rocpart_backend backend,
				struct rocpart_error *reterr);

/**
 * rocpart_snapshot_get_backend() - Return the back end that supplied values of a snapshot besides
 * the kernel's files.
 * @snapshot: snapshot to query.
 *
 * Thread: any. Since 0.1.
 * Return: the back end; ROCPART_BACKEND_SYSFS when the kernel's files supplied every value.
 */
enum rocpart_backend rocpart_snapshot_get_backend(const struct rocpart_snapshot *snapshot);

/**
 * rocpart_backend_to_string() - Return the name of a back end: "auto", "sysfs", "libamd_smi" or
 * "amd-smi".
 * @backend: any value.
 *
 * Thread: any. Since 0.1.
 * Return: static text; "unknown" for a value without a name.
 */
const char *rocpart_backend_to_string(enum rocpart_backend backend);

/**
 * rocpart_backend_from_string() - Find a back end by its name.
 * @text: complete name.
 * @ret_backend: receives the back end.
 *
 * Thread: any. Since 0.1.
 * Return: 0; -EINVAL: no back end has that name.
 */
int rocpart_backend_from_string(const char *text, enum rocpart_backend *ret_backend);

#ifdef __cplusplus
}
#endif
#endif
