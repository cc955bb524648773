/* SPDX-License-Identifier: MIT */
#ifndef ROCPART_HANDOUT_H
#define ROCPART_HANDOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rocpart/error.h>
#include <rocpart/node.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A handout lists what a program needs to run on partitions: device nodes, groups, variables and
 * flags. The indices are those of the machine when it was observed, so create a new handout after
 * each switch. docs/design/handout.md explains the two views of a machine and the single filter.
 */

/**
 * enum rocpart_view - The device nodes that a program can open. Append-only.
 *
 * ROCr counts the GPUs whose render nodes it can open (libhsakmt topology.c), so a partition has
 * one index on the host and another index in a container.
 */
enum rocpart_view {
	ROCPART_VIEW_HOST = 0, /* all device nodes of the machine */
	ROCPART_VIEW_OWN = 1,  /* the nodes of its partitions only, as in a container */
};

/**
 * enum rocpart_filter - The variable that hides other devices. Append-only.
 *
 * A handout uses one filter only, because a second filter counts the devices that the first filter
 * left.
 */
enum rocpart_filter {
	ROCPART_FILTER_AUTO = 0, /* ROCR_VISIBLE_DEVICES in the view of the host, else none */
	ROCPART_FILTER_NONE = 1,
	ROCPART_FILTER_ROCR = 2, /* ROCR_VISIBLE_DEVICES */
	ROCPART_FILTER_HIP = 3,	 /* HIP_VISIBLE_DEVICES */
};

/**
 * enum rocpart_handout_form - The text form of a handout. Append-only.
 */
enum rocpart_handout_form {
	ROCPART_HANDOUT_SHELL = 0,     /* lines for eval in a POSIX shell; view of the host */
	ROCPART_HANDOUT_DOTENV = 1,    /* NAME=VALUE lines; view of the host */
	ROCPART_HANDOUT_DOCKER = 2,    /* words of docker run; own view */
	ROCPART_HANDOUT_PODMAN = 3,    /* words of podman run; own view */
	ROCPART_HANDOUT_K8S_YAML = 4,  /* pod fragment; own view, with a filter the host's */
	ROCPART_HANDOUT_K8S_JSON = 5,  /* the same fragment as JSON */
	ROCPART_HANDOUT_SYSTEMD = 6,   /* drop-in of a service; own view */
	ROCPART_HANDOUT_VLLM = 7,      /* flags of vllm serve */
	ROCPART_HANDOUT_LLAMA_CPP = 8, /* flags of llama-server */
};

/**
 * struct rocpart_handout - The handout of some partitions. Opaque.
 */
struct rocpart_handout;

/**
 * rocpart_handout_new() - Create the handout of some partitions.
 * @machine: machine.
 * @names: leases as rocpart_leases_find() takes them, partitions as in
 *rocpart_snapshot_find_partition(). Several names describe one program that uses all of the
 *partitions (tensor parallelism). Borrowed during the call.
 * @n_names: number of @names, at least 1.
 * @ret_handout: receives the handout; free it with rocpart_handout_free().
 * @reterr: receives the reason on failure; may be NULL.
 *
 * The call observes the machine, and reconciles its leases when @names contains a lease. The
 * handout keeps partitions in the order of their KFD nodes, which is the order in which ROCr counts
 * them. Since 0.1.
 * Return: 0; -EINVAL: @n_names is 0, or a partition is named twice; -ENOENT: no such lease or
 * partition; -EPERM: the lease is pending or displaced (NO_ROOM); -ENODEV: a device node does not
 * exist, or ROCr cannot see the node in the environment of the caller; -ENOTUNIQ: several GPUs have
 * that unique id; -ENOMEM: out of memory; errors of rocpart_leases_new() and
 * rocpart_machine_observe().
 */
int rocpart_handout_new(struct rocpart_machine *machine, const char *const *names, size_t n_names,
			struct rocpart_handout **ret_handout, struct rocpart_error *reterr);

/**
 * rocpart_handout_free() - Free a handout.
 * @handout: handout, or NULL.
 *
 * Since 0.1.
 * Return: NULL.
 */
struct rocpart_handout *rocpart_handout_free(struct rocpart_handout *handout);

/**
 * rocpart_handout_set_filter() - Choose the variable that hides other devices.
 * @handout: handout.
 * @filter: ROCPART_FILTER_AUTO unless set.
 * @reterr: receives the reason on failure; may be NULL.
 *
 * Since 0.1.
 * Return: 0; -EINVAL: @filter is not a filter; -ENOMEM: out of memory.
 */
int rocpart_handout_set_filter(struct rocpart_handout *handout, enum rocpart_filter filter,
			       struct rocpart_error *reterr);

/**
 * rocpart_handout_set_rootless() - Set whether a user other than root starts the containers.
 * @handout: handout.
 * @is_rootless: true when the user is not root: the containers of such a user have other group
 *	numbers. ROCPART_HANDOUT_PODMAN then keeps the groups of the user instead of naming groups.
 *
 * Since 0.1.
 */
void rocpart_handout_set_rootless(struct rocpart_handout *handout, bool is_rootless);

