/* SPDX-License-Identifier: MIT */
/* lease set: owner, labels and priority of a lease. */
#include "cli/cli.h"

#include "base/num.h"
#include "views/lease_fields.h"
#include "views/leases.h"

struct lease_set_values {
	const char *owner, *priority;
	struct rp_names labels;
	bool dry_run;
};

static const struct cli_option lease_set_options[] = {
	{.name = "owner",
	 .kind = CLI_TEXT,
	 .arg = "OWNER",
	 .offset = offsetof(struct lease_set_values, owner),
	 .help = "owner, with which the lease ends: docker:NAME, unit:NAME, pod:NS/NAME, job:ID, "
		 "pid:N or none"},
	{.name = "label",
	 .kind = CLI_LIST,
	 .arg = "KEY=VALUE",
	 .offset = offsetof(struct lease_set_values, labels),
	 .help = "label to set; the others stay; several by commas"},
	{.name = "priority",
	 .kind = CLI_TEXT,
	 .arg = "N",
	 .offset = offsetof(struct lease_set_values, priority),
	 .help = "priority; a higher number is more important"},
	CLI_SHARED(cli_dry_run_options, lease_set_values, dry_run),
	CLI_END,
};

struct labels {
	struct rp_names keys, values;
};

static void labels_done(struct labels *l)
{
	rp_names_done(&l->keys);
	rp_names_done(&l->values);
}

static int split_labels(struct cli *cli, const struct rp_names *words, struct labels *ret)
{
	for (size_t i = 0; i < words->n; i++) {
		const char *text = words->v[i], *equals = strchr(text, '=');
		RP_AUTO_FREE char *key = equals ? rp_strndup(text, (size_t)(equals - text)) : NULL;

		if (!equals)
			return cli_usage_error(cli, "--label: '%s' is not KEY=VALUE", text);
		if (!key || rp_names_add(&ret->keys, key) < 0 ||
		    rp_names_add(&ret->values, equals + 1) < 0)
			return cli_nomem(cli);
	}
	return 0;
}

static int make_edit(struct cli *cli, const struct lease_set_values *v, const struct labels *labels,
		     struct rocpart_lease_edit *ret)
{
	double priority = 0;

	if (v->priority &&
	    (rp_parse_double(v->priority, &priority) < 0 || priority < -1e9 || priority > 1e9))
		return cli_usage_error(cli, "--priority is a whole number, not '%s'", v->priority);
	*ret = (struct rocpart_lease_edit){.owner = v->owner,
					   .keys = (const char *const *)labels->keys.v,
					   .values = (const char *const *)labels->values.v,
					   .n_labels = labels->keys.n,
					   .has_priority = v->priority != NULL,
					   .priority = (int32_t)priority};
	return 0;
}

static int find(struct cli *cli, const char *word, uint64_t *ret_lease, struct rp_strbuf *ret_file)
{
	struct rocpart_leases *leases = NULL;
	const struct rocpart_lease *l = NULL, *at;
	struct rocpart_error err = {0};
	int r = rocpart_leases_new(cli->machine, &leases, &err);

	if (r == 0)
		r = rocpart_leases_find(leases, word, &l, &err);
	for (size_t i = 0; r == 0 && (at = rocpart_leases_get(leases, i)); i++)
		if (at == l)
			rp_strbuf_add(ret_file, rocpart_leases_get_file(leases, i));
	*ret_lease = l ? l->id : 0;
	rocpart_leases_free(leases);
	return r < 0 ? cli_fail(cli, &err) : 0;
}

static int print_set(struct cli *cli, const struct rocpart_lease *l, const char *file)
{
	char replica[VIEW_REPLICA_TEXT_SIZE];

	if (cli->global.json)
		return cli_print_json_done(cli, view_lease(cli_about(cli), l));
	cli_print_banner(cli);
	cli_say(stdout, "lease %llu (%s) %s owner %s, priority %d%s%s\n", (unsigned long long)l->id,
		view_format_replica(l, replica), cli_is_dry_run(cli) ? "would have" : "has",
		l->owner, l->priority, *l->labels ? ", labels " : "", l->labels);
	if (*file)
		cli_say(stdout,
			"note: \t'%s' has the lease: the next apply of it sets back what "
			"it names\n",
			file);
	return cli_done(cli);
}

static int run_lease_set(struct cli *cli, int argc, char **argv)
{
	const struct lease_set_values *v = cli->values;
	RP_AUTO(labels_done) struct labels labels = {0};
	RP_AUTO_STRBUF struct rp_strbuf file = RP_STRBUF_INIT;
	struct rocpart_leases *leases = NULL;
	struct rocpart_lease_edit edit;
	struct rocpart_error err = {0};
	uint64_t lease = 0;
	int status = split_labels(cli, &v->labels, &labels);

	(void)argc;
	if (status == 0 && !v->owner && !v->priority && !v->labels.n)
		return cli_usage_error(cli, "nothing to set: give --owner, --label or --priority");
	if (status == 0)
		status = make_edit(cli, v, &labels, &edit);
	if (status == 0)
		status = find(cli, argv[0], &lease, &file);
	if (status == 0 && rocpart_lease_edit(cli->machine, lease, &edit, &leases, &err) < 0)
		status = cli_fail(cli, &err);
	if (status == 0)
		status = print_set(cli, rocpart_leases_get(leases, 0), rp_strbuf_str(&file));
	rocpart_leases_free(leases);
	return status;
}

const struct cli_command cli_verb_lease_set = {
	.name = "lease set",
	.group = "manage",
	.args = "LEASE",
	.min_args = 1,
	.max_args = 1,
	.summary = "change owner, labels or priority of a lease",
	.options = lease_set_options,
	.values_size = sizeof(struct lease_set_values),
	.words = {CLI_WORDS_LEASES},
	.needs_machine = true,
	.notes_hold = true,
	.run = run_lease_set,
};
