/* SPDX-License-Identifier: MIT */
/* args: what a program needs to run on a lease or on partitions. */
#include "cli/cli.h"

#include <unistd.h>

#include "views/handout.h"

struct args_values {
	const char *filter, *format;
};

static const struct cli_option args_options[] = {
	{.name = "filter",
	 .kind = CLI_TEXT,
	 .words = CLI_WORDS_OF_ARG,
	 .arg = "rocr|hip|none",
	 .offset = offsetof(struct args_values, filter),
	 .help = "hide the other devices with ROCR_VISIBLE_DEVICES, HIP_VISIBLE_DEVICES or no "
		 "variable (rocr on the host, none in containers)"},
	{.name = "format",
	 .kind = CLI_TEXT,
	 .words = CLI_WORDS_OF_ARG,
	 .arg = "shell|dotenv|yaml|json|start|fixed",
	 .offset = offsetof(struct args_values, format),
	 .help = "shell or dotenv for env (shell); yaml or json for k8s (yaml); start or fixed "
		 "for systemd (start for leases, fixed for partitions)"},
	CLI_END,
};

struct form {
	const char *what, *format; /* format: of --format, NULL: there is one only */
	enum rocpart_handout_form form;
	bool has_words;
};

static const struct form forms[] = {
	{"env", "shell", ROCPART_HANDOUT_SHELL, false},
	{"env", "dotenv", ROCPART_HANDOUT_DOTENV, false},
	{"docker", NULL, ROCPART_HANDOUT_DOCKER, true},
	{"podman", NULL, ROCPART_HANDOUT_PODMAN, true},
	{"k8s", "yaml", ROCPART_HANDOUT_K8S_YAML, false},
	{"k8s", "json", ROCPART_HANDOUT_K8S_JSON, false},
	{"systemd", "start", ROCPART_HANDOUT_SYSTEMD, false},
	{"systemd", "fixed", ROCPART_HANDOUT_SYSTEMD, false},
	{"vllm", NULL, ROCPART_HANDOUT_VLLM, true},
	{"llama.cpp", NULL, ROCPART_HANDOUT_LLAMA_CPP, true},
};

static int find_form(struct cli *cli, const char *what, const struct form **ret)
{
	const struct args_values *v = cli->values;
	const char *format = v->format;
	bool is_known = false;

	for (size_t i = 0; i < RP_ARRAY_LEN(forms); i++) {
		const struct form *f = &forms[i];

		if (!rp_str_eq(f->what, what))
			continue;
		is_known = true;
		if (!format || (f->format && rp_str_eq(f->format, format))) {
			*ret = f;
			return 0;
		}
	}
	if (is_known)
		return cli_usage_error(cli, "--format %s does not exist for '%s'", format, what);
	return cli_usage_error(
		cli,
		"settings are for env, docker, podman, k8s, systemd, vllm or llama.cpp, not '%s'",
		what);
}

static int set_filter(struct cli *cli, struct rocpart_handout *h)
{
	static const struct {
		const char *name;
		enum rocpart_filter filter;
	} filters[] = {
		{"rocr", ROCPART_FILTER_ROCR},
		{"hip", ROCPART_FILTER_HIP},
		{"none", ROCPART_FILTER_NONE},
	};
	const struct args_values *v = cli->values;
	struct rocpart_error err = {0};

	if (!v->filter)
		return 0;
	for (size_t i = 0; i < RP_ARRAY_LEN(filters); i++)
		if (rp_str_eq(filters[i].name, v->filter))
			return rocpart_handout_set_filter(h, filters[i].filter, &err) < 0
				       ? cli_fail(cli, &err)
				       : 0;
	return cli_usage_error(cli, "--filter is rocr, hip or none, not '%s'", v->filter);
}

/* An empty one counts for ROCr: it shows nothing then. */
static void warn_of_conflicts(const struct rocpart_handout *h)
{
	const char *name, *value;

	for (size_t i = 0; (name = rocpart_handout_get_conflict(h, ROCPART_VIEW_HOST, i)); i++) {
		value = secure_getenv(name);
		if (!value || (!*value && !rp_str_eq(name, "ROCR_VISIBLE_DEVICES")))
			continue;
		cli_say(stderr,
			"rocpart: warning: %s=%s is set here: it would filter a second time and "
			"hide the partition; `unset %s`\n",
			name, value, name);
	}
}

/* The leases by their lasting names, when nothing but leases is asked for: "llama/0,llama/1". */
static int list_leases(struct cli *cli, const struct rocpart_handout *h, struct rp_strbuf *ret)
{
	const char *name;
	size_t n = 0;

	for (; (name = rocpart_handout_get_lease(h, n)); n++)
		rp_strbuf_addf(ret, "%s%s", n ? "," : "", name);
	if (rocpart_handout_get_partition(h, n))
		rp_strbuf_truncate(ret, 0); /* some are partitions */
	return rp_strbuf_failed(ret) ? cli_nomem(cli) : 0;
}