/**
 * rocpart_handout_get_partition() - Return one partition of a handout.
 * @handout: handout.
 * @index: from 0, in the order in which ROCr shows the partitions to the program.
 *
 * Since 0.1.
 * Return: owned by the handout; NULL past the end.
 */
const struct rocpart_partition *rocpart_handout_get_partition(const struct rocpart_handout *handout,
							      size_t index);

/**
 * rocpart_handout_get_lease() - Return the lasting name of a lease that was named.
 * @handout: handout.
 * @index: from 0.
 *
 * Since 0.1.
 * Return: "llama/0", owned by the handout; NULL past the end. What was named as a partition is not
 * in the list.
 */
const char *rocpart_handout_get_lease(const struct rocpart_handout *handout, size_t index);

/**
 * rocpart_handout_get_device() - Return one device node that the program opens.
 * @handout: handout.
 * @index: from 0: /dev/kfd, then for each partition /dev/dri/renderD<K> and, if present,
 *	/dev/dri/card<M>.
 *
 * Since 0.1.
 * Return: absolute path, owned by the handout; NULL past the end.
 */
const char *rocpart_handout_get_device(const struct rocpart_handout *handout, size_t index);

/**
 * rocpart_handout_get_group() - Return one group that may open the device nodes.
 * @handout: handout.
 * @index: from 0.
 * @ret_gid: receives the number of the group on this machine; in a container image the group's name
 *	has another number or does not exist.
 *
 * The list leaves out the root group and the groups of nodes that every user may open. A node that
 * refuses access by its permissions makes all of ROCr fail (libhsakmt topology.c). Since 0.1.
 * Return: 0; -ENOENT: @index is past the end.
 */
int rocpart_handout_get_group(const struct rocpart_handout *handout, size_t index,
			      uint32_t *ret_gid);

/**
 * rocpart_handout_get_variable() - Return one variable for the environment of the program.
 * @handout: handout.
 * @view: device nodes that the program can open.
 * @index: from 0.
 * @ret_name: receives static text.
 * @ret_value: receives text, owned by the handout.
 *
 * The variables are the filter, AIM_GPU_COUNT, AIM_PARTITION_ID, AIM_COMPUTE_MODE, AIM_MEMORY_MODE,
 * AIM_XCD_ID and ROCPART_PARTITIONS ("BDF/ID"). All variables except the filter name partitions as
 * the host does, separated by commas, in the order of rocpart_handout_get_partition(); a mode that
 * all partitions share appears once. Leases of a model that was sized for vLLM also get
 * AIM_ENGINE_ARGS, the flags of vLLM as a JSON object. A value that the machine does not show is
 * left out. Since 0.1.
 * Return: 0; -ENOENT: @index is past the end.
 */
int rocpart_handout_get_variable(const struct rocpart_handout *handout, enum rocpart_view view,
				 size_t index, const char **ret_name, const char **ret_value);

/**
 * rocpart_handout_get_conflict() - Return one variable that must not be set for the program.
 * @handout: handout.
 * @view: device nodes that the program can open.
 * @index: from 0.
 *
 * Such a variable would filter the visible devices a second time and hide the partition. Since 0.1.
 * Return: name, static text; NULL past the end.
 */
const char *rocpart_handout_get_conflict(const struct rocpart_handout *handout,
					 enum rocpart_view view, size_t index);

/**
 * rocpart_handout_print() - Print a handout in a text form.
 * @handout: handout.
 * @form: form of the text.
 * @ret_text: receives the text; free it with free(3).
 * @reterr: receives the reason on failure; may be NULL.
 *
 * Each value is quoted by the rules of the form. Words are printed as shell words on one line.
 * Since 0.1.
 * Return: 0; -EINVAL: @form is not a form, a value cannot be written in the form, or the leases do
 * not record the flags of the engine; -ENOMEM: out of memory.
 */
int rocpart_handout_print(const struct rocpart_handout *handout, enum rocpart_handout_form form,
			  char **ret_text, struct rocpart_error *reterr);

/**
 * rocpart_handout_get_words() - Return the words of a form that consists of words.
 * @handout: handout.
 * @form: ROCPART_HANDOUT_DOCKER, PODMAN, VLLM or LLAMA_CPP.
 * @ret_words: receives a NULL-terminated list for execve(2), unquoted; free the list with
 *	rocpart_flags_free().
 * @reterr: receives the reason on failure; may be NULL.
 *
 * Since 0.1.
 * Return: 0; -EINVAL: @form does not consist of words, or as rocpart_handout_print(); -ENOMEM: out
 * of memory.
 */
int rocpart_handout_get_words(const struct rocpart_handout *handout, enum rocpart_handout_form form,
			      char ***ret_words, struct rocpart_error *reterr);

/**
 * rocpart_handout_get_view() - Return the device nodes that a program can open when a form starts
 * the program.
 * @handout: handout.
 * @form: form.
 *
 * Since 0.1.
 * Return: the view, for rocpart_handout_get_variable().
 */
enum rocpart_view rocpart_handout_get_view(const struct rocpart_handout *handout,
					   enum rocpart_handout_form form);

#ifdef __cplusplus
}
#endif
#endif
