/* SPDX-License-Identifier: MIT */
/* sim mount, unmount, exec: a simulated machine as files. rocpart-simfs does the work. */
#include "cli/cli.h"

#include <limits.h>

#include "base/name.h"
#include "base/spawn.h"
#include "views/sim.h"

#define MOUNT_DEADLINE_MS 30000
#define OUTPUT_MAX	  4096

/* Beside an installed program; in the tree that it was built in; where it was to be installed. */
static char *program_path(void)
{
	static const char *const places[] = {"../libexec/rocpart", "../src/simfs"};
	char exe[512];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	char *slash;

	exe[n > 0 ? n : 0] = '\0';
	slash = strrchr(exe, '/');
	for (size_t i = 0; slash && i < RP_ARRAY_LEN(places); i++) {
		char *path =
			rp_strdupf("%.*s/%s/rocpart-simfs", (int)(slash - exe), exe, places[i]);

		if (!path || access(path, X_OK) == 0)
			return path;
		free(path);
	}
	return rp_strdupf("%s/rocpart-simfs", ROCPART_LIBEXECDIR);
}

/* The machine is made from a profile when it is not there yet. Name and folder: caller frees. */
static int find_machine(struct cli *cli, const char *name, char **ret_name, char **ret_folder)
{
	RP_AUTO_FREE char *dir = cli_sim_dir(name);
	int status;

	cli->global.sim = name;
	status = cli_open_machine(cli);
	if (status)
		return status;
	*ret_name = rp_strdupf("%s", rp_strbuf_str(&cli->machine_name));
	*ret_folder = dir ? realpath(dir, NULL) : NULL;
	return *ret_name && *ret_folder ? 0 : cli_nomem(cli);
}

static int not_installed(const struct cli *cli, const char *program)
{
	struct rocpart_error err = {.errnum = -ENOENT, .code = ROCPART_ERR_UNSUPPORTED};

	(void)rp_fmt(err.object, sizeof(err.object), "%.*s", (int)sizeof(err.object) - 1, program);
	(void)rp_fmt(err.message, sizeof(err.message),
		     "rocpart-simfs, which mounts simulated machines, is not installed");
	(void)rp_fmt(
		err.hint, sizeof(err.hint),
		"install libfuse3-dev and build rocpart again; only `sim mount` and `sim exec` "
		"need rocpart-simfs");
	return cli_fail(cli, &err);
}

/* Where a machine is mounted unless said otherwise. */
static char *default_dir(const char *name)
{
	RP_AUTO_FREE char *run = cli_runtime_folder();

	return run ? rp_strdupf("%s/rocpart/sim/%s", run, name) : NULL;
}

static char *absolute(const char *dir)
{
	char cwd[PATH_MAX];

	if (dir[0] == '/')
		return rp_strdupf("%s", dir);
	return getcwd(cwd, sizeof(cwd)) ? rp_strdupf("%s/%s", cwd, dir) : NULL;
}

/* What rocpart-simfs said: "rocpart: MESSAGE", "  HINT". */
static int pass_on(const struct cli *cli, const struct rp_strbuf *said, int exit_status)
{
	static const enum rocpart_errcode codes[] = {ROCPART_ERR_NONE, ROCPART_ERR_FAILED,
						     ROCPART_ERR_INVALID_ARGUMENT,
						     ROCPART_ERR_LOCKED};
	struct rocpart_error err = {.errnum = -EIO, .code = ROCPART_ERR_FAILED};
	const char *text = rp_strbuf_str(said), *hint;
	size_t len;

	if (exit_status > 0 && (size_t)exit_status < RP_ARRAY_LEN(codes))
		err.code = codes[exit_status];
	text += rp_str_starts(text, "rocpart: ") ? strlen("rocpart: ") : 0;
	len = strcspn(text, "\n");
	(void)rp_fmt(err.message, sizeof(err.message), "%.*s", (int)len, text);
	hint = text + len + strspn(text + len, "\n ");
	(void)rp_fmt(err.hint, sizeof(err.hint), "%.*s", (int)strcspn(hint, "\n"), hint);
	return cli_fail(cli, &err);
}

static int run_simfs(const struct cli *cli, const char *const *argv)
{
	RP_AUTO_STRBUF struct rp_strbuf said = RP_STRBUF_INIT;
	struct rp_spawn_result res = {0};
	int r = rp_spawn(argv, &said, OUTPUT_MAX, MOUNT_DEADLINE_MS, &res);

	if (r == -ENOENT)
		return not_installed(cli, argv[0]);
	if (r < 0 || res.exit_status != 0)
		return pass_on(cli, &said, r < 0 ? 1 : res.exit_status);
	if (said.len) /* e.g. that something was cleaned up */
		cli_say_lines(stderr, rp_strbuf_str(&said));
	return 0;
}

