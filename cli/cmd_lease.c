/* SPDX-License-Identifier: MIT */
/* release, adopt, explain: what is done with leases that are there. */
#include "cli/cli.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/num.h"
#include "views/leases.h"
#include "views/model_fields.h"

struct release_values {
	bool all, dry_run;
};

static const struct cli_option release_options[] = {
	{.name = "all",
	 .offset = offsetof(struct release_values, all),
	 .help = "release all leases that have the name NAME"},
	CLI_SHARED(cli_dry_run_options, release_values, dry_run),
	CLI_END,
};

/* The leases to release, as numbers and names at the same index. */
struct chosen {
	struct rp_names ids, names;
};

static void chosen_done(struct chosen *c)
{
	rp_names_done(&c->ids);
	rp_names_done(&c->names);
}

enum lease_key { KEY_ID, KEY_REPLICA, KEY_OWNER, KEY_NAME, N_LEASE_KEYS };

/* As systemd does: a unit without a suffix is a service. */
static bool has_owner(const struct rocpart_lease *l, const char *word)
{
	size_t len = strlen(word);

	return rp_str_eq(l->owner, word) ||
	       (rp_str_starts(word, "unit:") && strncmp(l->owner, word, len) == 0 &&
		rp_str_eq(l->owner + len, ".service"));
}

static bool has_key(const struct rocpart_lease *l, enum lease_key key, const char *word)
{
	char text[VIEW_REPLICA_TEXT_SIZE];

	switch (key) {
	case KEY_OWNER:
		return has_owner(l, word);
	case KEY_REPLICA:
		return rp_str_eq(view_format_replica(l, text), word);
	case KEY_ID:
		(void)rp_fmt(text, sizeof(text), "%llu", (unsigned long long)l->id);
		return rp_str_eq(text, word);
	case KEY_NAME:
	case N_LEASE_KEYS:
	default:
		return rp_str_eq(l->name, word);
	}
}

static bool is_chosen(const struct chosen *c, const char *id)
{
	for (size_t i = 0; i < c->ids.n; i++)
		if (rp_str_eq(c->ids.v[i], id))
			return true;
	return false;
}

static int choose_lease(struct chosen *c, const struct rocpart_lease *l)
{
	char id[24];

	(void)rp_fmt(id, sizeof(id), "%llu", (unsigned long long)l->id);
	if (is_chosen(c, id))
		return 0;
	if (rp_names_add(&c->ids, id) < 0)
		return -ENOMEM;
	return rp_names_add(&c->names, l->name);
}

static int refuse_several(struct cli *cli, const char *name, const struct rocpart_leases *leases)
{
	RP_AUTO_STRBUF struct rp_strbuf list = RP_STRBUF_INIT;
	struct rocpart_error err = {0};
	const struct rocpart_lease *l;

	for (size_t i = 0; (l = rocpart_leases_get(leases, i)); i++)
		if (has_key(l, KEY_NAME, name))
			rp_strbuf_addf(&list, " %llu", (unsigned long long)l->id);
	(void)rp_error_set(&err, -EINVAL, ROCPART_ERR_INVALID_ARGUMENT, name,
			   "several leases have the name '%.100s':%.200s; nothing was released",
			   name, rp_strbuf_str(&list));
	(void)rp_error_hint(&err, "release them by their numbers, or all with --all");
	return cli_fail(cli, &err);
}

static int refuse_lease(struct cli *cli, const char *word)
{
	struct rocpart_error err = {0};

	(void)rp_error_set(&err, -ENOENT, ROCPART_ERR_NOT_FOUND, word,
			   "no lease has the number, owner or name '%.100s'; nothing was released",
			   word);
	(void)rp_error_hint(&err, "`rocpart status` lists the leases");
	return cli_fail(cli, &err);
}

/*
 * A word is the number of a lease; else NAME/REPLICA; else an owner, for all its leases; else a
 * name.
 */
static int choose(struct cli *cli, const struct rocpart_leases *leases, const char *word,
		  struct chosen *ret)
{
	const struct release_values *v = cli->values;
	const struct rocpart_lease *l;
	size_t n = 0;
	int r = 0;

