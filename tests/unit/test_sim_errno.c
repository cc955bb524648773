/* SPDX-License-Identifier: MIT */
/* The table of answers on the in-process front, and what a refused write leaves behind. */
#include "sim_errno_table.h"
#include "sim_machine.h"

static void run_row(void **state)
{
	const struct sim_errno_row *row = *state;
	RP_AUTO_SIM struct rp_sim *sim = boot(row->profile, row->edits);
	RP_AUTO_FREE char *path = row->file[0] == '/'
					  ? rp_strdupf("%s", row->file + 1)
					  : rp_strdupf(PCI "%s/%s", row->gpu, row->file);

	sim_setup(sim, row->gpu, row->setup);
	assert_int_equal(rp_sim_set_caller(sim, row->uid, NULL, 0), 0);
	if (row->token != IN_PROCESS_ONLY)
		assert_int_equal(sim_write(sim, path, row->token), row->expected);
	else
		assert_int_equal(rp_sim_may_open(sim, path, true), row->expected);
}

static void errno_refused_write_leaves_the_mode(void **state)
{
	RP_AUTO_SIM struct rp_sim *sim = boot("mi300x-1", NULL);
	uint64_t generation = sim_number(sim, KFD "generation_id");

	(void)state;
	sim_setup(sim, G0, "kfd");
	assert_int_equal(sim_write(sim, PCI G0 "/current_compute_partition", "CPX"), -EBUSY);
	assert_file(sim, PCI G0 "/current_compute_partition", "SPX\n");
	assert_int_equal(sim_number(sim, KFD "generation_id"), generation);
}

/* The mode register was written before the KFD failed to start. */
static void errno_reinit_failure_has_changed_the_mode(void **state)
{
	RP_AUTO_SIM struct rp_sim *sim = boot("mi300x-1", NULL);

	(void)state;
	sim_setup(sim, G0, "fault reinit:" G0);
	assert_int_equal(sim_write(sim, PCI G0 "/current_compute_partition", "CPX"), -EIO);
	assert_file(sim, PCI G0 "/current_compute_partition", "CPX\n");
	assert_int_equal(sim_count(sim, KFD "nodes"), 2);
}

static void errno_reads_in_reset_are_refused_since_g3(void **state)
{
	RP_AUTO_SIM struct rp_sim *sim = boot("mi300x-1", NULL);
	RP_AUTO_SIM struct rp_sim *old = boot("mi300x-1", "abi: g3=>abi: g2");
	char text[16];

	(void)state;
	sim_setup(sim, G0, "fault reset:" G0);
	sim_setup(old, G0, "fault reset:" G0);
	assert_int_equal(sim_read(sim, PCI G0 "/current_compute_partition", text, sizeof(text)),
			 -EPERM);
	assert_int_equal(sim_read(sim, PCI G0 "/current_memory_partition", text, sizeof(text)),
			 -EPERM);
	assert_file(old, PCI G0 "/current_compute_partition", "SPX\n");
}

int main(void)
{
	struct CMUnitTest tests[RP_ARRAY_LEN(sim_errno_rows) + 3] = {
		cmocka_unit_test(errno_refused_write_leaves_the_mode),
		cmocka_unit_test(errno_reinit_failure_has_changed_the_mode),
		cmocka_unit_test(errno_reads_in_reset_are_refused_since_g3),
	};

	for (size_t i = 0; i < RP_ARRAY_LEN(sim_errno_rows); i++) {
		struct sim_errno_row *row = malloc(sizeof(*row));

		if (!row)
			return 1;
		*row = sim_errno_rows[i];
		tests[i + 3] = (struct CMUnitTest){row->name, run_row, NULL, NULL, row};
	}
	int failed = cmocka_run_group_tests_name("sim_errno", tests, NULL, NULL);

	for (size_t i = 3; i < RP_ARRAY_LEN(tests); i++)
		free(tests[i].initial_state);
	return failed;
}
