/* SPDX-License-Identifier: MIT */
#include "hw/driver.h"
#include "base/num.h"
#include "base/spawn.h"

#define MODULE "sys/module/amdgpu"
/* AMD SMI allows 140 s for a reload; an eight-GPU node trains its links in about a minute. */
#define MODPROBE_DEADLINE_MS 180000
#define OUTPUT_MAX	     4096

static int stat_module(struct rp_tree *t, struct rp_stat *ret, struct rocpart_error *reterr)
{
	int r = rp_tree_stat(t, ret, MODULE);

	if (r == 0)
		return 1;
	return rp_is_absent(r)
		       ? 0
		       : rp_error_errno(reterr, r, "/" MODULE, "cannot look for the amdgpu driver");
}

int rp_driver_is_loaded(struct rp_tree *t, struct rocpart_error *reterr)
{
	struct rp_stat st;

	return stat_module(t, &st, reterr);
}

int rp_driver_read_epoch(struct rp_tree *t, uint64_t *ret, struct rocpart_error *reterr)
{
	struct rp_stat st = {0};
	int r = stat_module(t, &st, reterr);

	if (r < 0)
		return r;
	*ret = r ? st.inode : 0;
	return 0;
}

/* First line of what a program said, for a message. */
static void first_line(struct rp_strbuf *text)
{
	rp_strbuf_truncate(text, strcspn(rp_strbuf_str(text), "\n"));
}

/*
 * A container has its own /lib, mostly without modules: kmod says "Module amdgpu not found", where
 * it is installed at all.
 */
static int no_modules(struct rp_tree *t, struct rocpart_error *reterr)
{
	struct rp_stat st;

	if (rp_tree_stat(t, &st, "lib/modules") != -ENOENT)
		return 0;
	(void)rp_error_set(reterr, -ENOENT, ROCPART_ERR_DRIVER_RELOAD, "/lib/modules",
			   "the amdgpu driver cannot be reloaded from here: /lib/modules does not "
			   "exist, as in most containers");
	(void)rp_error_hint(reterr, "run the command on the host, or give the container the host's "
				    "/lib/modules and CAP_SYS_MODULE");
	return -ENOENT;
}

static int run(struct rp_tree *t, const char *const *argv, struct rp_strbuf *out,
	       struct rocpart_error *reterr)
{
	/* The change's lock is held as long as modprobe runs, even when we are killed. */
	const struct rp_spawn_streams s = {
		.out = out, .max_out = OUTPUT_MAX, .inherited_fd = rp_tree_inherited(t)};
	struct rp_spawn_result res = {0};
	uint64_t begin_ns = rp_trace_clock(rp_tree_trace(t));
	int r = rp_spawn_streams(argv, &s, MODPROBE_DEADLINE_MS, &res);

	rp_trace(rp_tree_trace(t), ROCPART_TRACE_PROGRAM, begin_ns,
		 r == 0 && res.exit_status ? -EIO : r, argv[0], rp_strbuf_str(out));
	if ((r == -ENOENT || strstr(rp_strbuf_str(out), "not found")) && no_modules(t, reterr) < 0)
		return -ENOENT;
	if (r == -ENOENT) {
		(void)rp_error_set(reterr, r, ROCPART_ERR_DRIVER_RELOAD, argv[0],
				   "the amdgpu driver cannot be reloaded: '%s' is not installed",
				   argv[0]);
		(void)rp_error_hint(reterr, "install kmod, or run the command on the host");
		return r;
	}
	if (r < 0)
		return rp_error_errno(reterr, r, argv[0], "cannot run '%s'", argv[0]);
	first_line(out);
	if (res.timed_out)
		return rp_error_set(reterr, -ETIMEDOUT, ROCPART_ERR_DRIVER_RELOAD, argv[0],
				    "'%s' did not end within %d s", argv[0],
				    MODPROBE_DEADLINE_MS / 1000);
	if (res.exit_status != 0)
		return rp_error_set(reterr, -EIO, ROCPART_ERR_DRIVER_RELOAD, argv[0],
				    "'%s' failed: %s", argv[0], rp_strbuf_str(out));
	return 0;
}

static int disk_srcversion(struct rp_tree *t, struct rp_strbuf *ret, struct rocpart_error *reterr)
{
	const char *const argv[] = {"modinfo", "-F", "srcversion", "amdgpu", NULL};
	int r;

	if (rp_tree_kind(t) == RP_TREE_REAL)
		return run(t, argv, ret, reterr);
	r = rp_tree_driver(t, RP_DRIVER_DISK_SRCVERSION, ret);
	return r < 0 ? rp_error_errno(reterr, r, "/" MODULE,
				      "cannot read the build of the amdgpu module on disk")
		     : 0;
}

