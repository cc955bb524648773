/* SPDX-License-Identifier: MIT */
/* One thread answers, one request after the other. */
#define FUSE_USE_VERSION 314
#include <fcntl.h>
#include <fuse3/fuse_lowlevel.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "simfs/simfs.h"

/* Files that react: up to 37 of a GPU with a load; what is in the driver's folder. */
#define SLOTS_PER_GPU  48
#define SLOTS_MORE     (8 + RP_SIMFS_SLOW_MAX)
#define SLOTS_CHILDREN 64

struct server {
	struct rp_simfs *fs;
	const struct rp_simfs_user *user;
	struct fuse_session *session;
	struct fuse_buf buf;
	bool is_mounted;
	int inotify_fd, signal_fd;
	uint64_t moves;	   /* of processes of loads, as the tree shows them */
	int64_t follow_ms; /* when they are looked at next */
	bool is_built;	   /* before that there is nothing to refresh */
	/* opening the slots */
	int opened_fd; /* eventfd: it is done */
	int opened;    /* how it went */
};

static int make_slots(struct rp_simfs *fs)
{
	size_t n = rp_sim_gpu_count(fs->sim) * SLOTS_PER_GPU + SLOTS_MORE;

	fs->slots = rp_new0(struct rp_simfs_slot, n + SLOTS_CHILDREN);
	if (!fs->slots)
		return -ENOMEM;
	fs->n_bindable = n;
	fs->n_slots = n + SLOTS_CHILDREN;
	for (size_t i = 0; i < fs->n_slots; i++)
		fs->slots[i].fd = -EBADF;
	/* the first is the one that is a folder */
	fs->slots[0].path = rp_strdupf("%s", RP_SIMFS_MODULE);
	return fs->slots[0].path ? 0 : -ENOMEM;
}

/*
 * The only second thread there ever is, and only at the start: looking up a file of our own needs
 * an answer of our own. Binding what was looked up does not.
 */
static void *open_slots(void *arg)
{
	struct server *s = arg;
	const uint64_t one = 1;
	int r = 0;

	for (size_t i = 0; r == 0 && i < s->fs->n_bindable; i++) {
		RP_AUTO_FREE char *path = rp_strdupf("%s/sys/" RP_SIMFS_DIR "/%zu", s->fs->root, i);

		s->fs->slots[i].fd = path ? open(path, O_PATH | O_CLOEXEC) : -1;
		if (s->fs->slots[i].fd < 0)
			r = path ? rp_neg_errno() : -ENOMEM;
	}
	s->opened = r;
	if (write(s->opened_fd, &one, sizeof(one)) < 0)
		s->opened = rp_neg_errno();
	return NULL;
}

static void say_nothing(enum fuse_log_level level, const char *fmt, va_list ap)
{
	(void)level;
	(void)fmt;
	(void)ap;
}

static int mount_fuse(struct server *s)
{
	char program[] = "rocpart-simfs", o[] = "-o";
	char options[] = "fsname=rocpart-sim,allow_other,default_permissions,nosuid,nodev";
	char *argv[] = {program, o, options, NULL};
	struct fuse_args args = FUSE_ARGS_INIT(3, argv);
	RP_AUTO_FREE char *path = rp_strdupf("%s/sys/" RP_SIMFS_DIR, s->fs->root);

	if (!path)
		return -ENOMEM;
	s->session =
		fuse_session_new(&args, rp_simfs_fuse_ops(), sizeof(*rp_simfs_fuse_ops()), s->fs);
	fuse_opt_free_args(&args);
	if (!s->session)
		return -EIO;
	errno = 0;
	if (fuse_session_mount(s->session, path) != 0)
		return errno ? rp_neg_errno() : -EIO;
	s->is_mounted = true;
	s->fs->session = s->session;
	return 0;
}

/* ---- events ---- */

static int on_fuse(struct server *s)
{
	int r = fuse_session_receive_buf(s->session, &s->buf);

	if (r == -EINTR || r == -EAGAIN)
		return 0;
	if (r <= 0)
		return r < 0 ? r : -ENODEV; /* unmounted from outside */
	fuse_session_process_buf(s->session, &s->buf);
	return 0;
}

/* Another process changed the machine: in-process, or another mount of it. */
static int on_inotify(struct server *s)
{
	char events[4096];

	while (read(s->inotify_fd, events, sizeof(events)) > 0)
		;
	return s->is_built ? rp_simfs_refresh(s->fs) : 0; /* building looks at what is there */
}

