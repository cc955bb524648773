/* SPDX-License-Identifier: MIT */
/* run: a command on a partition of its own, for as long as it lasts. */
#include "cli/run_user.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/name.h"
#include "base/num.h"
#include "views/handout.h"

/* With --stop-left, what a command left behind has this long between SIGTERM and SIGKILL. */
#define GRACE_MS 5000

#define NOT_FOUND	 127 /* as a shell says it */
#define NOT_EXECUTED	 126
#define BY_A_SIGNAL	 128
#define TERMINAL_STOP(s) ((s) == SIGTSTP || (s) == SIGTTIN || (s) == SIGTTOU)

struct run_values {
	struct cli_lease_values lease;
	const char *model;
	const char *user, *group;
	struct rp_names partitions, leases, pass_fds;
	bool stop_left;
};

static const struct cli_option run_options[] = {
	{.name = "model",
	 .kind = CLI_TEXT,
	 .words = CLI_WORDS_MODELS,
	 .arg = "MODEL",
	 .offset = offsetof(struct run_values, model),
	 .help = "lease the memory that this model needs"},
	{.name = "partition",
	 .kind = CLI_LIST,
	 .words = CLI_WORDS_PARTITIONS,
	 .arg = "GPU/ID",
	 .offset = offsetof(struct run_values, partitions),
	 .help = "lease this partition, as a whole unless --model or --bytes need less; several by "
		 "commas"},
	{.name = "lease",
	 .kind = CLI_LIST,
	 .words = CLI_WORDS_LEASE_NUMBERS,
	 .arg = "LEASE",
	 .offset = offsetof(struct run_values, leases),
	 .help = "use this lease, and keep it afterwards; several by commas"},
	{.name = "user",
	 .kind = CLI_TEXT,
	 .arg = "USER",
	 .offset = offsetof(struct run_values, user),
	 .help = "run the command as this user, with the groups of the user; takes root (with "
		 "sudo: the user who called sudo, else the caller)"},
	{.name = "group",
	 .kind = CLI_TEXT,
	 .arg = "GROUP",
	 .offset = offsetof(struct run_values, group),
	 .help = "run the command with this primary group (the group of the user)"},
	{.name = "pass-fd",
	 .kind = CLI_LIST,
	 .arg = "N",
	 .offset = offsetof(struct run_values, pass_fds),
	 .help = "pass the open descriptor N to the command; all others above 2 are closed; "
		 "several by commas"},
	{.name = "stop-left",
	 .offset = offsetof(struct run_values, stop_left),
	 .help = "stop the processes that the command leaves behind, which otherwise keep the "
		 "lease until they end"},
	CLI_SHARED(cli_lease_options, run_values, lease),
	CLI_END,
};

/* ---- commands that only ask somebody else to start something ---- */

struct client {
	const char *name, *instead;
};

static const struct client clients[] = {
	{"docker", "docker run $(rocpart args docker LEASE) ..."},
	{"docker-compose", "the devices of `rocpart args docker LEASE` in its file"},
	{"nerdctl", "nerdctl run $(rocpart args docker LEASE) ..."},
	{"podman", "podman run $(rocpart args podman LEASE) ..."},
	{"ctr", "the device of `rocpart cdi list` (ctr run --device)"},
	{"crictl", "the device of `rocpart cdi list` in the container's config"},
	{"kubectl", "`rocpart args k8s LEASE` in the container of the pod"},
	{"helm", "`rocpart args k8s LEASE` in the container of the pod"},
	{"oc", "`rocpart args k8s LEASE` in the container of the pod"},
	{"srun", "`rocpart run` inside of the job: srun ... rocpart run -- COMMAND"},
	{"sbatch", "`rocpart run` inside of the job's script"},
	{"salloc", "`rocpart run` inside of the job: srun ... rocpart run -- COMMAND"},
	{"systemd-run", "`rocpart args systemd LEASE` as a drop-in of the unit"},
};

