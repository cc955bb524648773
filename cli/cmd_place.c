/* SPDX-License-Identifier: MIT */
/* place: find a partition for a model and lease it. */
#include "cli/cli.h"

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

/* Sized by its description: the least that works. */
static int options_of_model(struct cli *cli, const char *name, struct rocpart_place_options **ret)
{
	struct rocpart_model *model = NULL;
	struct rocpart_size_options *sizes = NULL;
	struct rocpart_footprint *f = NULL;
	struct rocpart_error err = {0};
	uint64_t bytes = 0;
	int status = cli_open_model(cli, name, &model);

	if (status == 0)
		status = cli_size_options(cli, &sizes);
	if (status == 0 && rocpart_footprint_new(model, sizes, &f, &err) < 0)
		status = cli_fail(cli, &err);
	if (status == 0 && rocpart_footprint_get(f, ROCPART_FOOTPRINT_TOTAL_BYTES, &bytes) < 0)
		status = cli_usage_error(cli,
					 "the bytes of '%s' are not known as a whole; say "
					 "them with --bytes",
					 name);
	if (status == 0 &&
	    (rocpart_place_options_new(rocpart_model_get_name(model), bytes, ret, &err) < 0 ||
	     rocpart_place_options_set_footprint(*ret, f, &err) < 0))
		status = cli_fail(cli, &err);
	rocpart_footprint_free(f);
	rocpart_size_options_free(sizes);
	rocpart_model_free(model);
	return status;
}

static int options_of_bytes(struct cli *cli, const char *name, struct rocpart_place_options **ret)
{
	struct rocpart_error err = {0};
	uint64_t bytes;

	if (rp_parse_bytes(cli->values.bytes, &bytes) < 0 || bytes == 0 || bytes > INT64_MAX)
		return cli_usage_error(cli, "--bytes is a size such as 16G, not '%s'",
				       cli->values.bytes);
	if (cli->values.dtype || cli->values.context)
		return cli_usage_error(cli, "--dtype and --context size a model; --bytes says it");
	return rocpart_place_options_new(name ? name : "model", bytes, ret, &err) < 0
		       ? cli_fail(cli, &err)
		       : 0;
}

static int set_labels(struct cli *cli, struct rocpart_place_options *o)
{
	for (size_t i = 0; i < cli->values.labels.n; i++) {
		const char *text = cli->values.labels.v[i], *equals = strchr(text, '=');
		RP_AUTO_FREE char *key = equals ? rp_strndup(text, (size_t)(equals - text)) : NULL;

		if (!key || rocpart_place_options_set_label(o, key, equals + 1, NULL) < 0)
			return cli_usage_error(cli, "--label is KEY=VALUE, not '%s'", text);
	}
	return 0;
}

static int set_options(struct cli *cli, struct rocpart_place_options *o)
{
	const struct cli_values *v = &cli->values;
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
	return status ? status : set_labels(cli, o);
}

int cli_place_options(struct cli *cli, const char *model, const char *name,
		      struct rocpart_place_options **ret)
{
	int status;

	if (model)
		status = options_of_model(cli, model, ret);
	else if (cli->values.bytes)
		status = options_of_bytes(cli, name, ret);
	else
		status = rocpart_place_options_new(name, 0, ret, NULL) < 0 ? cli_nomem(cli) : 0;
	return status ? status : set_options(cli, *ret);
}

static int print_placed(struct cli *cli, const struct rocpart_leases *leases)
{
	const struct rocpart_lease *l;

	if (cli->values.json)
		return cli_print_json(cli, view_placed(cli_about(cli), leases));
	cli_print_banner(cli);
	if (!rocpart_leases_get(leases, 0))
		printf("no lease waits for a place that could have one\n");
	for (size_t i = 0; (l = rocpart_leases_get(leases, i)); i++) {
		char bytes[RP_BYTES_TEXT_SIZE];

		printf("lease %llu: %s, %s on %s/%u, guarantee: %s\n", (unsigned long long)l->id,
		       l->name, rp_format_bytes(l->bytes, bytes), l->bdf, l->partition,
		       rocpart_guarantee_to_string(l->guarantee));
	}
	l = rocpart_leases_get(leases, 0);
	if (l)
		printf("next: `rocpart args env %llu`, or docker, podman, k8s, systemd, vllm, "
		       "llama.cpp instead of env\n",
		       (unsigned long long)l->id);
	return 0;
}

int cli_cmd_place(struct cli *cli, int argc, char **argv)
{
	struct rocpart_place_options *o = NULL;
	struct rocpart_leases *leases = NULL;
	struct rocpart_error err = {0};
	int r, status = 0;

	if (cli->values.pending ? argc > 0 || cli->values.bytes : !argc && !cli->values.bytes)
		return cli_usage_error(cli, "name a model, or --bytes N, or --pending");
	if (cli->values.partitions.n > 1)
		return cli_usage_error(cli, "name one partition");
	if (cli->values.pending) {
		r = rocpart_place_pending(cli->machine, &leases, &err);
	} else {
		status = cli_place_options(cli, cli->values.bytes ? NULL : argv[0],
					   argc ? argv[0] : NULL, &o);
		if (status == 0 && cli->values.partitions.n &&
		    rocpart_place_options_set_partition(o, cli->values.partitions.v[0], NULL) < 0)
			status = cli_nomem(cli);
		r = status ? 0 : rocpart_place(cli->machine, o, &leases, &err);
	}
	if (r < 0)
		status = cli_fail(cli, &err);
	else if (status == 0)
		status = print_placed(cli, leases);
	rocpart_leases_free(leases);
	rocpart_place_options_free(o);
	return status;
}
