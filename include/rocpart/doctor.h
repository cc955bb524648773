/* SPDX-License-Identifier: MIT */
#ifndef ROCPART_DOCTOR_H
#define ROCPART_DOCTOR_H

#include <stddef.h>
#include <stdint.h>

#include <rocpart/error.h>
#include <rocpart/node.h>

#ifdef __cplusplus
extern "C" {
#endif

struct rocpart_doctor;

/**
 * enum rocpart_check_state - The result of a check. Append-only.
 */
enum rocpart_check_state {
	ROCPART_CHECK_PASS = 0, /* no problem, or the check was skipped on such a machine */
	ROCPART_CHECK_WARN = 1, /* the machine works, but something restricts its use */
	ROCPART_CHECK_FAIL = 2, /* the GPUs cannot be partitioned or used */
};

/**
 * struct rocpart_check - One check of a diagnosis. Layout frozen.
 * @id: stable name, "driver".
 * @title: condition that the check verifies, one line.
 * @state: result of the check.
 * @seen: observations, one line.
 * @advice: next step for the user, one line; "" when the user need not act.
 * @why: reason why the condition matters, one line.
 * @fix: command that solves the problem without a decision of the user, such as "modprobe amdgpu";
 *	"" when no single command does. See rocpart_doctor_fix().
 * @reserved: zero.
 *
 * The texts are owned by the doctor.
 */
struct rocpart_check {
	const char *id;
	const char *title;
	enum rocpart_check_state state;
	const char *seen;
	const char *advice;
	const char *why;
	const char *fix;
	uint64_t reserved[2];
};

/**
 * rocpart_doctor_new() - Create a diagnosis of a machine. No check runs yet.
 * @machine: machine; must outlive the doctor.
 * @ret_doctor: receives the doctor; free it with rocpart_doctor_free().
 * @reterr: receives the reason on failure; may be NULL.
 *
 * Since 0.1.
 * Return: 0; -ENOMEM: out of memory.
 */
int rocpart_doctor_new(struct rocpart_machine *machine, struct rocpart_doctor **ret_doctor,
		       struct rocpart_error *reterr);

/**
 * rocpart_doctor_free() - Free a diagnosis.
 * @doctor: doctor, or NULL.
 *
 * Since 0.1.
 * Return: NULL.
 */
struct rocpart_doctor *rocpart_doctor_free(struct rocpart_doctor *doctor);

/**
 * rocpart_doctor_get_variable() - Return one of the environment variables that the diagnosis
 * checks.
 * @index: from 0.
 *
 * The library does not read the environment. The caller reads each variable and passes its value to
 * rocpart_doctor_set_variable(). Thread: any. Since 0.1.
 * Return: static text; NULL past the end.
 */
const char *rocpart_doctor_get_variable(size_t index);

/**
 * rocpart_doctor_set_variable() - Pass a set environment variable to the diagnosis.
 * @doctor: doctor.
 * @name: one of rocpart_doctor_get_variable().
 * @value: value of the variable; may be empty.
 * @reterr: receives the reason on failure; may be NULL.
 *
 * Since 0.1.
 * Return: 0; -EINVAL: @name is another variable; -ENOMEM: out of memory.
 */
int rocpart_doctor_set_variable(struct rocpart_doctor *doctor, const char *name, const char *value,
				struct rocpart_error *reterr);

/**
 * rocpart_doctor_set_user() - Set the user whose access to the GPUs the diagnosis checks.
 * @doctor: doctor.
 * @uid: user id; 0 unless set.
 * @gids: all groups of that user. Copied.
 * @n_gids: number of @gids.
 *
 * Since 0.1.
 * Return: 0; -ENOMEM: out of memory.
 */
int rocpart_doctor_set_user(struct rocpart_doctor *doctor, uint32_t uid, const uint32_t *gids,
			    size_t n_gids);

/**
 * rocpart_doctor_run() - Diagnose the machine.
 * @doctor: doctor.
 * @reterr: receives the reason on failure; may be NULL.
 *
 * The call only reads. On a machine that rocpart_machine_open_real() opened, the call also loads
 * AMD's library and runs `amd-smi`, `modinfo`, `dmesg` (or `journalctl`), `containerd` and
 * `dockerd` where these are installed: each question to AMD's library or command ends after 75 s at
 * the latest, `modinfo` after 180 s, the others after 10 s. For another machine the call runs no
 * program. Without GPUs the call skips the checks that need a GPU. Since 0.1.
 * Return: number of GPUs; -ENOMEM: out of memory. When the machine cannot be read, the call
 * succeeds and a check fails.
 */
int rocpart_doctor_run(struct rocpart_doctor *doctor, struct rocpart_error *reterr);

/**
 * rocpart_doctor_get_check() - Return one check of a diagnosis.
 * @doctor: doctor after rocpart_doctor_run().
 * @index: from 0.
 *
 * Since 0.1.
 * Return: owned by the doctor; NULL past the end.
 */
const struct rocpart_check *rocpart_doctor_get_check(const struct rocpart_doctor *doctor,
						     size_t index);

/**
 * rocpart_doctor_fix() - Do what the fix of a check says.
 * @doctor: doctor after rocpart_doctor_run().
 * @id: rocpart_check.id of a check that has a fix.
 * @reterr: receives the reason on failure; may be NULL.
 *
 * The call loads the driver ("driver"), or rewrites the CDI specs that rocpart generated and nobody
 * edited ("cdi"). The fix of "change" takes minutes and can be shown and interrupted: do it with
 * rocpart_change_open_journal() and rocpart_change_apply(). The checks keep their results until the
 * next rocpart_doctor_run(). The call asks nobody. Since 0.1.
 * Return: 0; -EINVAL: the check has no fix, or it is "change"; -EROFS: the machine is a capture, or
 * a dry run; -EBUSY: another process changes the machine (LOCKED), or a change is unfinished
 * (UNFINISHED_CHANGE); -EIO or -ETIMEDOUT: the driver did not load (DRIVER_RELOAD); -ENOMEM: out of
 * memory; other errno of loading the driver or writing the specs.
 */
int rocpart_doctor_fix(struct rocpart_doctor *doctor, const char *id, struct rocpart_error *reterr);

/**
 * rocpart_check_state_to_string() - Return the name of a result: "pass", "warn" or "fail".
 * @state: any value.
 *
 * Thread: any. Since 0.1.
 * Return: static text; "fail" for a value without a name.
 */
const char *rocpart_check_state_to_string(enum rocpart_check_state state);

#ifdef __cplusplus
}
#endif
#endif
