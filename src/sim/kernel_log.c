/* SPDX-License-Identifier: MIT */
/*
 * What the driver writes into the kernel log, in the words of its sources and in the form in which
 * /dev/kmsg gives it: "level,number,microseconds,flags;text". A file beside the state; the state
 * says how many bytes of it are its lines, so that both change at once.
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/machine.h"
#include "sim/store.h"

#define KEPT_MAX (1 << 20) /* of a ring buffer: then the first half goes */

void rp_sim_klog(struct rp_sim *sim, unsigned level, size_t gpu, const char *fmt, ...)
{
	int64_t us = rp_sim_time(sim) - sim->state.booted_us;
	va_list ap;

	rp_strbuf_addf(&sim->log, "%u,%llu,%lld,-;", level,
		       (unsigned long long)sim->state.log_lines++, (long long)(us > 0 ? us : 0));
	if (gpu != RP_SIM_NO_GPU)
		rp_strbuf_addf(&sim->log, "amdgpu %s: amdgpu: ", sim->profile->gpus[gpu].bdf);
	va_start(ap, fmt);
	rp_strbuf_vaddf(&sim->log, fmt, ap);
	va_end(ap);
	rp_strbuf_add_char(&sim->log, '\n');
}

/* The second half of the file, from a whole line on. */
static int shorten(struct rp_sim *sim)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	int r = rp_sim_read_at(sim->dir_fd, RP_SIM_KLOG_FILE, KEPT_MAX * 2, &text, NULL);
	const char *half;

	if (r < 0)
		return r;
	half = strchr(rp_strbuf_str(&text) + text.len / 2, '\n');
	if (!half)
		return 0;
	sim->state.log_bytes = strlen(half + 1);
	return rp_sim_replace_at(sim->dir_fd, RP_SIM_KLOG_FILE, half + 1, strlen(half + 1));
}

/* Behind the lines that count: others are of a change that was never saved. */
static int append(struct rp_sim *sim)
{
	RP_AUTO_CLOSE int fd = -EBADF;
	struct stat st;
	uint64_t at = sim->log_is_new ? 0 : sim->state.log_bytes;

	fd = rp_retry(openat(sim->dir_fd, RP_SIM_KLOG_FILE, O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
	if (fd < 0 || fstat(fd, &st) < 0)
		return rp_neg_errno();
	if (at > (uint64_t)st.st_size)
		at = (uint64_t)st.st_size;
	if (ftruncate(fd, (off_t)at) < 0)
		return rp_neg_errno();
	errno = 0;
	if (rp_retry(pwrite(fd, rp_strbuf_str(&sim->log), sim->log.len, (off_t)at)) !=
	    (ssize_t)sim->log.len)
		return errno ? rp_neg_errno() : -ENOSPC;
	sim->state.log_bytes = at + sim->log.len;
	return sim->state.log_bytes > KEPT_MAX ? shorten(sim) : 0;
}

int rp_sim_klog_flush(struct rp_sim *sim)
{
	int r = 0;

	if (!sim->log.len && !sim->log_is_new)
		return 0;
	if (sim->dir_fd < 0) {
		if (sim->log_is_new)
			rp_strbuf_reset(&sim->old_log);
		rp_strbuf_add(&sim->old_log, rp_strbuf_str(&sim->log));
	} else {
		r = append(sim);
	}
	rp_strbuf_reset(&sim->log);
	sim->log_is_new = false;
	return r == 0 && rp_strbuf_failed(&sim->old_log) ? -ENOMEM : r;
}

int rp_sim_klog_read(struct rp_sim *sim, struct rp_strbuf *ret)
{
	int r = 0;

	if (sim->log_is_new)
		r = 0; /* the file is of the boot before */
	else if (sim->dir_fd < 0)
		rp_strbuf_add(ret, rp_strbuf_str(&sim->old_log));
	else
		r = rp_sim_read_at(sim->dir_fd, RP_SIM_KLOG_FILE, KEPT_MAX * 2, ret, NULL);
	if (r < 0 && r != -ENOENT) /* of an earlier version */
		return r;
	if (sim->dir_fd >= 0 && !sim->log_is_new)
		rp_strbuf_truncate(ret, ret->len < sim->state.log_bytes ? ret->len
									: sim->state.log_bytes);
	rp_strbuf_add(ret, rp_strbuf_str(&sim->log));
	return rp_strbuf_failed(ret) ? -ENOMEM : 0;
}
