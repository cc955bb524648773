/* SPDX-License-Identifier: MIT */
/* The order of writers: leases.queue next to the database. Only src/leases/db*.c include this. */
#ifndef RP_LEASES_DB_QUEUE_H
#define RP_LEASES_DB_QUEUE_H

#include <stdint.h>

#include "base/base.h"

/* A place in the queue, held until rp_queue_leave(). */
struct rp_queue {
	int fd;
	int64_t ticket;
	/* Tickets below are not waited for; see rp_queue_is_my_turn(). */
	int64_t passed;
	int64_t front; /* the first ticket that was waited for last, since front_ns */
	uint64_t front_ns;
};
#define RP_QUEUE_INIT        \
	{                    \
		.fd = -EBADF \
	}

/* Open the queue of a record folder, made when missing. A descriptor, or -errno. */
int rp_queue_open(const char *dir) RP_MUST_CHECK;
/*
 * Take a ticket. Does nothing where the folder has no queue that can be opened or locked: order is
 * a courtesy, and the write lock of the database is what keeps writers apart.
 */
void rp_queue_join(struct rp_queue *q, const char *dir);
bool rp_queue_is_my_turn(struct rp_queue *q);
void rp_queue_leave(struct rp_queue *q);

#endif
