/* SPDX-License-Identifier: MIT */
/* A plan as text, from its document: what is where, the steps, and what is claimed. */
#include "base/num.h"
#include "cli/cli.h"

#define MOST_GPUS 64 /* that a picture is tried of */

static int64_t number(const struct rp_json *j, const char *key)
{
	return rp_json_int_value(rp_json_get(j, key));
}

static const char *text(const struct rp_json *j, const char *key)
{
	const char *s = rp_json_text(rp_json_get(j, key));

	return s ? s : "-";
}

/* The mode of a GPU of the plan, as the menu of its kind has it: partitions with their XCDs. */
static const struct rp_json *mode_of(const struct rp_json *doc, const struct rp_json *gpu)
{
	const struct rp_json *machine = rp_json_get(doc, "machine");
	const struct rp_json *m =
		rp_json_at(rp_json_get(machine, "gpus"), (size_t)number(gpu, "index"));
	const struct rp_json *menu =
		rp_json_at(rp_json_get(machine, "menus"), (size_t)number(m, "menu"));

	return rp_json_at(rp_json_get(menu, "modes"), (size_t)number(gpu, "mode"));
}

/* "XCD 0-1" of partition p. */
static void print_xcds(const struct rp_json *mode, size_t p)
{
	const struct rp_json *xcds =
		rp_json_get(rp_json_at(rp_json_get(mode, "partitions"), p), "xcds");
	size_t n = rp_json_len(xcds);

	if (n == 0)
		return;
	cli_say(stdout, "XCD %lld", (long long)rp_json_int_value(rp_json_at(xcds, 0)));
	if (n > 1)
		cli_say(stdout, "-%lld", (long long)rp_json_int_value(rp_json_at(xcds, n - 1)));
	cli_say(stdout, " ");
}

/* The placements, in the order of their partitions. */
struct tenants {
	const struct rp_json **v;
	size_t n, next;
};

static int cmp_tenants(const void *a, const void *b)
{
	const struct rp_json *x = *(const struct rp_json *const *)a;
	const struct rp_json *y = *(const struct rp_json *const *)b;
	int64_t by_gpu = number(x, "index") - number(y, "index");
	int64_t by_part = number(x, "partition") - number(y, "partition");
	int64_t by = by_gpu    ? by_gpu
		     : by_part ? by_part
			       : number(x, "replica") - number(y, "replica");

	return (by > 0) - (by < 0);
}

static int sort_tenants(const struct rp_json *doc, struct tenants *ret)
{
	const struct rp_json *places = rp_json_get(doc, "placements");

	*ret = (struct tenants){.n = rp_json_len(places)};
	ret->v = rp_new0(const struct rp_json *, ret->n);
	if (!ret->v)
		return -ENOMEM;
	for (size_t i = 0; i < ret->n; i++)
		ret->v[i] = rp_json_at(places, i);
	qsort(ret->v, ret->n, sizeof(ret->v[0]), cmp_tenants);
	return 0;
}

static bool has_tenants(const struct tenants *t, int64_t index, size_t p)
{
	const struct rp_json *place = t->next < t->n ? t->v[t->next] : NULL;

	return place && number(place, "index") == index && (size_t)number(place, "partition") == p;
}

/* Who is on partition p of the GPU. Partitions come in order. */
static void print_tenants(struct tenants *t, int64_t index, size_t p)
{
	for (bool is_first = true; has_tenants(t, index, p); is_first = false, t->next++)
		cli_say(stdout, "%s%s#%lld", is_first ? "" : " + ", text(t->v[t->next], "name"),
			(long long)number(t->v[t->next], "replica"));
}

/* The holder number *at or behind it that holds partition p of the GPU, or NULL. */
static const struct rp_json *find_holder(const struct rp_json *doc, int64_t index, size_t p,
					 size_t *at)
{
	const struct rp_json *list = rp_json_get(rp_json_get(doc, "machine"), "holders"), *h;

	for (; (h = rp_json_at(list, *at)); (*at)++)
		if (number(h, "index") == index && (size_t)number(h, "partition") == p)
			return h;
	return NULL;
}

