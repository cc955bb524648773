/* SPDX-License-Identifier: MIT */
/*
 * At every call of a change that changes something: an errno, every call failing from there on, an
 * abrupt end of the process before it, after it, and in the middle of a record. Afterwards the
 * change is gone on with and, on a machine prepared in the same way, taken back.
 */
#include "fault_machine.h"

#include <sys/wait.h>

#define CAP PCI G0 "/hwmon/hwmon0/power1_cap"

struct scenario {
	const char *profile, *edits, *steps;
	struct wish wish;
	const char *old, *new;
};

#define SETTING_LOST 1

enum kind { ERROR_ONCE, ERROR_FROM_ON, END, TORN, N_KINDS };
static const char *const kind_names[] = {"an error", "errors", "the end", "a torn record"};
static const int errors[] = {-EIO, -ENOSPC, -EBUSY, -EACCES};

/* A setting that a reload forgets: 500 W, and the change has to bring it back. */
static void set_cap(const char *dir)
{
	RP_AUTO_SIM struct rp_sim *sim = NULL;

	assert_int_equal(rp_sim_open(dir, &sim, NULL), 0);
	assert_int_equal(sim_write(sim, CAP, "500000000"), 0);
}

static bool has_cap(const char *dir)
{
	RP_AUTO_SIM struct rp_sim *sim = NULL;
	char text[64];

	assert_int_equal(rp_sim_open(dir, &sim, NULL), 0);
	assert_int_equal(sim_read(sim, CAP, text, sizeof(text)), 0);
	return rp_str_eq(text, "500000000\n");
}

/* What apply returned; 77 when the process ended. */
static int run_counted(const char *dir, const struct wish *wish, struct counter *c,
		       struct rocpart_error *err)
{
	struct rocpart_machine *m = open_machine(dir);
	struct rocpart_change *change = new_change(m, wish);
	int r;

	c->dir = dir;
	count_calls(m, c);
	r = rocpart_change_apply(change, err);
	rocpart_change_free(change);
	rocpart_machine_close(m);
	return r;
}

