/* SPDX-License-Identifier: MIT */
/*
 * lease_fair PROCESSES SECONDS [RATIO]: that many processes place and release leases on one
 * simulated node, each as fast as it can. TAP: every process is served, and the 99th percentile of
 * the time that placing takes is at most RATIO medians (default 3). The figures are comments.
 * A computer that does something else meanwhile gets three rounds.
 */
#include <sys/mman.h>
#include <sys/wait.h>

#include "base/num.h"
#include "base/spawn.h"
#include "fault/fault_machine.h"
#include "leases/lease.h"
#include "rocpart/rocpart.h"

#define MAX_PROCESSES 128
#define MAX_TIMES     16384

struct shared {
	volatile uint32_t start, stop;
	struct {
		volatile uint32_t n, errors, is_ready;
		double ms[MAX_TIMES];
	} slots[MAX_PROCESSES];
	char message[256];
};

static struct shared *shared;
static char *dir;

static int place(struct rocpart_machine *m, const char *owner, uint64_t *ret_id,
		 struct rocpart_error *err)
{
	struct rocpart_place_options *o = NULL;
	struct rocpart_leases *leases = NULL;
	int r = rocpart_place_options_new("model", RP_GIB, &o, err);

	if (r == 0)
		r = rocpart_place_options_set_owner(o, owner, err);
	if (r == 0)
		r = rocpart_place_options_set_share(o, 64, err);
	if (r == 0)
		r = rocpart_place(m, o, &leases, err);
	if (r == 0)
		*ret_id = rocpart_leases_get(leases, 0)->id;
	rocpart_leases_free(leases);
	rocpart_place_options_free(o);
	return r;
}

static int place_and_release(struct rocpart_machine *m, const char *owner, double *ret_ms,
			     struct rocpart_error *err)
{
	uint64_t begin = rp_now_ns(), in_use, lease = 0;
	char id[24];
	size_t n;
	int r = place(m, owner, &lease, err);

	*ret_ms = (double)(rp_now_ns() - begin) / 1e6;
	(void)rp_fmt(id, sizeof(id), "%llu", (unsigned long long)lease);
	return r < 0 ? r : rocpart_lease_release(m, id, &n, &in_use, err);
}

static void work(unsigned index)
{
	struct rocpart_machine *m = NULL;
	struct rocpart_error err = {0};
	char owner[32];

	(void)rp_fmt(owner, sizeof(owner), "unit:vllm-%u", index);
	if (rocpart_machine_open_sim(dir, &m, NULL) < 0)
		_exit(1);
	shared->slots[index].is_ready = 1;
	while (!shared->start)
		rp_sleep_ms(1);
	while (!shared->stop && shared->slots[index].n < MAX_TIMES) {
		double ms = 0;

		if (place_and_release(m, owner, &ms, &err) < 0) {
			shared->slots[index].errors++;
			(void)rp_fmt(shared->message, sizeof(shared->message), "%.200s",
				     err.message);
		} else {
			shared->slots[index].ms[shared->slots[index].n++] = ms;
		}
	}
	_exit(0);
}

static int by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static void run(unsigned n, uint64_t seconds)
{
	for (unsigned i = 0; i < n; i++) {
		pid_t pid = fork();

		if (pid < 0)
			exit(1);
		if (pid == 0)
			work(i);
	}
	for (unsigned i = 0; i < n; i++)
		while (!shared->slots[i].is_ready)
			rp_sleep_ms(1);
	shared->start = 1;
	rp_sleep_ms((unsigned)seconds * 1000);
	shared->stop = 1;
	while (wait(NULL) > 0)
		;
}

/* Gather all times, sorted. */
static double *gather(unsigned n, size_t *ret_n, size_t *ret_least, unsigned *ret_errors)
{
	double *all = calloc((size_t)n * MAX_TIMES, sizeof(*all));
	size_t total = 0, least = SIZE_MAX;

	if (!all)
		exit(1);
	*ret_errors = 0;
	for (unsigned i = 0; i < n; i++) {
		size_t have = shared->slots[i].n;

		memcpy(all + total, shared->slots[i].ms, have * sizeof(*all));
		total += have;
		least = have < least ? have : least;
		*ret_errors += shared->slots[i].errors;
	}
	qsort(all, total, sizeof(*all), by_value);
	*ret_n = total;
	*ret_least = least;
	return all;
}

/* One round, with its figures as comments. */
static bool is_fair_round(unsigned n, uint64_t seconds, uint64_t ratio, bool *ret_is_served)
{
	size_t total = 0, least = 0;
	unsigned errors = 0;
	double *all;
	bool is_fair;

	memset(shared, 0, sizeof(*shared));
	run(n, seconds);
	all = gather(n, &total, &least, &errors);
	*ret_is_served = least > 0 && errors == 0;
	is_fair = total > 0 && all[total * 99 / 100] <= (double)ratio * all[total / 2];
	printf("# %u processes, %llu s: %zu leases placed, %zu by the slowest process, %u errors "
	       "%s\n",
	       n, (unsigned long long)seconds, total, least, errors, shared->message);
	if (total > 0)
		printf("# time to place: median %.2f ms, p90 %.2f ms, p99 %.2f ms (%.2f medians), "
		       "longest %.2f ms\n",
		       all[total / 2], all[total * 9 / 10], all[total * 99 / 100],
		       all[total * 99 / 100] / all[total / 2], all[total - 1]);
	free(all);
	return is_fair;
}

int main(int argc, char **argv)
{
	uint64_t n = 0, seconds = 0, ratio = 3;
	bool is_served = true, is_fair = false;

	if (argc < 3 || rp_parse_u64(argv[1], 10, &n) < 0 || n < 1 || n > MAX_PROCESSES ||
	    rp_parse_u64(argv[2], 10, &seconds) < 0 ||
	    (argc > 3 && rp_parse_u64(argv[3], 10, &ratio) < 0))
		return 2;
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	if (shared == MAP_FAILED)
		return 1;
	dir = make_dir();
	make_machine(dir, "mi300x-8", "", "");
	printf("1..2\n");
	fflush(stdout); /* or every child would print it again */
	for (int round = 0; round < 3 && is_served && !is_fair; round++) {
		is_fair = is_fair_round((unsigned)n, seconds, ratio, &is_served);
		fflush(stdout);
	}
	printf("%sok 1 - writers_are_all_served\n", is_served ? "" : "not ");
	printf("%sok 2 - writers_are_served_in_order\n", is_fair ? "" : "not ");
	remove_dir(dir);
	return is_served && is_fair ? 0 : 1;
}
