/* SPDX-License-Identifier: MIT */
/* Many leases changed at once: all or none, with numbers that stay. One MI300X in CPX/NPS4. */
#include "fault/fault_machine.h"
#include "leases/revise.h"

#define GIB (UINT64_C(1) << 30)
#define AT0 G0 "/0"
#define AT1 G0 "/1"
#define MAX 8

static char *dir;

static int setup(void **state)
{
	(void)state;
	dir = make_cpx_machine();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	remove_dir(dir);
	return 0;
}

/* ---- steps ---- */

struct step {
	uint64_t lease;	  /* 0: a new one */
	const char *name; /* NULL: release it */
	uint64_t bytes;
	const char *partition, *owner;
	int64_t replica;
	uint32_t share;
};

static struct rocpart_place_options *options_of(const struct step *s)
{
	struct rocpart_place_options *o = NULL;

	if (!s->name)
		return NULL;
	assert_int_equal(rocpart_place_options_new(s->name, s->bytes, &o, NULL), 0);
	assert_int_equal(rocpart_place_options_set_partition(o, s->partition, NULL), 0);
	assert_int_equal(rocpart_place_options_set_share(o, s->share ? s->share : 1, NULL), 0);
	if (s->owner)
		assert_int_equal(rocpart_place_options_set_owner(o, s->owner, NULL), 0);
	o->replica = s->replica;
	o->file = strdup("/etc/rocpart/node.yaml");
	return o;
}

static int revise(const struct step *steps, size_t n, struct rocpart_error *err)
{
	struct rocpart_machine *m = open_machine(dir);
	struct rp_revision v[MAX] = {0};
	struct rp_revising what = {.machine = m, .revisions = v, .n = n};
	struct rocpart_leases *leases = NULL;
	int r;

	for (size_t i = 0; i < n; i++)
		v[i] = (struct rp_revision){.lease = steps[i].lease,
					    .options = options_of(&steps[i]),
					    .event = "by the test"};
	r = rp_revise(&what, &leases, err);
	rocpart_leases_free(leases);
	for (size_t i = 0; i < n; i++)
		rocpart_place_options_free((struct rocpart_place_options *)(uintptr_t)v[i].options);
	rocpart_machine_close(m);
	return r;
}

static void must_revise(const struct step *steps, size_t n)
{
	struct rocpart_error err = {0};

	if (revise(steps, n, &err) < 0)
		fail_msg("%s", err.message);
}

/* "1 a/0 4G 0 unit:x.service, 2 ..." of the leases, which are consistent. */
static void assert_leases(const char *expected)
{
	struct rocpart_machine *m = open_machine(dir);
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	RP_AUTO_FREE char *problems = NULL;
	struct rocpart_leases *leases = NULL;
	const struct rocpart_lease *l;

	assert_int_equal(rocpart_leases_new(m, &leases, NULL), 0);
	assert_int_equal(rocpart_leases_check(m, &problems, NULL), 0);
	assert_string_equal(problems, "");
	for (size_t i = 0; (l = rocpart_leases_get(leases, i)); i++)
		rp_strbuf_addf(&text, "%s%llu %s/%u %lluG %u %s %s", i ? ", " : "",
			       (unsigned long long)l->id, l->name, l->replica,
			       (unsigned long long)(l->bytes / GIB), l->partition, l->owner,
			       rocpart_leases_get_file(leases, i));
	assert_string_equal(rp_strbuf_str(&text), expected);
	rocpart_leases_free(leases);
	rocpart_machine_close(m);
}

static void hold(unsigned part, uint64_t bytes)
{
	struct rocpart_sim_process *p = NULL;
	uint32_t pid;

	assert_int_equal(rocpart_sim_process_new(&p), 0);
	assert_int_equal(rocpart_sim_process_set_cgroup(p, "/system.slice/a.service", NULL), 0);
	assert_int_equal(rocpart_sim_process_use_vram(p, G0, part, bytes), 0);
	assert_int_equal(rocpart_sim_hold(dir, p, &pid, NULL), 0);
	rocpart_sim_process_free(p);
}

/* ---- tests ---- */

#define FILE_ "/etc/rocpart/node.yaml"

static void place_two(const char *owner)
{
	const struct step steps[] = {
		{0, "a", 4 * GIB, AT0, owner, RP_REPLICA_ANY, 1},
		{0, "b", 5 * GIB, AT1, NULL, 3, 1},
	};

	must_revise(steps, 2);
}

static void new_leases_have_the_replica_and_the_file_that_was_said(void **state)
{
	(void)state;
	place_two("unit:a.service");
	assert_leases("1 a/0 4G 0 unit:a.service " FILE_ ", 2 b/3 5G 1 none " FILE_);
}

static void exchanged_places_keep_their_numbers(void **state)
{
	const struct step steps[] = {{1, "a", 4 * GIB, AT1, NULL, RP_REPLICA_ANY, 1},
				     {2, "b", 5 * GIB, AT0, NULL, RP_REPLICA_ANY, 1}};

	(void)state;
	place_two("unit:a.service");
	must_revise(steps, 2);
	assert_leases("1 a/0 4G 1 unit:a.service " FILE_ ", 2 b/3 5G 0 none " FILE_);
}

