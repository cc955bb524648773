/* SPDX-License-Identifier: MIT */
/*
 * Durable leases beside what the file system gives for the same promise, in one run: a record of
 * the same size appended to a file and synced, one at a time and 500 at a time; and the program as
 * a whole beside an empty program and one sync. Medians; the ratio is what counts, since this
 * depends on the disk.
 *
 * bench_lease DIR [ROCPART NAME-OF-SIMULATED-MACHINE]
 */
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>

#include "base/base.h"
#include "base/num.h"
#include "base/spawn.h"
#include "leases/lease.h"

#define ROUNDS	    7
#define SINGLE	    200
#define GROUP	    500
#define GROUPS	    10
#define RECORD	    200
#define N_PARTS	    64
#define N_PROCESSES 41

static void die(const char *what, int r)
{
	fprintf(stderr, "bench_lease: %s: %s\n", what, strerror(r < 0 ? -r : errno));
	exit(1);
}

static int compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static double median(double *v, size_t n)
{
	qsort(v, n, sizeof(*v), compare);
	return v[n / 2];
}

/* Records a second: n_groups times group records and a sync. */
static double bare_rate(const char *dir, unsigned n_groups, unsigned group)
{
	RP_AUTO_FREE char *path = rp_strdupf("%s/bare", dir);
	char record[RECORD];
	uint64_t start;
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);

	if (fd < 0)
		die(path, 0);
	memset(record, 'x', sizeof(record));
	start = rp_now_ns();
	for (unsigned i = 0; i < n_groups; i++) {
		for (unsigned k = 0; k < group; k++)
			if (write(fd, record, sizeof(record)) != sizeof(record))
				die("write", 0);
		if (fdatasync(fd) < 0)
			die("fdatasync", 0);
	}
	start = rp_now_ns() - start;
	close(fd);
	unlink(path);
	return n_groups * group * 1e9 / (double)start;
}

static void fill(struct rp_lease *l, struct rp_claim *c, unsigned i)
{
	static char name[] = "meta-llama/Llama-3.1-8B-Instruct";
	static char why[] = "smallest free partition that fits, on the fullest GPU";

	*c = (struct rp_claim){.part = i % N_PARTS, .bytes = RP_GIB};
	(void)rp_fmt(c->bdf, sizeof(c->bdf), "0000:05:00.0");
	*l = (struct rp_lease){.name = name,
			       .bytes = RP_GIB,
			       .state = ROCPART_LEASE_PLACED,
			       .share = 1U << 30,
			       .claims = c,
			       .n_claims = 1,
			       .why = why};
	l->owner.kind = RP_OWNER_UNIT;
	(void)rp_fmt(l->owner.name, sizeof(l->owner.name), "vllm-%u.service", i);
}

static struct rp_lease_db *open_db(const char *dir)
{
	struct rp_lease_db *db = NULL;
	struct rocpart_error err = {0};
	int r = rp_lease_db_open(dir, RP_LEASE_MAKE, "bench", false, &db, &err);

	if (r == 0)
		r = rp_lease_db_begin(db, &err);
	for (unsigned p = 0; r == 0 && p < N_PARTS; p++)
		r = rp_lease_db_set_usable(db, "0000:05:00.0", p, UINT64_C(1) << 60, &err);
	if (r == 0)
		r = rp_lease_db_commit(db, &err);
	if (r < 0)
		die(err.message, r);
	return db;
}

static void remove_db(const char *dir)
{
	static const char *const names[] = {"leases.db", "leases.db-wal", "leases.db-shm"};

	for (size_t i = 0; i < RP_ARRAY_LEN(names); i++) {
		RP_AUTO_FREE char *path = rp_strdupf("%s/%s", dir, names[i]);

		unlink(path);
	}
}