	for (enum lease_key key = KEY_ID; n == 0 && key < N_LEASE_KEYS; key++) {
		for (size_t i = 0; r == 0 && (l = rocpart_leases_get(leases, i)); i++) {
			if (!has_key(l, key, word))
				continue;
			if (++n > 1 && key == KEY_NAME && !v->all)
				return refuse_several(cli, word, leases);
			r = choose_lease(ret, l);
		}
	}
	if (r < 0)
		return cli_nomem(cli);
	return n ? 0 : refuse_lease(cli, word);
}

static int choose_all(struct cli *cli, int argc, char **argv, struct chosen *ret)
{
	struct rocpart_leases *leases = NULL;
	struct rocpart_error err = {0};
	int status = 0;

	if (rocpart_leases_new(cli->machine, &leases, &err) < 0)
		return cli_fail(cli, &err);
	for (int i = 0; status == 0 && i < argc; i++)
		status = choose(cli, leases, argv[i], ret);
	rocpart_leases_free(leases);
	return status;
}

/* Every word is understood before the first lease is released. One that ended by itself is gone. */
static int release_chosen(struct cli *cli, const struct chosen *c, uint64_t *ret_released,
			  uint64_t *ret_in_use)
{
	for (size_t i = 0; i < c->ids.n; i++) {
		struct rocpart_error err = {0};
		uint64_t in_use = 0;
		size_t n = 0;
		int r = 0;

		if (cli_is_dry_run(cli))
			n = 1;
		else
			r = rocpart_lease_release(cli->machine, c->ids.v[i], &n, &in_use, &err);
		if (r == -ENOENT)
			continue;
		if (r < 0 && *ret_released)
			(void)rp_error_append(&err, "; %llu lease%s released before",
					      (unsigned long long)*ret_released,
					      *ret_released == 1 ? " was" : "s were");
		if (r < 0)
			return cli_fail(cli, &err);
		*ret_released += n;
		*ret_in_use += in_use;
		if (!cli->global.json)
			cli_say(stdout, "lease %s (%s) %sreleased\n", c->ids.v[i], c->names.v[i],
				cli_is_dry_run(cli) ? "would be " : "");
	}
	return 0;
}

static int run_release(struct cli *cli, int argc, char **argv)
{
	struct chosen chosen = {0};
	uint64_t n = 0, in_use = 0;
	char bytes[RP_BYTES_TEXT_SIZE];
	int status = choose_all(cli, argc, argv, &chosen);

	if (status == 0)
		status = release_chosen(cli, &chosen, &n, &in_use);
	chosen_done(&chosen);
	if (status)
		return status;
	if (cli->global.json)
		return cli_print_json_done(cli, view_released(cli_about(cli), n, in_use));
	if (in_use)
		cli_say(stdout,
			"%s of the released memory is still in use: it counts as unmanaged until "
			"the programs end\n",
			rp_format_bytes(in_use, bytes));
	return cli_done(cli);
}

static int run_adopt(struct cli *cli, int argc, char **argv)
{
	struct rocpart_error err = {0};
	size_t n = 0;

	(void)argc;
	if (rocpart_lease_adopt(cli->machine, argv[0], &n, &err) < 0)
		return cli_fail(cli, &err);
	if (cli->global.json)
		return cli_print_json(cli, view_count(cli_about(cli), "adopted", n));
	cli_say(stdout, "%zu lease%s created for %s\n", n, n == 1 ? "" : "s", argv[0]);
	return 0;
}

/* ---- explain ---- */

/* What is stored with a lease; an old record may lack it. NULL: there is none to show. */
static struct rp_json *read_stored(const char *text, const char *what)
{
	struct rocpart_error err = {0};
	struct rp_json *j = NULL;

	if (*text && rp_json_parse(text, strlen(text), what, &j, &err) == -ENOMEM)
		cli_note_error(&err);
	return j;
}

static void explain_limits(const char *limits)
{
	RP_AUTO_JSON struct rp_json *list = read_stored(limits, "limits");
	const struct rp_json *j;

	for (size_t i = 0; (j = rp_json_at(list, i)); i++)
		cli_say(stdout, "  limit: \t%s: %s: %s\n", rp_json_text(rp_json_get(j, "limit")),
			rp_json_text(rp_json_get(j, "guarantee")),
			rp_json_text(rp_json_get(j, "by")));
}