/* What is printed names this boot's nodes and indices: what to store instead. */
static void say_validity(FILE *to, const char *prefix, const struct form *f, const char *leases)
{
	bool is_engine = f->form == ROCPART_HANDOUT_VLLM || f->form == ROCPART_HANDOUT_LLAMA_CPP;
	bool is_container = f->form == ROCPART_HANDOUT_DOCKER || f->form == ROCPART_HANDOUT_PODMAN;

	if (is_engine)
		cli_say(to, "%svalid until the lease changes\n", prefix);
	else
		cli_say(to, "%svalid until the next boot or switch of a GPU\n", prefix);
	if (is_engine || !*leases)
		return;
	if (is_container)
		cli_say(to,
			"%sto store: the device rocpart.dev/lease=NAME-N (`rocpart cdi generate "
			"--kind rocpart.dev/lease`)\n",
			prefix);
	else
		cli_say(to, "%sto store: `rocpart run --lease %s -- PROGRAM`\n", prefix, leases);
}

/* A unit that looks up at each start what its leases have; without a place it does not start. */
static int print_unit(struct cli *cli, const char *leases)
{
	bool is_sim = rocpart_machine_get_kind(cli->machine) == ROCPART_MACHINE_SIM;
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (n < 0)
		return cli_nomem(cli);
	self[n] = '\0';
	cli_print_banner(cli);
	cli_end_line(stdout);
	printf("# A drop-in that names the lease: what it has is looked up at each start, and the\n"
	       "# unit does not start while the lease has no place. PROGRAM: that of the unit.\n"
	       "[Service]\n"
	       "ExecStart=\n"
	       "ExecStart=%s%s%s run --lease %s -- PROGRAM\n",
	       self, is_sim ? " --sim " : "", is_sim ? rp_strbuf_str(&cli->machine_name) : "",
	       leases);
	return 0;
}

static int print(struct cli *cli, const struct rocpart_handout *h, const struct form *f,
		 const char *leases)
{
	struct rocpart_error err = {0};
	RP_AUTO_FREE char *text = NULL;
	char **words = NULL;
	int status;

	if (f->has_words && rocpart_handout_get_words(h, f->form, &words, &err) < 0)
		return cli_fail(cli, &err);
	if (cli->global.json) {
		status = cli_print_json(cli, view_args(cli_about(cli), h, f->form, words));
		rocpart_flags_free(words);
		return status;
	}
	rocpart_flags_free(words);
	if (rocpart_handout_print(h, f->form, &text, &err) < 0)
		return cli_fail(cli, &err);
	if (fputs(text, stdout) < 0)
		return 1;
	if (f->has_words)
		say_validity(stderr, "rocpart: ", f, leases);
	else if (f->form != ROCPART_HANDOUT_K8S_JSON)
		say_validity(stdout, "# ", f, leases);
	/* Other forms say so in a comment. */
	if (f->has_words && rocpart_machine_get_kind(cli->machine) == ROCPART_MACHINE_SIM)
		cli_say(stderr, "rocpart: of simulated machine %s\n",
			rp_strbuf_str(&cli->machine_name));
	return 0;
}

/* A unit of leases is one that looks them up, unless the nodes of now are asked for. */
static int print_form(struct cli *cli, const struct rocpart_handout *h, const struct form *f,
		      const char *leases)
{
	const struct args_values *v = cli->values;
	bool starts = v->format && rp_str_eq(v->format, "start");

	if (f->form != ROCPART_HANDOUT_SYSTEMD || cli->global.json)
		return print(cli, h, f, leases);
	if (starts && !*leases)
		return cli_usage_error(cli, "--format start is for leases, not for partitions");
	return *leases && (starts || !v->format) ? print_unit(cli, leases)
						 : print(cli, h, f, leases);
}

static int run_args(struct cli *cli, int argc, char **argv)
{
	struct rocpart_handout *h = NULL;
	struct rocpart_error err = {0};
	const struct form *f = NULL;
	RP_AUTO_STRBUF struct rp_strbuf leases = RP_STRBUF_INIT;
	const char *const *names = (const char *const *)(argv + 1);
	int status = find_form(cli, argv[0], &f);

	if (status)
		return status;
	if (rocpart_handout_new(cli->machine, names, (size_t)argc - 1, &h, &err) < 0)
		return cli_fail_without_gpu(cli, &err);
	rocpart_handout_set_rootless(h, geteuid() != 0);
	status = set_filter(cli, h);
	if (status == 0 && rocpart_handout_get_view(h, f->form) == ROCPART_VIEW_HOST)
		warn_of_conflicts(h);
	if (status == 0)
		status = list_leases(cli, h, &leases);
	if (status == 0)
		status = print_form(cli, h, f, rp_strbuf_str(&leases));
	rocpart_handout_free(h);
	return status;
}

const struct cli_command cli_verb_args = {
	.name = "args",
	.group = "every day",
	.args = "env|docker|podman|k8s|systemd|vllm|llama.cpp LEASE|GPU/ID...",
	.min_args = 2,
	.max_args = 65,
	.summary = "print settings for a program: env, docker, podman, vllm, ...",
	.options = args_options,
	.values_size = sizeof(struct args_values),
	.words = {CLI_WORDS_OF_ARG, CLI_WORDS_LEASES_AND_PARTITIONS},
	.needs_machine = true,
	.run = run_args,
};
