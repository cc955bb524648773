/* SPDX-License-Identifier: MIT */
/* Running a program: by argv, never by a shell; its output kept up to a limit; with a deadline. */
#ifndef RP_BASE_SPAWN_H
#define RP_BASE_SPAWN_H

#include "base/base.h"
#include "base/strbuf.h"

struct rp_spawn_result {
	int exit_status; /* of exit(); -1 when it died of a signal or was killed */
	int signal;	 /* that ended it, or 0 */
	bool timed_out;
	bool cut; /* it wrote more than max_out */
};

/*
 * Run argv[0], a path or a name for rp_find_program(), with no standard input and an environment of
 * its own: PATH and LANG. Standard output and error are appended to
 * out (NULL: dropped), at most max_out bytes. It has ended when the program itself has: what its
 * children still write is not waited for. After deadline_ms the process group is killed.
 * 0 when it was started, whatever its exit status; -ENOENT when there is no such program; other
 * -errno.
 */
int rp_spawn(const char *const *argv, struct rp_strbuf *out, size_t max_out, uint64_t deadline_ms,
	     struct rp_spawn_result *ret) RP_MUST_CHECK;

/* The same with standard input, and error output kept apart. */
struct rp_spawn_streams {
	const char *input;     /* at most a pipe's 4096 bytes; NULL: none */
	struct rp_strbuf *out; /* NULL: dropped */
	struct rp_strbuf *err; /* NULL: into out */
	size_t max_out;	       /* of each */
	/*
	 * An open file that the program keeps, as descriptor 3 (of a function: 4): a lock that it
	 * thus holds when we are killed. 0: none. All other files of ours are closed in it.
	 */
	int inherited_fd;
};
int rp_spawn_streams(const char *const *argv, const struct rp_spawn_streams *s,
		     uint64_t deadline_ms, struct rp_spawn_result *ret) RP_MUST_CHECK;

/*
 * Run a function in a child of its own, with no standard streams and none of our files but out_fd,
 * whose bytes are appended to s->out; what it returns is its exit status. It may crash or hang. Of
 * s only out, max_out and inherited_fd are used.
 */
typedef int (*rp_child_fn)(void *userdata, int out_fd);
int rp_spawn_function(rp_child_fn fn, void *userdata, const struct rp_spawn_streams *s,
		      uint64_t deadline_ms, struct rp_spawn_result *ret) RP_MUST_CHECK;

/*
 * Absolute path of a program. For root, and in a program that gained rights at execve, it is in one
 * of the usual folders: PATH may be that of another user. Others may have the program in a folder
 * of their PATH; relative ones are passed over: nothing of the current folder is found. 0, -ENOENT,
 * -ENOMEM.
 */
int rp_find_program(const char *name, char **ret_path) RP_MUST_CHECK;

/* CLOCK_MONOTONIC. */
uint64_t rp_now_ns(void);
void rp_sleep_ms(uint64_t ms);

#endif