/* Who is on a partition and is none of this plan. False: nobody. */
static bool print_holders(const struct rp_json *doc, int64_t index, size_t p, const char *before)
{
	const struct rp_json *h;
	size_t n = 0;

	for (size_t at = 0; (h = find_holder(doc, index, p, &at)); at++)
		cli_say(stdout, "%s%s", n++ ? ", " : before, text(h, "by"));
	return n > 0;
}

static bool is_unused(const struct rp_json *doc, const struct tenants *t, int64_t index, size_t p)
{
	size_t at = 0;

	return !has_tenants(t, index, p) && !find_holder(doc, index, p, &at);
}

/* Partitions that follow each other and have nobody are one line. */
static void print_gpu(const struct rp_json *doc, struct tenants *tenants, const struct rp_json *gpu)
{
	const struct rp_json *mode = mode_of(doc, gpu);
	size_t n = rp_json_len(rp_json_get(mode, "partitions"));
	long long index = (long long)number(gpu, "index");

	cli_say(stdout, "GPU %lld (%s) %s/%s%s\n", index, text(gpu, "gpu"),
		text(gpu, "compute_mode"), text(gpu, "memory_mode"),
		rp_json_bool_value(rp_json_get(gpu, "switches")) ? ", to be switched" : "");
	for (size_t p = 0, last; p < n; p = last + 1) {
		last = p;
		cli_say(stdout, "  %lld/%zu", index, p);
		if (has_tenants(tenants, index, p)) {
			cli_say(stdout, " ");
			print_xcds(mode, p);
			print_tenants(tenants, index, p);
			(void)print_holders(doc, index, p, " next to ");
			cli_say(stdout, "\n");
			continue;
		}
		if (print_holders(doc, index, p, " held by ")) {
			cli_say(stdout, "\n");
			continue;
		}
		while (last + 1 < n && is_unused(doc, tenants, index, last + 1))
			last++;
		if (last > p)
			cli_say(stdout, "-%lld/%zu", index, last);
		cli_say(stdout, " not used by this plan\n");
	}
}

/* A screen of a list, unless all of it is wanted; --json has all. */
static size_t shown(const struct rp_json *list, enum cli_plan_detail detail)
{
	size_t n = rp_json_len(list);

	return n < 20 || detail == CLI_PLAN_ALL ? n : 20;
}

static void print_requests(const struct rp_json *doc, enum cli_plan_detail detail)
{
	const struct rp_json *requests = rp_json_get(doc, "requests");
	size_t n = shown(requests, detail);
	char size[RP_BYTES_TEXT_SIZE];

	cli_say(stdout, "models:\n");
	for (size_t i = 0; i < n; i++) {
		const struct rp_json *q = rp_json_at(requests, i);

		cli_say(stdout, "  %lld x %s, %s each\n", (long long)number(q, "replicas"),
			text(q, "name"), rp_format_bytes((uint64_t)number(q, "bytes"), size));
	}
	if (n < rp_json_len(requests))
		cli_say(stdout, "  and %zu more models\n", rp_json_len(requests) - n);
}

/* GPUs that hold leases or programs now count as used: say how many, and that these stay. */
static void print_in_use(const struct rp_json *doc)
{
	long long used = number(doc, "gpus_used"), added = number(doc, "gpus_added");

	if (added == used)
		return;
	cli_say(stdout,
		"  %lld GPU%s in use already, %lld more %s needed; what runs stays where it is\n",
		used - added, used - added == 1 ? " is" : "s are", added,
		added == 1 ? "is" : "are");
}

/* It is certain that not everything fits when the reason, or the plan, has a proof. */
static void print_misfit(const struct rp_json *doc, bool proved)
{
	if (proved || rp_json_get(rp_json_get(doc, "reason_proof"), "kind"))
		cli_say(stdout, "not everything fits%s\n",
			proved ? "; no plan places more weight" : "");
	else
		cli_say(stdout, "no place was found for everything; the search did not try every "
				"plan\n");
}

