/* SPDX-License-Identifier: MIT */
/*
 * lease_stress PROCESSES SECONDS: that many processes place and release leases on one simulated
 * node, and are killed at any moment (kill -9) and replaced. Each owns its leases by pid, and the
 * simulated machine knows it as a process with memory, so that the rule for dead owners is at work
 * all the time. TAP: no partition holds more than it has, no byte is lost, no lease of a living
 * process was taken away.
 */
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "base/num.h"
#include "base/spawn.h"
#include "fault/fault_machine.h"
#include "leases/lease.h"
#include "rocpart/rocpart.h"

#define MAX_PROCESSES 256
#define FIRST_PID     10000

struct slot {
	volatile uint64_t lease;      /* it has this one, since placing returned; 0: none */
	volatile uint32_t is_placing; /* a lease may exist that it was not told of */
	volatile uint64_t n_placed, n_released, n_refused, n_lost, n_errors;
};

struct shared {
	struct slot slots[MAX_PROCESSES];
	volatile uint32_t stop;
	char message[256]; /* of the first error */
};

static struct shared *shared;
static char *dir;

static uint32_t random_of(uint64_t *state, uint32_t below)
{
	*state = *state * 6364136223846793005U + 1442695040888963407U;
	return (uint32_t)(*state >> 33) % below;
}

static void note_error(struct slot *s, const struct rocpart_error *err)
{
	s->n_errors++;
	if (!*shared->message)
		(void)rp_fmt(shared->message, sizeof(shared->message), "%.200s", err->message);
}

/* Its lease is still there, its own, where it was. */
static void look_after(struct rocpart_machine *m, struct slot *s, const char *owner)
{
	struct rocpart_leases *leases = NULL;
	struct rocpart_error err = {0};
	const struct rocpart_lease *l;
	bool found = false;

	if (rocpart_leases_new(m, &leases, &err) < 0) {
		note_error(s, &err);
		return;
	}
	for (size_t i = 0; (l = rocpart_leases_get(leases, i)); i++)
		found |= l->id == s->lease && rp_str_eq(l->owner, owner);
	s->n_lost += !found;
	rocpart_leases_free(leases);
}

static void take(struct rocpart_machine *m, struct slot *s, const char *owner, uint64_t *seed)
{
	uint64_t bytes = RP_GIB * (1 + random_of(seed, 90));
	struct rocpart_place_options *o = NULL;
	struct rocpart_leases *leases = NULL;
	struct rocpart_error err = {0};
	int r = rocpart_place_options_new("model", bytes, &o, NULL);

	if (r == 0)
		r = rocpart_place_options_set_owner(o, owner, &err);
	if (r == 0)
		r = rocpart_place_options_set_share(o, 1 + random_of(seed, 4), NULL);
	s->is_placing = 1;
	if (r == 0)
		r = rocpart_place(m, o, &leases, &err);
	if (r == 0) {
		s->lease = rocpart_leases_get(leases, 0)->id;
		s->n_placed++;
	} else if (r == -ENOSPC && err.code == ROCPART_ERR_NO_ROOM) {
		s->n_refused++;
	} else {
		note_error(s, &err);
	}
	s->is_placing = 0;
	rocpart_leases_free(leases);
	rocpart_place_options_free(o);
}

static void give(struct rocpart_machine *m, struct slot *s)
{
	struct rocpart_error err = {0};
	uint64_t in_use;
	char id[24];
	size_t n;

	(void)rp_fmt(id, sizeof(id), "%llu", (unsigned long long)s->lease);
	s->lease = 0; /* killed in between, it may still be there: that of a dead process */
	if (rocpart_lease_release(m, id, &n, &in_use, &err) < 0)
		note_error(s, &err);
	else
		s->n_released++;
}

static void work(unsigned index, uint32_t pid, uint64_t seed)
{
	struct slot *s = &shared->slots[index];
	struct rocpart_machine *m = NULL;
	char owner[32];

	(void)rp_fmt(owner, sizeof(owner), "pid:%u", pid);
	if (rocpart_machine_open_sim(dir, &m, NULL) < 0)
		_exit(1);
	while (!shared->stop) {
		if (!s->lease)
			take(m, s, owner, &seed);
		else if (random_of(&seed, 2))
			look_after(m, s, owner);
		else
			give(m, s);
	}
	_exit(0);
}

/* The simulated machine gets a process of that number: it is the owner. */
static void begin_owner(uint32_t pid)
{
	struct rocpart_sim_process *p = NULL;

	if (rocpart_sim_process_new(&p) < 0)
		exit(1);
	rocpart_sim_process_set_pid(p, pid);
	if (rocpart_sim_hold(dir, p, &pid, NULL) < 0)
		exit(1);
	rocpart_sim_process_free(p);
}

struct child {
	pid_t pid;
	uint32_t owner;
};

static void start(struct child *c, unsigned index, uint32_t owner)
{
	begin_owner(owner);
	c->owner = owner;
	c->pid = fork();
	if (c->pid < 0)
		exit(1);
	if (c->pid == 0)
		work(index, owner, owner * UINT64_C(2654435761) + 1);
}

/* Killed first, then gone from the simulated machine: never the other way round. */
static void stop_child(struct child *c, unsigned index, int signal)
{
	int status;

	if (signal)
		kill(c->pid, signal);
	waitpid(c->pid, &status, 0);
	shared->slots[index].lease = 0;
	shared->slots[index].is_placing = 0;
	if (rocpart_sim_unhold(dir, c->owner, NULL) < 0)
		exit(1);
}

