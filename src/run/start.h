/* SPDX-License-Identifier: MIT */
/* A process that waits until everything around it is ready, and then becomes the program. */
#ifndef RP_RUN_START_H
#define RP_RUN_START_H

#include "base/base.h"
#include "base/error.h"
#include "rocpart/run.h"

#include <sys/types.h>

/* What can be changed of the environment: bytes of all "NAME=VALUE" together. */
#define RP_START_CHANGES_MAX 16384

struct rp_waiting {
	pid_t pid; /* of the process, before and after; 0: none */
	int fd;	   /* closed when we end, however we end: then the process ends too */
};
#define RP_WAITING_INIT ((struct rp_waiting){0, -EBADF})

/*
 * argv[0] is looked up in PATH. The command is borrowed. cgroup_fd: folder of the cgroup v2 that it
 * is born in, or -EBADF. 0; -ENOMEM; of clone3(2) and fork(2).
 */
int rp_start_wait(const struct rocpart_command *command, int cgroup_fd,
		  struct rp_waiting *ret) RP_MUST_CHECK;
/*
 * Let it run, as the user of the command and with the descriptors of the command only. changes
 * holds "NAME=VALUE" or "NAME" (to be taken away), each with its NUL. 0 when the program runs, or
 * ended before it could tell; -EPERM and others when it cannot become the user; the errno of
 * execve(2); in both cases the process is gone; -E2BIG.
 */
int rp_start_go(struct rp_waiting *w, const char *changes, size_t len,
		struct rocpart_error *reterr) RP_MUST_CHECK;
/* End one that still waits; nothing otherwise. */
void rp_start_cancel(struct rp_waiting *w);

#endif
