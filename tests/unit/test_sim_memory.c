/* SPDX-License-Identifier: MIT */
/* Private simulated machines: the public calls alone, nothing on disk, nothing shared. */
#include "sim_machine.h"

#include "rocpart/rocpart.h"

/* An MI300X partition in CPX/NPS4 whose domain has 48 GiB: half of it. */
#define CPX_BYTES 25769803776U

static struct rocpart_machine *open_memory(void)
{
	RP_AUTO_FREE char *text = profile_text("mi300x-8", NULL);
	struct rocpart_machine *m = NULL;
	struct rocpart_error err = {0};

	if (rocpart_machine_open_sim_memory(text, strlen(text), "mi300x-8", &m, &err) < 0)
		fail_msg("%s: %s", err.object, err.message);
	return m;
}

static struct rocpart_snapshot *observe(struct rocpart_machine *m)
{
	struct rocpart_snapshot *s = NULL;
	struct rocpart_error err = {0};

	if (rocpart_machine_observe(m, &s, &err) < 0)
		fail_msg("%s: %s", err.object, err.message);
	return s;
}

static void apply(struct rocpart_change *c)
{
	struct rocpart_error err = {0};

	if (rocpart_change_apply(c, &err) < 0)
		fail_msg("%s: %s", err.object, err.message);
	rocpart_change_free(c);
}

static void switch_to_cpx(struct rocpart_machine *m)
{
	struct rocpart_snapshot *s = observe(m);
	struct rocpart_change *c = NULL;

	assert_int_equal(rocpart_change_new(m, s, &c, NULL), 0);
	assert_int_equal(
		rocpart_change_set_modes(c, NULL, ROCPART_COMPUTE_CPX, ROCPART_MEMORY_NPS4, NULL),
		0);
	apply(c);
	rocpart_snapshot_unref(s);
}

static size_t partitions(struct rocpart_machine *m)
{
	struct rocpart_snapshot *s = observe(m);
	size_t n = 0;

	for (size_t i = 0; i < rocpart_snapshot_get_gpu_count(s); i++)
		n += rocpart_gpu_get_partition_count(rocpart_snapshot_get_gpu(s, i));
	rocpart_snapshot_unref(s);
	return n;
}

static void memory_machine_switches_as_one_in_a_folder(void **state)
{
	struct rocpart_machine *m = open_memory();
	struct rocpart_snapshot *s;
	const struct rocpart_partition *p = NULL;
	uint64_t bytes = 0;
	unsigned rocr = 99;

	(void)state;
	assert_int_equal(rocpart_machine_get_kind(m), ROCPART_MACHINE_SIM);
	assert_int_equal(partitions(m), 8);
	switch_to_cpx(m);
	assert_int_equal(partitions(m), 64);
	s = observe(m);
	assert_int_equal(rocpart_snapshot_find_partition(s, "3/2", &p, NULL), 0);
	assert_int_equal(rocpart_partition_get_memory_bytes(p, &bytes), 0);
	assert_int_equal(bytes, CPX_BYTES);
	assert_int_equal(rocpart_partition_get_rocr_index(p, &rocr), 0);
	assert_int_equal(rocr, 26);
	rocpart_snapshot_unref(s);
	rocpart_machine_close(m);
}

static void memory_machine_keeps_its_records(void **state)
{
	struct rocpart_machine *m = open_memory();
	struct rocpart_change *c = NULL;
	struct rocpart_snapshot *s;

	(void)state;
	assert_int_equal(rocpart_change_open_last(m, &c, NULL), -ENOENT);
	switch_to_cpx(m);
	assert_int_equal(rocpart_change_open_journal(m, &c, NULL), -ENOENT);
	assert_int_equal(rocpart_machine_set_cordon(m, G1, true, NULL), 0);
	s = observe(m);
	assert_string_equal(rocpart_gpu_get_note(rocpart_snapshot_get_gpu(s, 1), 0), "cordoned");
	rocpart_snapshot_unref(s);
	assert_int_equal(rocpart_machine_set_cordon(m, G1, false, NULL), 0);
	assert_int_equal(rocpart_change_open_last(m, &c, NULL), 0);
	apply(c);
	assert_int_equal(partitions(m), 8);
	rocpart_machine_close(m);
}

static void memory_machines_are_independent(void **state)
{
	struct rocpart_machine *a = open_memory(), *b = open_memory();

	(void)state;
	switch_to_cpx(a);
	assert_int_equal(partitions(a), 64);
	assert_int_equal(partitions(b), 8);
	rocpart_machine_close(a);
	rocpart_machine_close(b);
}

