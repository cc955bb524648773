/* SPDX-License-Identifier: MIT */
/* sim create, list, reset, reload, rm, hold: what a person does at a simulated machine. */
#include "cli/cli.h"

#include "base/name.h"
#include "base/num.h"
#include "base/tree.h"
#include "base/words.h"
#include "views/sim.h"

struct create_values {
	const char *profile, *file;
	bool ask, realistic, no_sync;
};

static const struct cli_option create_options[] = {
	{.name = "profile",
	 .letter = 'p',
	 .kind = CLI_TEXT,
	 .words = CLI_WORDS_PROFILES,
	 .arg = "PROFILE",
	 .offset = offsetof(struct create_values, profile),
	 .help = "profile to create the machine from; `rocpart sim list` lists the profiles "
		 "(NAME)"},
	{.name = "file",
	 .letter = 'f',
	 .kind = CLI_TEXT,
	 .words = CLI_WORDS_FILES,
	 .arg = "FILE",
	 .offset = offsetof(struct create_values, file),
	 .help = "YAML file with a profile of your own, instead of --profile"},
	{.name = "ask",
	 .offset = offsetof(struct create_values, ask),
	 .help = "ask for confirmation before modes change, as on hardware"},
	{.name = "realistic",
	 .offset = offsetof(struct create_values, realistic),
	 .help = "a reload takes a minute and a switch seconds, as on hardware"},
	{.name = "no-sync",
	 .offset = offsetof(struct create_values, no_sync),
	 .help = "do not wait for the disk when records change: faster, and lost in a power cut"},
	CLI_END,
};

struct hold_values {
	const char *pid, *process, *cgroup, *release;
	struct rp_names partitions;
	bool contained, no_kfd;
};

static const struct cli_option hold_options[] = {
	{.name = "partition",
	 .kind = CLI_LIST,
	 .words = CLI_WORDS_PARTITIONS,
	 .arg = "GPU/ID[=SIZE]",
	 .offset = offsetof(struct hold_values, partitions),
	 .help = "partition that the process opens, with SIZE of its memory in use; several by "
		 "commas"},
	{.name = "contained",
	 .offset = offsetof(struct hold_values, contained),
	 .help = "restrict the process's device cgroup to these partitions, as in a container"},
	{.name = "no-kfd",
	 .offset = offsetof(struct hold_values, no_kfd),
	 .help = "open render nodes only, as a process that does not compute"},
	{.name = "process",
	 .kind = CLI_TEXT,
	 .arg = "WORDS",
	 .offset = offsetof(struct hold_values, process),
	 .help = "command line of the process (python3)"},
	{.name = "cgroup",
	 .kind = CLI_TEXT,
	 .arg = "PATH",
	 .offset = offsetof(struct hold_values, cgroup),
	 .help = "cgroup of the process, such as /system.slice/docker-ID.scope"},
	{.name = "pid",
	 .kind = CLI_TEXT,
	 .arg = "PID",
	 .offset = offsetof(struct hold_values, pid),
	 .help = "id of the new process (a free one)"},
	{.name = "release",
	 .kind = CLI_TEXT,
	 .arg = "PID",
	 .offset = offsetof(struct hold_values, release),
	 .help = "stop the process PID instead of starting one"},
	CLI_END,
};

/*
 * Machines are folders of their own below one folder, so a name is one word of a path. A machine of
 * an earlier version may have another name than a new one may have.
 */
static int check_name(struct cli *cli, const char *name)
{
	if (!*name || name[0] == '.' || cli_is_path(name))
		return cli_usage_error(cli,
				       "'%s' is not the name of a simulated machine: a name is no "
				       "path, and does not begin with '.' or end with .yaml",
				       name);
	return 0;
}

/* Folder of the machine that argv[0] names; 0 or exit status. */
int cli_sim_find_dir(struct cli *cli, char **argv, char **ret)
{
	int status = check_name(cli, argv[0]);

	if (status)
		return status;
	*ret = cli_sim_dir(argv[0]);
	return *ret ? 0 : cli_nomem(cli);
}