static double lease_rate(const char *dir, unsigned n_groups, unsigned group)
{
	struct rp_lease_db *db = open_db(dir);
	struct rocpart_error err = {0};
	uint64_t start = rp_now_ns();

	for (unsigned i = 0; i < n_groups; i++) {
		int r = rp_lease_db_begin(db, &err);

		for (unsigned k = 0; r == 0 && k < group; k++) {
			struct rp_claim c;
			struct rp_lease l;
			int64_t id;

			fill(&l, &c, i * group + k);
			r = rp_lease_db_add(db, &l, &id, &err);
		}
		if (r == 0)
			r = rp_lease_db_commit(db, &err);
		if (r < 0)
			die(err.message, r);
	}
	start = rp_now_ns() - start;
	rp_lease_db_close(db);
	remove_db(dir);
	return n_groups * group * 1e9 / (double)start;
}

static void compare_rates(const char *dir, const char *what, unsigned n_groups, unsigned group,
			  double floor)
{
	double bare[ROUNDS], lease[ROUNDS], ratio[ROUNDS], m;

	for (unsigned i = 0; i < ROUNDS; i++) {
		bare[i] = bare_rate(dir, n_groups, group);
		lease[i] = lease_rate(dir, n_groups, group);
		ratio[i] = lease[i] / bare[i];
	}
	m = median(ratio, ROUNDS);
	printf("%-28s %9.0f leases/s, bare %9.0f records/s, ratio %.2f (%.2f to %.2f), floor %.2f "
	       "%s\n",
	       what, median(lease, ROUNDS), median(bare, ROUNDS), m, ratio[0], ratio[ROUNDS - 1],
	       floor, m >= floor ? "ok" : "BELOW");
}

static double process_ns(char *const *argv)
{
	uint64_t start = rp_now_ns();
	posix_spawn_file_actions_t actions;
	int status = 0;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	if (posix_spawn(&pid, argv[0], &actions, NULL, argv, environ) != 0)
		die(argv[0], 0);
	posix_spawn_file_actions_destroy(&actions);
	if (waitpid(pid, &status, 0) != pid || status != 0) {
		fprintf(stderr, "bench_lease: '%s' failed\n", argv[0]);
		exit(1);
	}
	return (double)(rp_now_ns() - start);
}

static void compare_processes(const char *dir, char *rocpart, char *sim)
{
	char place[] = "place", name[] = "bench", bytes[] = "--bytes", size[] = "1G";
	char release[] = "release", owner[] = "unit:bench", owner_option[] = "--owner";
	char sim_option[] = "--sim", path[] = "/bin/true";
	char *const truth[] = {path, NULL};
	char *const run[] = {rocpart, sim_option, sim,		place, name,
			     bytes,   size,	  owner_option, owner, NULL};
	char *const end[] = {rocpart, sim_option, sim, release, owner, NULL};
	double empty[N_PROCESSES], whole[N_PROCESSES], sync[N_PROCESSES], sum, w;

	for (unsigned i = 0; i < N_PROCESSES; i++) {
		empty[i] = process_ns(truth);
		sync[i] = 1e9 / bare_rate(dir, 1, 1);
		whole[i] = process_ns(run);
	}
	(void)process_ns(end);
	sum = median(empty, N_PROCESSES) + median(sync, N_PROCESSES);
	w = median(whole, N_PROCESSES);
	printf("%-28s %9.2f ms, /bin/true %.2f ms + one sync %.2f ms, ratio %.2f, ceiling 4.00 "
	       "%s\n",
	       "rocpart place, the process", w / 1e6, median(empty, N_PROCESSES) / 1e6,
	       median(sync, N_PROCESSES) / 1e6, w / sum, w < 4 * sum ? "ok" : "ABOVE");
}

int main(int argc, char **argv)
{
	if (argc != 2 && argc != 4) {
		fprintf(stderr, "usage: bench_lease DIR [ROCPART SIM]\n");
		return 2;
	}
	compare_rates(argv[1], "one durable lease", SINGLE, 1, 0.5);
	compare_rates(argv[1], "groups of 500", GROUPS, GROUP, 0.2);
	if (argc == 4)
		compare_processes(argv[1], argv[2], argv[3]);
	return 0;
}
