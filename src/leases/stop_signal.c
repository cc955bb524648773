/* SPDX-License-Identifier: MIT */
#include "leases/stop_signal.h"

#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

void rp_stop_done(struct rp_stop *s)
{
	for (size_t i = 0; i < s->n; i++)
		rp_cleanup_close(&s->fds[i]);
	free(s->fds);
	free(s->pids);
	memset(s, 0, sizeof(*s));
}

int rp_stop_open(struct rp_stop *s, const uint32_t *pids, size_t n)
{
	s->pids = rp_new0(uint32_t, n);
	s->fds = rp_new0(int, n);
	if (!s->pids || !s->fds)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		long fd = syscall(SYS_pidfd_open, (pid_t)pids[i], 0);

		if (fd < 0 && errno == ESRCH)
			continue;
		if (fd < 0)
			return rp_neg_errno();
		s->pids[s->n] = pids[i];
		s->fds[s->n++] = (int)fd;
	}
	return 0;
}

int rp_stop_send(const struct rp_stop *s, const uint32_t *still, size_t n_still, bool is_hard,
		 size_t *ret_sent)
{
	size_t sent = 0;
	int r = 0;

	for (size_t i = 0; i < s->n; i++) {
		bool is_still = false;

		for (size_t k = 0; k < n_still; k++)
			is_still |= still[k] == s->pids[i];
		if (!is_still)
			continue;
		if (syscall(SYS_pidfd_send_signal, s->fds[i], is_hard ? SIGKILL : SIGTERM, NULL,
			    0) == 0)
			sent++;
		else if (errno != ESRCH && r == 0)
			r = rp_neg_errno();
	}
	if (r == 0 || sent)
		*ret_sent = sent;
	return r;
}
