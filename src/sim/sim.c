/* SPDX-License-Identifier: MIT */
/* Life of a simulated machine: made, opened, switched off and on, removed. */
#include "sim/sim.h"
#include "base/name.h"
#include "base/words.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/random.h>
#include <unistd.h>

#include "sim/delay.h"
#include "sim/front.h"
#include "sim/store.h"

static struct rp_sim *new_sim(const char *name)
{
	struct rp_sim *sim = rp_new0(struct rp_sim, 1);

	if (!sim)
		return NULL;
	sim->dir_fd = -EBADF;
	sim->state_fd = -EBADF;
	sim->name = rp_strndup(name, strlen(name));
	return sim->name ? sim : rp_sim_close(sim);
}

struct rp_sim *rp_sim_close(struct rp_sim *sim)
{
	if (!sim)
		return NULL;
	rp_cleanup_close(&sim->dir_fd);
	rp_cleanup_close(&sim->state_fd);
	rp_sim_store_unmap(sim);
	rp_sim_state_done(&sim->state);
	rp_sim_profile_free(sim->profile);
	free(sim->caller_minors);
	rp_strbuf_done(&sim->log);
	rp_strbuf_done(&sim->old_log);
	free(sim->name);
	free(sim);
	return NULL;
}

void rp_cleanup_sim(struct rp_sim **sim)
{
	*sim = rp_sim_close(*sim);
}

int rp_sim_new(const char *profile_text, size_t len, const char *name, struct rp_sim **ret,
	       struct rocpart_error *reterr)
{
	RP_AUTO_SIM struct rp_sim *sim = new_sim(name);
	int r;

	if (!sim)
		return rp_error_nomem(reterr);
	r = rp_sim_profile_parse(profile_text, len, name, &sim->profile, reterr);
	if (r < 0)
		return r;
	r = rp_sim_boot(sim);
	if (r < 0)
		return rp_error_errno(reterr, r, name, "the simulated machine does not boot");
	*ret = rp_steal(&sim);
	return 0;
}

/* ---- in a folder ---- */

static int open_dir(const char *dir, int *ret_fd)
{
	int fd = rp_retry(open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC));

	if (fd < 0)
		return rp_neg_errno();
	*ret_fd = fd;
	return 0;
}

/*
 * The marker comes last: a folder whose making was interrupted is no machine yet, and a second
 * attempt makes it.
 */
static int write_machine(struct rp_sim *sim, const char *text, size_t len)
{
	RP_AUTO_STRBUF struct rp_strbuf marker = RP_STRBUF_INIT;
	RP_AUTO_CLOSE int lock = -EBADF;
	int r = rp_sim_store_lock(sim, &lock);

	if (r < 0)
		return r;
	if (faccessat(sim->dir_fd, RP_SIM_MARKER, F_OK, 0) == 0)
		return -EEXIST;
	rp_strbuf_addf(&marker, "%s\n", sim->name);
	if (rp_strbuf_failed(&marker))
		return -ENOMEM;
	r = rp_sim_replace_at(sim->dir_fd, RP_SIM_PROFILE_FILE, text, len);
	if (r == 0)
		r = rp_sim_change_end(sim);
	if (r == 0)
		r = rp_sim_replace_at(sim->dir_fd, RP_SIM_MARKER, marker.s, marker.len);
	return r;
}

/* A machine is named by the last part of its folder. */
static const char *machine_name(const char *dir)
{
	const char *slash = strrchr(dir, '/');

	return slash && slash[1] ? slash + 1 : dir;
}

static int refuse_existing(const char *dir, struct rocpart_error *reterr)
{
	char word[RP_WORD_SIZE];

	(void)rp_error_set(reterr, -EEXIST, ROCPART_ERR_INVALID_ARGUMENT, machine_name(dir),
			   "simulated machine '%s' exists already", machine_name(dir));
	(void)rp_error_hint(reterr, "`rocpart sim rm %s` deletes it; or choose another name",
			    rp_shell_word(machine_name(dir), word));
	return -EEXIST;
}

static int refuse_missing(const char *dir, struct rocpart_error *reterr)
{
	(void)rp_error_set(reterr, -ENOENT, ROCPART_ERR_NOT_FOUND, machine_name(dir),
			   "simulated machine '%s' does not exist", machine_name(dir));
	(void)rp_error_hint(reterr, "`rocpart sim list` shows machines and profiles");
	return -ENOENT;
}

