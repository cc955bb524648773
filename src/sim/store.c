/* SPDX-License-Identifier: MIT */
/*
 * The state on disk: one file, only ever replaced as a whole, changed under a lock on another.
 * No fsync: a simulated machine need not outlive a power cut, only its processes.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "sim/machine.h"
#include "sim/store.h"

#define STATE_MAX (4U << 20)

int rp_sim_read_at(int dir_fd, const char *name, size_t max, struct rp_strbuf *ret, int *ret_fd)
{
	RP_AUTO_CLOSE int fd = rp_retry(openat(dir_fd, name, O_RDONLY | O_CLOEXEC));
	ssize_t n = 1;

	if (fd < 0)
		return rp_neg_errno();
	while (n > 0) {
		if (ret->len > max)
			return -EFBIG;
		if (rp_strbuf_reserve(ret, 16384) < 0)
			return -ENOMEM;
		n = rp_retry(read(fd, ret->s + ret->len, 16384));
		if (n < 0)
			return rp_neg_errno();
		ret->len += (size_t)n;
		ret->s[ret->len] = '\0';
	}
	if (ret_fd)
		*ret_fd = rp_steal_fd(&fd);
	return 0;
}

static int write_all(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return rp_neg_errno();
		if (n == 0)
			return -EIO;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

int rp_sim_replace_at(int dir_fd, const char *name, const char *data, size_t len)
{
	RP_AUTO_FREE char *temp = rp_strdupf("%s.new", name);
	RP_AUTO_CLOSE int fd = -EBADF;
	int r;

	if (!temp)
		return -ENOMEM;
	/* Left behind by a killed process; the lock says that nobody is writing it now. */
	if (unlinkat(dir_fd, temp, 0) < 0 && errno != ENOENT)
		return rp_neg_errno();
	fd = rp_retry(openat(dir_fd, temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
	if (fd < 0)
		return rp_neg_errno();
	r = write_all(fd, data, len);
	if (r == 0 && renameat(dir_fd, temp, dir_fd, name) < 0)
		r = rp_neg_errno();
	return r;
}

static int parse_state(struct rp_sim *sim, const struct rp_strbuf *text)
{
	RP_AUTO_JSON struct rp_json *j = NULL;
	struct rp_sim_state state = {0};
	int r = rp_json_parse(rp_strbuf_str(text), text->len, RP_SIM_STATE_FILE, &j, NULL);

	if (r == 0)
		r = rp_sim_state_from_json(sim, j, &state);
	if (r < 0) {
		rp_sim_state_done(&state);
		return r == -ENOMEM ? r : -EBADMSG;
	}
	rp_sim_state_done(&sim->state);
	sim->state = state;
	rp_strbuf_reset(&sim->log); /* of what did not come to be, or is in the file */
	sim->log_is_new = false;
	rp_sim_layout(sim);
	return 0;
}

/*
 * How often the state was replaced stands in the lock file, which all who have the machine open
 * map: a scan is a thousand reads, each of which asks. Odd while it is being replaced, and for good
 * when whoever did so was killed there, or when the machine was removed: then the files are asked.
 *
 * Invariant: the mapping is made through an open file of its own. A mapping keeps its open file
 * after close(), and with it the flock() that was taken on that file: a process that mapped the
 * descriptor of its lock would wait for itself for ever at the next change.
 */
static int map_count(struct rp_sim *sim)
{
	RP_AUTO_CLOSE int fd = rp_retry(openat(sim->dir_fd, RP_SIM_LOCK_FILE, O_RDWR | O_CLOEXEC));
	struct stat st;
	void *p;

	if (fd < 0 || fstat(fd, &st) < 0)
		return rp_neg_errno();
	if (st.st_size < (off_t)sizeof(*sim->n_saves))
		return -ENODATA;
	p = mmap(NULL, sizeof(*sim->n_saves), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		return rp_neg_errno();
	sim->n_saves = p;
	return 0;
}

void rp_sim_store_map(struct rp_sim *sim)
{
	if (!sim->n_saves && map_count(sim) < 0)
		return; /* who only reads asks the files each time */
}

/*
 * Written, not stretched: a hole would need room on the disk when it is stored to. Whoever may open
 * the file may hold its lock for ever, so it is the owner's only, also where an older version made
 * it.
 */
static int make_count(int lock_fd)
{
	const uint64_t zero = 0;
	struct stat st;

	if (fstat(lock_fd, &st) < 0)
		return rp_neg_errno();
	if (st.st_mode & 077 && st.st_uid == geteuid() && fchmod(lock_fd, 0600) < 0)
		return rp_neg_errno();
	if (st.st_size < (off_t)sizeof(zero) && pwrite(lock_fd, &zero, sizeof(zero), 0) < 0)
		return rp_neg_errno();
	return 0;
}

/* Without the count the change of this process would not be seen by others, so it is not begun. */
int rp_sim_store_lock(struct rp_sim *sim, int *ret_lock_fd)
{
	RP_AUTO_CLOSE int fd = -EBADF;
	int r;

	fd = rp_retry(openat(sim->dir_fd, RP_SIM_LOCK_FILE, O_RDWR | O_CREAT | O_CLOEXEC, 0600));
	if (fd < 0)
		return rp_neg_errno();
	do
		r = rp_retry(flock(fd, LOCK_EX)) < 0 ? rp_neg_errno() : 0;
	while (r == -EINTR);
	if (r == 0)
		r = make_count(fd);
	if (r == 0 && !sim->n_saves)
		r = map_count(sim);
	if (r < 0)
		return r;
	*ret_lock_fd = rp_steal_fd(&fd);
	return 0;
}

void rp_sim_store_unmap(struct rp_sim *sim)
{
	if (sim->n_saves)
		(void)munmap(sim->n_saves, sizeof(*sim->n_saves));
	sim->n_saves = NULL;
}

static uint64_t count_saves(const struct rp_sim *sim)
{
	return sim->n_saves ? __atomic_load_n(sim->n_saves, __ATOMIC_ACQUIRE) : 1;
}

static void begin_save(struct rp_sim *sim)
{
	if (sim->n_saves)
		(void)__atomic_fetch_or(sim->n_saves, 1, __ATOMIC_SEQ_CST);
}

static void end_save(struct rp_sim *sim)
{
	if (sim->n_saves)
		(void)__atomic_add_fetch(sim->n_saves, 1, __ATOMIC_SEQ_CST);
}

void rp_sim_store_mark_removed(int dir_fd)
{
	RP_AUTO_CLOSE int fd = openat(dir_fd, RP_SIM_LOCK_FILE, O_RDWR | O_CLOEXEC);
	const uint64_t odd = UINT64_MAX - 2; /* whoever still saves comes to no count seen before */

	/* Who cannot write it could not remove it either. */
	if (fd >= 0 && pwrite(fd, &odd, sizeof(odd), 0) < 0)
		return;
}

/* The state file is only ever replaced: while we hold the one we read, its inode is not reused. */
static bool is_held(const struct rp_sim *sim)
{
	struct stat disk, held;

	return sim->state_fd >= 0 &&
	       fstatat(sim->dir_fd, RP_SIM_STATE_FILE, &disk, AT_SYMLINK_NOFOLLOW) == 0 &&
	       fstat(sim->state_fd, &held) == 0 && disk.st_ino == held.st_ino &&
	       disk.st_dev == held.st_dev;
}

/* In memory only: the next change writes it down. */
static int let_happen(struct rp_sim *sim)
{
	return rp_sim_is_due(sim) ? rp_sim_settle(sim) : 0;
}

static int read_state(struct rp_sim *sim)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	uint64_t n_saves = count_saves(sim);
	int fd = -EBADF, r;

	if (sim->dir_fd < 0 || (sim->state_fd >= 0 && n_saves % 2 == 0 && n_saves == sim->n_seen))
		return let_happen(sim);
	sim->n_seen = n_saves;
	if (is_held(sim))
		return let_happen(sim);
	r = rp_sim_read_at(sim->dir_fd, RP_SIM_STATE_FILE, STATE_MAX, &text, &fd);
	if (r < 0)
		return r;
	rp_cleanup_close(&sim->state_fd);
	sim->state_fd = fd;
	r = parse_state(sim, &text);
	if (r < 0) {
		rp_cleanup_close(&sim->state_fd);
		sim->state_fd = -EBADF;
	}
	return r < 0 ? r : let_happen(sim);
}

int rp_sim_store_refresh(struct rp_sim *sim)
{
	int r = read_state(sim);

	return r == 0 ? rp_sim_load_follow(sim) : r;
}

static int save(struct rp_sim *sim)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	RP_AUTO_JSON struct rp_json *j = rp_sim_state_to_json(sim);
	int r;

	if (!j)
		return -ENOMEM;
	r = rp_json_print(j, false, &text);
	if (r < 0)
		return r;
	begin_save(sim);
	r = rp_sim_replace_at(sim->dir_fd, RP_SIM_STATE_FILE, rp_strbuf_str(&text), text.len);
	end_save(sim);
	if (r < 0)
		return r;
	rp_cleanup_close(&sim->state_fd);
	sim->state_fd = rp_retry(openat(sim->dir_fd, RP_SIM_STATE_FILE, O_RDONLY | O_CLOEXEC));
	sim->n_seen = count_saves(sim);
	return sim->state_fd < 0 ? rp_neg_errno() : 0;
}

