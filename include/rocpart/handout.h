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
 * What a program needs to run on partitions: device nodes, groups, variables, flags. Indices are
 * those of the machine as it was observed: hand out anew after each switch. docs/design/handout.md
 * says why there are two views of a machine and one filter.
 */

/**
 * enum rocpart_view - Which device nodes the program can open. Append-only.
 *
 * ROCr counts the GPUs whose render nodes it can open (libhsakmt topology.c), so the same partition
 * has an index on the host and another one in a container.
 */
enum rocpart_view {
	ROCPART_VIEW_HOST = 0, /* all of the machine */
	ROCPART_VIEW_OWN = 1,  /* those of its partitions only: a container, a device cgroup */
};

/**
 * enum rocpart_filter - The variable that hides other devices. Append-only.
 *
 * Never more than one: a second filter counts what the first one left.
 */
enum rocpart_filter {
	ROCPART_FILTER_AUTO = 0, /* ROCR_VISIBLE_DEVICES in the view of the host, else none */
	ROCPART_FILTER_NONE = 1,
	ROCPART_FILTER_ROCR = 2, /* ROCR_VISIBLE_DEVICES */
	ROCPART_FILTER_HIP = 3,	 /* HIP_VISIBLE_DEVICES */
};

/**
 * enum rocpart_handout_form - Text for those who start programs. Append-only.
 */
enum rocpart_handout_form {
	ROCPART_HANDOUT_SHELL = 0,     /* lines for eval in a POSIX shell; view of the host */
	ROCPART_HANDOUT_DOTENV = 1,    /* NAME=VALUE lines; view of the host */
	ROCPART_HANDOUT_DOCKER = 2,    /* words of docker run; own view */
	ROCPART_HANDOUT_PODMAN = 3,    /* words of podman run; own view */
	ROCPART_HANDOUT_K8S_YAML = 4,  /* fragment of a pod; own view, with a filter the host's */
	ROCPART_HANDOUT_K8S_JSON = 5,  /* the same */
	ROCPART_HANDOUT_SYSTEMD = 6,   /* drop-in of a service; own view */
	ROCPART_HANDOUT_VLLM = 7,      /* flags of vllm serve */
	ROCPART_HANDOUT_LLAMA_CPP = 8, /* flags of llama-server */
};

/**
 * struct rocpart_handout - What is handed out for some partitions. Opaque.
 */
struct rocpart_handout;

/**
 * rocpart_handout_new() - Gather what is to be handed out.
 * @machine: the machine.
 * @names: leases by their number, partitions as in rocpart_snapshot_find_partition(); several make
 *	one program that uses them all (tensor parallelism). Borrowed during the call.
 * @n_names: how many, at least 1.
 * @ret_handout: to be freed with rocpart_handout_free().
 * @reterr: why it failed, or NULL.
 *
 * Observes the machine, and reconciles its leases where one is named. Partitions are kept in the
 * order of their KFD nodes, in which ROCr counts them. Since 0.1.
 * Return: 0; -EINVAL: no name, or a partition is named twice; -ENOENT: no such lease or partition;
 * -EPERM: NO_ROOM, the lease has no place now, or its place is not what it was; -ENODEV: a device
 * node is not there, or ROCr cannot see it from here; -ENOTUNIQ; -ENOMEM; errors of
 * rocpart_leases_new() and rocpart_machine_observe().
 */
int rocpart_handout_new(struct rocpart_machine *machine, const char *const *names, size_t n_names,
			struct rocpart_handout **ret_handout, struct rocpart_error *reterr);

/**
 * rocpart_handout_free() - Free it.
 * @handout: the handout, or NULL.
 *
 * Since 0.1.
 * Return: NULL.
 */
struct rocpart_handout *rocpart_handout_free(struct rocpart_handout *handout);

/**
 * rocpart_handout_set_filter() - Choose the variable that hides other devices.
 * @handout: the handout.
 * @filter: ROCPART_FILTER_AUTO unless set.
 * @reterr: why it failed, or NULL.
 *
 * Since 0.1.
 * Return: 0; -EINVAL: no such filter.
 */
int rocpart_handout_set_filter(struct rocpart_handout *handout, enum rocpart_filter filter,
			       struct rocpart_error *reterr);

/**
 * rocpart_handout_set_rootless() - Say who starts containers.
 * @handout: the handout.
 * @is_rootless: true: a user who is not root, whose containers have other numbers of groups. Then
 *	ROCPART_HANDOUT_PODMAN keeps the groups of that user instead of naming them.
 *
 * Since 0.1.
 */