/* What exists keeps its name; a new machine is named so that the name can stand anywhere. */
static int check_name(const char *dir, struct rocpart_error *reterr)
{
	size_t end = strlen(dir);
	RP_AUTO_FREE char *path = NULL;

	while (end > 1 && dir[end - 1] == '/')
		end--;
	path = rp_strndup(dir, end);
	return path ? rp_name_check(RP_NAME_MACHINE, machine_name(path), reterr)
		    : rp_error_nomem(reterr);
}

static int make_id(char ret[RP_SIM_ID_SIZE])
{
	uint64_t v[2];
	ssize_t n = getrandom(v, sizeof(v), 0); /* so few bytes are never cut short */

	if (n != (ssize_t)sizeof(v))
		return n < 0 ? rp_neg_errno() : -EIO;
	return rp_fmt(ret, RP_SIM_ID_SIZE, "%016llx%016llx", (unsigned long long)v[0],
		      (unsigned long long)v[1]);
}

int rp_sim_create(const char *dir, const char *profile_text, size_t len, const char *name,
		  struct rocpart_error *reterr)
{
	RP_AUTO_SIM struct rp_sim *sim = NULL;
	RP_AUTO_CLOSE int fd = -EBADF;
	int r;

	/* First: a name that is taken is the matter, whatever the profile is. */
	if (open_dir(dir, &fd) == 0 && faccessat(fd, RP_SIM_MARKER, F_OK, 0) == 0)
		return refuse_existing(dir, reterr);
	r = check_name(dir, reterr);
	if (r == 0)
		r = rp_sim_new(profile_text, len, name, &sim, reterr);
	if (r < 0)
		return r;
	r = make_id(sim->state.id);
	if (r == 0)
		r = rp_make_dirs(dir, false);
	if (r == 0)
		r = open_dir(dir, &sim->dir_fd);
	if (r == 0)
		r = write_machine(sim, profile_text, len);
	if (r == -EEXIST)
		return refuse_existing(dir, reterr);
	return r < 0 ? rp_error_errno(reterr, r, dir, "the simulated machine was not created") : 0;
}

static int read_machine(struct rp_sim *sim, struct rocpart_error *err)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	int r = rp_sim_read_at(sim->dir_fd, RP_SIM_PROFILE_FILE, RP_SIM_PROFILE_MAX, &text, NULL);

	if (r < 0)
		return rp_error_errno(err, r, sim->name,
				      "cannot read the profile of the simulated machine");
	r = rp_sim_profile_parse(rp_strbuf_str(&text), text.len, RP_SIM_PROFILE_FILE, &sim->profile,
				 err);
	if (r < 0)
		return r;
	rp_sim_store_map(sim);
	r = rp_sim_store_refresh(sim);
	if (r == -EBADMSG) {
		(void)rp_error_set(err, r, ROCPART_ERR_BAD_RECORDS, sim->name,
				   "the state of the simulated machine is damaged, or was written "
				   "by another version of rocpart");
		return rp_error_hint(err,
				     "`rocpart sim rm NAME` deletes the machine and its leases");
	}
	return r < 0 ? rp_error_errno(err, r, sim->name,
				      "cannot read the state of the simulated machine")
		     : 0;
}

int rp_sim_open(const char *dir, struct rp_sim **ret, struct rocpart_error *reterr)
{
	RP_AUTO_STRBUF struct rp_strbuf marker = RP_STRBUF_INIT;
	RP_AUTO_SIM struct rp_sim *sim = NULL;
	RP_AUTO_CLOSE int fd = -EBADF;
	int r = open_dir(dir, &fd);

	if (r == 0)
		r = rp_sim_read_at(fd, RP_SIM_MARKER, 4096, &marker, NULL);
	if (r == -ENOENT || r == -ENOTDIR)
		return refuse_missing(dir, reterr);
	if (r < 0)
		return rp_error_errno(reterr, r, dir, "cannot open the simulated machine");
	rp_strbuf_truncate(&marker, strcspn(rp_strbuf_str(&marker), "\n"));
	sim = new_sim(rp_strbuf_str(&marker));
	if (!sim)
		return rp_error_nomem(reterr);
	sim->dir_fd = rp_steal_fd(&fd);
	r = read_machine(sim, reterr);
	if (r == 0)
		*ret = rp_steal(&sim);
	return r;
}