static void changed_bytes_share_and_owner_stay_on_the_partition(void **state)
{
	const struct step steps[] = {{1, "a", 9 * GIB, AT0, "unit:c.service", RP_REPLICA_ANY, 2}};

	(void)state;
	place_two("unit:a.service");
	must_revise(steps, 1);
	assert_leases("1 a/0 9G 0 unit:c.service " FILE_ ", 2 b/3 5G 1 none " FILE_);
}

static void owner_alone_changes_without_a_partition(void **state)
{
	const struct step steps[] = {{2, "b", 5 * GIB, NULL, "unit:c.service", RP_REPLICA_ANY, 1}};

	(void)state;
	place_two(NULL);
	must_revise(steps, 1);
	assert_leases("1 a/0 4G 0 none " FILE_ ", 2 b/3 5G 1 unit:c.service " FILE_);
}

static void released_place_is_taken_in_the_same_transaction(void **state)
{
	const struct step steps[] = {{1, NULL, 0, NULL, NULL, 0, 0},
				     {0, "c", 20 * GIB, AT0, NULL, RP_REPLICA_ANY, 1}};

	(void)state;
	place_two(NULL);
	must_revise(steps, 2);
	assert_leases("2 b/3 5G 1 none " FILE_ ", 3 c/0 20G 0 none " FILE_);
}

static void second_step_that_fails_takes_the_first_back(void **state)
{
	const struct step steps[] = {{1, NULL, 0, NULL, NULL, 0, 0},
				     {2, "b", 500 * GIB, AT1, NULL, RP_REPLICA_ANY, 1}};
	struct rocpart_error err = {0};

	(void)state;
	place_two(NULL);
	assert_true(revise(steps, 2, &err) < 0);
	assert_leases("1 a/0 4G 0 none " FILE_ ", 2 b/3 5G 1 none " FILE_);
}

static void lease_that_ended_meanwhile_is_refused(void **state)
{
	const struct step steps[] = {{1, "a", 4 * GIB, AT1, NULL, RP_REPLICA_ANY, 1},
				     {7, NULL, 0, NULL, NULL, 0, 0}};
	struct rocpart_error err = {0};

	(void)state;
	place_two(NULL);
	assert_int_equal(revise(steps, 2, &err), -ESTALE);
	assert_non_null(strstr(err.message, "lease 7 ended meanwhile"));
	assert_leases("1 a/0 4G 0 none " FILE_ ", 2 b/3 5G 1 none " FILE_);
}

static void memory_of_a_moved_lease_stays_in_the_way_of_others(void **state)
{
	const struct step steps[] = {{1, "a", 4 * GIB, G0 "/2", NULL, RP_REPLICA_ANY, 1},
				     {2, "b", 5 * GIB, AT0, NULL, RP_REPLICA_ANY, 1}};
	struct rocpart_error err = {0};

	(void)state;
	place_two("unit:a.service");
	hold(0, GIB);
	assert_int_equal(revise(steps, 2, &err), -ENOSPC);
	assert_leases("1 a/0 4G 0 unit:a.service " FILE_ ", 2 b/3 5G 1 none " FILE_);
}

static void memory_of_a_lease_that_stays_is_not_in_its_way(void **state)
{
	const struct step steps[] = {{1, "a", 9 * GIB, AT0, NULL, RP_REPLICA_ANY, 1}};

	(void)state;
	place_two("unit:a.service");
	hold(0, GIB);
	must_revise(steps, 1);
	assert_leases("1 a/0 9G 0 unit:a.service " FILE_ ", 2 b/3 5G 1 none " FILE_);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			new_leases_have_the_replica_and_the_file_that_was_said, setup, teardown),
		cmocka_unit_test_setup_teardown(exchanged_places_keep_their_numbers, setup,
						teardown),
		cmocka_unit_test_setup_teardown(changed_bytes_share_and_owner_stay_on_the_partition,
						setup, teardown),
		cmocka_unit_test_setup_teardown(owner_alone_changes_without_a_partition, setup,
						teardown),
		cmocka_unit_test_setup_teardown(released_place_is_taken_in_the_same_transaction,
						setup, teardown),
		cmocka_unit_test_setup_teardown(second_step_that_fails_takes_the_first_back, setup,
						teardown),
		cmocka_unit_test_setup_teardown(lease_that_ended_meanwhile_is_refused, setup,
						teardown),
		cmocka_unit_test_setup_teardown(memory_of_a_moved_lease_stays_in_the_way_of_others,
						setup, teardown),
		cmocka_unit_test_setup_teardown(memory_of_a_lease_that_stays_is_not_in_its_way,
						setup, teardown),
	};

	return cmocka_run_group_tests_name("lease_revise", tests, NULL, NULL);
}
