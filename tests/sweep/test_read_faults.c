/* SPDX-License-Identifier: MIT */
/*
 * Every read of a machine fails once, with each of the errnos that say nothing about the machine.
 * What is asked gives an error then, or the same answer as without the failure: never a GPU, an
 * index, a process or a number less. The doctor may also say what it could not look at.
 *
 * The tree of a simulated machine is replaced by one that counts its reads and lets one fail.
 */
#include "base/num.h"
#include "fault/fault_machine.h"
#include "hw/device_list.h"
#include "rocpart/rocpart.h"
#include "views/change.h"
#include "views/doctor.h"
#include "views/handout.h"
#include "views/leases.h"
#include "views/snapshot.h"
#include "views/usage.h"

static struct {
	struct rp_tree *tree; /* the machine as it is */
	unsigned n, at;	      /* reads so far; the one that fails, from 1; 0: none */
	int errnum;
	char what[160]; /* the read that failed */
} reads;

static char *dir;

/* ---- the tree ---- */

static int count(const char *op, const char *path)
{
	if (++reads.n != reads.at)
		return 0;
	(void)rp_fmt(reads.what, sizeof(reads.what), "%s %s", op, path);
	return reads.errnum;
}

static int faulty_list(void *self, const char *path, struct rp_names *ret)
{
	int r = count("list", path);

	(void)self;
	return r < 0 ? r : rp_tree_list(reads.tree, ret, "%s", path);
}

static int faulty_read(void *self, const char *path, char *buf, size_t cap, size_t *ret_len)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	int r = count("read", path);

	(void)self;
	if (r == 0)
		r = rp_tree_read_file(reads.tree, RP_MIB, &text, "%s", path);
	if (r < 0)
		return r;
	*ret_len = text.len < cap ? text.len : cap;
	memcpy(buf, rp_strbuf_str(&text), *ret_len);
	return 0;
}

static int faulty_write(void *self, const char *path, const char *data, size_t len)
{
	RP_AUTO_FREE char *token = rp_strndup(data, len);

	(void)self;
	return rp_tree_write(reads.tree, token, "%s", path);
}

static int faulty_stat(void *self, const char *path, struct rp_stat *ret)
{
	int r = count("stat", path);

	(void)self;
	return r < 0 ? r : rp_tree_stat(reads.tree, ret, "%s", path);
}

static int faulty_readlink(void *self, const char *path, struct rp_strbuf *ret)
{
	int r = count("readlink", path);

	(void)self;
	return r < 0 ? r : rp_tree_readlink(reads.tree, ret, "%s", path);
}

static int faulty_driver(void *self, enum rp_driver_op op, struct rp_strbuf *ret)
{
	int r = op == RP_DRIVER_DISK_SRCVERSION ? count("ask", "amdgpu") : 0;

	(void)self;
	return r < 0 ? r : rp_tree_driver(reads.tree, op, ret);
}

static const struct rp_tree_ops faulty = {.list = faulty_list,
					  .read = faulty_read,
					  .write = faulty_write,
					  .stat = faulty_stat,
					  .readlink = faulty_readlink,
					  .driver = faulty_driver};

/* ---- what is asked ---- */

typedef int (*ask_fn)(struct rocpart_machine *m, struct rp_json **ret, struct rocpart_error *err);

static const struct view_machine nobody = {NULL, ""};

static int ask_list(struct rocpart_machine *m, struct rp_json **ret, struct rocpart_error *err)
{
	struct rocpart_snapshot *s = NULL;
	int r = rocpart_machine_observe(m, &s, err);

	if (r == 0)
		*ret = view_list(nobody, s);
	rocpart_snapshot_unref(s);
	return r;
}

static int ask_leases(struct rocpart_machine *m, struct rp_json **ret, struct rocpart_error *err)
{
	struct rocpart_leases *leases = NULL;
	int r = rocpart_leases_new(m, &leases, err);

	if (r == 0)
		*ret = view_leases_json(leases);
	rocpart_leases_free(leases);
	return r;
}

