/* SPDX-License-Identifier: MIT */
/* Rows A1 to A6: speed and memory of the placer. D2: its books under random load. */
#include <math.h>
#include <stdio.h>

#include "base/num.h"
#include "base/spawn.h"
#include "bench/place_bench.h"

/* A placer at 88 % of its capacity, and who is on it. */
struct busy {
	struct rp_placer *e;
	struct rp_placer_class classes[N_MODES];
	rp_placer_handle *live;
	uint8_t *mode_of; /* per live one */
	uint32_t n, next;
	uint64_t seed;
};

static bool busy_place(struct busy *b, uint32_t mode)
{
	struct rp_placer_placed at;

	if (rp_placer_place(b->e, &b->classes[mode], NULL, 0, &at) < 0)
		return false;
	b->live[b->n] = at.handle;
	b->mode_of[b->n++] = (uint8_t)mode;
	return true;
}

/* Takes over e, which may be NULL. */
static int busy_open(struct busy *b, struct rp_placer *e, uint32_t max_live, uint64_t seed)
{
	*b = (struct busy){.e = e, .seed = seed};
	b->live = rp_new0(rp_placer_handle, max_live);
	b->mode_of = rp_new0(uint8_t, max_live);
	return b->e && b->live && b->mode_of ? 0 : -ENOMEM;
}

static int busy_init(struct busy *b, uint32_t n_gpus, uint64_t seed)
{
	uint64_t eighths = 0;

	if (busy_open(b, bench_placer(n_gpus, SPX, 0), n_gpus * 8, seed) < 0)
		return -ENOMEM;
	for (uint32_t m = 0; m < N_MODES; m++) {
		const struct rp_placer_want want = {.bytes = (192U >> m) * GB};

		if (rp_placer_resolve(b->e, &want, &b->classes[m]) < 0)
			return -EINVAL;
	}
	while (eighths * 100 < (uint64_t)n_gpus * 8 * 88) {
		uint32_t mode = below(&b->seed, N_MODES);

		if (!busy_place(b, mode))
			break;
		eighths += 8U >> mode;
	}
	return 0;
}

static void busy_done(struct busy *b)
{
	b->e = rp_placer_free(b->e);
	free(b->live);
	free(b->mode_of);
}

/*
 * Release one at random, place one of its size. Which one is next is drawn ahead: that our own list
 * of them is not in the cache is not what is measured.
 */
static void busy_pair(struct busy *b)
{
	uint32_t i = b->next;
	struct rp_placer_placed at;

	b->next = below(&b->seed, b->n);
	__builtin_prefetch(&b->live[b->next], 1);
	__builtin_prefetch(&b->mode_of[b->next]);
	if (rp_placer_release(b->e, b->live[i]) < 0 ||
	    rp_placer_place(b->e, &b->classes[b->mode_of[i]], NULL, 0, &at) < 0)
		abort();
	b->live[i] = at.handle;
}

static double pairs_per_s(struct busy *b, uint32_t n)
{
	uint64_t start = cpu_ns();

	for (uint32_t i = 0; i < n; i++)
		busy_pair(b);
	return n / ((double)(cpu_ns() - start) / 1e9);
}

#define ROUNDS 40

/*
 * By turns and the best of each: what else runs on this computer, and in its last cache, can only
 * slow them, and not always at the same time.
 */
static void pair_rows(void)
{
	double small = 0, large = 0;
	struct busy few, many = {0};

	if (busy_init(&few, 1000, 3) == 0 && busy_init(&many, 100000, 3) == 0) {
		(void)pairs_per_s(&many, 500000); /* warm */
		for (int i = 0; i < ROUNDS; i++) {
			small = fmax(small, pairs_per_s(&few, 100000));
			large = fmax(large, pairs_per_s(&many, 100000));
		}
		row("A1", "place + release, 1,000 GPUs", small / 1e6, "M pairs/s", 3, 8, false);
		row("A2", "place + release, 100,000 GPUs", large / 1e6, "M pairs/s", 1, 3, false);
		row("A3", "time at 100,000 over 1,000 GPUs", small / large, "x", 8, 5, true);
	}
	busy_done(&few);
	busy_done(&many);
}