static int in_use(struct rocpart_error *reterr, const char *what)
{
	return rp_error_set(reterr, -EBUSY, ROCPART_ERR_DRIVER_IN_USE, "/" MODULE,
			    "the amdgpu driver cannot be unloaded: %s", what);
}

static int check_users(struct rp_tree *t, struct rocpart_error *reterr)
{
	RP_AUTO_NAMES struct rp_names dependents = RP_NAMES_INIT;
	char text[96];
	uint64_t refs = 0;
	int r = rp_tree_read_u64(t, 10, &refs, MODULE "/refcnt");

	if (rp_is_absent(r))
		return in_use(
			reterr,
			"it is built into the kernel, or the kernel does not allow unloading");
	if (r < 0)
		return rp_error_errno(reterr, r, "/" MODULE "/refcnt",
				      "cannot read the use count of the amdgpu driver");
	if (refs) {
		(void)rp_fmt(text, sizeof(text), "it has %llu open uses", (unsigned long long)refs);
		(void)in_use(reterr, text);
		return rp_error_hint(
			reterr,
			"`rocpart holders` names the processes; a graphical console uses it too");
	}
	r = rp_tree_list(t, &dependents, MODULE "/holders");
	if (r < 0 && !rp_is_absent(r))
		return rp_error_errno(reterr, r, "/" MODULE "/holders",
				      "cannot list the modules that use the amdgpu driver");
	if (dependents.n) {
		(void)rp_fmt(text, sizeof(text), "module %s depends on it", dependents.v[0]);
		return in_use(reterr, text);
	}
	return 0;
}

int rp_driver_check_unloadable(struct rp_tree *t, struct rocpart_error *reterr)
{
	RP_AUTO_STRBUF struct rp_strbuf loaded = RP_STRBUF_INIT, disk = RP_STRBUF_INIT;
	int r;

	if (rp_tree_kind(t) == RP_TREE_CAPTURE)
		return rp_error_set(reterr, -EROFS, ROCPART_ERR_READ_ONLY, NULL,
				    "a capture is read-only: its driver cannot be unloaded");
	r = check_users(t, reterr);
	if (r < 0)
		return r;
	r = rp_tree_read(t, &loaded, MODULE "/srcversion");
	if (r < 0)
		return rp_error_errno(reterr, r, "/" MODULE "/srcversion",
				      "cannot read which build of the amdgpu driver is loaded");
	r = disk_srcversion(t, &disk, reterr);
	if (r < 0)
		return r;
	if (!rp_str_eq(rp_strbuf_str(&loaded), rp_strbuf_str(&disk))) {
		(void)rp_error_set(
			reterr, -EBUSY, ROCPART_ERR_DRIVER_IN_USE, "/" MODULE,
			"the amdgpu module on disk (%s) is not the build that is loaded (%s)",
			rp_strbuf_str(&disk), rp_strbuf_str(&loaded));
		return rp_error_hint(reterr,
				     "reboot first, so that the installed driver is loaded");
	}
	return 0;
}

static int reload_error(int r, const char *what, struct rocpart_error *reterr)
{
	(void)rp_error_set(reterr, r, ROCPART_ERR_DRIVER_RELOAD, "/" MODULE,
			   "%s the amdgpu driver failed: %s", what, rocpart_strerror(r));
	(void)rp_error_hint(reterr, "look for the reason in the kernel log (dmesg)");
	return r;
}

int rp_driver_unload(struct rp_tree *t, struct rocpart_error *reterr)
{
	const char *const argv[] = {"modprobe", "-r", "amdgpu", NULL};
	RP_AUTO_STRBUF struct rp_strbuf out = RP_STRBUF_INIT;
	int r;

	if (rp_tree_kind(t) == RP_TREE_REAL)
		return run(t, argv, &out, reterr);
	r = rp_tree_driver(t, RP_DRIVER_UNLOAD, NULL);
	return r < 0 ? reload_error(r, "unloading", reterr) : 0;
}

int rp_driver_load(struct rp_tree *t, struct rocpart_error *reterr)
{
	const char *const argv[] = {"modprobe", "amdgpu", NULL};
	RP_AUTO_STRBUF struct rp_strbuf out = RP_STRBUF_INIT;
	int r;

	if (rp_tree_kind(t) == RP_TREE_REAL)
		return run(t, argv, &out, reterr);
	r = rp_tree_driver(t, RP_DRIVER_LOAD, NULL);
	return r < 0 ? reload_error(r, "loading", reterr) : 0;
}