static int ask_usage(struct rocpart_machine *m, struct rp_json **ret, struct rocpart_error *err)
{
	struct rocpart_usages *u = NULL;
	int r = rocpart_usages_new(m, &u, err);

	if (r == 0)
		*ret = view_usage(nobody, u);
	rocpart_usages_free(u);
	return r;
}

static int ask_holders(struct rocpart_machine *m, struct rp_json **ret, struct rocpart_error *err)
{
	struct rocpart_snapshot *s = NULL;
	struct rocpart_holders *h = NULL;
	int r = rocpart_machine_observe(m, &s, err);

	if (r == 0)
		r = rocpart_holders_new(m, s, &h, err);
	if (r == 0)
		*ret = view_holders(nobody, h);
	rocpart_holders_free(h);
	rocpart_snapshot_unref(s);
	return r;
}

static int ask_args(struct rocpart_machine *m, struct rp_json **ret, struct rocpart_error *err)
{
	const char *const names[] = {"0/6"};
	struct rocpart_handout *h = NULL;
	char *text = NULL;
	int r = rocpart_handout_new(m, names, 1, &h, err);

	if (r == 0)
		r = rocpart_handout_print(h, ROCPART_HANDOUT_SHELL, &text, err);
	if (r == 0)
		*ret = rp_json_string(text);
	free(text);
	rocpart_handout_free(h);
	return r;
}

static int ask_change(struct rocpart_machine *m, struct rp_json **ret, struct rocpart_error *err)
{
	struct rocpart_snapshot *s = NULL;
	struct rocpart_change *c = NULL;
	int r = rocpart_machine_observe(m, &s, err);

	if (r == 0)
		r = rocpart_change_new(m, s, &c, err);
	if (r == 0) {
		rocpart_change_set_wait_ms(c, 0);
		r = rocpart_change_set_modes(c, NULL, ROCPART_COMPUTE_SPX, ROCPART_MEMORY_NPS1,
					     err);
	}
	if (r == 0)
		r = rocpart_change_check(c, err);
	/* That a process or a lease is in the way is an answer. */
	if (r < 0 && (err->code == ROCPART_ERR_BUSY_PROCESS || err->code == ROCPART_ERR_LEASED)) {
		*ret = rp_json_string(err->message);
		r = 0;
	} else if (r == 0) {
		*ret = view_change(nobody, c, NULL, "");
	}
	rocpart_change_free(c);
	rocpart_snapshot_unref(s);
	return r;
}

static int ask_doctor(struct rocpart_machine *m, struct rp_json **ret, struct rocpart_error *err)
{
	struct rocpart_doctor *d = NULL;
	int r = rocpart_doctor_new(m, &d, err);

	if (r == 0)
		r = rocpart_doctor_run(d, err);
	if (r >= 0)
		*ret = view_doctor(nobody, d);
	rocpart_doctor_free(d);
	return r < 0 ? r : 0;
}

/* ---- asking ---- */

/* The answer as text; NULL and the error when there is none. */
static char *ask(ask_fn fn, unsigned at, int errnum, struct rocpart_error *err)
{
	struct rocpart_machine *m = open_machine(dir);
	RP_AUTO_JSON struct rp_json *j = NULL;
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	struct rp_tree *tree = NULL;
	int r;

	assert_int_equal(rp_tree_open_ops(&faulty, NULL, RP_TREE_SIM, &tree), 0);
	reads.tree = m->tree;
	reads.n = 0;
	reads.at = at;
	reads.errnum = errnum;
	m->tree = tree;
	r = fn(m, &j, err);
	m->tree = reads.tree;
	rp_tree_close(tree);
	rocpart_machine_close(m);
	if (r < 0)
		return NULL;
	assert_non_null(j);
	assert_int_equal(rp_json_print(j, true, &text), 0);
	return rp_strbuf_steal(&text);
}

static const int errnums[] = {-EIO, -EMFILE, -ENOMEM, -EINTR, -EAGAIN};

/* In the short form each read fails with one of the errnos, in turn. */
static bool is_whole;