static int print_place(struct cli *cli, const char *name, const char *action, const char *dir)
{
	if (cli->global.json)
		return cli_print_json(cli, view_sim_place(cli_about(cli), name, action, dir));
	cli_say(stdout, "simulated machine %s: %s %s\n", name, action, dir);
	return 0;
}

static int mount_or_unmount(struct cli *cli, int argc, char **argv, bool mounts)
{
	RP_AUTO_FREE char *program = program_path(), *name = NULL, *folder = NULL;
	RP_AUTO_FREE char *given = NULL, *dir = NULL;
	int status = find_machine(cli, argv[0], &name, &folder);

	if (status)
		return status;
	given = argc > 1 ? rp_strdupf("%s", argv[1]) : default_dir(name);
	dir = given ? absolute(given) : NULL;
	if (!program || !dir)
		return cli_nomem(cli);
	const char *const mount_argv[] = {program, "mount", name, folder, dir, NULL};
	const char *const unmount_argv[] = {program, "unmount", dir, NULL};

	status = run_simfs(cli, mounts ? mount_argv : unmount_argv);
	return status ? status
		      : print_place(cli, name, mounts ? "mounted at" : "unmounted from", dir);
}

static int run_sim_mount(struct cli *cli, int argc, char **argv)
{
	return mount_or_unmount(cli, argc, argv, true);
}

static int run_sim_unmount(struct cli *cli, int argc, char **argv)
{
	return mount_or_unmount(cli, argc, argv, false);
}

struct exec_values {
	const char *host;
	bool has_ioctls;
};

static const struct cli_option exec_options[] = {
	{.name = "host",
	 .kind = CLI_TEXT,
	 .arg = "NAME",
	 .offset = offsetof(struct exec_values, host),
	 .help = "run the command on a host of that name, with processes, /run and an address of "
		 "its own"},
	{.name = "ioctl",
	 .offset = offsetof(struct exec_values, has_ioctls),
	 .help = "let programs open /dev/kfd and /dev/dri: a preloaded library answers for "
		 "the devices"},
	CLI_END,
};

static int check_host(const struct cli *cli, const char *host)
{
	struct rocpart_error err = {0};

	return host && rp_name_check(RP_NAME_HOST, host, &err) < 0 ? cli_fail(cli, &err) : 0;
}

static int run_sim_exec(struct cli *cli, int argc, char **argv)
{
	const struct exec_values *v = cli->values;
	RP_AUTO_FREE char *program = program_path(), *name = NULL, *folder = NULL;
	RP_AUTO_FREE char *host = v->host ? rp_strdupf("--host=%s", v->host) : NULL;
	RP_AUTO_FREE char **all = rp_new0(char *, (size_t)argc + 6);
	static char verb[] = "exec", ioctl[] = "--ioctl";
	int n = 0, status = check_host(cli, v->host);

	if (status == 0)
		status = find_machine(cli, argv[0], &name, &folder);
	if (status)
		return status;
	if (!program || !all || (v->host && !host))
		return cli_nomem(cli);
	all[n++] = program;
	all[n++] = verb;
	if (v->has_ioctls)
		all[n++] = ioctl;
	if (host)
		all[n++] = host;
	all[n++] = name;
	all[n++] = folder;
	for (int i = 1; i < argc; i++)
		all[n++] = argv[i];
	fflush(stdout);
	execv(program, all);
	return errno == ENOENT ? not_installed(cli, program) : cli_nomem(cli);
}

const struct cli_command cli_verb_sim_mount = {
	.name = "sim mount",
	.group = "simulated machines",
	.args = "NAME [DIR]",
	.min_args = 1,
	.max_args = 2,
	.summary = "mount a simulated machine as files: sys/ and dev/ in DIR",
	.words = {CLI_WORDS_SIMS, CLI_WORDS_FILES},
	.run = run_sim_mount,
};

const struct cli_command cli_verb_sim_unmount = {
	.name = "sim unmount",
	.group = "simulated machines",
	.args = "NAME [DIR]",
	.min_args = 1,
	.max_args = 2,
	.summary = "unmount a simulated machine",
	.words = {CLI_WORDS_SIMS, CLI_WORDS_FILES},
	.run = run_sim_unmount,
};

const struct cli_command cli_verb_sim_exec = {
	.name = "sim exec",
	.group = "simulated machines",
	.args = "NAME -- COMMAND...",
	.min_args = 2,
	.max_args = 4096,
	.summary = "run a command that sees a simulated machine as /sys and /dev",
	.options = exec_options,
	.values_size = sizeof(struct exec_values),
	.words = {CLI_WORDS_SIMS},
	.has_program = true,
	.run = run_sim_exec,
};
