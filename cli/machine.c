/* SPDX-License-Identifier: MIT */
/* Which machine a command is about: this one, a capture (--root), a simulated one (--sim). */
#include "cli/cli.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/num.h"
#include "cli/journald.h"

#define FILE_MAX (4 * RP_MIB)

/* Programs read the environment, the library does not. */
static const char *env(const char *name)
{
	const char *v = secure_getenv(name);

	return v && *v ? v : NULL;
}

char *cli_sim_root(void)
{
	RP_AUTO_FREE char *state = cli_user_folder("XDG_STATE_HOME", ".local/state");

	return state ? rp_strdupf("%s/rocpart/sim", state) : NULL;
}

bool cli_is_path(const char *name)
{
	return strchr(name, '/') || rp_str_ends(name, ".yaml");
}

/* "profiles/my.yaml" is machine "my". */
static char *machine_name(const char *name)
{
	const char *base = strrchr(name, '/');
	size_t len;

	base = base ? base + 1 : name;
	len = strlen(base);
	return rp_strndup(base, rp_str_ends(base, ".yaml") ? len - 5 : len);
}

char *cli_sim_dir(const char *name)
{
	RP_AUTO_FREE char *root = cli_sim_root(), *base = machine_name(name);

	return root && base ? rp_strdupf("%s/%s", root, base) : NULL;
}

/*
 * Folders that may hold profiles/: ROCPART_DATA; beside an installed program; the source tree of a
 * program that was built in it; where it was to be installed.
 */
char *cli_data_file(const char *file)
{
	char exe[512];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	char *slash;
	const char *places[3] = {"/../share/rocpart", "/../..", NULL};

	if (env("ROCPART_DATA"))
		return rp_strdupf("%s/%s", env("ROCPART_DATA"), file);
	exe[n > 0 ? n : 0] = '\0';
	slash = strrchr(exe, '/');
	if (slash)
		*slash = '\0';
	for (size_t i = 0; slash && places[i]; i++) {
		char *path = rp_strdupf("%s%s/%s", exe, places[i], file);

		if (!path || access(path, R_OK) == 0)
			return path;
		free(path);
	}
	return rp_strdupf("%s/%s", ROCPART_DATADIR, file);
}

int cli_read_up_to(const char *path, size_t max, struct rp_strbuf *ret)
{
	RP_AUTO_CLOSE int fd = rp_retry(rp_str_eq(path, "-") ? dup(STDIN_FILENO)
							     : open(path, O_RDONLY | O_CLOEXEC));
	ssize_t n = 1;

	if (fd < 0)
		return rp_neg_errno();
	while (n > 0) {
		if (ret->len > max)
			return -EFBIG;
		if (rp_strbuf_reserve(ret, 65536) < 0)
			return -ENOMEM;
		n = rp_retry(read(fd, ret->s + ret->len, 65536));
		if (n < 0)
			return rp_neg_errno();
		ret->len += (size_t)n;
		ret->s[ret->len] = '\0';
	}
	return 0;
}

int cli_read_file(struct cli *cli, const char *path, struct rp_strbuf *ret)
{
	struct rocpart_error err = {0};
	int r = cli_read_up_to(path, FILE_MAX, ret);

	if (r == 0)
		return 0;
	if (r == -EFBIG)
		(void)rp_error_set(&err, r, ROCPART_ERR_CONFIG_SYNTAX, path,
				   "'%s' is larger than %d MiB", path, (int)(FILE_MAX / RP_MIB));
	else
		(void)rp_error_errno(&err, r, path, "cannot read '%s'", path);
	return cli_fail(cli, &err);
}

int cli_load_profile(struct cli *cli, const char *name, struct rp_strbuf *ret)
{
	RP_AUTO_FREE char *file = rp_strdupf("profiles/%s.yaml", name), *path = NULL;

	if (cli_is_path(name))
		return cli_read_file(cli, name, ret);
	path = file ? cli_data_file(file) : NULL;
	if (!path)
		return cli_nomem(cli);
	if (access(path, R_OK) < 0) {
		struct rocpart_error err = {.errnum = -ENOENT, .code = ROCPART_ERR_NOT_FOUND};

		(void)rp_fmt(err.message, sizeof(err.message),
			     "there is no simulated machine and no profile '%s'", name);
		(void)rp_fmt(err.hint, sizeof(err.hint),
			     "`rocpart sim list` shows both; a path to a YAML file works too");
		return cli_fail(cli, &err);
	}
	return cli_read_file(cli, path, ret);
}

/* A machine that does not exist yet is made from the profile of its name. */
static int open_sim(struct cli *cli, const char *name)
{
	RP_AUTO_STRBUF struct rp_strbuf profile = RP_STRBUF_INIT;
	RP_AUTO_FREE char *dir = cli_sim_dir(name), *base = machine_name(name);
	struct rocpart_error err = {0};
	int r, status;

	if (!dir || !base)
		return cli_nomem(cli);
	rp_strbuf_add(&cli->machine_name, base);
	if (rp_strbuf_failed(&cli->machine_name))
		return cli_nomem(cli);
	r = rocpart_machine_open_sim(dir, &cli->machine, &err);
	if (r != -ENOENT)
		return r < 0 ? cli_fail(cli, &err) : 0;
	status = cli_load_profile(cli, name, &profile);
	if (status)
		return status;
	r = rocpart_sim_create(dir, rp_strbuf_str(&profile), profile.len, base, &err);
	if (r == 0 || r == -EEXIST)
		r = rocpart_machine_open_sim(dir, &cli->machine, &err);
	return r < 0 ? cli_fail(cli, &err) : 0;
}

