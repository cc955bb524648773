/* SPDX-License-Identifier: MIT */
#ifndef ROCPART_HOLD_H
#define ROCPART_HOLD_H

#include <stdbool.h>
#include <stdint.h>

#include <rocpart/error.h>

#ifdef __cplusplus
extern "C" {
#endif

struct rocpart_machine;

/*
 * A hold stops everything unattended (the boot unit, a daemon, plugins) from changing a machine,
 * until a time of the wall clock or until somebody ends it. What a person runs goes on. A program
 * that acts without a person calls rocpart_machine_check_hold() before it changes anything.
 */

/**
 * enum rocpart_hold_state - Whether unattended changes are on hold. Append-only.
 */
enum rocpart_hold_state {
	ROCPART_HOLD_NONE = 0,
	ROCPART_HOLD_ACTIVE = 1,
	ROCPART_HOLD_UNKNOWN = 2, /* the record cannot be read, so it holds */
};

#define ROCPART_HOLD_MAX_S 7776000 /* 90 days */

/**
 * struct rocpart_hold - The hold of a machine. Layout frozen.
 * @state: state.
 * @until_s: time of the end, in seconds since 1970; 0 unless ROCPART_HOLD_ACTIVE.
 * @since_s: time of the begin, in seconds since 1970; 0: not known.
 * @has_uid: the user who set the hold is known.
 * @uid: that user: the login user, whatever sudo made of it since; else the real user.
 * @reason: what that user gave as the reason; "": not known. Escape it before printing.
 * @problem: why the record cannot be read, of ROCPART_HOLD_UNKNOWN; else "".
 * @reserved: zero.
 *
 * A caller who may not read the records learns @since_s and @until_s of the public document, and
 * neither user nor reason.
 */
struct rocpart_hold {
	enum rocpart_hold_state state;
	int64_t until_s;
	int64_t since_s;
	bool has_uid;
	uint32_t uid;
	char reason[256];
	char problem[512];
	uint64_t reserved[4];
};

/**
 * rocpart_machine_get_hold() - Return the hold of a machine as of now.
 * @machine: machine.
 * @ret_hold: receives the hold.
 *
 * The call cannot fail: what goes wrong is a problem of ROCPART_HOLD_UNKNOWN, which holds. Since
 * 0.1.
 */
void rocpart_machine_get_hold(struct rocpart_machine *machine, struct rocpart_hold *ret_hold);

/**
 * rocpart_machine_check_hold() - Refuse an unattended change while the machine is on hold.
 * @machine: machine.
 * @reterr: receives until when, by whom and why; may be NULL.
 *
 * Since 0.1.
 * Return: 0; -EBUSY: unattended changes are on hold, or it is not known whether they are (ON_HOLD).
 */
int rocpart_machine_check_hold(struct rocpart_machine *machine, struct rocpart_error *reterr);

/**
 * rocpart_machine_set_hold() - Put unattended changes on hold.
 * @machine: machine.
 * @seconds: time to hold, from 1 to ROCPART_HOLD_MAX_S.
 * @reason: one line of valid UTF-8 that is not empty, below 256 bytes.
 * @reterr: receives the reason of a failure; may be NULL.
 *
 * The hold takes the place of an earlier one. A change that is under way goes on. Since 0.1.
 * Return: 0; -EINVAL: @seconds or @reason is none of these (INVALID_ARGUMENT); -EROFS: a capture or
 * a dry run; -ENOMEM; errno of writing the record.
 */
int rocpart_machine_set_hold(struct rocpart_machine *machine, uint64_t seconds, const char *reason,
			     struct rocpart_error *reterr);

/**
 * rocpart_machine_end_hold() - End the hold of a machine.
 * @machine: machine.
 * @ret_ended: receives whether there was one; may be NULL.
 * @reterr: receives the reason of a failure; may be NULL.
 *
 * A record that is damaged is renamed to "hold.json.damaged.N", and holds no more. Since 0.1.
 * Return: 0, also when there was no hold; -EROFS: a capture or a dry run; -ENOMEM; errno of
 * removing the record.
 */
int rocpart_machine_end_hold(struct rocpart_machine *machine, bool *ret_ended,
			     struct rocpart_error *reterr);

#ifdef __cplusplus
}
#endif
#endif
