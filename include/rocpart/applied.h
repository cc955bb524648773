/* SPDX-License-Identifier: MIT */
#ifndef ROCPART_APPLIED_H
#define ROCPART_APPLIED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rocpart/desired.h>
#include <rocpart/error.h>
#include <rocpart/node.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * struct rocpart_applied - The files that were applied to a machine, the last 20 of them. Opaque.
 */
struct rocpart_applied;

/**
 * struct rocpart_revision - A file that was applied. Layout frozen.
 * @revision: number, never given twice to a machine.
 * @at_s: when it was applied last, in seconds since 1970.
 * @file: its path, as leases name it; "-" for standard input.
 * @checksum: of the effective text, 8 hexadecimal digits.
 * @text: the effective text, with the files of its folder.
 * @config: configuration of the file that was chosen; "": none.
 * @result: "done", "partly", "unchanged", "failed", or "unfinished" (it was killed, or runs now).
 * @message: why not all of it was done; "" when it was.
 * @reserved: zero.
 *
 * The texts are owned by the list.
 */
struct rocpart_revision {
	uint64_t revision;
	uint64_t at_s;
	const char *file;
	const char *checksum;
	const char *text;
	const char *config;
	const char *result;
	const char *message;
	uint64_t reserved[4];
};

/**
 * rocpart_applied_new() - Read the files that were applied.
 * @machine: machine.
 * @ret_applied: receives the list; free it with rocpart_applied_free().
 * @reterr: receives the reason on failure; may be NULL.
 *
 * Since 0.1.
 * Return: 0; -EACCES: the caller may not read the records; -EBADMSG: the record is damaged
 * (BAD_RECORDS); -ENOMEM: out of memory; errno of reading.
 */
int rocpart_applied_new(struct rocpart_machine *machine, struct rocpart_applied **ret_applied,
			struct rocpart_error *reterr);

/**
 * rocpart_applied_free() - Free such a list.
 * @applied: list, or NULL.
 *
 * Since 0.1.
 * Return: NULL.
 */
struct rocpart_applied *rocpart_applied_free(struct rocpart_applied *applied);

/**
 * rocpart_applied_get() - Return one revision, the newest first.
 * @applied: list.
 * @index: from 0.
 *
 * Since 0.1.
 * Return: revision, owned by the list; NULL past the end.
 */
const struct rocpart_revision *rocpart_applied_get(const struct rocpart_applied *applied,
						   size_t index);

/**
 * rocpart_applied_open() - Read the desired state of a revision again.
 * @applied: list.
 * @revision: number.
 * @ret_desired: receives the desired state, under the path that the file had; free it with
 *	rocpart_desired_free().
 * @reterr: receives the reason on failure; may be NULL.
 *
 * Whoever may write the records could have written the file, so its services and hooks are as much
 * trusted as the records are. Since 0.1.
 * Return: 0; -ENOENT: no such revision is kept; errors of rocpart_desired_parse().
 */
int rocpart_applied_open(const struct rocpart_applied *applied, uint64_t revision,
			 struct rocpart_desired **ret_desired, struct rocpart_error *reterr);

/**
 * rocpart_applied_record() - Record that a file was applied.
 * @machine: machine.
 * @desired: the file.
 * @config: configuration of the file that was chosen; NULL: none.
 * @result: as of struct rocpart_revision.
 * @message: as of struct rocpart_revision.
 * @reterr: receives the reason on failure; may be NULL.
 *
 * The same text of the same file as the last time is the same revision. Since 0.1.
 * Return: 0; errors of rocpart_applied_new() and of writing; -EROFS: the machine is a capture.
 */
int rocpart_applied_record(struct rocpart_machine *machine, const struct rocpart_desired *desired,
			   const char *config, const char *result, const char *message,
			   struct rocpart_error *reterr);

#ifdef __cplusplus
}
#endif
#endif