/* A folder and what is in it; not being there is fine. */
static int remove_folder(int dir_fd, const char *name)
{
	RP_AUTO_CLOSEDIR DIR *folder = NULL;
	RP_AUTO_CLOSE int fd = -EBADF;
	int r = 0;

	fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : rp_neg_errno();
	folder = fdopendir(fd);
	if (!folder)
		return rp_neg_errno();
	(void)rp_steal_fd(&fd);
	for (const struct dirent *e = readdir(folder); r == 0 && e; e = readdir(folder)) {
		if (rp_str_eq(e->d_name, ".") || rp_str_eq(e->d_name, ".."))
			continue;
		if (unlinkat(dirfd(folder), e->d_name, 0) < 0)
			r = errno == EISDIR ? remove_folder(dirfd(folder), e->d_name)
					    : rp_neg_errno();
	}
	if (r == 0 && unlinkat(dir_fd, name, AT_REMOVEDIR) < 0)
		r = rp_neg_errno();
	return r;
}

int rp_sim_remove(const char *dir, struct rocpart_error *reterr)
{
	/* The marker goes first: from then on it is no machine. */
	static const char *const files[] = {
		RP_SIM_MARKER,	 RP_SIM_STATE_FILE, RP_SIM_STATE_FILE ".new", RP_SIM_PROFILE_FILE,
		RP_SIM_LOG_FILE, RP_SIM_KLOG_FILE,  RP_SIM_KLOG_FILE ".new",  RP_SIM_LOCK_FILE};
	RP_AUTO_CLOSE int fd = -EBADF;
	int r = open_dir(dir, &fd);

	if (r == 0 && faccessat(fd, RP_SIM_MARKER, F_OK, 0) < 0)
		r = rp_neg_errno();
	if (r == -ENOENT)
		return refuse_missing(dir, reterr);
	if (r == 0)
		rp_sim_store_mark_removed(fd);
	/* Records that outlived their machine would be taken for those of the next one. */
	if (r == 0)
		r = remove_folder(fd, RP_SIM_RECORDS);
	for (size_t i = 0; r == 0 && i < RP_ARRAY_LEN(files); i++) {
		if (unlinkat(fd, files[i], 0) < 0 && errno != ENOENT)
			r = rp_neg_errno();
	}
	if (r == 0 && rmdir(dir) < 0 && errno != ENOTEMPTY && errno != EEXIST)
		r = rp_neg_errno();
	return r < 0 ? rp_error_errno(reterr, r, dir, "the simulated machine was not deleted") : 0;
}

/* ---- what is asked of an open machine ---- */

void rp_sim_get_id(const struct rp_sim *sim, char ret[RP_SIM_ID_SIZE])
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a */

	memcpy(ret, sim->state.id, RP_SIM_ID_SIZE);
	if (*ret)
		return;
	for (size_t g = 0; g < sim->profile->n_gpus; g++)
		for (unsigned i = 0; i < 64; i += 8)
			hash = (hash ^ (sim->profile->gpus[g].unique_id >> i & 0xff)) *
			       UINT64_C(0x100000001b3);
	(void)rp_fmt(ret, RP_SIM_ID_SIZE, "%016llx%016llx", (unsigned long long)hash,
		     (unsigned long long)sim->profile->n_gpus);
}

const char *rp_sim_profile_name(const struct rp_sim *sim)
{
	return sim->name;
}

const char *rp_sim_abi(const struct rp_sim *sim)
{
	static const char *const names[] = {"", "g1", "g2", "g3"};

	return names[sim->profile->abi];
}

size_t rp_sim_gpu_count(const struct rp_sim *sim)
{
	return sim->profile->n_gpus;
}

bool rp_sim_has_place(const struct rp_sim *sim, const char *bdf)
{
	return rp_sim_find_gpu(sim, bdf) >= 0 ||
	       (sim->profile->bmc && rp_str_eq(bdf, RP_SIM_BMC_BDF));
}

uint64_t rp_sim_gpus_gone(const struct rp_sim *sim)
{
	uint64_t bits = 0;

	for (size_t g = 0; g < sim->profile->n_gpus; g++) {
		bits |= (uint64_t)sim->state.gpus[g].off << g;
		bits |= (uint64_t)sim->state.gpus[g].unplugged << (RP_SIM_MAX_GPUS + g);
	}
	return bits;
}