static void on_signal(struct server *s)
{
	struct signalfd_siginfo info;

	if (read(s->signal_fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return;
	if (info.ssi_signo != SIGUSR1 && info.ssi_signo != SIGUSR2)
		rp_simfs_interrupt(s->fs);
	if (s->user->on_signal)
		s->user->on_signal(s->user->userdata, (int)info.ssi_signo,
				   info.ssi_code == SI_KERNEL);
	else
		s->fs->stop = true;
}

/* Also while others keep the server busy. */
static int on_time(struct server *s)
{
	struct timespec t = {0};
	int64_t now_ms;
	uint64_t moves;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	now_ms = (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
	if (!s->is_built || !rp_sim_has_load(s->fs->sim) || now_ms < s->follow_ms)
		return 0;
	s->follow_ms = now_ms + RP_SIMFS_FOLLOW_MS;
	moves = rp_sim_load_moves(s->fs->sim);
	if (moves == s->moves)
		return 0;
	s->moves = moves;
	return rp_simfs_refresh(s->fs);
}

/* Until until_fd can be read, or the end. The tree is put right before the next answer. */
static int loop(struct server *s, int until_fd)
{
	struct pollfd p[] = {
		{.fd = until_fd, .events = POLLIN},
		{.fd = s->inotify_fd, .events = POLLIN},
		{.fd = s->signal_fd, .events = POLLIN},
		{.fd = fuse_session_fd(s->session), .events = POLLIN},
	};

	while (!s->fs->stop && !fuse_session_exited(s->session)) {
		int r = poll(p, RP_ARRAY_LEN(p), rp_simfs_patience(s->fs)) < 0 ? rp_neg_errno() : 0;

		if (r == -EINTR)
			continue;
		if (r == 0 && p[0].revents)
			return 0;
		if (r == 0)
			r = on_time(s);
		if (r == 0 && p[1].revents)
			r = on_inotify(s);
		if (r == 0 && p[2].revents)
			on_signal(s);
		if (r == 0 && p[3].revents)
			r = on_fuse(s);
		if (r == 0)
			r = rp_simfs_pass_time(s->fs);
		if (r < 0)
			return r;
	}
	return 0;
}

static int look_up_slots(struct server *s)
{
	pthread_t thread;
	int r;

	s->opened_fd = eventfd(0, EFD_CLOEXEC);
	if (s->opened_fd < 0)
		return rp_neg_errno();
	r = -pthread_create(&thread, NULL, open_slots, s);
	if (r < 0)
		return r;
	r = loop(s, s->opened_fd);
	if (r < 0) {
		/* nobody will answer it any more: it ends with an error */
		fuse_session_unmount(s->session);
	}
	(void)pthread_join(thread, NULL);
	return r < 0 ? r : s->opened;
}

static int watch(struct server *s, const sigset_t *signals)
{
	s->inotify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (s->inotify_fd < 0 || inotify_add_watch(s->inotify_fd, s->fs->folder, IN_MOVED_TO) < 0)
		return rp_neg_errno();
	s->signal_fd = signalfd(-1, signals, SFD_CLOEXEC | SFD_NONBLOCK);
	return s->signal_fd < 0 ? rp_neg_errno() : 0;
}

static int serve(struct server *s, const sigset_t *signals)
{
	int wait_fd = -EBADF;
	int r = watch(s, signals);

	if (r == 0)
		r = make_slots(s->fs);
	if (r == 0)
		r = mount_fuse(s);
	if (r == 0)
		r = look_up_slots(s);
	if (r == 0)
		r = rp_simfs_build(s->fs);
	s->is_built = r == 0;
	if (r == 0)
		r = s->user->ready(s->user->userdata, &wait_fd);
	if (r == 0)
		r = loop(s, wait_fd);
	rp_cleanup_close(&wait_fd);
	return r;
}

static void finish(struct server *s)
{
	rp_simfs_give_up(s->fs);
	if (s->session) {
		s->fs->session = NULL;
		fuse_session_unmount(s->session);
		fuse_session_destroy(s->session);
	}
	free(s->buf.mem);
	rp_cleanup_close(&s->inotify_fd);
	rp_cleanup_close(&s->signal_fd);
	rp_cleanup_close(&s->opened_fd);
	for (size_t i = 0; i < s->fs->n_slots; i++) {
		rp_cleanup_close(&s->fs->slots[i].fd);
		free(s->fs->slots[i].path);
	}
	free(s->fs->slots);
	s->fs->slots = NULL;
	s->fs->n_slots = 0;
}

int rp_simfs_serve(struct rp_simfs *fs, const struct rp_simfs_user *user,
		   struct rocpart_error *reterr)
{
	struct server s = {.fs = fs,
			   .user = user,
			   .inotify_fd = -EBADF,
			   .signal_fd = -EBADF,
			   .opened_fd = -EBADF};
	static const int handled[] = {SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2};
	sigset_t signals, before;
	int r;

	sigemptyset(&signals);
	for (size_t i = 0; i < RP_ARRAY_LEN(handled); i++)
		sigaddset(&signals, handled[i]);
	if (fs->is_host)
		sigaddset(&signals, SIGCHLD);
	sigprocmask(SIG_BLOCK, &signals, &before);
	rp_sim_set_defers(fs->sim, true);
	fuse_set_log_func(say_nothing); /* what fails is said by whoever called */
	r = serve(&s, &signals);
	finish(&s);
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (r < 0 && s.session && !s.is_mounted) {
		(void)rp_error_errno(reterr, r, "/dev/fuse", "cannot mount FUSE");
		return rp_error_hint(
			reterr,
			"this needs the module fuse, and a /dev/fuse that the user may open");
	}
	return r < 0 ? rp_error_errno(reterr, r, fs->name, "cannot serve the simulated machine")
		     : 0;
}
