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
 * enum rocpart_check_state - How a check ended. Append-only.
 */
enum rocpart_check_state {
	ROCPART_CHECK_PASS = 0, /* as it should be, or not asked on such a machine */
	ROCPART_CHECK_WARN = 1, /* works, but something is in the way of something */
	ROCPART_CHECK_FAIL = 2, /* GPUs cannot be partitioned or used like this */
};

/**
 * struct rocpart_check - One line of the checklist. Layout frozen.
 * @id: stable name, "driver".
 * @title: what is asked, one line.
 * @state: how it ended.
 * @seen: what was seen, one line.
 * @advice: what to do, one line; "" when there is nothing to do.
 * @reserved: zero.
 *
 * Texts are owned by the doctor.
 */
struct rocpart_check {
	const char *id;
	const char *title;
	enum rocpart_check_state state;
	const char *seen;
	const char *advice;
	uint64_t reserved[4];
};

/**
 * rocpart_doctor_new() - A checklist of a machine, not gone through yet.
 * @machine: the machine; it outlives the doctor.
 * @ret_doctor: to be freed with rocpart_doctor_free().
 * @reterr: why it failed, or NULL.
 *
 * Since 0.1.
 * Return: 0; -ENOMEM.
 */
int rocpart_doctor_new(struct rocpart_machine *machine, struct rocpart_doctor **ret_doctor,
		       struct rocpart_error *reterr);

/**
 * rocpart_doctor_free() - Free a checklist.
 * @doctor: the checklist, or NULL.
 *
 * Since 0.1.
 * Return: NULL.
 */
struct rocpart_doctor *rocpart_doctor_free(struct rocpart_doctor *doctor);

/**
 * rocpart_doctor_get_variable() - The environment variables that matter.
 * @index: from 0.
 *
 * The library does not read the environment: hand the values in with
 * rocpart_doctor_set_variable(). Thread: any. Since 0.1.
 * Return: static text; NULL past the end.
 */
const char *rocpart_doctor_get_variable(size_t index);

/**
 * rocpart_doctor_set_variable() - Tell an environment variable that is set.
 * @doctor: the checklist.
 * @name: one of rocpart_doctor_get_variable().
 * @value: its value, which may be empty.
 * @reterr: why it failed, or NULL.
 *
 * Since 0.1.
 * Return: 0; -EINVAL: another name; -ENOMEM.
 */
int rocpart_doctor_set_variable(struct rocpart_doctor *doctor, const char *name, const char *value,
				struct rocpart_error *reterr);

/**
 * rocpart_doctor_set_user() - Tell who would use the GPUs.
 * @doctor: the checklist.
 * @uid: user id; 0 unless set.
 * @gids: every group of that user, copied.
 * @n_gids: number of @gids.
 *
 * Since 0.1.
 * Return: 0; -ENOMEM.
 */
int rocpart_doctor_set_user(struct rocpart_doctor *doctor, uint32_t uid, const uint32_t *gids,
			    size_t n_gids);

/**
 * rocpart_doctor_run() - Go through the checklist.
 * @doctor: the checklist.
 * @reterr: why it failed, or NULL.
 *
 * Reads only. On this computer it also runs `amd-smi version` and `modinfo`, at most 30 s each;
 * never for a simulated machine or a capture. A machine without GPUs is gone through as far as it
 * goes. Since 0.1.
 * Return: number of GPUs; -ENOMEM. That the machine cannot be read is a check that failed.
 */
int rocpart_doctor_run(struct rocpart_doctor *doctor, struct rocpart_error *reterr);

/**
 * rocpart_doctor_get_check() - One line of the checklist.
 * @doctor: the checklist, gone through.
 * @index: from 0.
 *
 * Since 0.1.
 * Return: owned by the doctor; NULL past the end.
 */
const struct rocpart_check *rocpart_doctor_get_check(const struct rocpart_doctor *doctor,
						     size_t index);

/**
 * rocpart_check_state_to_string() - "pass", "warn" or "fail".
 * @state: any value.
 *
 * Thread: any. Since 0.1.
 * Return: static text.
 */
const char *rocpart_check_state_to_string(enum rocpart_check_state state);

#ifdef __cplusplus
}
#endif
#endif
