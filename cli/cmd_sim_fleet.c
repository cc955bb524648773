/* SPDX-License-Identifier: MIT */
/* sim fleet: many simulated nodes by one command. */
#include "cli/cli.h"

#include <fcntl.h>
#include <sys/wait.h>

#include "cli/fleet_file.h"
#include "views/sim.h"

#define MOST_NAMES 10 /* that a message lists */

static int fleet_done(struct cli *cli, const struct rp_names *nodes, const char *action)
{
	if (cli->global.json)
		return cli_print_json_done(cli, view_sim_fleet(cli_about(cli), nodes, action));
	cli_say(stdout, "%zu simulated machine%s: %s\n", nodes->n, nodes->n == 1 ? "" : "s",
		action);
	return cli_done(cli);
}

/* ---- create ---- */

struct creation {
	struct rp_names made;
	struct rocpart_error err;
};

static int create_node(struct creation *c, const struct cli_fleet_group *g, const char *name)
{
	RP_AUTO_FREE char *dir = cli_sim_dir(name);
	int r = dir ? rocpart_sim_create(dir, rp_strbuf_str(&g->text), g->text.len, g->profile,
					 &c->err)
		    : rp_error_nomem(&c->err);

	if (r < 0)
		return r;
	if (rp_names_add(&c->made, name) < 0) {
		(void)rocpart_sim_remove(dir, NULL);
		return rp_error_nomem(&c->err);
	}
	if (!g->sync)
		r = rocpart_sim_set_no_sync(dir, true, &c->err);
	for (size_t i = 0; r == 0 && i < g->faults.n; i++) {
		r = rocpart_sim_fault_add(dir, g->faults.v[i], &c->err);
		if (r < 0)
			(void)rp_fmt(c->err.object, sizeof(c->err.object), "%s",
				     g->fault_places.v[i]);
	}
	if (r == 0 && cli_take_signal())
		return rp_error_set(&c->err, -EINTR, ROCPART_ERR_FAILED, name, "interrupted");
	return r;
}

static int refuse_existing(struct cli *cli, const struct cli_fleet *f)
{
	for (size_t i = 0; i < f->n; i++)
		for (size_t k = 0; k < f->v[i].nodes.n; k++) {
			RP_AUTO_FREE char *dir = cli_sim_dir(f->v[i].nodes.v[k]), *profile = NULL;
			struct rocpart_error err = {0};

			if (!dir)
				return cli_nomem(cli);
			if (rocpart_sim_get_profile(dir, &profile, &err) == -ENOENT)
				continue;
			(void)rp_error_set(&err, -EEXIST, ROCPART_ERR_INVALID_ARGUMENT,
					   f->v[i].nodes.v[k],
					   "the simulated machine '%s' exists; nothing was changed",
					   f->v[i].nodes.v[k]);
			(void)rp_error_hint(&err,
					    "`rocpart sim fleet rm FILE` deletes the machines "
					    "of a file");
			return cli_fail(cli, &err);
		}
	return 0;
}

/* All, or none: what was made is deleted again. */
static int take_back(struct cli *cli, struct creation *c)
{
	size_t left = 0;

	for (size_t i = 0; i < c->made.n; i++) {
		RP_AUTO_FREE char *dir = cli_sim_dir(c->made.v[i]);

		left += !dir || rocpart_sim_remove(dir, NULL) < 0;
	}
	if (left)
		(void)rp_error_append(&c->err, "; %zu machines that were made could not be deleted",
				      left);
	else
		(void)rp_error_append(&c->err, "; no machine of the file was created");
	return cli_fail(cli, &c->err);
}

static int create_fleet(struct cli *cli, const char *file)
{
	CLI_AUTO_FLEET struct cli_fleet fleet = {0};
	struct creation c = {0};
	int r = 0, status = cli_fleet_load(cli, file, &fleet);

	if (status == 0)
		status = refuse_existing(cli, &fleet);
	if (status)
		return status;
	cli_defer_signals();
	for (size_t i = 0; r == 0 && i < fleet.n; i++)
		for (size_t k = 0; r == 0 && k < fleet.v[i].nodes.n; k++)
			r = create_node(&c, &fleet.v[i], fleet.v[i].nodes.v[k]);
	status = r < 0 ? take_back(cli, &c) : fleet_done(cli, &c.made, "created");
	rp_names_done(&c.made);
	return status;
}

/* ---- rm ---- */

static int remove_fleet(struct cli *cli, const char *text)
{
	RP_AUTO_NAMES struct rp_names nodes = RP_NAMES_INIT, removed = RP_NAMES_INIT;
	struct rocpart_error err = {0};
	int r = 0, status = cli_fleet_nodes(cli, text, &nodes);

	for (size_t i = 0; status == 0 && i < nodes.n; i++) {
		RP_AUTO_FREE char *dir = cli_sim_dir(nodes.v[i]);

		r = dir ? rocpart_sim_remove(dir, &err) : rp_error_nomem(&err);
		if (r < 0 && r != -ENOENT) {
			(void)rp_error_append(&err, "; %zu machines were deleted before",
					      removed.n);
			status = cli_fail(cli, &err);
		} else if (r == 0 && rp_names_add(&removed, nodes.v[i]) < 0) {
			status = cli_nomem(cli);
		}
	}
	if (status == 0 && removed.n == 0) /* the last one says what is not there */
		return cli_fail(cli, &err);
	return status ? status : fleet_done(cli, &removed, "deleted");
}