static void explain_footprint(const char *footprint)
{
	RP_AUTO_JSON struct rp_json *j = read_stored(footprint, "footprint");
	const char *confidence;

	for (size_t i = 0; i < VIEW_N_FOOTPRINT_PARTS; i++) {
		int64_t part = rp_json_int_value(rp_json_get(j, view_footprint_parts[i].key));
		char bytes[RP_BYTES_TEXT_SIZE];

		if (part > 0)
			cli_say(stdout, "  of its bytes: \t%s %s\n",
				rp_format_bytes((uint64_t)part, bytes),
				view_footprint_parts[i].text);
	}
	confidence = rp_json_text(rp_json_get(j, "confidence"));
	if (confidence)
		cli_say(stdout, "  confidence of the bytes: \t%s\n", confidence);
}

static void explain_labels(const char *labels)
{
	RP_AUTO_JSON struct rp_json *j = read_stored(labels, "labels");

	for (void *i = rp_json_iter(j); i; i = rp_json_iter_next(j, i))
		cli_say(stdout, "  label: \t%s=%s\n", rp_json_iter_key(i),
			rp_json_text(rp_json_iter_value(i)));
}

/* Who may change it: its node.yaml by apply, or only people. */
static void explain_manager(const struct rocpart_leases *leases, const struct rocpart_lease *l)
{
	size_t i = 0;

	while (rocpart_leases_get(leases, i) && rocpart_leases_get(leases, i) != l)
		i++;
	if (l->runs_old)
		cli_say(stdout, "  old: \tprograms run that were started before its last change; "
				"restart them\n");
	if (l->is_managed)
		cli_say(stdout, "  managed: \tby '%s' (`rocpart apply`)\n",
			rocpart_leases_get_file(leases, i));
}

static void explain_lease(const struct rocpart_leases *leases, const struct rocpart_lease *l,
			  const struct rocpart_snapshot *s)
{
	static const char *const promises[] = {
		"none: nothing keeps others off its bytes",
		"cooperative: it shares the partition; each tenant keeps to its bytes by its own "
		"flags (`rocpart args`)",
		"kernel: the kernel refuses allocations beyond the partition, whose memory domain "
		"is shared with other partitions",
		"hardware: the partition has its memory domain for itself",
	};
	char bytes[RP_BYTES_TEXT_SIZE], used[RP_BYTES_TEXT_SIZE], where[VIEW_PARTITION_TEXT_SIZE];

	cli_say(stdout, "lease %llu: %s/%u, %s, owner %s\n", (unsigned long long)l->id, l->name,
		l->replica, rocpart_lease_state_to_string(l->state),
		*l->owner ? l->owner : "not shown");
	if (*l->bdf)
		cli_say(stdout, "  where: \t%s (%s), %s, %s in use\n",
			view_format_partition(s, l->bdf, l->partition, where), l->bdf,
			rp_format_bytes(l->bytes, bytes), rp_format_bytes(l->used_bytes, used));
	explain_manager(leases, l);
	if (*l->why)
		cli_say(stdout, "  why there: \t%s\n", l->why);
	if (*l->ends)
		cli_say(stdout, "  it ends: \t%s\n", l->ends);
	if (*l->bdf && (size_t)l->guarantee < RP_ARRAY_LEN(promises))
		cli_say(stdout, "  guarantee: \t%s\n", promises[l->guarantee]);
	if (*l->bdf)
		explain_limits(l->limits);
	if (*l->footprint)
		explain_footprint(l->footprint);
	if (*l->labels)
		explain_labels(l->labels);
	if (*l->problem)
		cli_say(stdout, "  problem: \t%s\n", l->problem);
}

