/* SPDX-License-Identifier: MIT */
#ifndef ROCPART_HISTORY_H
#define ROCPART_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rocpart/error.h>

#ifdef __cplusplus
extern "C" {
#endif

struct rocpart_machine;

/**
 * struct rocpart_history_entry - One thing that was done to a machine. Layout frozen.
 * @at_s: time when it was done, in seconds since 1970; negative when the clock was set before 1970.
 * @has_uid: the user is known.
 * @uid: the login user of whoever did it, whatever sudo made of it since; else the real user.
 * @command: command line, or name of the program, that did it; "": not known.
 * @kind: "change" (of modes), "lease", "cordon", "hold" or "gpu"; other versions may write others.
 * @outcome: of a change: "begun", "done", "undone", "pending" (a requested memory mode waits for a
 *	driver reload) or "unfinished" (it failed or was interrupted, and can be resumed or undone);
 *	of a lease: "placed", "pending", "evicted" or "ended"; of a cordon and a hold: "set" or
 *"ended"; of a GPU: "accepted".
 * @text: what was done, one line; the names in it are texts of others: escape it before printing.
 * @change: number of the change, which rocpart_change_get_number() has as well; 0: it is none.
 * @lease: number of the lease; 0: it is none.
 * @milliseconds: time that it took; negative: not measured.
 * @reserved: zero.
 */
struct rocpart_history_entry {
	int64_t at_s;
	bool has_uid;
	uint32_t uid;
	const char *command;
	const char *kind;
	const char *outcome;
	const char *text;
	uint64_t change;
	uint64_t lease;
	int64_t milliseconds;
	uint64_t reserved[4];
};

struct rocpart_history;

/**
 * rocpart_history_new() - Read what was done to a machine.
 * @machine: machine.
 * @max: largest number of entries; 0: all that are kept, at least the last 1000.
 * @ret_history: receives the history, which is empty for a machine without one; free it with
 *	rocpart_history_free().
 * @reterr: receives the reason on failure; may be NULL.
 *
 * An entry "begun" is left out when a later entry says how its change went on. Since 0.1.
 * Return: 0; -EACCES: the caller may not read the records (PERMISSION); -ENOMEM; errno of reading.
 */
int rocpart_history_new(struct rocpart_machine *machine, size_t max,
			struct rocpart_history **ret_history, struct rocpart_error *reterr);

/**
 * rocpart_history_free() - Free a history.
 * @history: history, or NULL.
 *
 * Since 0.1.
 * Return: NULL.
 */
struct rocpart_history *rocpart_history_free(struct rocpart_history *history);

/**
 * rocpart_history_get() - Return one entry, the newest first.
 * @history: history.
 * @index: from 0.
 *
 * Since 0.1.
 * Return: owned by the history; NULL past the end.
 */
const struct rocpart_history_entry *rocpart_history_get(const struct rocpart_history *history,
							size_t index);

/**
 * rocpart_history_get_damaged() - Return the number of lines that could not be read.
 * @history: history.
 *
 * A power cut or a full disk can tear lines. Since 0.1.
 * Return: the number, of all lines that are kept.
 */
size_t rocpart_history_get_damaged(const struct rocpart_history *history);

/**
 * rocpart_machine_set_command() - Set the command that the history of a machine names.
 * @machine: machine.
 * @command: one line without secrets; the first 120 bytes are kept.
 * @reterr: receives the reason on failure; may be NULL.
 *
 * Without this call the history names the program alone. Since 0.1.
 * Return: 0; -ENOMEM.
 */
int rocpart_machine_set_command(struct rocpart_machine *machine, const char *command,
				struct rocpart_error *reterr);

/**
 * typedef rocpart_history_fn - Called for each entry that this machine handle adds to the history.
 * @userdata: that of rocpart_machine_set_history_log().
 * @entry: entry, valid during the call.
 *
 * The entry may not be in the record: what cannot be written is lost, and no command fails for it.
 */
typedef void (*rocpart_history_fn)(void *userdata, const struct rocpart_history_entry *entry);

/**
 * rocpart_machine_set_history_log() - Observe what is added to the history, for a log.
 * @machine: machine.
 * @fn: function, or NULL.
 * @userdata: borrowed.
 *
 * Nothing is observed of a machine opened for a dry run. Since 0.1.
 */
void rocpart_machine_set_history_log(struct rocpart_machine *machine, rocpart_history_fn fn,
				     void *userdata);

#ifdef __cplusplus
}
#endif
#endif
