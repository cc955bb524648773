/* SPDX-License-Identifier: MIT */
/*
 * What the driver writes into the kernel log, in the words of its sources and in the form in which
 * /dev/kmsg gives it: "level,number,microseconds,flags;text". A file beside the state; lines are
 * added once the state that they tell of is saved.
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

static int shorten(struct rp_sim *sim)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	int r = rp_sim_read_at(sim->dir_fd, RP_SIM_KLOG_FILE, KEPT_MAX * 2, &text, NULL);
	const char *half;

	if (r < 0)
		return r;
	half = strchr(rp_strbuf_str(&text) + text.len / 2, '\n');
	return half ? rp_sim_replace_at(sim->dir_fd, RP_SIM_KLOG_FILE, half + 1, strlen(half + 1))
		    : 0;
}

static int append(struct rp_sim *sim)
{
	RP_AUTO_CLOSE int fd = -EBADF;
	struct stat st;
	int flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | (sim->log_is_new ? O_TRUNC : 0);

	fd = rp_retry(openat(sim->dir_fd, RP_SIM_KLOG_FILE, flags, 0644));
	if (fd < 0 || fstat(fd, &st) < 0)
		return rp_neg_errno();
	if (rp_retry(write(fd, rp_strbuf_str(&sim->log), sim->log.len)) != (ssize_t)sim->log.len)
		return errno ? rp_neg_errno() : -ENOSPC;
	return st.st_size + (off_t)sim->log.len > KEPT_MAX ? shorten(sim) : 0;
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
	rp_strbuf_add(ret, rp_strbuf_str(&sim->log));
	return rp_strbuf_failed(ret) ? -ENOMEM : 0;
}