int rp_sim_set_caller(struct rp_sim *sim, uint32_t uid, const uint32_t *minors, size_t n)
{
	uint32_t *copy = NULL;

	if (minors) {
		copy = rp_new0(uint32_t, n);
		if (!copy)
			return -ENOMEM;
		memcpy(copy, minors, n * sizeof(*copy));
	}
	free(sim->caller_minors);
	sim->caller_minors = copy;
	sim->n_caller_minors = n;
	sim->caller_uid = uid;
	return 0;
}

/* flag: of sim->state */
static int set_flag(struct rp_sim *sim, bool *flag, bool value, struct rocpart_error *err)
{
	RP_AUTO_CLOSE int lock = -EBADF;
	int r = rp_sim_change_begin(sim, &lock);

	if (r == 0) {
		*flag = value;
		r = rp_sim_change_end(sim);
	}
	return r < 0 ? rp_error_errno(err, r, sim->name, "the simulated machine was not changed")
		     : 0;
}

int rp_sim_set_asks(struct rp_sim *sim, bool asks, struct rocpart_error *reterr)
{
	return set_flag(sim, &sim->state.asks, asks, reterr);
}

int rp_sim_set_realistic(struct rp_sim *sim, bool realistic, struct rocpart_error *reterr)
{
	return set_flag(sim, &sim->state.realistic, realistic, reterr);
}

int rp_sim_read_kernel_log(struct rp_sim *sim, struct rp_strbuf *ret)
{
	int r = rp_sim_store_refresh(sim);

	return r < 0 ? r : rp_sim_klog_read(sim, ret);
}

bool rp_sim_asks(const struct rp_sim *sim)
{
	return sim->state.asks;
}

int rp_sim_set_no_sync(struct rp_sim *sim, bool no_sync, struct rocpart_error *reterr)
{
	return set_flag(sim, &sim->state.no_sync, no_sync, reterr);
}

bool rp_sim_no_sync(const struct rp_sim *sim)
{
	return sim->state.no_sync;
}

int rp_sim_reset(struct rp_sim *sim, struct rocpart_error *reterr)
{
	RP_AUTO_CLOSE int lock = -EBADF;
	int r = rp_sim_change_begin(sim, &lock);

	if (r == 0)
		r = rp_sim_boot(sim);
	if (r == 0)
		r = rp_sim_change_end(sim);
	return r < 0 ? rp_error_errno(reterr, r, sim->name, "the simulated machine was not reset")
		     : 0;
}

/* One change of the driver; its time, where it takes time. */
static int change_driver(struct rp_sim *sim, int (*change)(struct rp_sim *sim))
{
	RP_AUTO_CLOSE int lock = -EBADF;
	struct rp_sim_delay delay;
	int r = rp_sim_change_begin(sim, &lock), saved;

	if (r < 0)
		return r;
	r = change(sim);
	saved = rp_sim_change_end(sim); /* a load that failed left the driver unloaded */
	rp_cleanup_close(&lock);
	lock = -EBADF;
	rp_sim_delay_of_change(sim, &delay);
	if (r == 0)
		r = saved;
	return r == 0 ? rp_sim_delay(sim, "", &delay) : r;
}

static int unload_and_load(struct rp_sim *sim)
{
	int r = rp_sim_unload(sim);

	return r == 0 ? rp_sim_load(sim) : r;
}

int rp_sim_reload(struct rp_sim *sim, struct rocpart_error *reterr)
{
	int r = sim->state.realistic ? change_driver(sim, rp_sim_unload)
				     : change_driver(sim, unload_and_load);

	if (r == 0 && sim->state.realistic)
		r = change_driver(sim, rp_sim_load);
	if (r == -EBUSY && rp_sim_open_files(sim) == 0)
		return rp_error_set(reterr, r, ROCPART_ERR_LOCKED, sim->name,
				    "the driver was not reloaded: it is being loaded or unloaded "
				    "just now");
	if (r == -EBUSY)
		return rp_error_set(
			reterr, r, ROCPART_ERR_DRIVER_IN_USE, sim->name,
			"the driver was not reloaded: a simulated process has a device open");
	return r < 0 ? rp_error_errno(reterr, r, sim->name, "the driver was not reloaded") : 0;
}
