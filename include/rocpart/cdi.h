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
 * The Container Device Interface (CDI): a spec file describes to a container engine (podman,
 * containerd, CRI-O, docker from 25) what a container gets for a named device. rocpart names
 * partitions "rocpart.dev/partition=gpu-0000-05-00.0-part3", by PCI address and partition id,
 * because no switch changes these two. After a change of modes rocpart rewrites the specs that were
 * generated for the machine.
 */

/**
 * rocpart_cdi_document() - Create a CDI spec of the current partitions.
 * @machine: machine.
 * @kind: NULL or "rocpart.dev/partition"; "amd.com/gpu": numbers and "all" as device names, as
 *	amd-ctk writes them, without variables.
 * @ret_text: receives JSON text; free it with free(3).
 * @reterr: receives the reason on failure; may be NULL.
 *
 * The spec contains /dev/kfd for all devices. For each partition the spec contains the device
 * nodes, without major and minor numbers, and the variables of rocpart_handout_get_variable() in
 * the view ROCPART_VIEW_OWN. The variables are those of a single device: when a container gets
 * several devices, the values of the last device are used. The spec leaves out partitions that ROCr
 * cannot see in the environment of the caller. The call observes the machine. Since 0.1.
 * Return: 0; -EINVAL: @kind is unknown; -ENODEV: the machine has no partition for containers
 * (NO_HARDWARE), or a device node such as /dev/kfd does not exist; -ENOMEM: out of memory; errors
 * of rocpart_machine_observe().
 */
int rocpart_cdi_document(struct rocpart_machine *machine, const char *kind, char **ret_text,
			 struct rocpart_error *reterr);

/**
 * rocpart_cdi_generate() - Write a CDI spec into the folder of the container engines.
 * @machine: machine.
 * @kind: as for rocpart_cdi_document().
 * @dir: absolute path of a folder, or of a file when it ends with ".json" or ".yaml"; NULL:
 * /run/cdi, or for a simulated machine a folder next to its records (inside `rocpart sim exec` also
 * /run/cdi).
 * @overwrite: true to replace a file that rocpart did not write, or that was edited later.
 * @ret_path: receives the path of the spec; free it with free(3).
 * @reterr: receives the reason on failure; may be NULL.
 *
 * The call replaces the file as a whole and records the text. The record shows which files were
 * edited, and which files to rewrite after a change of modes. Since 0.1.
 * Return: 0; -EEXIST: the file is not the one that rocpart wrote (NEEDS_CONFIRMATION);
 * -EWOULDBLOCK: another process writes the specs of this machine (LOCKED); -EROFS: the machine is a
 * capture; -EINVAL: @dir is not absolute, has an ending that engines do not read (.yml), or is
 * NULL for a simulated machine in memory; -EACCES or other errno of writing; errors of
 * rocpart_cdi_document(). When only syncing failed, the spec is there, and the message says so.
 */
int rocpart_cdi_generate(struct rocpart_machine *machine, const char *kind, const char *dir,
			 bool overwrite, char **ret_path, struct rocpart_error *reterr);

/**
 * struct rocpart_cdi_entry - A device of a generated spec, or a generated spec. Frozen; the texts
 * are owned by the list.
 * @path: path of the spec.
 * @name: "rocpart.dev/partition=gpu-0000-05-00.0-part3"; "" when @problem concerns the whole spec.
 * @problem: difference from the current machine, or "".
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
 * rocpart_cdi_new() - Compare the generated CDI specs with the current partitions.
 * @machine: machine.
 * @ret_cdi: receives the list, which is empty when no spec was generated; free the list with
 *	rocpart_cdi_free().
 * @reterr: receives the reason on failure; may be NULL.
 *
 * The call observes the machine. The list also contains partitions without an entry in the spec.
 * Since 0.1.
 * Return: 0; -EBADMSG or -EINVAL: the record of the generated specs is damaged; -ENOMEM: out of
 * memory; errno of reading a spec; errors of rocpart_cdi_document().
 */
int rocpart_cdi_new(struct rocpart_machine *machine, struct rocpart_cdi **ret_cdi,
		    struct rocpart_error *reterr);

/**
 * rocpart_cdi_free() - Free a list of CDI entries.
 * @cdi: list, or NULL.
 *
 * Since 0.1.
 * Return: NULL.
 */
struct rocpart_cdi *rocpart_cdi_free(struct rocpart_cdi *cdi);

/**
 * rocpart_cdi_get() - Return one CDI entry.
 * @cdi: list.
 * @index: from 0, in the order of the specs.
 *
 * Since 0.1.
 * Return: owned by the list; NULL past the end.
 */
const struct rocpart_cdi_entry *rocpart_cdi_get(const struct rocpart_cdi *cdi, size_t index);

#ifdef __cplusplus
}
#endif
#endif
