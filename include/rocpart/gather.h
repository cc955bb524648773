/* SPDX-License-Identifier: MIT */
#ifndef ROCPART_GATHER_H
#define ROCPART_GATHER_H

#include <stddef.h>

#include <rocpart/error.h>
#include <rocpart/node.h>

#ifdef __cplusplus
extern "C" {
#endif

struct rocpart_gathered;

/**
 * rocpart_machine_gather() - Copy the kernel's files about the GPUs of a machine into a folder.
 * @machine: machine to copy; a simulated machine or a capture works too.
 * @dir: folder to create; the folder must not exist.
 * @ret_gathered: receives the list of copied and omitted files; free it with
 *	rocpart_gathered_free().
 * @reterr: receives the reason on failure; may be NULL.
 *
 * rocpart_machine_open_capture() reads the folder. The folder holds the KFD topology, the partition
 * and memory files of the GPUs, the DRM classes and the files of the driver module; capture.txt
 * holds the numbers of the device nodes, because the folder itself has no device nodes. Only files
 * on a fixed list of names are copied, so the folder contains no processes, command lines, serial
 * numbers of boards, host names or addresses. The unique ids of the GPUs are copied, because they
 * tie KFD nodes to GPUs. A link is copied as a link; the copy follows a link only where the list of
 * names requires it, and only inside the machine's own /sys. The call changes nothing on the
 * machine. Since 0.1.
 * Return: 0; -EEXIST: @dir exists; -EAGAIN: the machine changed during the copy; -ENODEV: the
 * machine has neither amdgpu nor a KFD; -ENOMEM: out of memory; other errno of writing. After a
 * failure the files that were written stay.
 */
int rocpart_machine_gather(struct rocpart_machine *machine, const char *dir,
			   struct rocpart_gathered **ret_gathered, struct rocpart_error *reterr);

/**
 * rocpart_gathered_free() - Free the list of a copy. The folder stays.
 * @gathered: list, or NULL.
 *
 * Since 0.1.
 * Return: NULL.
 */
struct rocpart_gathered *rocpart_gathered_free(struct rocpart_gathered *gathered);

/**
 * rocpart_gathered_get_file_count() - Return the number of copied files.
 * @gathered: list.
 *
 * Since 0.1.
 * Return: the number.
 */
size_t rocpart_gathered_get_file_count(const struct rocpart_gathered *gathered);

/**
 * rocpart_gathered_get_left_out() - Return one file or kind of file that was not copied, with the
 * reason.
 * @gathered: list.
 * @index: from 0.
 *
 * Since 0.1.
 * Return: one line, owned by the list; NULL past the end.
 */
const char *rocpart_gathered_get_left_out(const struct rocpart_gathered *gathered, size_t index);

#ifdef __cplusplus
}
#endif
#endif