/* One line of text, or the same as JSON: {"machine": NAME, "action": WHAT}. */
int cli_sim_done(struct cli *cli, const char *name, const char *action)
{
	if (cli->global.json)
		return cli_print_json_done(cli, view_sim_done(cli_about(cli), name, action));
	cli_say(stdout, "simulated machine %s: %s\n", name, action);
	return cli_done(cli);
}

/* ---- create, reset, reload, rm ---- */

static int load_profile(struct cli *cli, const char *name, struct rp_strbuf *ret, char **ret_name)
{
	const struct create_values *v = cli->values;
	const char *profile = v->file ? v->file : v->profile ? v->profile : name;
	/* a file of that name here, though it looks like the name of a profile */
	RP_AUTO_FREE char *path =
		rp_strdupf("%s%s", v->file && !cli_is_path(profile) ? "./" : "", profile);
	const char *base = strrchr(profile, '/');

	if (v->file && v->profile)
		return cli_usage_error(cli, "--file and --profile exclude each other");
	base = base ? base + 1 : profile;
	*ret_name = rp_strndup(base, strlen(base));
	if (!path || !*ret_name)
		return cli_nomem(cli);
	return cli_load_profile(cli, path, ret);
}

/* Before its profile is looked for: it may have none of that name. */
static int refuse_existing(struct cli *cli, const char *name, const char *dir)
{
	RP_AUTO_FREE char *profile = NULL;
	struct rocpart_error err = {0};
	char word[RP_WORD_SIZE];

	if (rocpart_sim_get_profile(dir, &profile, NULL) < 0)
		return 0;
	(void)rp_error_set(&err, -EEXIST, ROCPART_ERR_INVALID_ARGUMENT, name,
			   "the simulated machine '%s' exists, made from profile %s; nothing was "
			   "changed",
			   name, profile);
	(void)rp_error_hint(&err, "`rocpart sim rm %s` deletes it", rp_shell_word(name, word));
	return cli_fail(cli, &err);
}

static int run_sim_create(struct cli *cli, int argc, char **argv)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	RP_AUTO_FREE char *dir = NULL, *profile = NULL;
	const struct create_values *v = cli->values;
	struct rocpart_error err = {0};
	int status = cli_sim_find_dir(cli, argv, &dir);

	(void)argc;
	/* A name that is taken is refused before its profile is looked for. */
	if (status == 0 && rocpart_sim_create(dir, "", 0, argv[0], &err) == -EEXIST)
		return cli_fail(cli, &err);
	if (status == 0 && rp_name_check(RP_NAME_MACHINE, argv[0], &err) < 0)
		return cli_fail(cli, &err);
	if (status == 0)
		status = refuse_existing(cli, argv[0], dir);
	if (status == 0)
		status = load_profile(cli, argv[0], &text, &profile);
	if (status)
		return status;
	if (rocpart_sim_create(dir, rp_strbuf_str(&text), text.len, profile, &err) < 0 ||
	    (v->ask && rocpart_sim_set_asks(dir, true, &err) < 0) ||
	    (v->realistic && rocpart_sim_set_realistic(dir, true, &err) < 0) ||
	    (v->no_sync && rocpart_sim_set_no_sync(dir, true, &err) < 0))
		return cli_fail(cli, &err);
	return cli_sim_done(cli, argv[0], "created");
}

static int on_dir(struct cli *cli, char **argv, const char *action,
		  int (*fn)(const char *dir, struct rocpart_error *reterr))
{
	RP_AUTO_FREE char *dir = NULL;
	struct rocpart_error err = {0};
	int status = cli_sim_find_dir(cli, argv, &dir);

	if (status)
		return status;
	return fn(dir, &err) < 0 ? cli_fail(cli, &err) : cli_sim_done(cli, argv[0], action);
}

static int run_sim_reset(struct cli *cli, int argc, char **argv)
{
	(void)argc;
	return on_dir(cli, argv, "switched off and on", rocpart_sim_reset);
}