static void print_verdict(const struct rp_json *doc)
{
	long long used = number(doc, "gpus_used"), bound = number(doc, "bound");
	bool proved = rp_json_bool_value(rp_json_get(doc, "proved"));

	if (!rp_json_bool_value(rp_json_get(doc, "feasible"))) {
		print_misfit(doc, proved);
		return;
	}
	if (proved)
		cli_say(stdout, "%lld GPU%s, proved minimal\n", used, used == 1 ? "" : "s");
	else
		cli_say(stdout, "%lld GPU%s, bound %lld\n", used, used == 1 ? "" : "s", bound);
	print_in_use(doc);
}

/* What the remedy changes, and what more there is to say of it. */
static void print_remedy(const struct rp_json *r)
{
	static const struct {
		const char *name, *text, *how;
	} texts[] = {
		{"allow_unvalidated_modes", "use modes that the vendor has not validated",
		 " (--allow-unvalidated, or `allow-unvalidated: true` below 'node:' in the file; "
		 "`rocpart modes` names the source and date of each)"},
		{"allow_moves", "allow replicas that run to be moved", ""},
		{"uncordon", "`rocpart uncordon`", ""},
		{"release_gpu", "stop the programs that use", ""},
		{"no_spread", "let replicas share a GPU (spread: none) of", ""},
		{"add_gpus", "add", ", in nodes of eight of their own"},
		{"drop_replicas", "leave out what is not placed", ""},
		{"shrink_request", "reduce the size of", ""},
	};
	long long used = (long long)number(r, "gpus_used"), more = (long long)number(r, "gpus");
	const char *how = "";
	char size[RP_BYTES_TEXT_SIZE];

	cli_say(stdout, "  remedy: \t");
	for (size_t i = 0; i < RP_ARRAY_LEN(texts); i++) {
		if (!rp_str_eq(texts[i].name, text(r, "remedy")))
			continue;
		cli_say(stdout, "%s", texts[i].text);
		how = texts[i].how;
	}
	if (more)
		cli_say(stdout, " %lld more GPU%s", more, more == 1 ? "" : "s");
	if (rp_json_get(r, "gpu"))
		cli_say(stdout, " %s", text(r, "gpu"));
	if (rp_json_get(r, "name"))
		cli_say(stdout, " %s", text(r, "name"));
	if (rp_json_get(r, "bytes"))
		cli_say(stdout, " to at most %s",
			rp_format_bytes((uint64_t)number(r, "bytes"), size));
	cli_say(stdout, "%s", how);
	if (used)
		cli_say(stdout, ": all fit on %lld GPU%s", used, used == 1 ? "" : "s");
	cli_say(stdout, "\n");
}

/* What stands in the way, and each remedy that alone is enough. */
static void print_trouble(const struct rp_json *doc, enum cli_plan_detail detail)
{
	const struct rp_json *unplaced = rp_json_get(doc, "unplaced");
	const struct rp_json *reason = rp_json_get(doc, "reason");
	const struct rp_json *remedies = rp_json_get(doc, "remedies");
	const char *together = rp_json_get(rp_json_get(doc, "reason_proof"), "kind")
				       ? "  these cannot be placed together: "
				       : "  no place was found for these together: ";

	for (size_t i = 0; i < shown(unplaced, detail); i++) {
		RP_AUTO_STRBUF struct rp_strbuf why = RP_STRBUF_INIT;
		const struct rp_json *u = rp_json_at(unplaced, i);
		bool is_never = cli_explain_never(doc, (size_t)number(u, "request"), &why);

		cli_say(stdout, "  not placed: \t%lld x %s%s%s\n", (long long)number(u, "replicas"),
			text(u, "name"), is_never ? ": " : "", rp_strbuf_str(&why));
	}
	if (shown(unplaced, detail) < rp_json_len(unplaced))
		cli_say(stdout, "  not placed: %zu more models\n",
			rp_json_len(unplaced) - shown(unplaced, detail));
	for (size_t i = 0; i < shown(reason, detail); i++)
		cli_say(stdout, "%s%lld x %s", i ? ", " : together,
			(long long)number(rp_json_at(reason, i), "replicas"),
			text(rp_json_at(reason, i), "name"));
	if (shown(reason, detail) < rp_json_len(reason))
		cli_say(stdout, " and %zu more models",
			rp_json_len(reason) - shown(reason, detail));
	if (rp_json_len(reason))
		cli_say(stdout, "\n");
	for (size_t i = 0; i < rp_json_len(remedies); i++)
		print_remedy(rp_json_at(remedies, i));
}

