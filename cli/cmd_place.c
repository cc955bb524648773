/* SPDX-License-Identifier: MIT */
/* place: find a partition for a model and lease it. */
#include "cli/cli.h"

#include "base/name.h"
#include "base/num.h"
#include "views/leases.h"

static int parse_count(struct cli *cli, const char *option, const char *text, uint64_t max,
		       uint32_t *ret)
{
	uint64_t v;

	if (rp_parse_u64(text, 10, &v) < 0 || v < 1 || v > max)
		return cli_usage_error(cli, "--%s is a number from 1 to %llu, not '%s'", option,
				       (unsigned long long)max, text);
	*ret = (uint32_t)v;
	return 0;
}

struct place_values {
	struct cli_lease_values lease;
	struct rp_names partitions;
	bool pending, may_switch, allow_unvalidated, dry_run;
};

static const struct cli_option place_options[] = {
	CLI_SHARED(cli_lease_options, place_values, lease),
	{.name = "replicas",
	 .kind = CLI_TEXT,
	 .arg = "N",
	 .offset = offsetof(struct place_values, lease.replicas),
	 .help = "number of leases to place, on different GPUs where possible (1)"},
	{.name = "owner",
	 .kind = CLI_TEXT,
	 .arg = "OWNER",
	 .offset = offsetof(struct place_values, lease.owner),
	 .help = "owner, with which the lease ends: docker:NAME, unit:NAME, pod:NS/NAME, job:ID, "
		 "pid:N or "
		 "none (none)"},
	{.name = "partition",
	 .kind = CLI_LIST,
	 .words = CLI_WORDS_PARTITIONS,
	 .arg = "GPU/ID",
	 .offset = offsetof(struct place_values, partitions),
	 .help = "place the lease on this partition (chosen by rocpart)"},
	{.name = "pending",
	 .offset = offsetof(struct place_values, pending),
	 .help = "place the leases that have no partition, instead of a new lease"},
	{.name = "switch",
	 .offset = offsetof(struct place_values, may_switch),
	 .help = "give an idle GPU another compute mode when no partition of about that size is "
		 "free; the driver is not reloaded"},
	{.name = "allow-unvalidated",
	 .offset = offsetof(struct place_values, allow_unvalidated),
	 .help = "with --switch: also to a mode that the vendor has not validated"},
	CLI_SHARED(cli_dry_run_options, place_values, dry_run),
	CLI_END,
};

/* Sized by its description: the least that works. */
static int options_of_model(struct cli *cli, const struct cli_lease_values *v, const char *name,
			    struct rocpart_place_options **ret)
{
	const struct cli_size_values sizing = {
		.dtype = v->dtype, .context = v->context, .lenient = v->lenient};
	struct rocpart_model *model = NULL;
	struct rocpart_size_options *sizes = NULL;
	struct rocpart_footprint *f = NULL;
	struct rocpart_error err = {0};
	char lease[RP_NAME_SIZE];
	uint64_t bytes = 0;
	int status = cli_open_model(cli, name, NULL, &model);

	if (status == 0)
		status = cli_make_size_options(cli, &sizing, &sizes);
	if (status == 0 && rocpart_footprint_new(model, sizes, &f, &err) < 0)
		status = cli_fail(cli, &err);
	if (status == 0 && rocpart_footprint_get(f, ROCPART_FOOTPRINT_TOTAL_BYTES, &bytes) < 0)
		status = cli_usage_error(cli,
					 "the size of '%s' is not completely known; "
					 "give it with --bytes",
					 name);
	if (status == 0 &&
	    (rocpart_place_options_new(
		     rp_name_clean(RP_NAME_LEASE, rocpart_model_get_name(model), lease), bytes, ret,
		     &err) < 0 ||
	     rocpart_place_options_set_footprint(*ret, f, &err) < 0))
		status = cli_fail(cli, &err);
	rocpart_footprint_free(f);
	rocpart_size_options_free(sizes);
	rocpart_model_free(model);
	return status;
}

static int options_of_bytes(struct cli *cli, const struct cli_lease_values *v, const char *name,
			    struct rocpart_place_options **ret)
{
	struct rocpart_error err = {0};
	uint64_t bytes;