static int open_machine(struct cli *cli)
{
	const struct cli_global_values *v = &cli->global;
	const char *sim = v->sim || v->root ? v->sim : env("ROCPART_SIM");
	struct rocpart_error err = {0};
	int r;

	if (v->sim && v->root)
		return cli_usage_error(cli, "--sim and --root exclude each other");
	if (sim)
		return open_sim(cli, sim);
	r = v->root ? rocpart_machine_open_capture(v->root, &cli->machine, &err)
		    : rocpart_machine_open_real(NULL, &cli->machine, &err);
	if (r < 0)
		return cli_fail(cli, &err);
	if (rocpart_machine_get_shown_name(cli->machine))
		rp_strbuf_add(&cli->machine_name, rocpart_machine_get_shown_name(cli->machine));
	else if (v->root)
		rp_strbuf_add(&cli->machine_name, v->root);
	return rp_strbuf_failed(&cli->machine_name) ? cli_nomem(cli) : 0;
}

static void log_entry(void *userdata, const struct rocpart_history_entry *entry)
{
	RP_AUTO_STRBUF struct rp_strbuf datagram = RP_STRBUF_INIT;

	(void)userdata;
	journald_print(entry, &datagram);
	(void)journald_send(JOURNALD_SOCKET, &datagram); /* what is done is done */
}

int cli_open_machine(struct cli *cli)
{
	enum rocpart_backend backend = ROCPART_BACKEND_AUTO;
	const char *name = cli->global.backend;
	struct rocpart_error err = {0};
	int status;

	if (name && rocpart_backend_from_string(name, &backend) < 0)
		return cli_usage_error(cli,
				       "there is no back end '%s'; --backend takes auto, sysfs, "
				       "libamd_smi or amd-smi",
				       name);
	status = open_machine(cli);
	if (status)
		return status;
	rocpart_machine_set_dry_run(cli->machine, cli_is_dry_run(cli));
	if (rocpart_machine_set_command(cli->machine, rp_strbuf_str(&cli->command_line), &err) < 0)
		return cli_fail(cli, &err);
	if (rocpart_machine_get_kind(cli->machine) == ROCPART_MACHINE_REAL)
		rocpart_machine_set_history_log(cli->machine, log_entry, NULL);
	if (rocpart_machine_set_backend(cli->machine, backend, &err) < 0)
		return cli_fail(cli, &err);
	return cli_start_trace(cli);
}

int cli_observe(struct cli *cli, struct rocpart_snapshot **ret)
{
	struct rocpart_error err = {0};
	int r = rocpart_machine_observe(cli->machine, ret, &err);

	return r < 0 ? cli_fail(cli, &err) : 0;
}

struct rocpart_snapshot *cli_observe_for_names(struct cli *cli)
{
	struct rocpart_snapshot *s = NULL;
	struct rocpart_error err = {0};

	if (rocpart_machine_observe(cli->machine, &s, &err) < 0)
		cli_note_error(&err);
	return s;
}

int cli_observe_or_unfinished(struct cli *cli, struct rocpart_snapshot **ret)
{
	return cli_has_unfinished(cli) ? cli_observe(cli, ret) : cli_observe_gpus(cli, ret);
}

int cli_observe_gpus(struct cli *cli, struct rocpart_snapshot **ret)
{
	struct rocpart_error err = {.errnum = -ENODEV, .code = ROCPART_ERR_NO_HARDWARE};
	int status = cli_observe(cli, ret);

	if (status || rocpart_snapshot_get_gpu_count(*ret))
		return status;
	*ret = rocpart_snapshot_unref(*ret);
	if (rocpart_machine_get_kind(cli->machine) == ROCPART_MACHINE_CAPTURE) {
		(void)rp_fmt(err.message, sizeof(err.message),
			     "no AMD GPU that amdgpu drives is in the capture '%.200s'",
			     cli->global.root ? cli->global.root : "");
		(void)rp_fmt(err.hint, sizeof(err.hint),
			     "`rocpart gather -o DIR` on the machine writes a capture");
		return cli_fail(cli, &err);
	}
	(void)rp_fmt(err.message, sizeof(err.message), "no AMD GPU that amdgpu drives was found%s",
		     rocpart_machine_get_kind(cli->machine) == ROCPART_MACHINE_REAL
			     ? " on this machine"
			     : "");
	(void)rp_fmt(err.hint, sizeof(err.hint),
		     "`rocpart doctor` shows why, and what to do; or try a simulated machine: "
		     "`rocpart --sim mi300x-8 %s`",
		     cli->command->name);
	return cli_fail(cli, &err);
}