static int run_sim_reload(struct cli *cli, int argc, char **argv)
{
	(void)argc;
	return on_dir(cli, argv, "driver reloaded", rocpart_sim_reload);
}

static int check_machine(const char *dir, struct rocpart_error *reterr)
{
	RP_AUTO_FREE char *profile = NULL;

	return rocpart_sim_get_profile(dir, &profile, reterr);
}

static int run_sim_rm(struct cli *cli, int argc, char **argv)
{
	(void)argc;
	if (cli_is_dry_run(cli))
		return on_dir(cli, argv, "would be deleted", check_machine);
	return on_dir(cli, argv, "deleted", rocpart_sim_remove);
}

/* ---- list ---- */

/* Names in a folder that end with suffix, without it; a folder that is not there has none. */
static int names_in(const char *dir, const char *suffix, struct rp_names *ret)
{
	RP_AUTO_NAMES struct rp_names files = RP_NAMES_INIT;
	int r = dir ? rp_list_folder(dir, &files) : -ENOMEM;

	for (size_t i = 0; i < files.n && r == 0; i++) {
		RP_AUTO_FREE char *name = NULL;

		if (files.v[i][0] == '.' || !rp_str_ends(files.v[i], suffix))
			continue;
		name = rp_strndup(files.v[i], strlen(files.v[i]) - strlen(suffix));
		r = name ? rp_names_add(ret, name) : -ENOMEM;
	}
	rp_names_sort(ret);
	if (r < 0 && !rp_is_absent(r) && r != -ENOMEM) {
		struct rocpart_error err = {0};

		(void)rp_error_errno(&err, r, dir, "cannot list '%s'", dir);
		cli_note_error(&err);
		return 0;
	}
	return rp_is_absent(r) ? 0 : r;
}

/* One machine; NULL: out of memory. What is no machine, or damaged, says so itself. */
static struct rp_json *machine_json(const char *name)
{
	RP_AUTO_FREE char *dir = cli_sim_dir(name), *profile = NULL;
	struct rocpart_error err = {0};
	unsigned int abi = 0;
	size_t gpus = 0;

	if (!dir)
		return NULL;
	if (rocpart_sim_get_profile(dir, &profile, &err) < 0 ||
	    rocpart_sim_get_abi(dir, &abi, &err) < 0 ||
	    rocpart_sim_get_gpu_count(dir, &gpus, &err) < 0)
		return view_sim_damaged_json(name, err.message);
	return view_sim_machine_json(name, profile, abi, gpus);
}

static struct rp_json *machines_json(const struct rp_names *names)
{
	struct rp_json *list = rp_json_array();

	for (size_t i = 0; i < names->n; i++)
		if (rp_json_append(list, machine_json(names->v[i])) < 0)
			return rp_json_free(list);
	return list;
}

static struct rp_json *list_json(struct cli *cli)
{
	RP_AUTO_NAMES struct rp_names machines = RP_NAMES_INIT, profiles = RP_NAMES_INIT;
	RP_AUTO_FREE char *root = cli_sim_root(), *data = cli_data_file("profiles");

	if (names_in(root, "", &machines) < 0 || names_in(data, ".yaml", &profiles) < 0)
		return NULL;
	return view_sim_list(cli_about(cli), machines_json(&machines), &profiles);
}

static int print_list(struct cli *cli, const struct rp_json *j)
{
	const struct view_layout layout = cli_get_layout(cli, NULL);
	const struct rp_json *machines = rp_json_get(j, "machines");
	const struct rp_json *profiles = rp_json_get(j, "profiles");
	int status = 0;

	if (rp_json_len(machines) || layout.csv)
		status = cli_print_table(cli, view_sim_table(machines, &layout));
	else
		cli_say(stdout, "no simulated machine yet; `rocpart sim create NAME --profile "
				"PROFILE`\n");
	if (status || layout.csv)
		return status;
	cli_say(stdout, "profiles:");
	for (size_t i = 0; i < rp_json_len(profiles); i++)
		cli_say(stdout, " %s", rp_json_text(rp_json_at(profiles, i)));
	cli_say(stdout, "\n");
	return 0;
}

