/* SPDX-License-Identifier: MIT */
#ifndef ROCPART_CDI_H
#define ROCPART_CDI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rocpart/error.h>
#include <rocpart/node.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The Container Device Interface: a file that tells container engines (podman, containerd, CRI-O,
 * docker from 25) what a container gets with a device that is named. Partitions are called
 * "rocpart.dev/partition=gpu-0000-05-00.0-part3": by PCI address and partition id, which no switch
 * renumbers. A change of modes writes the specs anew that were generated for the machine.
 */

/**
 * rocpart_cdi_document() - A spec of the partitions that are there now.
 * @machine: the machine.
 * @kind: NULL or "rocpart.dev/partition"; "amd.com/gpu": numbers and "all" as amd-ctk names them,
 *	without variables.
 * @ret_text: JSON; to be freed with free(3).
 * @reterr: why it failed, or NULL.
 *
 * /dev/kfd for all; of each partition its nodes, without majors and minors, and the variables of
 * rocpart_handout_get_variable() in the own view. The variables are those of one device: of several
 * in one container the last one's count. Observes the machine. Since 0.1.
 * Return: 0; -EINVAL: no such kind; -ENODEV: NO_HARDWARE, or /dev/kfd is not there; -ENOMEM; errors
 * of rocpart_machine_observe().
 */
int rocpart_cdi_document(struct rocpart_machine *machine, const char *kind, char **ret_text,
			 struct rocpart_error *reterr);

/**
 * rocpart_cdi_generate() - Write that spec where container engines look for it.
 * @machine: the machine.
 * @kind: as for rocpart_cdi_document().
 * @dir: folder, absolute; NULL: /run/cdi, for a simulated machine a folder beside its records (in
 *	`rocpart sim exec` it is /run/cdi too).
 * @overwrite: also replace a file that rocpart did not write, or that was edited since.
 * @ret_path: path of the spec; to be freed with free(3).
 * @reterr: why it failed, or NULL.
 *
 * Replaces the file as a whole, and records what was written: that is how an edited one is told,
 * and which are to be written anew after a change of modes. Since 0.1.
 * Return: 0; -EEXIST: NEEDS_CONFIRMATION, it is not as rocpart wrote it; -EWOULDBLOCK: LOCKED;
 * -EROFS: a capture; -EINVAL: not absolute, or a simulated machine in memory without @dir; -EACCES
 * or other errno of writing; errors of rocpart_cdi_document().
 */
int rocpart_cdi_generate(struct rocpart_machine *machine, const char *kind, const char *dir,
			 bool overwrite, char **ret_path, struct rocpart_error *reterr);

/**
 * struct rocpart_cdi_entry - A device of a generated spec, or a spec. Frozen; texts are owned by
 * the list.
 * @path: of the spec.
 * @name: "rocpart.dev/partition=gpu-0000-05-00.0-part3"; "" for what is wrong with all of the spec.
 * @problem: what is wrong with it, or "".
 * @reserved: zero.
 */
struct rocpart_cdi_entry {
	const char *path;
	const char *name;
	const char *problem;
	uint64_t reserved[4];
};

struct rocpart_cdi;

/**
 * rocpart_cdi_new() - The generated specs, held against the machine.
 * @machine: the machine.
 * @ret_cdi: to be freed with rocpart_cdi_free(); empty when none was generated.
 * @reterr: why it failed, or NULL.
 *
 * Observes the machine. A partition without an entry is listed too. Since 0.1.
 * Return: 0; -EBADMSG or -EINVAL: the record of them is damaged; -ENOMEM; errors of
 * rocpart_cdi_document().
 */
int rocpart_cdi_new(struct rocpart_machine *machine, struct rocpart_cdi **ret_cdi,
		    struct rocpart_error *reterr);

/**
 * rocpart_cdi_free() - Free a list.
 * @cdi: the list, or NULL.
 *
 * Since 0.1.
 * Return: NULL.
 */
struct rocpart_cdi *rocpart_cdi_free(struct rocpart_cdi *cdi);

/**
 * rocpart_cdi_get() - One entry.
 * @cdi: the list.
 * @index: from 0, spec by spec.
 *
 * Since 0.1.
 * Return: owned by the list; NULL past the end.
 */
const struct rocpart_cdi_entry *rocpart_cdi_get(const struct rocpart_cdi *cdi, size_t index);

#ifdef __cplusplus
}
#endif
#endif
