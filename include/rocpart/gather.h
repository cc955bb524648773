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
 * rocpart_machine_gather() - Copy what the kernel shows of the GPUs into a folder.
 * @machine: the machine; a simulated one or a capture works too.
 * @dir: folder to be made; it must not be there yet.
 * @ret_gathered: what was copied and what was not; to be freed with rocpart_gathered_free().
 * @reterr: why it failed, or NULL.
 *
 * The folder is what rocpart_machine_open_capture() reads: KFD topology, partition and memory
 * files of the GPUs, DRM classes, the driver module; numbers of device nodes in capture.txt, since
 * a folder has no device nodes. A list of names says what is copied, so that nothing private is:
 * no processes, command lines, serial numbers of boards, host names or addresses. The unique ids
 * of GPUs are copied: they tie KFD nodes to GPUs. Links are copied as links and only followed by
 * the list, inside the machine's own /sys. Changes nothing on the machine. Since 0.1.
 * Return: 0; -EEXIST: the folder is there; -EAGAIN: the machine kept changing; -ENODEV: there is
 * neither amdgpu nor a KFD; -ENOMEM; errno of writing. What had been written stays.
 */
int rocpart_machine_gather(struct rocpart_machine *machine, const char *dir,
			   struct rocpart_gathered **ret_gathered, struct rocpart_error *reterr);

/**
 * rocpart_gathered_free() - Free the list. The folder stays.
 * @gathered: the list, or NULL.
 *
 * Since 0.1.
 * Return: NULL.
 */
struct rocpart_gathered *rocpart_gathered_free(struct rocpart_gathered *gathered);

/**
 * rocpart_gathered_get_file_count() - Number of files that were copied.
 * @gathered: the list.
 *
 * Since 0.1.
 * Return: the number.
 */
size_t rocpart_gathered_get_file_count(const struct rocpart_gathered *gathered);

/**
 * rocpart_gathered_get_left_out() - One thing that was not copied, and why.
 * @gathered: the list.
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
