/* SPDX-License-Identifier: MIT */
#ifndef ROCPART_DESIRED_H
#define ROCPART_DESIRED_H

#include <stdbool.h>
#include <stddef.h>

#include <rocpart/change.h>
#include <rocpart/error.h>
#include <rocpart/lease.h>
#include <rocpart/model.h>
#include <rocpart/node.h>
#include <rocpart/plan.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The desired state of a node: a node.yaml with the files of its folder, read once. A change and a
 * plan that are loaded from one object are made from the same bytes.
 */

/**
 * struct rocpart_desired - A node.yaml that was read, or a file of another program. Opaque; not
 * changed after it was made.
 */
struct rocpart_desired;

/**
 * rocpart_desired_open() - Read a node.yaml and the files of its folder.
 * @path: file to read: a node.yaml, a file of named `partition-configs:` in the form of mig-parted,
 *	or the config.json of AMD's device-config-manager. JSON is read too.
 * @unattended: true when no person chose the file, as at a boot and for a daemon.
 * @ret_desired: receives the desired state; free it with rocpart_desired_free().
 * @reterr: receives the reason on failure, with file, line and column; may be NULL.
 *
 * The folder of "X.yaml" is "X.yaml.d" beside it. Its files "*.yaml" and "*.yml" are merged into
 * the document in the order of the bytes of their names: maps key by key, and for another value the
 * later file wins. Files of other programs have no folder.
 *
 * The call checks all that needs no machine. With @unattended each file must be a regular file that
 * is owned by root (or by the effective user) and that nobody else can write, in folders of the
 *same kind, and so must the folder be. Since 0.1. Return: 0; -EINVAL: a file is malformed
 *(CONFIG_SYNTAX); -EFBIG: a file, or all files together, are too large; -EPERM: a file or folder is
 *not trusted (PERMISSION); -ESTALE: a file was replaced meanwhile; -ENOMEM: out of memory; errno of
 *reading.
 */
int rocpart_desired_open(const char *path, bool unattended, struct rocpart_desired **ret_desired,
			 struct rocpart_error *reterr);

/**
 * rocpart_desired_parse() - Read the desired state from a text, such as standard input.
 * @text: text of a file as for rocpart_desired_open().
 * @n_bytes: length of @text in bytes.
 * @name: name of the text in messages. Copied.
 * @ret_desired: receives the desired state; free it with rocpart_desired_free().
 * @reterr: receives the reason on failure, with name, line and column; may be NULL.
 *
 * The text has no folder. Nobody knows who wrote it, so one that names services or hooks is
 * refused when it is compared with a machine. Since 0.1.
 * Return: 0; -EINVAL: the text is malformed (CONFIG_SYNTAX); -EFBIG: the text is too large;
 * -ENOMEM: out of memory.
 */
int rocpart_desired_parse(const char *text, size_t n_bytes, const char *name,
			  struct rocpart_desired **ret_desired, struct rocpart_error *reterr);

/**
 * rocpart_desired_free() - Free a desired state.
 * @desired: desired state, or NULL.
 *
 * Since 0.1.
 * Return: NULL.
 */
struct rocpart_desired *rocpart_desired_free(struct rocpart_desired *desired);

/**
 * rocpart_desired_has_guard() - Report whether a model of the file has `guard: stop`.
 * @desired: desired state.
 * @model: name of the model in the file.
 *
 * Since 0.1.
 * Return: true when `rocpart watch` may stop its replicas; false also when the file has no such
 * model.
 */
bool rocpart_desired_has_guard(const struct rocpart_desired *desired, const char *model);

/**
 * rocpart_desired_is_equal() - Report whether two desired states ask for the same.
 * @a: desired state.
 * @b: desired state.
 *
 * Comments, the order of keys and the names of the files do not matter. Since 0.1.
 * Return: true when both have the same keys with the same values.
 */
bool rocpart_desired_is_equal(const struct rocpart_desired *a, const struct rocpart_desired *b);

/**
 * rocpart_desired_to_yaml() - Write the effective document, with the origin of each value.
 * @desired: desired state.
 * @ret_text: receives YAML text that rocpart_desired_open() reads; free it with free(3). A comment
 *	behind each value names its file and line, or "default".
 * @reterr: receives the reason on failure; may be NULL.
 *
 * Since 0.1.
 * Return: 0; -ENOMEM: out of memory.
 */
int rocpart_desired_to_yaml(const struct rocpart_desired *desired, char **ret_text,
			    struct rocpart_error *reterr);

/**
 * rocpart_desired_to_json() - Write the effective document as JSON, with the origin of each value.
 * @desired: desired state.
 * @ret_text: receives a JSON object {"files", "values"} as docs/schema/config.json describes it;
 *	free it with free(3).
 * @reterr: receives the reason on failure; may be NULL.
 *
 * Since 0.1.
 * Return: 0; -ENOMEM: out of memory.
 */
int rocpart_desired_to_json(const struct rocpart_desired *desired, char **ret_text,
			    struct rocpart_error *reterr);

/**
 * rocpart_plan_load_desired() - Add the requests of a desired state to a plan.
 * @plan: plan with its machine or product set.
 * @desired: desired state; borrowed during the call.
 * @reterr: receives the reason on failure, with file, line and column; may be NULL.
 *
 * See rocpart_plan_load_file(), which opens a file for one plan. `allow-unvalidated: true` works
 * like rocpart_plan_set_allow_unvalidated(). The plan puts no replica on a GPU of `cordoned:`.
 * Since 0.1.
 * Return: 0; -EINVAL: the file has no `models:` (CONFIG_SYNTAX); -ENOMEM: out of memory.
 */
int rocpart_plan_load_desired(struct rocpart_plan *plan, const struct rocpart_desired *desired,
			      struct rocpart_error *reterr);

/**
 * rocpart_desired_export() - Write the present state of a machine as a node.yaml.
 * @machine: machine.
 * @snapshot: snapshot of the machine.
 * @leases: leases of the machine.
 * @catalog: catalog of model names; NULL: each lease is written with its bytes.
 * @ret_text: receives YAML text; free it with free(3).
 * @reterr: receives the reason on failure; may be NULL.
 *
 * The file has the modes and the number of GPUs, the cordons, the allocator, the services of
 * the file that was applied last, and a model for each name of a lease. Applied to an equal machine
 * the file makes the same modes, cordons and leases. Leases that end with a process or a job, and
 * leases that have no partition now, are left out; a comment names each of them. Since 0.1. Return:
 * 0; -ENODEV: the machine has no GPU; -EBADMSG: the record of the allocator is damaged
 * (BAD_RECORDS); -ENOMEM: out of memory; errno of reading the records.
 */
int rocpart_desired_export(struct rocpart_machine *machine, const struct rocpart_snapshot *snapshot,
			   const struct rocpart_leases *leases,
			   const struct rocpart_catalog *catalog, char **ret_text,
			   struct rocpart_error *reterr);

#ifdef __cplusplus
}
#endif
#endif
