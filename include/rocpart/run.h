/* SPDX-License-Identifier: MIT */
#ifndef ROCPART_RUN_H
#define ROCPART_RUN_H

#include <stddef.h>
#include <stdint.h>

#include <rocpart/error.h>
#include <rocpart/handout.h>
#include <rocpart/lease.h>
#include <rocpart/node.h>
#include <rocpart/place.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A program on leased partitions: a process that waits, gets a lease that belongs to it and a
 * control group that denies it other partitions, and then becomes the program. When it is gone, so
 * is its lease, whoever was watching: the owner is the process itself. docs/design/limits.md.
 */

/**
 * struct rocpart_run - One such program. Opaque.
 */
struct rocpart_run;

/**
 * struct rocpart_command - What is to be run. Layout frozen; all of it is borrowed during a call.
 * @argv: the program, looked up in PATH, and its arguments; ends with NULL.
 * @envp: its environment before anything is handed out; ends with NULL.
 * @reserved: zero.
 */
struct rocpart_command {
	const char *const *argv;
	const char *const *envp;
	uint64_t reserved[4];
};

/**
 * rocpart_run_place() - Lease partitions for a program, and confine it to them.
 * @machine: the machine; borrowed for the life of the run.
 * @command: what is to be run.
 * @options: what is to be placed, one for each lease; their owner is not looked at.
 * @n_options: how many, at least 1.
 * @ret_run: to be freed with rocpart_run_free(); it waits for rocpart_run_start().
 * @ret_leases: the new leases, to be freed with rocpart_leases_free().
 * @reterr: why it failed, or NULL.
 *
 * Forks: the process has the caller's signal mask, working directory and open files, and ends when
 * the caller ends before it is started. It owns the leases. All is one transaction: nobody sees a
 * lease without its limits. The record outlives the caller, not the machine, like the process.
 * What cannot be enforced here is no failure: rocpart_run_get_missing(). Since 0.1.
 * Return: 0; -EINVAL: no program; -EROFS: a capture; -EAGAIN: no process can be made; errors of
 * rocpart_place() and rocpart_handout_new().
 */
int rocpart_run_place(struct rocpart_machine *machine, const struct rocpart_command *command,
		      const struct rocpart_place_options *const *options, size_t n_options,
		      struct rocpart_run **ret_run, struct rocpart_leases **ret_leases,
		      struct rocpart_error *reterr);

/**
 * rocpart_run_use() - Confine a program to what was leased before.
 * @machine: the machine; borrowed for the life of the run.
 * @command: what is to be run.
 * @leases: numbers of leases, as text. Borrowed during the call.
 * @n_leases: how many, at least 1.
 * @ret_run: to be freed with rocpart_run_free(); it waits for rocpart_run_start().
 * @reterr: why it failed, or NULL.
 *
 * As rocpart_run_place(), but the leases keep their owner and do not end with it. Since 0.1.
 * Return: 0; -EINVAL: no program, or that is not the number of a lease; -EROFS: a capture; -EAGAIN:
 * no process can be made; errors of rocpart_handout_new().
 */
int rocpart_run_use(struct rocpart_machine *machine, const struct rocpart_command *command,
		    const char *const *leases, size_t n_leases, struct rocpart_run **ret_run,
		    struct rocpart_error *reterr);

/**
 * rocpart_run_free() - Free it.
 * @run: the run, or NULL.
 *
 * A process that still waits is ended, and its leases with it. A program that runs is left alone.
 * Since 0.1.
 * Return: NULL.
 */
struct rocpart_run *rocpart_run_free(struct rocpart_run *run);

/**
 * rocpart_run_get_pid() - Its process, now and when it is the program; a child of the caller.
 * @run: the run.
 *
 * Since 0.1.
 * Return: process id, to be waited for by the caller once it was started.
 */
uint32_t rocpart_run_get_pid(const struct rocpart_run *run);

/**
 * rocpart_run_get_handout() - What is handed out to it.
 * @run: the run.
 * @ret_view: which device nodes it can open: its own where they are enforced.
 *
 * Since 0.1.
 * Return: owned by the run.
 */
const struct rocpart_handout *rocpart_run_get_handout(const struct rocpart_run *run,
						      enum rocpart_view *ret_view);

/**
 * rocpart_run_get_missing() - What is not enforced, and why.
 * @run: the run.
 * @index: from 0.
 *
 * Since 0.1.
 * Return: one line, owned by the run; NULL past the end.
 */
const char *rocpart_run_get_missing(const struct rocpart_run *run, size_t index);

/**
 * rocpart_run_start() - Let the process become the program.
 * @run: the run.
 * @reterr: why it failed, or NULL.
 *
 * Its environment is the one given, with the variables of the handout, with ROCPART_LEASE (the
 * numbers of its leases, by blanks), and without variables that would filter a second time.
 * Since 0.1.
 * Return: 0: it runs; -EINVAL: it runs already; -ENOENT: there is no such
 * program; -EACCES and others: it cannot be executed. After a failure the process is gone.
 */
int rocpart_run_start(struct rocpart_run *run, struct rocpart_error *reterr);

/**
 * rocpart_run_finish() - After the program ended: nothing of it stays.
 * @run: the run, whose process was waited for.
 * @grace_ms: milliseconds between SIGTERM and SIGKILL for what the program left behind.
 * @ret_left: how many processes it had left behind.
 * @reterr: why it failed, or NULL.
 *
 * Ends the processes that are still in its control group, removes the group, and ends the leases
 * of rocpart_run_place(). Waits at most @grace_ms and two seconds. Since 0.1.
 * Return: 0; errors of rocpart_lease_release().
 */
int rocpart_run_finish(struct rocpart_run *run, uint64_t grace_ms, size_t *ret_left,
		       struct rocpart_error *reterr);

#ifdef __cplusplus
}
#endif
#endif