/* Bytes leased of the whole machine, and how many leases wait for a place. */
static uint64_t leased(struct rocpart_machine *m, size_t *ret_pending)
{
	RP_AUTO_FREE char *problems = NULL;
	struct rocpart_leases *leases = NULL;
	const struct rocpart_partition_use *u;
	const struct rocpart_lease *l;
	uint64_t bytes = 0;

	assert_int_equal(rocpart_leases_new(m, &leases, NULL), 0);
	assert_int_equal(rocpart_leases_check(m, &problems, NULL), 0);
	assert_string_equal(problems, "");
	*ret_pending = 0;
	for (size_t i = 0; (u = rocpart_leases_get_use(leases, i)); i++)
		bytes += u->leased_bytes;
	for (size_t i = 0; (l = rocpart_leases_get(leases, i)); i++)
		*ret_pending += l->state == ROCPART_LEASE_PENDING;
	rocpart_leases_free(leases);
	return bytes;
}

static int place(struct rocpart_machine *m, uint64_t bytes, uint32_t replicas)
{
	struct rocpart_place_options *o = NULL;
	struct rocpart_leases *leases = NULL;
	int r;

	assert_int_equal(rocpart_place_options_new("llama", bytes, &o, NULL), 0);
	assert_int_equal(rocpart_place_options_set_replicas(o, replicas, NULL), 0);
	r = rocpart_place(m, o, &leases, NULL);
	rocpart_leases_free(leases);
	rocpart_place_options_free(o);
	return r;
}

static void memory_machine_keeps_leases(void **state)
{
	struct rocpart_machine *m = open_memory(), *other = open_memory();
	struct rocpart_snapshot *s = observe(m);
	struct rocpart_change *c = NULL;
	uint64_t in_use;
	size_t n = 0;

	(void)state;
	assert_int_equal(leased(m, &n), 0);
	assert_int_equal(place(m, 1000, 1), 0);
	assert_int_equal(place(m, 2000, 9), -ENOSPC); /* 8 GPUs, one of them taken: none is kept */
	assert_int_equal(place(m, 2000, 7), 0);
	assert_int_equal(leased(m, &n), 15000);
	assert_int_equal(leased(other, &n), 0);
	assert_int_equal(rocpart_change_new(m, s, &c, NULL), 0);
	assert_int_equal(rocpart_change_set_modes(c, rocpart_snapshot_get_gpu(s, 0),
						  ROCPART_COMPUTE_CPX, ROCPART_MEMORY_NPS1, NULL),
			 0);
	rocpart_change_set_allow_unvalidated(c, true);
	assert_int_equal(rocpart_change_apply(c, NULL), -EBUSY);
	rocpart_change_set_evict(c, true);
	apply(c);
	assert_in_range(leased(m, &n), 13000, 14000);
	assert_int_equal(n, 1);
	assert_int_equal(rocpart_change_open_last(m, &c, NULL), 0);
	apply(c);
	assert_int_equal(leased(m, &n), 15000);
	assert_int_equal(n, 0);
	assert_int_equal(rocpart_lease_release(m, "1", &n, &in_use, NULL), 0);
	assert_int_equal(leased(m, &n), 14000);
	rocpart_snapshot_unref(s);
	rocpart_machine_close(other);
	rocpart_machine_close(m);
}

static void memory_machine_of_a_wrong_profile_is_refused(void **state)
{
	static char long_text[(1U << 20) + 2];
	struct rocpart_machine *m = NULL;
	struct rocpart_error err = {0};

	(void)state;
	assert_int_equal(rocpart_machine_open_sim_memory("version: v2\n", 12, "p.yaml", &m, &err),
			 -EINVAL);
	assert_memory_equal(err.object, "p.yaml:1:", 9);
	memset(long_text, '#', sizeof(long_text) - 1);
	assert_int_equal(rocpart_machine_open_sim_memory(long_text, sizeof(long_text) - 1, "p.yaml",
							 &m, &err),
			 -EFBIG);
	assert_null(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_machine_switches_as_one_in_a_folder),
		cmocka_unit_test(memory_machine_keeps_its_records),
		cmocka_unit_test(memory_machine_keeps_leases),
		cmocka_unit_test(memory_machines_are_independent),
		cmocka_unit_test(memory_machine_of_a_wrong_profile_is_refused),
	};

	return cmocka_run_group_tests_name("sim_memory", tests, NULL, NULL);
}