/* They start it below a daemon, out of our control group: it would not be confined. */
static int refuse_client(struct cli *cli, const char *command)
{
	const char *base = strrchr(command, '/');
	struct rocpart_error err = {.errnum = -EPERM, .code = ROCPART_ERR_UNSUPPORTED};

	base = base ? base + 1 : command;
	for (size_t i = 0; i < RP_ARRAY_LEN(clients); i++) {
		if (!rp_str_eq(base, clients[i].name))
			continue;
		(void)rp_fmt(err.message, sizeof(err.message),
			     "%s would not be confined: a daemon starts its program outside of the "
			     "cgroup of the lease",
			     base);
		(void)rp_fmt(err.hint, sizeof(err.hint),
			     "`rocpart place` a lease for it, and use %s", clients[i].instead);
		return cli_fail(cli, &err);
	}
	return 0;
}

/* ---- signals ---- */

/* Blocked, and read from a descriptor instead. */
static int take_signals(int *ret_fd)
{
	static const int signals[] = {SIGHUP,  SIGINT,	SIGQUIT,  SIGTERM, SIGUSR1,
				      SIGUSR2, SIGTSTP, SIGWINCH, SIGCONT, SIGCHLD};
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < RP_ARRAY_LEN(signals); i++)
		sigaddset(&set, signals[i]);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return rp_neg_errno();
	*ret_fd = signalfd(-1, &set, SFD_CLOEXEC);
	return *ret_fd < 0 ? rp_neg_errno() : 0;
}

/* A shell waits for the whole job to stop: where the terminal stopped the command, we stop too. */
static void stop_with(pid_t pid, int signo)
{
	if (!TERMINAL_STOP(signo))
		return;
	(void)raise(SIGSTOP);
	(void)kill(pid, SIGCONT);
}

/* Exit status of the command once it ended; -1 before. */
static int look_at_child(pid_t pid)
{
	siginfo_t info = {0};

	while (waitid(P_PID, (id_t)pid, &info, WEXITED | WSTOPPED | WNOHANG) == 0 && info.si_pid) {
		if (info.si_code == CLD_EXITED)
			return info.si_status;
		if (info.si_code == CLD_KILLED || info.si_code == CLD_DUMPED)
			return BY_A_SIGNAL + info.si_status;
		stop_with(pid, info.si_status);
		info = (siginfo_t){0};
	}
	return -1;
}

/* What a terminal sends (SI_KERNEL) reaches the command by itself: it is in our process group. */
static int wait_for(pid_t pid, int signal_fd)
{
	struct signalfd_siginfo info;
	int status;

	while ((status = look_at_child(pid)) < 0) {
		ssize_t n = read(signal_fd, &info, sizeof(info));

		if (n == (ssize_t)sizeof(info) && info.ssi_signo != SIGCHLD &&
		    info.ssi_code != SI_KERNEL)
			(void)kill(pid, (int)info.ssi_signo);
	}
	return status;
}

/* ---- the lease ---- */

static int check_options(struct cli *cli)
{
	const struct run_values *v = cli->values;
	const struct cli_lease_values *l = &v->lease;

	if (v->leases.n &&
	    (v->model || l->bytes || v->partitions.n || l->share || l->priority || l->labels.n))
		return cli_usage_error(cli,
				       "--lease uses a lease that exists: leave out --model, "
				       "--bytes, --partition, --share, --priority and --label");
	if (v->model && l->bytes)
		return cli_usage_error(cli, "--model and --bytes exclude each other");
	if (!v->leases.n && !v->model && !l->bytes && !v->partitions.n)
		return cli_usage_error(cli, "nothing to lease: give --model, --bytes, --partition "
					    "or --lease");
	if ((l->dtype || l->context || l->lenient) && !v->model)
		return cli_usage_error(
			cli, "--dtype, --context and --lenient size a model: give --model");
	return 0;
}

/* One lease for each partition that is named; the same is asked of each. */
static int place(struct cli *cli, const struct rocpart_command *command, struct rocpart_run **ret,
		 struct rocpart_leases **ret_leases)
{
	const struct run_values *v = cli->values;
	const struct rp_names *parts = &v->partitions;
	size_t n = parts->n ? parts->n : 1, n_made = 0;
	RP_AUTO_FREE struct rocpart_place_options **options =
		rp_new0(struct rocpart_place_options *, n);
	const char *base = strrchr(command->argv[0], '/');
	struct rocpart_error err = {0};
	char name[RP_NAME_SIZE];
	int status = options ? 0 : cli_nomem(cli);