	if (rp_parse_bytes(v->bytes, &bytes) < 0 || bytes == 0 || bytes > INT64_MAX)
		return cli_usage_error(cli, "--bytes is a size such as 16G, not '%s'", v->bytes);
	if (v->dtype || v->context || v->lenient)
		return cli_usage_error(cli,
				       "--dtype, --context and --lenient size a model; leave them "
				       "out with --bytes");
	return rocpart_place_options_new(name ? name : "model", bytes, ret, &err) < 0
		       ? cli_fail(cli, &err)
		       : 0;
}

static int set_labels(struct cli *cli, const struct rp_names *labels,
		      struct rocpart_place_options *o)
{
	struct rocpart_error err = {0};

	for (size_t i = 0; i < labels->n; i++) {
		const char *text = labels->v[i], *equals = strchr(text, '=');
		RP_AUTO_FREE char *key = equals ? rp_strndup(text, (size_t)(equals - text)) : NULL;

		if (!key)
			return cli_usage_error(cli, "--label: '%s' is not KEY=VALUE", text);
		if (rocpart_place_options_set_label(o, key, equals + 1, &err) < 0)
			return cli_fail(cli, &err);
	}
	return 0;
}

static int set_options(struct cli *cli, const struct cli_lease_values *v,
		       struct rocpart_place_options *o)
{
	struct rocpart_error err = {0};
	uint32_t n = 1;
	double priority;
	int status = 0;

	if (v->owner && rocpart_place_options_set_owner(o, v->owner, &err) < 0)
		return cli_fail(cli, &err);
	if (v->replicas) {
		status = parse_count(cli, "replicas", v->replicas, 4096, &n);
		if (status == 0)
			(void)rocpart_place_options_set_replicas(o, n, NULL);
	}
	if (status == 0 && v->share) {
		status = parse_count(cli, "share", v->share, 64, &n);
		if (status == 0)
			(void)rocpart_place_options_set_share(o, n, NULL);
	}
	if (status == 0 && v->priority) {
		if (rp_parse_double(v->priority, &priority) < 0 || priority < -1e9 ||
		    priority > 1e9)
			return cli_usage_error(cli, "--priority is a whole number, not '%s'",
					       v->priority);
		rocpart_place_options_set_priority(o, (int32_t)priority);
	}
	return status ? status : set_labels(cli, &v->labels, o);
}

int cli_place_options(struct cli *cli, const struct cli_lease_values *v, const char *model,
		      const char *name, struct rocpart_place_options **ret)
{
	struct rocpart_error err = {0};
	int status;

	if (model)
		status = options_of_model(cli, v, model, ret);
	else if (v->bytes)
		status = options_of_bytes(cli, v, name, ret);
	else
		status =
			rocpart_place_options_new(name, 0, ret, &err) < 0 ? cli_fail(cli, &err) : 0;
	return status ? status : set_options(cli, v, *ret);
}

/* "GPU 3 (0000:e5:00.0) was switched: SPX/NPS1 -> CPX/NPS1" for each. */
static void say_switched(struct cli *cli, const struct rocpart_change *change)
{
	const struct rocpart_change_gpu *g;

	for (size_t i = 0; (g = rocpart_change_get_gpu(change, i)); i++)
		cli_say(stdout, "GPU %zu (%s) %s: %s/%s -> %s/%s, %u partitions\n", g->index,
			g->bdf, cli_is_dry_run(cli) ? "would be switched" : "was switched",
			rocpart_compute_mode_to_string(g->from_compute),
			rocpart_memory_mode_to_string(g->from_memory),
			rocpart_compute_mode_to_string(g->to_compute),
			rocpart_memory_mode_to_string(g->to_memory), g->n_partitions_after);
}

static int print_placed_json(struct cli *cli, const struct rocpart_change *change,
			     const struct rocpart_leases *leases)
{
	int status = cli_print_json_done(cli, view_placed(cli_about(cli), change, leases));

	return status == CLI_EXIT_TO_DO && !rocpart_leases_get(leases, 0) ? 0 : status;
}