int rp_sim_change_begin(struct rp_sim *sim, int *ret_lock_fd)
{
	RP_AUTO_CLOSE int fd = -EBADF;
	int r;

	if (sim->dir_fd >= 0) {
		r = rp_sim_store_lock(sim, &fd);
		if (r == 0)
			r = rp_sim_store_refresh(sim);
		if (r < 0)
			return r;
		*ret_lock_fd = rp_steal_fd(&fd);
	} else if (rp_sim_load_follow(sim) < 0) {
		return -ENOMEM;
	}
	sim->wait_id = 0;
	return rp_sim_settle(sim); /* what changes now did not count before */
}

int rp_sim_change_end(struct rp_sim *sim)
{
	int r = rp_strbuf_failed(&sim->log) ? -ENOMEM : 0;

	if (sim->state.load)
		sim->state.load->valid_until = 0; /* what has changed may have moved them */
	/* Lines of a change that is not saved are none: the state says how many bytes count. */
	if (r == 0)
		r = rp_sim_klog_flush(sim);
	if (r == 0 && sim->dir_fd >= 0)
		r = save(sim);
	if (r < 0) { /* what is in memory is not what others see */
		rp_cleanup_close(&sim->state_fd);
		sim->state_fd = -EBADF;
	}
	return r;
}