static void explain_partition(const struct rocpart_leases *leases,
			      const struct rocpart_partition_use *u,
			      const struct rocpart_snapshot *s)
{
	const struct rocpart_lease *l;
	char where[VIEW_PARTITION_TEXT_SIZE];
	char a[RP_BYTES_TEXT_SIZE], b[RP_BYTES_TEXT_SIZE], c[RP_BYTES_TEXT_SIZE];

	cli_say(stdout, "partition %s (%s): %s for programs, %s leased, %s in use\n",
		view_format_partition(s, u->bdf, u->partition, where), u->bdf,
		rp_format_bytes(u->usable_bytes, a), rp_format_bytes(u->leased_bytes, b),
		rp_format_bytes(u->used_bytes, c));
	if (u->is_free)
		cli_say(stdout, "  %s\n",
			u->n_leases ? "leased, with room to share" : "free for a lease");
	else if (u->unmanaged_bytes)
		cli_say(stdout, "  taken: %s are used without a lease\n",
			rp_format_bytes(u->unmanaged_bytes, a));
	else if (u->n_leases)
		cli_say(stdout, "  taken by %u lease%s\n", u->n_leases,
			u->n_leases == 1 ? "" : "s");
	else
		cli_say(stdout,
			"  not available: its GPU is cordoned or unhealthy, its size is not known, "
			"or the GPU is reserved for displaced leases of another mode\n");
	for (size_t i = 0; (l = rocpart_leases_get(leases, i)); i++)
		if (l->partition == u->partition && rp_str_eq(l->bdf, u->bdf))
			explain_lease(leases, l, s);
}

static int find_use(struct cli *cli, const struct rocpart_leases *leases, const char *name,
		    const struct rocpart_partition_use **ret)
{
	struct rocpart_snapshot *s = NULL;
	const struct rocpart_partition *p = NULL;
	const struct rocpart_partition_use *u;
	struct rocpart_error err = {0};
	int status = cli_observe_gpus(cli, &s);

	if (status)
		return status;
	if (rocpart_snapshot_find_partition(s, name, &p, &err) < 0)
		status = cli_fail(cli, &err);
	for (size_t i = 0; p && (u = rocpart_leases_get_use(leases, i)); i++)
		if (u->partition == rocpart_partition_get_id(p) &&
		    rp_str_eq(u->bdf, rocpart_gpu_get_bdf(rocpart_partition_get_gpu(p))))
			*ret = u;
	rocpart_snapshot_unref(s);
	return status || *ret ? status : cli_usage_error(cli, "partition '%s' is gone", name);
}

static int explain(struct cli *cli, const struct rocpart_leases *leases, const char *name)
{
	const struct rocpart_partition_use *u = NULL;
	const struct rocpart_lease *l = NULL;
	struct rocpart_snapshot *s;
	struct rocpart_error err = {0};
	int status = 0;

	if (rocpart_leases_find(leases, name, &l, &err) < 0)
		status = strchr(name, '/') ? find_use(cli, leases, name, &u) : cli_fail(cli, &err);
	if (status)
		return status;
	if (cli->global.json)
		return cli_print_json(cli, u ? view_use(cli_about(cli), u)
					     : view_lease(cli_about(cli), l));
	cli_print_banner(cli);
	s = cli_observe_for_names(cli);
	if (u)
		explain_partition(leases, u, s);
	else
		explain_lease(leases, l, s);
	rocpart_snapshot_unref(s);
	return 0;
}

static int run_explain(struct cli *cli, int argc, char **argv)
{
	struct rocpart_leases *leases = NULL;
	struct rocpart_error err = {0};
	int status;

	(void)argc;
	if (rocpart_leases_new(cli->machine, &leases, &err) < 0)
		return cli_fail(cli, &err);
	status = explain(cli, leases, argv[0]);
	rocpart_leases_free(leases);
	return status;
}

const struct cli_command cli_verb_release = {
	.name = "release",
	.group = "every day",
	.args = "LEASE|NAME|OWNER...",
	.min_args = 1,
	.max_args = 64,
	.summary = "release leases",
	.options = release_options,
	.values_size = sizeof(struct release_values),
	.words = {CLI_WORDS_LEASES, CLI_WORDS_LEASES},
	.needs_machine = true,
	.run = run_release,
};

const struct cli_command cli_verb_adopt = {
	.name = "adopt",
	.group = "manage",
	.args = "OWNER|PID",
	.min_args = 1,
	.max_args = 1,
	.summary = "create leases for processes that use memory without a lease",
	.needs_machine = true,
	.run = run_adopt,
};

const struct cli_command cli_verb_explain = {
	.name = "explain",
	.group = "look closer",
	.args = "LEASE|GPU/ID",
	.min_args = 1,
	.max_args = 1,
	.summary = "explain why a lease is on its partition and what enforces its limits",
	.words = {CLI_WORDS_LEASES_AND_PARTITIONS},
	.needs_machine = true,
	.run = run_explain,
};
