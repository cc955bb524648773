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
 * Running a program on leased partitions. rocpart creates a process that waits, creates a lease
 * that belongs to the process, puts the process into a cgroup that denies other partitions, and
 * then lets the process execute the program. The owner of the lease is the process itself, then
 * what the process leaves in the cgroup, so the lease ends with the last of these processes, even
 * when the caller of the library is gone. docs/design/limits.md describes the limits.
 */

/**
 * struct rocpart_run - A program on leased partitions. Opaque.
 */
struct rocpart_run;

/**
 * struct rocpart_user - The user that a command runs as. Layout frozen.
 * @uid: user id.
 * @gid: primary group id.
 * @groups: ids of the supplementary groups, such as render and video.
 * @n_groups: number of @groups.
 * @reserved: zero.
 */
struct rocpart_user {
	uint32_t uid;
	uint32_t gid;
	const uint32_t *groups;
	uint64_t n_groups;
	uint64_t reserved[2];
};

/**
 * struct rocpart_command - A command to run. Layout frozen; all pointers are borrowed during a
 * call.
 * @argv: the program, which is searched in PATH, and its arguments; ends with NULL.
 * @envp: environment before rocpart adds and removes variables; ends with NULL.
 * @user: user to run as, which takes root; NULL: the user of the caller. A user other than root
 *	also gets a cgroup namespace, and cannot gain rights (no_new_privs).
 * @pass_fds: open descriptors above 2 that the program keeps under their numbers; all others above
 *	2 are closed.
 * @n_pass_fds: number of @pass_fds.
 * @reserved: zero.
 */
struct rocpart_command {
	const char *const *argv;
	const char *const *envp;
	const struct rocpart_user *user;
	const int *pass_fds;
	uint64_t n_pass_fds;
	uint64_t reserved[1];
};

/** ROCPART_RUN_LEAVE - Let processes that the program left behind run on, with their lease. */
#define ROCPART_RUN_LEAVE UINT64_MAX

/**
 * rocpart_run_place() - Lease partitions for a program, and confine the program to these
 * partitions.
 * @machine: machine; borrowed for the life of the run.
 * @command: command to run.
 * @options: descriptions of leases; the call ignores their owners.
 * @n_options: number of @options, at least 1.
 * @ret_run: receives the run, which waits for rocpart_run_start(); free it with rocpart_run_free().
 * @ret_leases: receives the new leases; free the list with rocpart_leases_free().
 * @reterr: receives the reason on failure; may be NULL.
 *
 * The call forks a process that owns the leases. The process has the caller's signal mask and
 * working directory, and ends when the caller ends before rocpart_run_start(). The call is
 * one transaction: no other program sees a lease without its limits. The record of a lease survives
 * the end of the caller but not a crash of the machine, like the process itself. A limit that the
 * machine cannot enforce is not an error; see rocpart_run_get_missing(). Since 0.1.
 * Return: 0; -EINVAL: no command given; -EROFS: the machine is a capture; -EAGAIN: the kernel
 * cannot create the process; -ESRCH: the process ended already; errors of fork(2), rocpart_place()
 * and rocpart_handout_new().
 */
int rocpart_run_place(struct rocpart_machine *machine, const struct rocpart_command *command,
		      const struct rocpart_place_options *const *options, size_t n_options,
		      struct rocpart_run **ret_run, struct rocpart_leases **ret_leases,
		      struct rocpart_error *reterr);

/**
 * rocpart_run_use() - Confine a program to partitions that were leased before.
 * @machine: machine; borrowed for the life of the run.
 * @command: command to run.
 * @leases: leases as rocpart_leases_find() takes them. Borrowed during the call.
 * @n_leases: number of @leases, at least 1.
 * @ret_run: receives the run, which waits for rocpart_run_start(); free it with rocpart_run_free().
 * @reterr: receives the reason on failure; may be NULL.
 *
 * The call works like rocpart_run_place(), but the leases keep their owner and do not end with the
 * program. Since 0.1.
 * Return: 0; -EINVAL: no command given, or several leases have a name; -EROFS: the machine
 * is a capture; -EAGAIN: the kernel cannot create the process; errors of fork(2) and
 * rocpart_handout_new().
 */
int rocpart_run_use(struct rocpart_machine *machine, const struct rocpart_command *command,
		    const char *const *leases, size_t n_leases, struct rocpart_run **ret_run,
		    struct rocpart_error *reterr);

/**
 * rocpart_run_free() - Free a run.
 * @run: run, or NULL.
 *
 * When the process still waits, the call kills the process and releases its leases. A program that
 * runs keeps running. Since 0.1.
 * Return: NULL.
 */
struct rocpart_run *rocpart_run_free(struct rocpart_run *run);

/**
 * rocpart_run_get_pid() - Return the process id of a run. The process is a child of the caller, and
 * executes the program later.
 * @run: run.
 *
 * Since 0.1.
 * Return: process id; the caller waits for the process after rocpart_run_start().
 */
uint32_t rocpart_run_get_pid(const struct rocpart_run *run);

/**
 * rocpart_run_get_handout() - Return the handout of a run.
 * @run: run.
 * @ret_view: receives the view of the program: ROCPART_VIEW_OWN when the cgroup denies other
 *	partitions.
 *
 * Since 0.1.
 * Return: owned by the run.
 */
const struct rocpart_handout *rocpart_run_get_handout(const struct rocpart_run *run,
						      enum rocpart_view *ret_view);

/**
 * rocpart_run_get_missing() - Return one limit that is not enforced, with the reason.
 * @run: run.
 * @index: from 0.
 *
 * Since 0.1.
 * Return: one line, owned by the run; NULL past the end.
 */
const char *rocpart_run_get_missing(const struct rocpart_run *run, size_t index);

/**
 * rocpart_run_start() - Execute the program in the waiting process.
 * @run: run.
 * @reterr: receives the reason on failure; may be NULL.
 *
 * The environment of the program is that of the command, with the variables of the handout and
 * ROCPART_LEASE (the numbers of the leases, separated by blanks), and without variables that would
 * filter the devices a second time. Since 0.1.
 * Return: 0: the program runs; -EINVAL: the program runs already; -ENOENT: the program does not
 * exist; -EPERM: the caller may not become the user of the command; -EBADF: a descriptor to pass is
 * not open; -EACCES and other errno of execve(2): the program cannot be executed; -E2BIG: the
 * variables are too long; -ENOMEM: out of memory. After a failure the process is gone.
 */
int rocpart_run_start(struct rocpart_run *run, struct rocpart_error *reterr);

/**
 * rocpart_run_finish() - Clean up after the program ended.
 * @run: run whose process the caller has waited for.
 * @grace_ms: milliseconds between SIGTERM and SIGKILL for processes that the program left in its
 *	cgroup; ROCPART_RUN_LEAVE: these processes run on.
 * @ret_left: receives the number of processes that the program left in its cgroup.
 * @reterr: receives the reason on failure; may be NULL.
 *
 * The call removes the cgroup and releases the leases of rocpart_run_place(). While the cgroup has
 * processes, cgroup and leases stay: the next operation that reconciles the leases after the last
 * of these processes has ended releases the leases. With a @grace_ms the call stops the processes
 * first, and blocks for at most @grace_ms plus two seconds for each cgroup (one of v2 and, where
 * its filter was not available, one of v1). Since 0.1.
 * Return: 0; errors of rocpart_lease_release().
 */
int rocpart_run_finish(struct rocpart_run *run, uint64_t grace_ms, size_t *ret_left,
		       struct rocpart_error *reterr);

#ifdef __cplusplus
}
#endif
#endif