struct totals {
	uint64_t placed, released, refused, lost, errors, kills, overcommitted, leaked;
};

/* With everybody dead: one look ends all leases, and every byte is free. */
static void audit(struct totals *t, unsigned n)
{
	struct rocpart_machine *m = open_machine(dir);
	struct rocpart_leases *leases = NULL;
	const struct rocpart_partition_use *u;
	RP_AUTO_LEASE_LIST struct rp_lease_list list = {0};
	RP_AUTO_LEASE_DB struct rp_lease_db *db = NULL;
	RP_AUTO_FREE char *problems = NULL;
	char path[512];

	if (rocpart_leases_new(m, &leases, NULL) < 0 ||
	    rocpart_leases_check(m, &problems, NULL) < 0)
		exit(1);
	/* what is recorded, not what was found to be over */
	(void)rp_fmt(path, sizeof(path), "%s/records", dir);
	if (rp_lease_db_open(path, RP_LEASE_READ, NULL, false, &db, NULL) < 0 ||
	    rp_lease_db_load(db, &list, NULL) < 0)
		exit(1);
	for (size_t i = 0; i < list.n; i++)
		t->leaked += list.v[i].bytes;
	for (size_t i = 0; (u = rocpart_leases_get_use(leases, i)); i++)
		t->leaked += u->leased_bytes;
	t->overcommitted += *problems != '\0';
	rocpart_leases_free(leases);
	rocpart_machine_close(m);
	for (unsigned i = 0; i < n; i++) {
		t->placed += shared->slots[i].n_placed;
		t->released += shared->slots[i].n_released;
		t->refused += shared->slots[i].n_refused;
		t->lost += shared->slots[i].n_lost;
		t->errors += shared->slots[i].n_errors;
	}
}

/* While all are at work. */
static void watch(struct totals *t)
{
	struct rocpart_machine *m = open_machine(dir);
	struct rocpart_leases *leases = NULL;
	const struct rocpart_partition_use *u;
	RP_AUTO_FREE char *problems = NULL;

	if (rocpart_leases_new(m, &leases, NULL) < 0 ||
	    rocpart_leases_check(m, &problems, NULL) < 0)
		exit(1);
	for (size_t i = 0; (u = rocpart_leases_get_use(leases, i)); i++)
		t->overcommitted += u->leased_bytes > u->usable_bytes;
	t->overcommitted += *problems != '\0';
	rocpart_leases_free(leases);
	rocpart_machine_close(m);
}

static void run(unsigned n, uint64_t seconds, struct totals *t)
{
	static struct child children[MAX_PROCESSES];
	uint64_t deadline, seed = 42;
	uint32_t owner = FIRST_PID;

	for (unsigned i = 0; i < n; i++)
		start(&children[i], i, owner++);
	deadline = rp_now_ns() + seconds * 1000000000;
	while (rp_now_ns() < deadline) {
		unsigned victim = random_of(&seed, n);

		rp_sleep_ms(random_of(&seed, 30));
		stop_child(&children[victim], victim, SIGKILL);
		start(&children[victim], victim, owner++);
		t->kills++;
		if (t->kills % 16 == 0)
			watch(t);
	}
	shared->stop = 1;
	for (unsigned i = 0; i < n; i++)
		stop_child(&children[i], i, 0);
}

static void verdict(unsigned number, const char *what, bool ok)
{
	printf("%sok %u - %s\n", ok ? "" : "not ", number, what);
}

int main(int argc, char **argv)
{
	struct totals t = {0};
	uint64_t n = 0, seconds = 0;
	bool worked;

	if (argc != 3 || rp_parse_u64(argv[1], 10, &n) < 0 || n < 1 || n > MAX_PROCESSES ||
	    rp_parse_u64(argv[2], 10, &seconds) < 0)
		return 2;
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	if (shared == MAP_FAILED)
		return 1;
	dir = make_dir();
	make_machine(dir, "mi300x-8", "", ""); /* 8 partitions: most are refused most of the time */
	run((unsigned)n, seconds, &t);
	audit(&t, (unsigned)n);
	worked = t.placed > 0 && t.kills > 0 && t.errors == 0;
	printf("1..4\n# %llu processes, %llu s: %llu placed, %llu released, %llu refused, %llu "
	       "killed\n",
	       (unsigned long long)n, (unsigned long long)seconds, (unsigned long long)t.placed,
	       (unsigned long long)t.released, (unsigned long long)t.refused,
	       (unsigned long long)t.kills);
	printf("# overcommitted %llu, leaked %llu bytes, taken from the living %llu, errors %llu "
	       "%s\n",
	       (unsigned long long)t.overcommitted, (unsigned long long)t.leaked,
	       (unsigned long long)t.lost, (unsigned long long)t.errors, shared->message);
	verdict(1, "stress_all_calls_work", worked);
	verdict(2, "stress_nothing_is_overcommitted", t.overcommitted == 0);
	verdict(3, "stress_no_byte_is_lost", t.leaked == 0);
	verdict(4, "stress_nothing_is_taken_from_the_living", t.lost == 0);
	remove_dir(dir);
	return worked && !t.overcommitted && !t.leaked && !t.lost ? 0 : 1;
}