/* ---- run ---- */

/* A word of the command for one node: "{}" is its name. */
static char *word_for(const char *word, const char *node)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	const char *found;

	rp_strbuf_add(&text, "");
	for (; (found = strstr(word, "{}")); word = found + 2) {
		rp_strbuf_add_mem(&text, word, (size_t)(found - word));
		rp_strbuf_add(&text, node);
	}
	rp_strbuf_add(&text, word);
	return rp_strbuf_failed(&text) ? NULL : rp_strdupf("%s", rp_strbuf_str(&text));
}

static void run_child(int out_fd, const char *node, int argc, char **argv)
{
	RP_AUTO_FREE char **all = rp_new0(char *, (size_t)argc + 2);
	static char name[] = "rocpart";

	if (!all || setenv("ROCPART_SIM", node, 1) < 0 || dup2(out_fd, 1) < 0 ||
	    dup2(out_fd, 2) < 0)
		_exit(1);
	all[0] = name;
	for (int i = 0; i < argc; i++) {
		all[i + 1] = word_for(argv[i], node);
		if (!all[i + 1])
			_exit(1);
	}
	execv("/proc/self/exe", all);
	_exit(1);
}

static void say_lines_of(const char *node, int fd)
{
	RP_AUTO_FCLOSE FILE *f = fdopen(fd, "r");
	RP_AUTO_FREE char *line = NULL;
	size_t size = 0;
	ssize_t n;

	while (f && (n = getline(&line, &size, f)) > 0) {
		line[strcspn(line, "\n")] = '\0';
		cli_say(stdout, "%s: %s\n", node, line);
	}
	if (!f)
		close(fd);
}

/* Exit status of the command for one node; -errno: it was not started. */
static int run_node(const char *node, int argc, char **argv)
{
	int fds[2], status = 0;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return rp_neg_errno();
	fflush(stdout);
	pid = fork();
	if (pid == 0)
		run_child(fds[1], node, argc, argv);
	close(fds[1]);
	if (pid < 0) {
		int r = rp_neg_errno();

		close(fds[0]);
		return r;
	}
	say_lines_of(node, fds[0]);
	if (rp_retry(waitpid(pid, &status, 0)) < 0)
		return rp_neg_errno();
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static void say_failed(const struct rp_names *failed, size_t n)
{
	fflush(stdout);
	cli_say(stderr, "rocpart: the command failed on %zu of %zu nodes:", failed->n, n);
	for (size_t i = 0; i < failed->n && i < MOST_NAMES; i++)
		cli_say(stderr, " %s", failed->v[i]);
	cli_say(stderr, failed->n > MOST_NAMES ? " ...\n" : "\n");
}

/* As a person would type it. */
static bool is_rocpart(const char *word)
{
	return rp_str_eq(word, "rocpart") || rp_str_ends(word, "/rocpart");
}

static int run_on_fleet(struct cli *cli, const char *text, int argc, char **argv)
{
	RP_AUTO_NAMES struct rp_names nodes = RP_NAMES_INIT, failed = RP_NAMES_INIT;
	int first = 0, status = cli_fleet_nodes(cli, text, &nodes);

	if (status)
		return status;
	if (argc > 1 && is_rocpart(argv[0])) {
		argc--;
		argv++;
	}
	for (size_t i = 0; i < nodes.n; i++) {
		int r = run_node(nodes.v[i], argc, argv);

		if (r < 0) {
			struct rocpart_error err = {0};

			(void)rp_error_errno(&err, r, nodes.v[i],
					     "cannot start the command for node '%s'", nodes.v[i]);
			return cli_fail(cli, &err);
		}
		if (r > 0 && rp_names_add(&failed, nodes.v[i]) < 0)
			return cli_nomem(cli);
		first = first ? first : r;
	}
	if (failed.n)
		say_failed(&failed, nodes.n);
	return first;
}

static int run_sim_fleet(struct cli *cli, int argc, char **argv)
{
	const char *action = argv[0];

	if (rp_str_eq(action, "run"))
		return argc > 2 ? run_on_fleet(cli, argv[1], argc - 2, argv + 2)
				: cli_usage_error(cli, "no command given: write "
						       "`rocpart sim fleet run NODES -- COMMAND`");
	if (!rp_str_eq(action, "create") && !rp_str_eq(action, "rm"))
		return cli_usage_error(cli, "'%s' is not create, rm or run", action);
	if (argc > 2)
		return cli_usage_error(cli, "`sim fleet %s` takes one argument", action);
	return rp_str_eq(action, "create") ? create_fleet(cli, argv[1])
					   : remove_fleet(cli, argv[1]);
}

const struct cli_command cli_verb_sim_fleet = {
	.name = "sim fleet",
	.group = "simulated machines",
	.args = "create FILE | rm NODES | run NODES -- COMMAND...",
	.min_args = 2,
	.max_args = 4096,
	.summary = "create and delete many simulated machines, and run a command for each",
	.words = {CLI_WORDS_NONE, CLI_WORDS_FILES},
	.has_program = true,
	.run = run_sim_fleet,
};
