/* SPDX-License-Identifier: MIT */
/* args: what a program needs to run on a lease or on partitions. */
#include "cli/cli.h"

#include <unistd.h>

#include "views/handout.h"

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
	{"systemd", NULL, ROCPART_HANDOUT_SYSTEMD, false},
	{"vllm", NULL, ROCPART_HANDOUT_VLLM, true},
	{"llama.cpp", NULL, ROCPART_HANDOUT_LLAMA_CPP, true},
};

static int find_form(struct cli *cli, const char *what, const struct form **ret)
{
	const char *format = cli->values.format;
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
		return cli_usage_error(cli, "there is no --format %s of '%s'", format, what);
	return cli_usage_error(
		cli, "WHAT is env, docker, podman, k8s, systemd, vllm or llama.cpp, not '%s'",
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

	if (!cli->values.filter)
		return 0;
	for (size_t i = 0; i < RP_ARRAY_LEN(filters); i++)
		if (rp_str_eq(filters[i].name, cli->values.filter))
			return rocpart_handout_set_filter(h, filters[i].filter, NULL) < 0
				       ? cli_nomem(cli)
				       : 0;
	return cli_usage_error(cli, "--filter is rocr, hip or none, not '%s'", cli->values.filter);
}

/* An empty one counts for ROCr: it shows nothing then. */
static void warn_of_conflicts(const struct rocpart_handout *h)
{
	const char *name, *value;

	for (size_t i = 0; (name = rocpart_handout_get_conflict(h, ROCPART_VIEW_HOST, i)); i++) {
		value = secure_getenv(name);
		if (!value || (!*value && !rp_str_eq(name, "ROCR_VISIBLE_DEVICES")))
			continue;
		fprintf(stderr,
			"rocpart: warning: %s=%s is set here: it would filter a second time and "
			"hide the partition; `unset %s`\n",
			name, value, name);
	}
}

static int print(struct cli *cli, const struct rocpart_handout *h, const struct form *f)
{
	struct rocpart_error err = {0};
	RP_AUTO_FREE char *text = NULL;
	char **words = NULL;
	int status;

	if (f->has_words && rocpart_handout_get_words(h, f->form, &words, &err) < 0)
		return cli_fail(cli, &err);
	if (cli->values.json) {
		status = cli_print_json(cli, view_args(cli_about(cli), h, f->form, words));
		rocpart_flags_free(words);
		return status;
	}
	rocpart_flags_free(words);
	if (rocpart_handout_print(h, f->form, &text, &err) < 0)
		return cli_fail(cli, &err);
	/* Other forms say so in a comment. */
	if (f->has_words && rocpart_machine_get_kind(cli->machine) == ROCPART_MACHINE_SIM)
		fprintf(stderr, "rocpart: of simulated machine %s\n",
			rp_strbuf_str(&cli->machine_name));
	return fputs(text, stdout) < 0;
}

int cli_cmd_args(struct cli *cli, int argc, char **argv)
{
	struct rocpart_handout *h = NULL;
	struct rocpart_error err = {0};
	const struct form *f = NULL;
	const char *const *names = (const char *const *)(argv + 1);
	int status = find_form(cli, argv[0], &f);

	if (status)
		return status;
	if (rocpart_handout_new(cli->machine, names, (size_t)argc - 1, &h, &err) < 0)
		return cli_fail(cli, &err);
	rocpart_handout_set_rootless(h, geteuid() != 0);
	status = set_filter(cli, h);
	if (status == 0 && rocpart_handout_get_view(h, f->form) == ROCPART_VIEW_HOST)
		warn_of_conflicts(h);
	if (status == 0)
		status = print(cli, h, f);
	rocpart_handout_free(h);
	return status;
}
