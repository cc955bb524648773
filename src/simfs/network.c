/* SPDX-License-Identifier: MIT */
#include "simfs/network.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "base/num.h"
#include "base/spawn.h"
#include "simfs/namespace.h"
#include "simfs/netlink.h"

#define LOCK_FILE  ".network" /* `sim list` shows no name that begins with a dot */
#define WAIT_MS	   10000
#define ENDING_MS  500
#define BRIDGE	   "hosts"
#define HOST_LINK  "eth0"
#define PORT	   "h" /* and the slot */
#define FIRST_SLOT 1
#define BASE	   ((10U << 24) | (77U << 16)) /* 10.77.0.0/16 */
#define PREFIX	   16
#define IN_THIRD   250 /* addresses with the same third number: from .1 on */

uint32_t rp_network_address(uint32_t slot)
{
	return BASE | ((slot / IN_THIRD) << 8) | (slot % IN_THIRD + 1);
}

int rp_network_slot_of(const char *link, uint32_t *ret_slot)
{
	uint32_t slot;

	if (!rp_str_starts(link, PORT) || rp_parse_u32(link + strlen(PORT), 10, &slot) < 0 ||
	    slot < FIRST_SLOT || slot > RP_NETWORK_SLOTS)
		return -EINVAL;
	*ret_slot = slot;
	return 0;
}

void rp_network_leave_host(struct rp_network *n)
{
	rp_cleanup_close(&n->host_ns_fd);
	rp_cleanup_close(&n->host_netlink_fd);
	n->host_ns_fd = -EBADF;
	n->host_netlink_fd = -EBADF;
}

void rp_network_done(struct rp_network *n)
{
	rp_network_leave_host(n);
	rp_cleanup_close(&n->lock_fd);
	*n = RP_NETWORK_INIT;
}

/* ---- locks ---- */

static int open_lock(const char *folder, int *ret_fd)
{
	const char *slash = strrchr(folder, '/');
	RP_AUTO_FREE char *path =
		rp_strdupf("%.*s/" LOCK_FILE, slash ? (int)(slash - folder) : 0, folder);
	int fd;

	if (!path)
		return -ENOMEM;
	fd = rp_retry(open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
	if (fd < 0)
		return rp_neg_errno();
	*ret_fd = fd;
	return 0;
}

static int wait_for_turn(int fd)
{
	uint64_t deadline_ns = rp_now_ns() + WAIT_MS * UINT64_C(1000000);

	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return rp_neg_errno();
		if (rp_now_ns() > deadline_ns)
			return -EBUSY;
		rp_sleep_ms(1);
	}
	return 0;
}

/* A process other than this one that holds a lock of these slots; *ret_pid 0: none. */
static int find_holder(int fd, uint32_t first, uint32_t n, pid_t *ret_pid)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = first, .l_len = n};

	if (rp_retry(fcntl(fd, F_GETLK, &lock)) < 0)
		return rp_neg_errno();
	if (lock.l_type != F_UNLCK && lock.l_pid <= 0)
		return -EREMOTE; /* in a PID namespace that this one does not see */
	*ret_pid = lock.l_type == F_UNLCK ? 0 : lock.l_pid;
	return 0;
}

static bool lock_slot(int fd, uint32_t slot)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = slot, .l_len = 1};

	return rp_retry(fcntl(fd, F_SETLK, &lock)) == 0;
}

/* From the name, so that a host has the same address each time unless another has taken it. */
static int take_slot(struct rp_network *n, const char *name)
{
	uint32_t hash = 2166136261U; /* FNV-1a */

	for (const char *c = name; *c; c++)
		hash = (hash ^ (uint8_t)*c) * 16777619U;
	for (uint32_t i = 0; i < RP_NETWORK_SLOTS; i++) {
		uint32_t slot = FIRST_SLOT + (hash + i) % RP_NETWORK_SLOTS;

		if (lock_slot(n->lock_fd, slot)) {
			n->slot = slot;
			return 0;
		}
	}
	return -ENOSPC;
}

/* ---- namespaces ---- */

static bool is_same(const char *a, const char *b)
{
	struct stat x, y;

	return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_ino == y.st_ino && x.st_dev == y.st_dev;
}

/* -ENOENT: the process has ended meanwhile. */
static int enter_network_of(pid_t pid)
{
	RP_AUTO_FREE char *user = rp_strdupf("/proc/%d/ns/user", pid);
	RP_AUTO_FREE char *net = rp_strdupf("/proc/%d/ns/net", pid);
	RP_AUTO_CLOSE int user_fd = -EBADF, net_fd = -EBADF;

	if (!user || !net)
		return -ENOMEM;
	user_fd = open(user, O_RDONLY | O_CLOEXEC);
	net_fd = user_fd < 0 ? -EBADF : open(net, O_RDONLY | O_CLOEXEC);
	if (net_fd < 0)
		return rp_neg_errno();
	if (!is_same(user, "/proc/self/ns/user") && setns(user_fd, CLONE_NEWUSER) < 0)
		return rp_neg_errno();
	return setns(net_fd, CLONE_NEWNET) < 0 ? rp_neg_errno() : 0;
}