void rocpart_handout_set_rootless(struct rocpart_handout *handout, bool is_rootless);

/**
 * rocpart_handout_get_partition() - One of its partitions.
 * @handout: the handout.
 * @index: from 0, in the order in which ROCr shows them to the program.
 *
 * Since 0.1.
 * Return: owned by the handout; NULL past the end.
 */
const struct rocpart_partition *rocpart_handout_get_partition(const struct rocpart_handout *handout,
							      size_t index);

/**
 * rocpart_handout_get_device() - A device node that the program opens.
 * @handout: the handout.
 * @index: from 0: /dev/kfd, then /dev/dri/renderD<K> and, where there is one, /dev/dri/card<M> of
 *	each partition.
 *
 * Since 0.1.
 * Return: absolute path, owned by the handout; NULL past the end.
 */
const char *rocpart_handout_get_device(const struct rocpart_handout *handout, size_t index);

/**
 * rocpart_handout_get_group() - A group that may open these nodes.
 * @handout: the handout.
 * @index: from 0.
 * @ret_gid: its number on this machine: images of containers give its name another one, or none.
 *
 * Groups of nodes that everyone may open, and root's, are left out. A node that may be refused for
 * its permissions makes the whole of ROCr fail (libhsakmt topology.c). Since 0.1.
 * Return: 0; -ENOENT past the end.
 */
int rocpart_handout_get_group(const struct rocpart_handout *handout, size_t index,
			      uint32_t *ret_gid);

/**
 * rocpart_handout_get_variable() - A variable of the program's environment.
 * @handout: the handout.
 * @view: which device nodes the program can open.
 * @index: from 0.
 * @ret_name: static text.
 * @ret_value: text, owned by the handout.
 *
 * The filter, AIM_GPU_COUNT, AIM_PARTITION_ID, AIM_COMPUTE_MODE, AIM_MEMORY_MODE, AIM_XCD_ID and
 * ROCPART_PARTITIONS ("BDF/ID"). All but the filter name partitions as the host does, in the order
 * of rocpart_handout_get_partition(), by comma; modes only once when they are alike. For leases
 * that were placed by a model which was sized for vLLM also AIM_ENGINE_ARGS, its flags as a JSON
 * object. What the machine does not tell is left out. Since 0.1.
 * Return: 0; -ENOENT past the end.
 */
int rocpart_handout_get_variable(const struct rocpart_handout *handout, enum rocpart_view view,
				 size_t index, const char **ret_name, const char **ret_value);

/**
 * rocpart_handout_get_conflict() - A variable that must not be set for the program.
 * @handout: the handout.
 * @view: which device nodes the program can open.
 * @index: from 0.
 *
 * It would filter what is visible a second time and hide the partition. Since 0.1.
 * Return: name, static text; NULL past the end.
 */
const char *rocpart_handout_get_conflict(const struct rocpart_handout *handout,
					 enum rocpart_view view, size_t index);

/**
 * rocpart_handout_print() - All of it as text for those who start programs.
 * @handout: the handout.
 * @form: which text.
 * @ret_text: to be freed with free(3).
 * @reterr: why it failed, or NULL.
 *
 * Every value is quoted by the rules of the form; words are those of a shell, on one line.
 * Since 0.1.
 * Return: 0; -EINVAL: no such form, a value cannot be said in it, or the leases do not say with
 * which flags of the engine; -ENOMEM.
 */
int rocpart_handout_print(const struct rocpart_handout *handout, enum rocpart_handout_form form,
			  char **ret_text, struct rocpart_error *reterr);

/**
 * rocpart_handout_get_words() - The words of a form that consists of words.
 * @handout: the handout.
 * @form: ROCPART_HANDOUT_DOCKER, PODMAN, VLLM or LLAMA_CPP.
 * @ret_words: NULL-terminated list for execve(2), unquoted; to be freed with rocpart_flags_free().
 * @reterr: why it failed, or NULL.
 *
 * Since 0.1.
 * Return: 0; -EINVAL: another form, or as rocpart_handout_print(); -ENOMEM.
 */
int rocpart_handout_get_words(const struct rocpart_handout *handout, enum rocpart_handout_form form,
			      char ***ret_words, struct rocpart_error *reterr);

/**
 * rocpart_handout_get_view() - Which device nodes a program can open that is started by a form.
 * @handout: the handout.
 * @form: the form.
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