static int run_sim_list(struct cli *cli, int argc, char **argv)
{
	struct rp_json *j = list_json(cli);
	int status;

	(void)argc;
	(void)argv;
	if (!j)
		return cli_nomem(cli);
	if (cli->global.json)
		return cli_print_json(cli, j);
	status = print_list(cli, j);
	rp_json_free(j);
	return status;
}

/* ---- hold ---- */

static int parse_pid(struct cli *cli, const char *text, uint32_t *ret)
{
	if (rp_parse_u32(text, 10, ret) < 0 || *ret == 0 || *ret > 4194304)
		return cli_usage_error(cli, "'%s' is not a process id", text);
	return 0;
}

/* "0/3=20GiB": open, perhaps allowed alone, perhaps with memory. */
static int add_partition(struct cli *cli, const struct rocpart_snapshot *s, char *text,
			 struct rocpart_sim_process *p)
{
	const struct hold_values *v = cli->values;
	const struct rocpart_partition *partition = NULL;
	char *size = strchr(text, '=');
	struct rocpart_error err = {0};
	uint64_t bytes = 0;
	const char *bdf;
	uint32_t id;
	int r;

	if (size)
		*size++ = '\0';
	if (size && rp_parse_bytes(size, &bytes) < 0)
		return cli_usage_error(cli, "'%s' is not a size; write 20GiB or bytes", size);
	if (size && v->no_kfd)
		return cli_usage_error(cli, "a process without KFD has no memory of partitions");
	if (rocpart_snapshot_find_partition(s, text, &partition, &err) < 0)
		return cli_fail(cli, &err);
	bdf = rocpart_gpu_get_bdf(rocpart_partition_get_gpu(partition));
	id = rocpart_partition_get_id(partition);
	r = rocpart_sim_process_open_render(p, bdf, id);
	if (r == 0 && v->contained)
		r = rocpart_sim_process_allow(p, bdf, id);
	if (r == 0 && bytes)
		r = rocpart_sim_process_use_vram(p, bdf, id, bytes);
	return r < 0 ? cli_nomem(cli) : 0;
}

static int add_partitions(struct cli *cli, const char *dir, struct rocpart_sim_process *p)
{
	struct hold_values *v = cli->values;
	struct rp_names *names = &v->partitions;
	struct rocpart_snapshot *s = NULL;
	struct rocpart_error err = {0};
	int status = 0;

	if (names->n == 0)
		return v->contained || v->no_kfd
			       ? cli_usage_error(cli, "--contained and --no-kfd need --partition")
			       : 0;
	if (rocpart_machine_open_sim(dir, &cli->machine, &err) < 0)
		return cli_fail(cli, &err);
	status = cli_observe(cli, &s);
	for (size_t i = 0; status == 0 && i < names->n; i++)
		status = add_partition(cli, s, names->v[i], p);
	rocpart_snapshot_unref(s);
	return status;
}

static int describe(struct cli *cli, const char *dir, struct rocpart_sim_process *p)
{
	const struct hold_values *v = cli->values;
	struct rocpart_error err = {0};
	uint32_t pid = 0;
	int r = 0, status = v->pid ? parse_pid(cli, v->pid, &pid) : 0;

	if (status)
		return status;
	rocpart_sim_process_set_pid(p, pid);
	if (!v->no_kfd)
		rocpart_sim_process_open_kfd(p);
	if (v->process) { /* the name is the last part of the first word */
		RP_AUTO_FREE char *word = rp_strndup(v->process, strcspn(v->process, " "));
		const char *slash = word ? strrchr(word, '/') : NULL;

		r = word ? rocpart_sim_process_set_command(p, slash ? slash + 1 : word, v->process,
							   &err)
			 : rp_error_nomem(&err);
	}
	if (r == 0 && v->cgroup)
		r = rocpart_sim_process_set_cgroup(p, v->cgroup, &err);
	return r < 0 ? cli_fail(cli, &err) : add_partitions(cli, dir, p);
}