void cli_explain_misfit(const struct rocpart_plan *plan, struct rocpart_error *ret)
{
	RP_AUTO_STRBUF struct rp_strbuf names = RP_STRBUF_INIT, why = RP_STRBUF_INIT;
	RP_AUTO_FREE char *document = NULL;
	RP_AUTO_JSON struct rp_json *doc = NULL;
	const struct rp_json *unplaced, *u;
	bool is_never = false;

	if (rocpart_plan_to_json(plan, &document, ret) < 0 ||
	    rp_json_parse(document, strlen(document), "plan", &doc, ret) < 0)
		return;
	unplaced = rp_json_get(doc, "unplaced");
	for (size_t i = 0; i < shown(unplaced, CLI_PLAN_SUMMARY) && (u = rp_json_at(unplaced, i));
	     i++) {
		rp_strbuf_addf(&names, "%s%lld x %.40s", i ? ", " : "",
			       (long long)number(u, "replicas"), text(u, "name"));
		is_never = is_never || cli_explain_never(doc, (size_t)number(u, "request"), &why);
	}
	(void)rp_error_set(ret, -ENOSPC, ROCPART_ERR_NO_ROOM, NULL,
			   "the GPUs have no room for all models: %s%s%.300s %s not placed",
			   is_never ? rp_strbuf_str(&why) : "", is_never ? "; " : "",
			   rp_strbuf_str(&names), rp_json_len(unplaced) == 1 ? "is" : "are");
	(void)rp_error_hint(ret, "`rocpart plan` with this file shows each remedy");
}

/* Same operation with the same mode: one line names all of its GPUs. */
static bool is_same_step(const struct rp_json *a, const struct rp_json *b)
{
	return b && rp_str_eq(text(a, "op"), text(b, "op")) &&
	       rp_str_eq(text(a, "compute_mode"), text(b, "compute_mode")) &&
	       rp_str_eq(text(a, "memory_mode"), text(b, "memory_mode")) &&
	       !rp_json_get(a, "name") && !rp_json_get(b, "name");
}

/* The index of the GPU with that address among those of the plan; -1: it has none. */
static int64_t index_of(const struct rp_json *doc, const char *bdf)
{
	const struct rp_json *gpus = rp_json_get(doc, "gpus"), *g;

	for (size_t i = 0; (g = rp_json_at(gpus, i)); i++)
		if (rp_str_eq(text(g, "gpu"), bdf))
			return number(g, "index");
	return -1;
}

/* "GPU 0-3,5" of steps first to last, which are in the order of GPUs. */
static void print_gpus_of_steps(const struct rp_json *doc, size_t first, size_t last)
{
	const struct rp_json *steps = rp_json_get(doc, "steps");

	for (size_t i = first, begin; i <= last; i++) {
		const char *bdf = text(rp_json_at(steps, i), "gpu");
		int64_t from = index_of(doc, bdf), to = from;

		begin = i;
		while (from >= 0 && i < last &&
		       index_of(doc, text(rp_json_at(steps, i + 1), "gpu")) == to + 1) {
			to++;
			i++;
		}
		cli_say(stdout, "%s", begin == first ? " " : ",");
		if (from < 0)
			cli_say(stdout, "%s", bdf);
		else
			cli_say(stdout, "%lld", (long long)from);
		if (to > from)
			cli_say(stdout, "-%lld", (long long)to);
	}
}