static int cmp_u32(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* Each place timed alone; the clock is part of it. */
static double p99_place_ns(uint32_t n_gpus, uint32_t n)
{
	RP_AUTO_FREE uint32_t *ns = rp_new0(uint32_t, n);
	double r = 0;
	struct busy b;

	if (busy_init(&b, n_gpus, 4) == 0 && ns) {
		for (uint32_t k = 0; k < n; k++) {
			uint32_t i = below(&b.seed, b.n);
			struct rp_placer_placed at;
			uint64_t start;

			if (rp_placer_release(b.e, b.live[i]) < 0)
				abort();
			start = now_ns();
			if (rp_placer_place(b.e, &b.classes[b.mode_of[i]], NULL, 0, &at) < 0)
				abort();
			ns[k] = (uint32_t)(now_ns() - start);
			b.live[i] = at.handle;
		}
		qsort(ns, n, sizeof(*ns), cmp_u32);
		r = ns[(uint64_t)n * 99 / 100];
	}
	busy_done(&b);
	return r;
}

static void memory_rows(void)
{
	const uint32_t n = 100000;
	struct rp_placer *few = bench_placer(n, SPX, 1), *many = bench_placer(n, SPX, 100001);

	if (few && many) {
		row("A5a", "memory per GPU at 100,000 GPUs", (double)rp_placer_memory(few) / n, "B",
		    256, 64, true);
		row("A5b", "memory per instance",
		    (double)(rp_placer_memory(many) - rp_placer_memory(few)) / 100000, "B", 128, 64,
		    true);
	}
	rp_placer_free(few);
	rp_placer_free(many);
}

/*
 * The placer on CPX GPUs only, half of the partitions in use: as the stand-in, and the best of some
 * rounds as there.
 */
static double small_pairs(uint32_t n_parts)
{
	const struct rp_placer_want want = {.bytes = 20 * GB};
	double best = 0;
	struct busy b;

	if (busy_open(&b, bench_placer(n_parts / 8, CPX, 0), n_parts, 5) == 0 &&
	    rp_placer_resolve(b.e, &want, &b.classes[CPX]) == 0) {
		for (uint32_t i = 0; i < n_parts / 2; i++)
			(void)busy_place(&b, CPX);
		for (int i = 0; i < ROUNDS; i++)
			best = fmax(best, pairs_per_s(&b, 100000));
	}
	busy_done(&b);
	return best;
}

static double stand_in(const char *dir, uint32_t n_parts)
{
	RP_AUTO_STRBUF struct rp_strbuf out = RP_STRBUF_INIT;
	RP_AUTO_FREE char *script = rp_strdupf("%s/worst_fit.py", dir);
	RP_AUTO_FREE char *n = rp_strdupf("%u", n_parts);
	const char *const argv[] = {"python3", script, n, NULL};
	struct rp_spawn_result result;
	double pairs = 0;

	if (!script || !n || rp_spawn(argv, &out, 4096, 60000, &result) < 0 ||
	    result.exit_status != 0)
		return 0;
	while (out.len > 0 && out.s[out.len - 1] == '\n')
		rp_strbuf_truncate(&out, out.len - 1);
	return rp_parse_double(rp_strbuf_str(&out), &pairs) == 0 ? pairs : 0;
}

void bench_placer_rows(const char *python_dir)
{
	static const struct {
		const char *id, *what;
		uint32_t parts;
		double floor, target;
	} sizes[] = {{"A6a", "over the Python stand-in, 8 partitions", 8, 50, 100},
		     {"A6b", "the same, 4,096 partitions", 4096, 5000, 20000},
		     {"A6c", "the same, 65,536 partitions", 65536, 50000, 100000}};

	pair_rows();
	row("A4", "place, 100,000 GPUs, p99", p99_place_ns(100000, 500000), "ns", 2000, 500, true);
	memory_rows();
	for (size_t i = 0; i < RP_ARRAY_LEN(sizes); i++) {
		double python = stand_in(python_dir, sizes[i].parts);

		if (python > 0)
			row(sizes[i].id, sizes[i].what, small_pairs(sizes[i].parts) / python, "x",
			    sizes[i].floor, sizes[i].target, false);
		else
			printf("%-4s %-44s skipped: python3 or worst_fit.py did not run\n",
			       sizes[i].id, sizes[i].what);
	}
}

/* D2: our own books beside the placer's. */
struct books {
	struct busy b;
	uint64_t *bytes_of;
	uint32_t cap;
	uint64_t requested, violations;
};

static void books_step(struct books *k)
{
	struct busy *b = &k->b;
	uint32_t what = below(&b->seed, 64), n_gpus = 256;

	if (what < 31 && b->n < k->cap) {
		const struct rp_placer_want want = {.bytes = (1 + below(&b->seed, 192)) * GB,
						    .share = 1 + below(&b->seed, 3)};
		struct rp_placer_class c;
		struct rp_placer_placed at;

		if (rp_placer_resolve(b->e, &want, &c) < 0) {
			k->violations++;
			return;
		}
		if (rp_placer_place(b->e, &c, NULL, 0, &at) < 0)
			return;
		if (at.switched && below(&b->seed, 16) == 0) {
			/* The switch failed: undo, the GPU is in its old mode again. */
			k->violations += rp_placer_release(b->e, at.handle) != 0;
			k->violations += rp_placer_set_gpu(b->e, at.gpu, below(&b->seed, N_MODES),
							   0) == -EINVAL;
			return;
		}
		b->live[b->n] = at.handle;
		k->bytes_of[b->n++] = want.bytes;
		k->requested += want.bytes;
	} else if (what < 62 && b->n > 0) {
		uint32_t i = below(&b->seed, b->n);

		k->violations += rp_placer_release(b->e, b->live[i]) != 0;
		k->violations += rp_placer_release(b->e, b->live[i]) != -ESTALE;
		k->requested -= k->bytes_of[i];
		b->n--;
		b->live[i] = b->live[b->n];
		k->bytes_of[i] = k->bytes_of[b->n];
	} else if (what == 62) {
		uint32_t flags = below(&b->seed, 4) ? 0 : 1U << below(&b->seed, 4);
		int r = rp_placer_set_gpu(b->e, below(&b->seed, n_gpus), below(&b->seed, N_MODES),
					  flags);

		k->violations += r != 0 && r != -EBUSY;
	} else if (b->n > 0) { /* a move: the new place first */
		uint32_t i = below(&b->seed, b->n);
		const struct rp_placer_want want = {.bytes = k->bytes_of[i]};
		struct rp_placer_class c;
		struct rp_placer_placed at;

		if (rp_placer_resolve(b->e, &want, &c) == 0 &&
		    rp_placer_place(b->e, &c, NULL, 0, &at) == 0) {
			k->violations += rp_placer_release(b->e, b->live[i]) != 0;
			b->live[i] = at.handle;
		}
	}
}

void bench_invariants(uint64_t steps)
{
	RP_AUTO_FREE struct rp_place_gpu *gpus = bench_gpus(256, SPX);
	struct rp_placer_config c = {.menus = &bench_menu,
				     .gpus = gpus,
				     .n_menus = 1,
				     .n_gpus = 256,
				     .max_instances = 4096,
				     .max_shared = 512,
				     .may_switch = true};
	struct books k = {.cap = 4096};
	struct rp_placer *e = NULL;
	uint64_t start = now_ns();
	int r = gpus ? rp_placer_new(&c, &e, NULL) : -ENOMEM;

	k.bytes_of = rp_new0(uint64_t, k.cap);
	if (busy_open(&k.b, e, k.cap, 9) == 0 && k.bytes_of && r == 0) {
		for (uint64_t i = 0; i < steps; i++) {
			struct rp_placer_report report;

			books_step(&k);
			rp_placer_report(k.b.e, &report);
			k.violations +=
				report.requested_bytes != k.requested || report.n_placed != k.b.n;
			if (i % 1024 == 0)
				k.violations += rp_placer_check(k.b.e, NULL) != 0;
		}
		printf("     D2 took %.1f s for %llu steps\n", (double)(now_ns() - start) / 1e9,
		       (unsigned long long)steps);
		row("D2", "violations under random load and failures", (double)k.violations, "", 0,
		    0, true);
	}
	free(k.bytes_of);
	busy_done(&k.b);
}