	(void)rp_name_clean(RP_NAME_LEASE, base ? base + 1 : command->argv[0], name);
	for (; status == 0 && n_made < n; n_made += status == 0) {
		status = cli_place_options(cli, &v->lease, v->model, name, &options[n_made]);
		if (status == 0 && parts->n &&
		    rocpart_place_options_set_partition(options[n_made], parts->v[n_made], &err) <
			    0)
			status = cli_fail(cli, &err);
	}
	if (status == 0 && rocpart_run_place(cli->machine, command,
					     (const struct rocpart_place_options *const *)options,
					     n, ret, ret_leases, &err) < 0)
		status = cli_fail(cli, &err);
	for (size_t i = 0; options && i < n; i++)
		rocpart_place_options_free(options[i]);
	return status;
}

static int prepare(struct cli *cli, const struct rocpart_command *command, struct rocpart_run **ret,
		   struct rocpart_leases **ret_leases)
{
	const struct run_values *v = cli->values;
	const struct rp_names *leases = &v->leases;
	struct rocpart_error err = {0};

	if (!leases->n)
		return place(cli, command, ret, ret_leases);
	return rocpart_run_use(cli->machine, command, (const char *const *)leases->v, leases->n,
			       ret, &err) < 0
		       ? cli_fail_without_gpu(cli, &err)
		       : 0;
}

/* ---- the user and the descriptors of the command ---- */

/* Descriptors of our own are closed by execve: one that is not was open when we were started. */
static int read_descriptors(struct cli *cli, int *ret)
{
	const struct rp_names *fds = &((const struct run_values *)cli->values)->pass_fds;

	for (size_t i = 0; i < fds->n; i++) {
		uint32_t fd;
		int flags = -1;

		if (rp_parse_u32(fds->v[i], 10, &fd) < 0 || fd > INT32_MAX)
			return cli_usage_error(cli,
					       "option '--pass-fd': '%s' is not the number of "
					       "a descriptor",
					       fds->v[i]);
		flags = fcntl((int)fd, F_GETFD);
		if (flags < 0 || flags & FD_CLOEXEC)
			return cli_usage_error(cli, "option '--pass-fd': descriptor %u is not open",
					       fd);
		ret[i] = (int)fd;
	}
	return 0;
}

static void say_user(const struct cli_run_user *u)
{
	if (!u->is_other)
		return;
	cli_say(stderr, "rocpart: the command runs as user %s%s(uid %u)%s\n",
		u->name ? u->name : "", u->name ? " " : "", u->user.uid,
		u->is_sudo ? ", who called sudo; `--user root` runs it as root" : "");
}

/* ---- what is said; standard output is the command's ---- */

/* Not passed on: it would hide the partition (engines study 4.3). */
static void say_conflicts(const struct rocpart_handout *h, enum rocpart_view view)
{
	const char *name, *value;

	for (size_t i = 0; (name = rocpart_handout_get_conflict(h, view, i)); i++) {
		value = secure_getenv(name);
		if (value)
			cli_say(stderr,
				"rocpart: %s=%s is not passed on: it would hide the "
				"partition\n",
				name, value);
	}
}

/* One line on standard error: standard output is the command's. */
static void say_json(struct cli *cli, const struct rocpart_run *run,
		     const struct rocpart_leases *leases, const struct cli_run_user *user)
{
	RP_AUTO_JSON struct rp_json *j =
		view_run(cli_about(cli), run, leases, user->is_other ? user->user.uid : geteuid());
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;

	if (j && rp_json_print(j, false, &text) == 0)
		fprintf(stderr, "%s\n", rp_strbuf_str(&text));
}

static void say(struct cli *cli, const struct rocpart_run *run, const struct rocpart_leases *leases)
{
	const struct rocpart_lease *l;
	enum rocpart_view view;
	const struct rocpart_handout *h = rocpart_run_get_handout(run, &view);
	struct rocpart_snapshot *s = NULL;
	struct rocpart_error err = {0};
	const char *text;
	char bytes[RP_BYTES_TEXT_SIZE], where[VIEW_PARTITION_TEXT_SIZE];

	if (rocpart_machine_get_kind(cli->machine) == ROCPART_MACHINE_SIM)
		cli_say(stderr, "rocpart: SIMULATED machine %s: %s\n",
			rp_strbuf_str(&cli->machine_name),
			rocpart_machine_get_shown_name(cli->machine)
				? "no hardware is touched"
				: "the command sees it only inside of `rocpart sim exec`");
	/* The exit status is that of the program. */
	if (leases && rocpart_machine_observe(cli->machine, &s, &err) < 0)
		cli_say_note("the names of the partitions are not known", &err);
	for (size_t i = 0; leases && (l = rocpart_leases_get(leases, i)); i++)
		cli_say(stderr, "rocpart: lease %llu: %s on %s, guarantee: %s\n",
			(unsigned long long)l->id, rp_format_bytes(l->bytes, bytes),
			view_format_partition(s, l->bdf, l->partition, where),
			rocpart_guarantee_to_string(l->guarantee));
	for (size_t i = 0; (text = rocpart_run_get_missing(run, i)); i++)
		cli_say(stderr, "rocpart: %s\n", text);
	say_conflicts(h, view);
	rocpart_snapshot_unref(s);
}