static void sweep(ask_fn fn, bool may_say)
{
	struct rocpart_error err = {0};
	/* The first look records in the leases what it saw, and when. */
	RP_AUTO_FREE char *first = ask(fn, 0, 0, &err), *clean = ask(fn, 0, 0, &err);
	unsigned n = reads.n;

	if (!first || !clean)
		fail_msg("%s: %s", err.object, err.message);
	assert_true(n > 20);
	for (unsigned at = 1; at <= n; at++) {
		for (size_t i = 0; i < RP_ARRAY_LEN(errnums); i++) {
			int errnum = errnums[i];
			RP_AUTO_FREE char *got = NULL;

			if (!is_whole && i != at % RP_ARRAY_LEN(errnums))
				continue;
			memset(&err, 0, sizeof(err));
			got = ask(fn, at, errnum, &err);
			if (!got && err.errnum == 0)
				fail_msg("%s: an error without a message", reads.what);
			if (got && !rp_str_eq(got, clean) &&
			    !(may_say && strstr(got, rocpart_strerror(errnum))))
				fail_msg("%s: %s gives another answer: %s", reads.what,
					 rocpart_strerror(errnum), got);
		}
	}
}

/* ---- tests ---- */

static void failed_read_of_a_scan_changes_no_list(void **state)
{
	(void)state;
	sweep(ask_list, false);
}

static void failed_read_changes_no_lease(void **state)
{
	(void)state;
	sweep(ask_leases, false);
}

static void failed_read_changes_no_usage(void **state)
{
	(void)state;
	sweep(ask_usage, false);
}

static void failed_read_hides_no_holder(void **state)
{
	(void)state;
	sweep(ask_holders, false);
}

static void failed_read_hands_out_no_other_index(void **state)
{
	(void)state;
	sweep(ask_args, false);
}

static void failed_read_lets_no_change_pass(void **state)
{
	(void)state;
	sweep(ask_change, false);
}

static void failed_read_is_said_by_the_doctor(void **state)
{
	(void)state;
	sweep(ask_doctor, true);
}

static uint32_t hold(unsigned partition, uint64_t bytes)
{
	struct rocpart_sim_process *p = NULL;
	uint32_t pid = 0;

	assert_int_equal(rocpart_sim_process_new(&p), 0);
	if (bytes)
		assert_int_equal(rocpart_sim_process_use_vram(p, G0, partition, bytes), 0);
	assert_int_equal(rocpart_sim_hold(dir, p, &pid, NULL), 0);
	rocpart_sim_process_free(p);
	return pid;
}

/* CPX/NPS4, memory in use without a lease, and a lease whose owner is a process. */
static int setup(void **state)
{
	struct rocpart_place_options *o = NULL;
	struct rocpart_leases *leases = NULL;
	struct rocpart_machine *m;
	uint32_t pid = 0;

	(void)state;
	dir = make_dir();
	make_machine(dir, "mi300x-1", "", "memory NPS4;compute CPX");
	(void)hold(3, RP_GIB);
	pid = hold(0, 0);
	m = open_machine(dir);
	assert_int_equal(rocpart_place_options_new("a", 2 * RP_GIB, &o, NULL), 0);
	{
		RP_AUTO_FREE char *owner = rp_strdupf("pid:%u", pid);

		assert_int_equal(rocpart_place_options_set_owner(o, owner, NULL), 0);
	}
	assert_int_equal(rocpart_place_options_set_partition(o, "0/6", NULL), 0);
	assert_int_equal(rocpart_place(m, o, &leases, NULL), 0);
	rocpart_leases_free(leases);
	rocpart_place_options_free(o);
	rocpart_machine_close(m);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	remove_dir(dir);
	return 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(failed_read_of_a_scan_changes_no_list),
		cmocka_unit_test(failed_read_changes_no_lease),
		cmocka_unit_test(failed_read_changes_no_usage),
		cmocka_unit_test(failed_read_hides_no_holder),
		cmocka_unit_test(failed_read_hands_out_no_other_index),
		cmocka_unit_test(failed_read_lets_no_change_pass),
		cmocka_unit_test(failed_read_is_said_by_the_doctor),
	};

	is_whole = argc > 1 && rp_str_eq(argv[1], "whole");
	return cmocka_run_group_tests(tests, setup, teardown);
}
