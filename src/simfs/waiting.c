/* SPDX-License-Identifier: MIT */
/*
 * Requests that are answered later: reads that are slow or hang, changes that take their time. The
 * server goes on meanwhile, as a kernel does while one system call sleeps.
 */
#define FUSE_USE_VERSION 314
#include <fuse3/fuse_lowlevel.h>

#include "simfs/simfs.h"

#define STEP_MS 20 /* how often they are looked at */

struct rp_simfs_waiting {
	struct rp_simfs_request request;
	struct rp_sim_delay delay;
	char *path; /* of a read; "" of a change */
};

int rp_simfs_wait(struct rp_simfs *fs, const struct rp_simfs_request *request, const char *path,
		  const struct rp_sim_delay *delay)
{
	struct rp_simfs_waiting w = {*request, *delay, rp_strdupf("%s", path)};

	if (!w.path || rp_grow(&fs->waiting, &fs->cap_waiting, fs->n_waiting + 1, sizeof(w)) < 0) {
		free(w.path);
		return -ENOMEM;
	}
	fs->waiting[fs->n_waiting++] = w;
	return 0;
}

/* Those whose time has come, in the order in which they came; and those that hang, after a signal.
 */
static void answer(struct rp_simfs *fs)
{
	size_t n = 0;

	for (size_t i = 0; i < fs->n_waiting; i++) {
		struct rp_simfs_waiting *w = &fs->waiting[i];

		if (rp_sim_delay_is_over(fs->sim, w->path, &w->delay)) {
			rp_simfs_answer(fs, &w->request);
		} else if (fs->is_interrupted && w->delay.hangs) {
			fuse_reply_err(w->request.req, EINTR);
		} else {
			fs->waiting[n++] = *w;
			continue;
		}
		free(w->path);
	}
	fs->n_waiting = n;
}

void rp_simfs_interrupt(struct rp_simfs *fs)
{
	fs->is_interrupted = true; /* a read may be on its way still */
	answer(fs);
}

int rp_simfs_patience(const struct rp_simfs *fs)
{
	int ms = rp_sim_next_due_ms(fs->sim);

	if (fs->n_waiting)
		return STEP_MS;
	return ms < 0 && rp_sim_has_load(fs->sim) ? RP_SIMFS_FOLLOW_MS : ms;
}

int rp_simfs_pass_time(struct rp_simfs *fs)
{
	int r = rp_sim_next_due_ms(fs->sim) == 1 ? rp_simfs_refresh(fs) : 0;

	if (r < 0 || !fs->n_waiting)
		return r;
	if (rp_sim_look_again(fs->sim) < 0)
		rp_simfs_give_up(fs); /* the machine was removed */
	else
		answer(fs);
	return 0;
}

void rp_simfs_give_up(struct rp_simfs *fs)
{
	for (size_t i = 0; i < fs->n_waiting; i++) {
		fuse_reply_err(fs->waiting[i].request.req, ENODEV);
		free(fs->waiting[i].path);
	}
	free(fs->waiting);
	fs->waiting = NULL;
	fs->n_waiting = fs->cap_waiting = 0;
}
