/* SPDX-License-Identifier: MIT */
/*
 * The order of writers. SQLite's write lock goes to whoever asks at the right moment, so that of 64
 * writers the unlucky wait nine times as long as the median. Therefore each writer first takes a
 * ticket: a lock on the byte of leases.queue whose offset is the monotonic clock. It is the turn of
 * the writer that has no locked byte before its own.
 *
 * Invariants:
 * - The kernel releases the ticket of a process that ends, however it ends: there is nothing to
 *   clean up, and no ticket is left behind. The file stays empty.
 * - Order is a courtesy. The write lock of the database alone keeps writers apart, so an error here
 *   costs order, never consistency.
 * - A writer that was stopped (SIGSTOP) while it waited does not stop the queue: whoever has seen
 *   the same first ticket for STALL_NS passes it. When that first one is at work, and only slow,
 *   whoever passed it still waits for the write lock of the database.
 *
 * Time: a look is one system call for the first in the queue, else one for each ticket that the
 * kernel lists before an earlier one.
 */
#include "leases/db_queue.h"

#include <fcntl.h>

#include "base/spawn.h"

#define FILE_NAME "leases.queue"
#define STALL_NS  UINT64_C(200000000)

int rp_queue_open(const char *dir)
{
	RP_AUTO_FREE char *path = rp_strdupf("%s/" FILE_NAME, dir);
	RP_AUTO_CLOSE int fd = -EBADF;

	if (!path)
		return -ENOMEM;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return rp_neg_errno();
	return rp_steal_fd(&fd);
}

void rp_queue_join(struct rp_queue *q, const char *dir)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1};

	*q = (struct rp_queue)RP_QUEUE_INIT;
	q->fd = rp_queue_open(dir);
	if (q->fd < 0)
		return;
	lock.l_start = (off_t)rp_now_ns();
	/* Who took a ticket in the same nanosecond has the byte. */
	while (fcntl(q->fd, F_OFD_SETLK, &lock) < 0) {
		if (errno != EAGAIN && errno != EACCES) {
			rp_queue_leave(q);
			return;
		}
		lock.l_start++;
	}
	q->ticket = lock.l_start;
}

/* Return the first ticket in [from, to), or -1. The kernel shows any lock of a range. */
static int64_t find_front(int fd, int64_t from, int64_t to)
{
	int64_t front = -1;

	while (from < to) {
		struct flock lock = {.l_type = F_WRLCK,
				     .l_whence = SEEK_SET,
				     .l_start = from,
				     .l_len = to - from};

		if (fcntl(fd, F_OFD_GETLK, &lock) < 0 || lock.l_type == F_UNLCK)
			break;
		front = lock.l_start;
		to = front;
	}
	return front;
}

bool rp_queue_is_my_turn(struct rp_queue *q)
{
	int64_t front;

	if (q->fd < 0)
		return true;
	front = find_front(q->fd, q->passed, q->ticket);
	if (front < 0)
		return true;
	if (front != q->front) {
		q->front = front;
		q->front_ns = rp_now_ns();
	} else if (rp_now_ns() - q->front_ns > STALL_NS) {
		q->passed = front + 1;
	}
	return false;
}

void rp_queue_leave(struct rp_queue *q)
{
	if (q->fd >= 0)
		(void)close(q->fd);
	q->fd = -EBADF;
}
