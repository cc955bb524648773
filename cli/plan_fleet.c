/* SPDX-License-Identifier: MIT */
/* A plan of many GPUs in a screen: how many have which modes, and which models are there. */
#include "cli/cli.h"

#include "base/num.h"

#define MOST_MODELS 8 /* that are named for each pair of modes */

/* A pair of modes. */
struct layout {
	const char *compute, *memory;
	int64_t gpus, parts, used;
	int64_t *replicas; /* of each request */
};

struct fleet {
	const struct rp_json *doc;
	struct layout *v;
	size_t n, cap, n_requests;
	size_t *of_gpu; /* layout of each GPU of the machine */
};

static int64_t number(const struct rp_json *j, const char *key)
{
	return rp_json_int_value(rp_json_get(j, key));
}

static const char *text(const struct rp_json *j, const char *key)
{
	const char *s = rp_json_text(rp_json_get(j, key));

	return s ? s : "-";
}

static void fleet_done(struct fleet *f)
{
	for (size_t i = 0; i < f->n; i++)
		free(f->v[i].replicas);
	free(f->v);
	free(f->of_gpu);
}

/* The layout of a GPU, which is made when it is the first. SIZE_MAX: out of memory. */
static size_t find_layout(struct fleet *f, const struct rp_json *gpu)
{
	const char *compute = text(gpu, "compute_mode"), *memory = text(gpu, "memory_mode");
	struct layout l = {.compute = compute, .memory = memory};

	for (size_t i = 0; i < f->n; i++)
		if (rp_str_eq(f->v[i].compute, compute) && rp_str_eq(f->v[i].memory, memory))
			return i;
	l.replicas = rp_new0(int64_t, f->n_requests);
	if (!l.replicas || rp_grow(&f->v, &f->cap, f->n + 1, sizeof(l)) < 0) {
		free(l.replicas);
		return SIZE_MAX;
	}
	f->v[f->n] = l;
	return f->n++;
}

static int add_gpus(struct fleet *f)
{
	const struct rp_json *gpus = rp_json_get(f->doc, "gpus"), *g;

	for (size_t i = 0; (g = rp_json_at(gpus, i)); i++) {
		size_t at = find_layout(f, g);

		if (at == SIZE_MAX)
			return -ENOMEM;
		f->of_gpu[number(g, "index")] = at;
		f->v[at].gpus++;
		f->v[at].parts += number(g, "partitions");
		f->v[at].used += number(g, "partitions_used");
	}
	return 0;
}

static void add_placements(struct fleet *f)
{
	const struct rp_json *places = rp_json_get(f->doc, "placements"), *p;

	for (size_t i = 0; (p = rp_json_at(places, i)); i++)
		f->v[f->of_gpu[number(p, "index")]].replicas[number(p, "request")]++;
}

static void print_models(const struct fleet *f, const struct layout *l)
{
	const struct rp_json *requests = rp_json_get(f->doc, "requests");
	size_t n = 0;

	for (size_t i = 0; i < f->n_requests; i++) {
		if (!l->replicas[i] || n++ >= MOST_MODELS)
			continue;
		cli_say(stdout, "%s%lld x %s", n > 1 ? ", " : "    ", (long long)l->replicas[i],
			text(rp_json_at(requests, i), "name"));
	}
	if (n > MOST_MODELS)
		cli_say(stdout, " and %zu more models", n - MOST_MODELS);
	if (n)
		cli_say(stdout, "\n");
}

/* Steps of one kind to one mode, of which the first stands at index. */
static size_t count_steps(const struct rp_json *steps, size_t index)
{
	const struct rp_json *first = rp_json_at(steps, index), *s;
	size_t n = 0;

	for (size_t i = 0; (s = rp_json_at(steps, i)); i++) {
		if (!rp_str_eq(text(s, "op"), text(first, "op")) ||
		    !rp_str_eq(text(s, "compute_mode"), text(first, "compute_mode")) ||
		    !rp_str_eq(text(s, "memory_mode"), text(first, "memory_mode")))
			continue;
		if (i < index)
			return 0;
		n++;
	}
	return n;
}

/* The memory mode of a hive is switched at one of its GPUs. */
static void print_step(const struct rp_json *step, size_t n)
{
	const char *op = text(step, "op"), *s = n == 1 ? "" : "s";

	if (rp_str_eq(op, "switch_memory"))
		cli_say(stdout, "  switch the memory mode of %zu hive%s to %s\n", n, s,
			text(step, "memory_mode"));
	else if (rp_str_eq(op, "switch_compute"))
		cli_say(stdout, "  switch the compute mode of %zu GPU%s to %s\n", n, s,
			text(step, "compute_mode"));
	else
		cli_say(stdout, "  %s %zu replica%s\n", op, n, s);
}

/* Kinds of steps are few. */
static void print_steps(const struct rp_json *doc)
{
	const struct rp_json *steps = rp_json_get(doc, "steps"), *s;
	char before[64] = "";

	if (rp_json_len(steps))
		cli_say(stdout, "steps:\n");
	for (size_t i = 0; (s = rp_json_at(steps, i)); i++) {
		char kind[64];
		size_t n;

		(void)rp_fmt(kind, sizeof(kind), "%s %s %s", text(s, "op"), text(s, "compute_mode"),
			     text(s, "memory_mode"));
		if (rp_str_eq(kind, before))
			continue; /* counted */
		memcpy(before, kind, sizeof(before));
		n = count_steps(steps, i);
		if (n)
			print_step(s, n);
	}
}

int cli_print_fleet(const struct rp_json *doc)
{
	size_t n_gpus = rp_json_len(rp_json_get(rp_json_get(doc, "machine"), "gpus"));
	struct fleet f = {.doc = doc,
			  .n_requests = rp_json_len(rp_json_get(doc, "requests")),
			  .of_gpu = rp_new0(size_t, n_gpus)};
	int r = f.of_gpu ? add_gpus(&f) : -ENOMEM;

	if (r == 0)
		add_placements(&f);
	if (r == 0)
		cli_say(stdout, "GPUs (--verbose lists each of them):\n");
	for (size_t i = 0; r == 0 && i < f.n; i++) {
		const struct layout *l = &f.v[i];

		cli_say(stdout, "  %lld x %s/%s, %lld of %lld partitions used\n",
			(long long)l->gpus, l->compute, l->memory, (long long)l->used,
			(long long)l->parts);
		print_models(&f, l);
	}
	fleet_done(&f);
	if (r == 0)
		print_steps(doc);
	return r;
}