static int refuse_kernel(struct rocpart_error *reterr)
{
	(void)rp_error_set(reterr, -EOPNOTSUPP, ROCPART_ERR_UNSUPPORTED, NULL,
			   "this kernel cannot make a bridge and veth for the simulated hosts");
	return rp_error_hint(reterr, "load the modules, as root: `modprobe -a bridge veth`");
}

static int make_network(struct rocpart_error *reterr)
{
	RP_AUTO_CLOSE int fd = -EBADF;
	int r = rp_namespace_enter(CLONE_NEWNET, "a network namespace", reterr);

	if (r < 0)
		return r;
	r = rp_netlink_open(&fd);
	if (r == 0)
		r = rp_netlink_add_bridge(fd, BRIDGE);
	if (r == 0)
		r = rp_netlink_set_up(fd, BRIDGE, NULL, NULL);
	if (r == -EOPNOTSUPP)
		return refuse_kernel(reterr);
	if (r < 0)
		(void)rp_error_errno(reterr, r, NULL,
				     "cannot make a bridge for the simulated hosts");
	return r == -EPERM ? rp_error_hint(reterr, "root needs CAP_NET_ADMIN for this; other users "
						   "need user namespaces")
			   : r;
}

static int enter_network(const struct rp_network *n, struct rocpart_error *reterr)
{
	pid_t pid = 0;
	int r = 0;

	for (int i = 0; i < 100; i++) {
		r = find_holder(n->lock_fd, FIRST_SLOT, RP_NETWORK_SLOTS, &pid);
		if (r == 0 && pid == 0)
			return make_network(reterr);
		if (r == 0)
			r = enter_network_of(pid);
		if (r != -ENOENT && r != -ESRCH)
			break;
		rp_sleep_ms(1); /* until its lock has ended as well */
	}
	if (r == -EREMOTE)
		return rp_error_set(
			reterr, r, ROCPART_ERR_UNSUPPORTED, NULL,
			"the other simulated hosts of these machines run in another PID "
			"namespace, so their network cannot be entered from here");
	return r < 0 ? rp_error_errno(reterr, r, NULL,
				      "cannot enter the network of the simulated hosts (process "
				      "%d)",
				      pid)
		     : 0;
}

/* ---- ports ---- */

struct namesake {
	const char *name;
	uint32_t slot; /* 0: none */
};

static int look_for_name(void *userdata, const char *link, const char *alias)
{
	struct namesake *s = userdata;
	uint32_t slot;

	/* names of hosts are looked up without regard to case */
	if (rp_str_eq_nocase(alias, s->name) && rp_network_slot_of(link, &slot) == 0)
		s->slot = slot;
	return 0;
}

static int refuse_name(const char *name, pid_t pid, struct rocpart_error *reterr)
{
	(void)rp_error_set(reterr, -EEXIST, ROCPART_ERR_LOCKED, name,
			   "a simulated host has the name '%s' already (process %d)", name, pid);
	return rp_error_hint(reterr, "give another --host, or end that command first");
}

static int delete_port(int netlink_fd, uint32_t slot)
{
	char link[16];
	int r = rp_fmt(link, sizeof(link), PORT "%u", slot);

	if (r == 0)
		r = rp_netlink_delete(netlink_fd, link);
	return r == -ENODEV ? 0 : r;
}

/*
 * The kernel removes the port of a host that ended a moment after its lock: a port without a lock
 * has no host.
 */
static int find_namesake(const struct rp_network *n, int netlink_fd, const char *name,
			 pid_t *ret_pid)
{
	struct namesake s = {.name = name};
	int r = rp_netlink_list(netlink_fd, look_for_name, &s);

	*ret_pid = 0;
	if (r == 0 && s.slot)
		r = find_holder(n->lock_fd, s.slot, 1, ret_pid);
	return r == 0 && s.slot && !*ret_pid ? delete_port(netlink_fd, s.slot) : r;
}

/* One that was killed just now is still ending: others may join meanwhile. */
static int claim_name(const struct rp_network *n, int netlink_fd, const char *name,
		      struct rocpart_error *reterr)
{
	uint64_t deadline_ns = rp_now_ns() + ENDING_MS * UINT64_C(1000000);
	pid_t pid = 0;
	int r = find_namesake(n, netlink_fd, name, &pid);

	while (r == 0 && pid && rp_now_ns() < deadline_ns) {
		(void)flock(n->lock_fd, LOCK_UN);
		rp_sleep_ms(10);
		r = wait_for_turn(n->lock_fd);
		if (r == 0)
			r = find_namesake(n, netlink_fd, name, &pid);
	}
	if (r == 0 && pid)
		return refuse_name(name, pid, reterr);
	return r < 0 ? rp_error_errno(reterr, r, name, "cannot see which simulated hosts are there")
		     : 0;
}