static int report_pid(struct cli *cli, const char *name, uint32_t pid, const char *action)
{
	if (cli->global.json)
		return cli_print_json(cli, view_sim_process(cli_about(cli), name, pid, action));
	cli_say(stdout, "simulated machine %s: process %u %s\n", name, pid, action);
	return 0;
}

static int start_process(struct cli *cli, const char *name, const char *dir)
{
	struct rocpart_sim_process *p = NULL;
	struct rocpart_error err = {0};
	uint32_t pid = 0;
	int status = rocpart_sim_process_new(&p) < 0 ? cli_nomem(cli) : describe(cli, dir, p);

	if (status == 0 && rocpart_sim_hold(dir, p, &pid, &err) < 0)
		status = cli_fail(cli, &err);
	rocpart_sim_process_free(p);
	return status ? status : report_pid(cli, name, pid, "started");
}

static int run_sim_hold(struct cli *cli, int argc, char **argv)
{
	const struct hold_values *v = cli->values;
	RP_AUTO_FREE char *dir = NULL;
	struct rocpart_error err = {0};
	uint32_t pid = 0;
	int status = cli_sim_find_dir(cli, argv, &dir);

	(void)argc;
	if (status || !v->release)
		return status ? status : start_process(cli, argv[0], dir);
	if (v->pid || v->process || v->cgroup || v->partitions.n || v->contained || v->no_kfd)
		return cli_usage_error(cli,
				       "--release stops a process: leave out the other options");
	status = parse_pid(cli, v->release, &pid);
	if (status)
		return status;
	if (rocpart_sim_unhold(dir, pid, &err) < 0)
		return cli_fail(cli, &err);
	return report_pid(cli, argv[0], pid, "stopped");
}

const struct cli_command cli_verb_sim_create = {
	.name = "sim create",
	.group = "simulated machines",
	.args = "NAME",
	.min_args = 1,
	.max_args = 1,
	.summary = "create a simulated machine",
	.options = create_options,
	.values_size = sizeof(struct create_values),
	.run = run_sim_create,
};

const struct cli_command cli_verb_sim_list = {
	.name = "sim list",
	.group = "simulated machines",
	.args = "",
	.summary = "list simulated machines and the profiles to make them from",
	.options = cli_table_options,
	.values_size = sizeof(struct cli_table_values),
	.columns = view_sim_fields,
	.run = run_sim_list,
};

const struct cli_command cli_verb_sim_reset = {
	.name = "sim reset",
	.group = "simulated machines",
	.args = "NAME",
	.min_args = 1,
	.max_args = 1,
	.summary = "power-cycle a simulated machine",
	.words = {CLI_WORDS_SIMS},
	.run = run_sim_reset,
};

const struct cli_command cli_verb_sim_hold = {
	.name = "sim hold",
	.group = "simulated machines",
	.args = "NAME",
	.min_args = 1,
	.max_args = 1,
	.summary = "start or stop a simulated process that uses GPUs",
	.options = hold_options,
	.values_size = sizeof(struct hold_values),
	.words = {CLI_WORDS_SIMS},
	.run = run_sim_hold,
};

const struct cli_command cli_verb_sim_reload = {
	.name = "sim reload",
	.group = "simulated machines",
	.args = "NAME",
	.min_args = 1,
	.max_args = 1,
	.summary = "reload the driver without rocpart knowing, as another tool would",
	.words = {CLI_WORDS_SIMS},
	.run = run_sim_reload,
};

const struct cli_command cli_verb_sim_rm = {
	.name = "sim rm",
	.group = "simulated machines",
	.args = "NAME",
	.min_args = 1,
	.max_args = 1,
	.summary = "delete a simulated machine",
	.words = {CLI_WORDS_SIMS},
	.options = cli_dry_run_options,
	.values_size = sizeof(bool),
	.run = run_sim_rm,
};