static int run_in_child(const char *dir, const struct wish *wish, struct counter *c)
{
	int status = 0;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		int r = run_counted(dir, wish, c, NULL);

		_exit(r == 0 ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* How many points there are, and which of them come after a call. */
static unsigned count_points(const struct scenario *sc, bool *is_after, size_t size)
{
	char *dir = make_dir();
	unsigned n = 0;

	make_machine(dir, sc->profile, sc->edits, sc->steps);
	set_cap(dir);
	{
		struct counter c = {0};

		assert_int_equal(run_counted(dir, &sc->wish, &c, NULL), 0);
		n = c.n;
	}
	assert_true(n > 0 && n <= size);
	remove_dir(dir);
	for (unsigned at = 1; at <= n; at++) {
		struct counter c = {.at = at, .error = -EIO};

		dir = make_dir();
		make_machine(dir, sc->profile, sc->edits, sc->steps);
		(void)run_counted(dir, &sc->wish, &c, NULL);
		is_after[at - 1] = rp_str_starts(c.last, "after");
		remove_dir(dir);
	}
	return n;
}

/* All of them are worth seeing, not the first one only. */
static void problem(const char *fmt, ...) RP_PRINTF(1, 2);
static unsigned n_problems;

static void problem(const char *fmt, ...)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	rp_strbuf_vaddf(&text, fmt, ap);
	va_end(ap);
	if (n_problems++ < 20)
		printf("# %s\n", rp_strbuf_str(&text));
}

static void check_modes(const char *dir, const char *expected, const char *what)
{
	RP_AUTO_FREE char *got = modes_of(dir);

	if (!rp_str_eq(got, expected))
		problem("%s: the GPUs are in %s, expected %s", what, got, expected);
}

/* The record of what was done can be read: it is what `rocpart undo` goes by afterwards. */
static void check_last(const char *dir, const char *what)
{
	struct rocpart_machine *m = open_machine(dir);
	struct rocpart_change *c = NULL;
	struct rocpart_error err = {0};

	if (rocpart_change_open_last(m, &c, &err) < 0)
		problem("%s: the last change: %s", what, err.message);
	rocpart_change_free(c);
	rocpart_machine_close(m);
}

/* The kernel does not show a request: the next reload would. The driver picks compute modes anew.
 */
static void check_no_request(const char *dir, const char *expected, const char *what)
{
	RP_AUTO_FREE char *after = NULL;

	if (rocpart_sim_reload(dir, NULL) < 0)
		problem("%s: the driver cannot be reloaded", what);
	after = modes_of(dir);
	for (const char *a = after, *e = expected; (a = strchr(a, '/')) && (e = strchr(e, '/'));
	     a++, e++)
		if (strncmp(a, e, strlen("/NPS1")) != 0)
			problem("%s: a request was left: %s after one more reload", what, after);
}

/* No journal any more, no request left, settings as before. */
static void check_settled(const char *dir, const char *expected, const char *what)
{
	check_modes(dir, expected, what);
	if (has_journal(dir))
		problem("%s: the journal is still open", what);
	if (!has_cap(dir))
		problem("%s: the power cap was not brought back", what);
	check_no_request(dir, expected, what);
}

/* Without an open journal the GPUs are where they were, or all where they should go. */
static void check_without_journal(const char *dir, const struct scenario *sc, int r,
				  const char *what)
{
	RP_AUTO_FREE char *got = modes_of(dir);

	if (r == 0)
		check_settled(dir, sc->new, what);
	else if (r == SETTING_LOST)
		check_modes(dir, sc->new, what); /* which one was said */
	else if (r == 77)
		check_settled(dir, rp_str_eq(got, sc->old) ? sc->old : sc->new, what);
	else
		check_settled(dir, rp_str_eq(got, sc->new) ? sc->new : sc->old, what);
}

static void recover(const char *dir, const struct scenario *sc, bool forward, int r,
		    const char *what)
{
	struct rocpart_error err = {0};
	int r2;

	free(modes_of(dir)); /* can be looked at, whatever state it is in */
	if (!has_journal(dir)) {
		check_without_journal(dir, sc, r, what);
		return;
	}
	if (r == 0)
		problem("%s: success with an open journal", what);
	r2 = forward ? resume(dir, &err) : undo(dir, &err);
	if (r2 < 0)
		problem("%s: %s failed: %s: %s", what, forward ? "resume" : "undo", err.object,
			err.message);
	check_last(dir, what);
	check_settled(dir, forward ? sc->new : sc->old, what);
}

/* What is said of a failure must be of use: a kind, a message, and a way out of what is open. */
static void check_error(const char *dir, const struct rocpart_error *err, const char *what)
{
	if (!*err->message || err->code == ROCPART_ERR_NONE)
		problem("%s: nothing is said", what);
	if (has_journal(dir) && !strstr(err->hint, "--resume"))
		problem("%s: '%s' does not tell the way out: '%s'", what, err->message, err->hint);
}

static void run_one(const struct scenario *sc, unsigned at, enum kind kind, bool forward)
{
	struct counter c = {.at = at, .from_on = kind == ERROR_FROM_ON, .tear = kind == TORN};
	RP_AUTO_FREE char *what =
		rp_strdupf("%s at point %u, %s", kind_names[kind], at, forward ? "resume" : "undo");
	struct rocpart_error err = {0};
	char *dir = make_dir();
	int r;

	make_machine(dir, sc->profile, sc->edits, sc->steps);
	set_cap(dir);
	if (kind == ERROR_ONCE || kind == ERROR_FROM_ON) {
		c.error = errors[at / 2 % RP_ARRAY_LEN(errors)];
		r = run_counted(dir, &sc->wish, &c, &err);
		if (r < 0)
			check_error(dir, &err, what);
		if (err.code == ROCPART_ERR_PARTLY_DONE &&
		    strstr(err.message, "the modes are set, but cannot set"))
			r = SETTING_LOST;
	} else {
		r = run_in_child(dir, &sc->wish, &c);
		if (r != 77)
			problem("%s: the process ended with %d", what, r);
	}
	recover(dir, sc, forward, r, what);
	remove_dir(dir);
}

static void run_all(void **state)
{
	const struct scenario *sc = *state;
	bool is_after[512];
	unsigned n = count_points(sc, is_after, RP_ARRAY_LEN(is_after));

	n_problems = 0;
	for (unsigned at = 1; at <= n; at++) {
		for (unsigned kind = 0; kind < N_KINDS; kind++) {
			if (is_after[at - 1] && kind != END)
				continue;
			run_one(sc, at, (enum kind)kind, true);
			run_one(sc, at, (enum kind)kind, false);
		}
	}
	assert_int_equal(n_problems, 0);
}

#define SPX   ROCPART_COMPUTE_SPX
#define DPX   ROCPART_COMPUTE_DPX
#define CPX   ROCPART_COMPUTE_CPX
#define N1    ROCPART_MEMORY_NPS1
#define N4    ROCPART_MEMORY_NPS4
#define ANY   ROCPART_MEMORY_UNKNOWN
#define X8(p) p " " p " " p " " p " " p " " p " " p " " p

static struct scenario two_to_cpx = {"mi300x-1",	  TWO_GPUS,	      "", {NULL, CPX, N4},
				     "SPX/NPS1 SPX/NPS1", "CPX/NPS4 CPX/NPS4"};
static struct scenario two_to_spx = {"mi300x-1",	  TWO_GPUS,
				     "memory NPS4",	  {NULL, SPX, N1},
				     "CPX/NPS4 CPX/NPS4", "SPX/NPS1 SPX/NPS1"};
static struct scenario two_compute = {"mi300x-1",	   TWO_GPUS,	       "", {NULL, CPX, ANY},
				      "SPX/NPS1 SPX/NPS1", "CPX/NPS1 CPX/NPS1"};
/* The reload takes the other GPU along: its mode, which is not the driver's choice, comes back. */
static struct scenario one_of_two_hives = {"mi300x-1",	  TWO_HIVES,	       "compute DPX",
					   {G1, CPX, N4}, "DPX/NPS1 SPX/NPS1", "DPX/NPS1 CPX/NPS4"};
static struct scenario beside_an_mi210 = {"mixed",
					  "",
					  "compute DPX",
					  {G0, CPX, N4},
					  "DPX/NPS1 UNKNOWN/UNKNOWN",
					  "CPX/NPS4 UNKNOWN/UNKNOWN"};
static struct scenario eight_to_cpx = {"mi300x-8",    "", "", {NULL, CPX, N4}, X8("SPX/NPS1"),
				       X8("CPX/NPS4")};
static struct scenario eight_to_spx = {
	"mi300x-8", "", "memory NPS4", {NULL, SPX, N1}, X8("CPX/NPS4"), X8("SPX/NPS1")};
static struct scenario eight_compute = {"mi300x-8",    "", "", {NULL, CPX, ANY}, X8("SPX/NPS1"),
					X8("CPX/NPS1")};

#define SCENARIO(nm)                                                                \
	{                                                                           \
#nm "_interrupted_is_resumed_or_undone", run_all, NULL, NULL, &(nm) \
	}

int main(int argc, char **argv)
{
	const struct CMUnitTest quick[] = {SCENARIO(two_to_cpx), SCENARIO(two_to_spx),
					   SCENARIO(two_compute), SCENARIO(one_of_two_hives),
					   SCENARIO(beside_an_mi210)};
	const struct CMUnitTest one[] = {SCENARIO(beside_an_mi210)};
	const struct CMUnitTest eight[] = {SCENARIO(eight_to_cpx), SCENARIO(eight_to_spx),
					   SCENARIO(eight_compute)};

	if (argc > 1 && rp_str_eq(argv[1], "short")) /* for builds that are slow */
		return cmocka_run_group_tests(one, NULL, NULL);
	if (argc > 1 && rp_str_eq(argv[1], "eight"))
		return cmocka_run_group_tests(eight, NULL, NULL);
	return cmocka_run_group_tests(quick, NULL, NULL);
}