/* In the namespace of the host; fd: a socket of it. */
static int set_up_host(int fd, int bridge_ns_fd, const char *port, uint32_t slot)
{
	int r = rp_netlink_add_pair(fd, HOST_LINK, port, bridge_ns_fd);

	if (r == 0)
		r = rp_netlink_set_up(fd, "lo", NULL, NULL);
	if (r == 0)
		r = rp_netlink_add_address(fd, HOST_LINK, rp_network_address(slot), PREFIX);
	return r == 0 ? rp_netlink_set_up(fd, HOST_LINK, NULL, NULL) : r;
}

static int open_network_namespace(int *ret_fd)
{
	int fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return rp_neg_errno();
	*ret_fd = fd;
	return 0;
}

/* The namespace of the host, joined to the bridge; this process returns to that of the bridge. */
static int make_host(struct rp_network *n, int netlink_fd, const char *name)
{
	RP_AUTO_CLOSE int bridge_ns_fd = -EBADF;
	char port[16];
	int r = open_network_namespace(&bridge_ns_fd);

	if (r == 0)
		r = rp_fmt(port, sizeof(port), PORT "%u", n->slot);
	if (r == 0 && unshare(CLONE_NEWNET) < 0)
		r = rp_neg_errno();
	if (r < 0)
		return r;
	r = open_network_namespace(&n->host_ns_fd);
	if (r == 0)
		r = rp_netlink_open(&n->host_netlink_fd);
	if (r == 0)
		r = set_up_host(n->host_netlink_fd, bridge_ns_fd, port, n->slot);
	if (setns(bridge_ns_fd, CLONE_NEWNET) < 0)
		return r < 0 ? r : rp_neg_errno();
	/* The alias goes with the state "up": who reads the list sees the name from then on. */
	return r == 0 ? rp_netlink_set_up(netlink_fd, port, BRIDGE, name) : r;
}

static int join(struct rp_network *n, const char *name, struct rocpart_error *reterr)
{
	RP_AUTO_CLOSE int netlink_fd = -EBADF;
	int r = enter_network(n, reterr);

	if (r < 0)
		return r;
	/* Others open /proc/PID/ns of this process, which entering a user namespace forbade. */
	if (prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) < 0)
		r = rp_neg_errno();
	if (r == 0)
		r = rp_netlink_open(&netlink_fd);
	if (r < 0)
		return rp_error_errno(reterr, r, name, "cannot look at the simulated hosts");
	r = claim_name(n, netlink_fd, name, reterr);
	if (r < 0)
		return r;
	r = take_slot(n, name);
	if (r < 0)
		return rp_error_set(reterr, r, ROCPART_ERR_FAILED, name,
				    "there are %d simulated hosts, and one network has no more",
				    RP_NETWORK_SLOTS);
	r = delete_port(netlink_fd, n->slot);
	if (r == 0)
		r = make_host(n, netlink_fd, name);
	if (r == -EOPNOTSUPP)
		return refuse_kernel(reterr);
	return r < 0 ? rp_error_errno(reterr, r, name,
				      "cannot join the simulated host '%s' to the others", name)
		     : 0;
}

static int wait_for_link(int fd, const char *link)
{
	uint64_t deadline_ns = rp_now_ns() + WAIT_MS * UINT64_C(1000000);
	int r;

	while ((r = rp_netlink_passes(fd, link)) == 0) {
		if (rp_now_ns() > deadline_ns)
			return -ETIMEDOUT;
		rp_sleep_ms(1);
	}
	return r < 0 ? r : 0;
}

int rp_network_wait(const struct rp_network *n, int netlink_fd)
{
	char port[16];
	int r = rp_fmt(port, sizeof(port), PORT "%u", n->slot);

	if (r == 0)
		r = wait_for_link(netlink_fd, port);
	return r == 0 ? wait_for_link(n->host_netlink_fd, HOST_LINK) : r;
}

int rp_network_join(struct rp_network *n, const char *folder, const char *name,
		    struct rocpart_error *reterr)
{
	int r = open_lock(folder, &n->lock_fd);

	if (r < 0)
		return rp_error_errno(reterr, r, folder,
				      "cannot open the lock of the simulated hosts, '" LOCK_FILE
				      "' next to '%s'",
				      folder);
	r = wait_for_turn(n->lock_fd);
	if (r < 0)
		return rp_error_errno(reterr, r, folder,
				      "cannot join the other simulated hosts: another command has "
				      "been doing so for %d s",
				      WAIT_MS / 1000);
	r = join(n, name, reterr);
	(void)flock(n->lock_fd, LOCK_UN);
	return r;
}