/* ---- running ---- */

static int start(struct cli *cli, struct rocpart_run *run, const char *command)
{
	struct rocpart_error err = {0};
	int r = rocpart_run_start(run, &err);

	if (r == 0)
		return 0;
	(void)rp_fmt(err.object, sizeof(err.object), "%s", command);
	(void)cli_fail(cli, &err);
	return r == -ENOENT ? NOT_FOUND : NOT_EXECUTED;
}

/* The process that waits was made before our signals are blocked: it has the caller's mask. */
static int run_command(struct cli *cli, struct rocpart_run *run, const char *command)
{
	const bool stop_left = ((const struct run_values *)cli->values)->stop_left;
	struct rocpart_error err = {0};
	RP_AUTO_CLOSE int signal_fd = -EBADF;
	size_t left = 0;
	int status;

	if (take_signals(&signal_fd) < 0)
		return cli_usage_error(cli, "signals cannot be passed on: %s",
				       rocpart_strerror(errno));
	status = start(cli, run, command);
	if (status)
		return status;
	status = wait_for((pid_t)rocpart_run_get_pid(run), signal_fd);
	if (rocpart_run_finish(run, stop_left ? GRACE_MS : ROCPART_RUN_LEAVE, &left, &err) < 0)
		(void)cli_fail(cli, &err);
	if (left && stop_left)
		cli_say(stderr,
			"rocpart: processes that the command left behind were stopped: "
			"%zu\n",
			left);
	else if (left)
		cli_say(stderr,
			"rocpart: processes that the command left behind keep its lease "
			"until they end: %zu\n",
			left);
	return status;
}

static int run_as(struct cli *cli, const struct rocpart_command *command,
		  const struct cli_run_user *user)
{
	struct rocpart_leases *leases = NULL;
	struct rocpart_run *run = NULL;
	int status = prepare(cli, command, &run, &leases);

	if (status == 0) {
		if (cli->global.json) {
			say_json(cli, run, leases, user);
		} else {
			say_user(user);
			say(cli, run, leases);
		}
		status = run_command(cli, run, command->argv[0]);
	}
	rocpart_leases_free(leases);
	rocpart_run_free(run);
	return status;
}

static int run_run(struct cli *cli, int argc, char **argv)
{
	const struct run_values *v = cli->values;
	RP_AUTO_FREE int *fds = rp_new0(int, v->pass_fds.n + 1);
	struct cli_run_user user = {.words = RP_NAMES_INIT};
	struct rocpart_command command = {.argv = (const char *const *)argv,
					  .envp = (const char *const *)environ,
					  .pass_fds = fds,
					  .n_pass_fds = v->pass_fds.n};
	int status = fds ? check_options(cli) : cli_nomem(cli);

	argv[argc] = NULL;
	if (status == 0)
		status = refuse_client(cli, argv[0]);
	if (status == 0)
		status = read_descriptors(cli, fds);
	if (status == 0)
		status = cli_find_run_user(cli, v->user, v->group, &user);
	if (user.is_other) {
		command.user = &user.user;
		command.envp = user.envp;
	}
	if (status == 0)
		status = run_as(cli, &command, &user);
	cli_run_user_done(&user);
	return status;
}

const struct cli_command cli_verb_run = {
	.name = "run",
	.group = "every day",
	.args = "-- COMMAND...",
	.min_args = 1,
	.max_args = 4096,
	.summary = "run a command with a lease; the command can open only its partition",
	.options = run_options,
	.values_size = sizeof(struct run_values),
	.needs_machine = true,
	.has_program = true,
	.run = run_run,
};