static void print_step(const struct rp_json *doc, size_t first, size_t last)
{
	static const struct {
		const char *op, *text;
	} texts[] = {
		{.op = "switch_memory", .text = "switch the memory mode to"},
		{.op = "switch_compute", .text = "switch the compute mode to"},
	};
	const struct rp_json *s = rp_json_at(rp_json_get(doc, "steps"), first);
	const char *what = text(s, "op");

	for (size_t i = 0; i < RP_ARRAY_LEN(texts); i++)
		if (rp_str_eq(texts[i].op, what))
			what = texts[i].text;
	cli_say(stdout, "  %s", what);
	if (rp_json_get(s, "memory_mode"))
		cli_say(stdout, " %s", text(s, "memory_mode"));
	if (rp_json_get(s, "compute_mode"))
		cli_say(stdout, " %s", text(s, "compute_mode"));
	if (rp_json_get(s, "name"))
		cli_say(stdout, " %s", text(s, "name"));
	cli_say(stdout, ": GPU");
	print_gpus_of_steps(doc, first, last);
	cli_say(stdout, "\n");
}

static void print_steps(const struct rp_json *doc)
{
	const struct rp_json *steps = rp_json_get(doc, "steps");
	size_t n = rp_json_len(steps), places = 0;

	cli_say(stdout, "steps:\n");
	for (size_t i = 0; i < n; i++) {
		const struct rp_json *s = rp_json_at(steps, i);
		size_t last = i;

		if (rp_str_eq(text(s, "op"), "place")) {
			places++;
			continue;
		}
		while (is_same_step(s, rp_json_at(steps, last + 1)))
			last++;
		print_step(doc, i, last);
		i = last;
	}
	if (places)
		cli_say(stdout, "  place %zu replica%s\n", places, places == 1 ? "" : "s");
}

/* Each partition of each GPU, in the order of the GPUs. */
static int print_all(const struct rp_json *doc)
{
	const struct rp_json *gpus = rp_json_get(doc, "gpus");
	struct tenants tenants;

	if (sort_tenants(doc, &tenants) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < rp_json_len(gpus); i++)
		print_gpu(doc, &tenants, rp_json_at(gpus, i));
	free(tenants.v);
	return 0;
}

/* The GPUs, and what is done to them. */
static int print_gpus(const struct rp_json *doc, enum cli_plan_detail detail)
{
	int r = 0;

	if (detail == CLI_PLAN_SUMMARY)
		return 0;
	if (detail == CLI_PLAN_ALL)
		r = print_all(doc);
	else if (rp_json_len(rp_json_get(doc, "gpus")) > MOST_GPUS ||
		 !cli_print_picture(cli_picture_plan(doc)))
		return cli_print_fleet(doc);
	if (r == 0 && rp_json_len(rp_json_get(doc, "steps")))
		print_steps(doc);
	return r;
}

static int print_plan(const struct cli *cli, const struct rp_json *doc, enum cli_plan_detail detail)
{
	if (cli->machine)
		cli_print_banner(cli);
	print_requests(doc, detail);
	if (print_gpus(doc, detail) < 0)
		return -ENOMEM;
	print_verdict(doc);
	print_trouble(doc, detail);
	return 0;
}

int cli_print_plan(struct cli *cli, const struct rocpart_plan *plan, enum cli_plan_detail detail)
{
	RP_AUTO_FREE char *document = NULL;
	RP_AUTO_JSON struct rp_json *j = NULL;
	struct rocpart_error err = {0};

	if (rocpart_plan_to_json(plan, &document, &err) < 0)
		return cli_fail(cli, &err);
	if (cli->global.json)
		fputs(document, stdout);
	else if (rp_json_parse(document, strlen(document), "plan", &j, &err) < 0)
		return cli_fail(cli, &err);
	else if (print_plan(cli, j, detail))
		return cli_nomem(cli);
	if (rocpart_plan_is_feasible(plan))
		return 0;
	cli_explain_misfit(plan, &err);
	cli_set_last_message(err.message);
	return 1;
}