static int print_placed(struct cli *cli, const struct rocpart_change *change,
			const struct rocpart_leases *leases)
{
	const struct rocpart_snapshot *s = rocpart_leases_get_snapshot(leases);
	const struct rocpart_lease *l;

	if (cli->global.json)
		return print_placed_json(cli, change, leases);
	cli_print_banner(cli);
	if (change)
		say_switched(cli, change);
	if (!rocpart_leases_get(leases, 0))
		cli_say(stdout, "no pending lease can be placed\n");
	for (size_t i = 0; (l = rocpart_leases_get(leases, i)); i++) {
		char bytes[RP_BYTES_TEXT_SIZE], where[VIEW_PARTITION_TEXT_SIZE];

		if (cli_is_dry_run(cli))
			cli_say(stdout, "would be placed: ");
		else
			cli_say(stdout, "lease %llu: ", (unsigned long long)l->id);
		cli_say(stdout, "%s, %s on %s, guarantee: %s\n", l->name,
			rp_format_bytes(l->bytes, bytes),
			view_format_partition(s, l->bdf, l->partition, where),
			rocpart_guarantee_to_string(l->guarantee));
	}
	l = rocpart_leases_get(leases, 0);
	if (cli_is_dry_run(cli))
		return l ? CLI_EXIT_TO_DO : 0;
	if (!l)
		return 0;
	cli_set_done();
	cli_say(stdout,
		"next: `rocpart args env %llu`, or docker, podman, k8s, systemd, vllm, "
		"llama.cpp instead of env\n",
		(unsigned long long)l->id);
	return 0;
}

/* Its partitions are not there yet, so that the places have no names. */
static int say_dry_switch(struct cli *cli, const struct rocpart_change *change)
{
	if (cli->global.json)
		return cli_print_json_done(cli, view_placed(cli_about(cli), change, NULL));
	cli_print_banner(cli);
	say_switched(cli, change);
	cli_say(stdout, "dry run: nothing was changed; the lease would be placed there\n");
	return CLI_EXIT_TO_DO;
}

static int place_one(struct cli *cli, const struct place_values *v, const char *name)
{
	struct rocpart_place_options *o = NULL;
	struct rocpart_leases *leases = NULL;
	struct rocpart_change *change = NULL;
	struct rocpart_error err = {0};
	int status = cli_place_options(cli, &v->lease, v->lease.bytes ? NULL : name, name, &o);

	if (status == 0 && v->partitions.n &&
	    rocpart_place_options_set_partition(o, v->partitions.v[0], &err) < 0)
		status = cli_fail(cli, &err);
	if (status == 0) {
		rocpart_place_options_set_switch(o, v->may_switch);
		rocpart_place_options_set_allow_unvalidated(o, v->allow_unvalidated);
		if (rocpart_place_on_demand(cli->machine, o, &change, &leases, &err) < 0)
			status = cli_fail(cli, &err);
		else
			status = leases ? print_placed(cli, change, leases)
					: say_dry_switch(cli, change);
	}
	rocpart_change_free(change);
	rocpart_leases_free(leases);
	rocpart_place_options_free(o);
	return status;
}

static int place_pending(struct cli *cli)
{
	struct rocpart_leases *leases = NULL;
	struct rocpart_error err = {0};
	int status;

	if (rocpart_place_pending(cli->machine, &leases, &err) < 0)
		return cli_fail(cli, &err);
	status = print_placed(cli, NULL, leases);
	rocpart_leases_free(leases);
	return status;
}

static int run_place(struct cli *cli, int argc, char **argv)
{
	const struct place_values *v = cli->values;

	if (v->pending ? argc > 0 || v->lease.bytes : !argc && !v->lease.bytes)
		return cli_usage_error(cli, "nothing to lease: give a model, --bytes or --pending");
	if (v->allow_unvalidated && !v->may_switch)
		return cli_usage_error(cli, "--allow-unvalidated goes with --switch");
	if (v->may_switch && (v->partitions.n || v->pending))
		return cli_usage_error(cli, "--switch chooses the partition: leave out --partition "
					    "and --pending");
	if (v->partitions.n > 1)
		return cli_usage_error(cli, "--partition: place takes one partition");
	return v->pending ? place_pending(cli) : place_one(cli, v, argc ? argv[0] : NULL);
}

const struct cli_command cli_verb_place = {
	.name = "place",
	.group = "every day",
	.args = "[MODEL|NAME]",
	.max_args = 1,
	.summary = "lease memory of a partition for a model",
	.options = place_options,
	.values_size = sizeof(struct place_values),
	.words = {CLI_WORDS_MODELS},
	.needs_machine = true,
	.notes_hold = true,
	.run = run_place,
};
