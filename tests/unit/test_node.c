/* SPDX-License-Identifier: MIT */
/* Pictures of machines: what is told, what is derived, what is never guessed, what is wrong. */
#include "node_tree.h"

#define CPX8 25767706624 /* bytes of a MI300X partition in CPX/NPS1 (ROCm#4750) */

static const struct rocpart_gpu *gpu(const struct rocpart_snapshot *s, size_t i)
{
	assert_true(i < rocpart_snapshot_get_gpu_count(s));
	return rocpart_snapshot_get_gpu(s, i);
}

static uint64_t bytes_of(const struct rocpart_gpu *g, size_t i)
{
	uint64_t bytes = 0;

	assert_int_equal(
		rocpart_partition_get_memory_bytes(rocpart_gpu_get_partition(g, i), &bytes), 0);
	return bytes;
}

static unsigned index_of(const struct rocpart_gpu *g, size_t i)
{
	unsigned index = 0;

	assert_int_equal(rocpart_partition_get_rocr_index(rocpart_gpu_get_partition(g, i), &index),
			 0);
	return index;
}

/* ---- attributes that are not as they should be ---- */

static void small_tree_is_read_as_it_is(void **state)
{
	char *dir = make_tree();
	struct rocpart_snapshot *s = look(dir);
	const struct rocpart_gpu *g = gpu(s, 0);
	enum rocpart_memory_mode memory = ROCPART_MEMORY_UNKNOWN;
	const char *firmware = NULL;
	uint64_t v = 0;

	(void)state;
	assert_int_equal(rocpart_snapshot_get_gpu_count(s), 1);
	assert_string_equal(rocpart_gpu_get_bdf(g), "0000:05:00.0");
	assert_string_equal(rocpart_gpu_get_product(g), "MI300X");
	assert_string_equal(rocpart_gpu_get_vbios(g), "113-M3000100-102");
	assert_int_equal(rocpart_gpu_get_newer_firmware(g, &memory, &firmware), 0);
	assert_int_equal(memory, ROCPART_MEMORY_NPS2);
	assert_string_equal(firmware, "IFWI 022.040.003.043 (2026-02)");
	assert_int_equal(rocpart_gpu_get_compute_mode(g), ROCPART_COMPUTE_SPX);
	assert_int_equal(rocpart_gpu_get_memory_mode(g), ROCPART_MEMORY_NPS1);
	assert_int_equal(rocpart_gpu_get_unique_id(g, &v), 0);
	assert_true(v == UINT64_C(0xe3aa140f9a5f9e31));
	assert_int_equal(rocpart_gpu_get_hive_id(g, &v), 0);
	assert_true(v == UINT64_C(15188982192727901047));
	assert_int_equal(bytes_of(g, 0), 206141652992);
	assert_int_equal(index_of(g, 0), 0);
	assert_null(rocpart_gpu_get_degraded(g, 0));
	rocpart_snapshot_unref(s);
	remove_dir(dir);
}

/* The values that make_tree() wrote; it shows no processes and no card of the render node. */
static void small_tree_gives_each_value_or_says_that_there_is_none(void **state)
{
	char *dir = make_tree();
	struct rocpart_snapshot *s = look(dir);
	const struct rocpart_gpu *g = gpu(s, 0);
	const struct rocpart_partition *p = rocpart_gpu_get_partition(g, 0);
	uint64_t errors = 7, pages = 7, bytes = 0;
	unsigned v = 7;

	(void)state;
	assert_int_equal(rocpart_gpu_get_index(g), 0);
	assert_int_equal(rocpart_gpu_get_health(g, &errors, &pages), 1);
	assert_int_equal(errors, 0);
	assert_int_equal(pages, 0);
	assert_int_equal(rocpart_gpu_get_numa_node(g, &v), 0);
	assert_int_equal(v, 0);
	assert_int_equal(rocpart_gpu_get_memory_used_bytes(g, &bytes), 0);
	assert_int_equal(bytes, 300929024);
	assert_ptr_equal(rocpart_partition_get_gpu(p), g);
	assert_int_equal(rocpart_partition_get_kfd_node(p), 1);
	assert_int_equal(rocpart_partition_get_render_minor(p), 128);
	assert_int_equal(rocpart_partition_get_card_minor(p, &v), -ENODATA);
	assert_int_equal(rocpart_partition_get_memory_used_bytes(p, &bytes), -ENODATA);
	rocpart_snapshot_unref(s);
	remove_dir(dir);
}

static void snapshot_with_two_owners_outlives_the_first(void **state)
{
	char *dir = make_tree();
	struct rocpart_snapshot *s = look(dir), *second = rocpart_snapshot_ref(s);

	(void)state;
	assert_ptr_equal(second, s);
	assert_null(rocpart_snapshot_unref(s));
	assert_string_equal(rocpart_gpu_get_bdf(gpu(second, 0)), "0000:05:00.0");
	rocpart_snapshot_unref(second);
	remove_dir(dir);
}

static const char *const files[] = {
	TOPO "generation_id",
	TOPO "nodes/0/properties",
	TOPO "nodes/1/properties",
	TOPO "nodes/1/gpu_id",
	TOPO "nodes/1/mem_banks/0/properties",
	DEV "device",
	DEV "numa_node",
	DEV "unique_id",
	DEV "current_compute_partition",
	DEV "available_compute_partition",
	DEV "compute_partition_config/supported_xcp_configs",
	DEV "current_memory_partition",
	DEV "available_memory_partition",
	DEV "compute_partition_mem_alloc_mode",
	DEV "mem_info_vram_total",
	DEV "mem_info_vram_used",
	DEV "xgmi_hive_info/xgmi_hive_id",
	DEV "vbios_version",
	DEV "ras/umc_err_count",
};

#define PAGE_OF_TEXT 4096

static const struct {
	const char *text;
	size_t len; /* 0: a page of it */
	bool is_error_everywhere;
} contents[] = {
	{"", 0, false},
	{"\n", 1, false},
	{"7", 0, true},
	{"SPX\0\n", 5, true},
	{"\xff\xfe\x80\n", 4, false},
	{" 7\n", 3, false},
	{"-7\n", 3, false},
	{"18446744073709551616\n", 21, false},
	{"18446744073709551615\n", 21, false},
	{"simd_count\n", 11, false},
	{"simd_count 4\nsimd_per_cu 0\n", 27, false},
	{"simd_count 4294967295\nnum_xcc 4294967295\n", 41, false},
	{"mem_banks_count 18446744073709551615\nsimd_count 4\n", 50, false},
	{"heap_type 1\nsize_in_bytes 18446744073709551615\n", 47, false},
	{"SPX, \n", 6, false},
	{", , ,\n", 6, false},
	{"NPS1, NPS16\n", 12, false},
	{"\r\n", 2, false},
};

static size_t fill(char buf[PAGE_OF_TEXT], size_t i)
{
	size_t len = contents[i].len;

	if (*contents[i].text && !len) {
		memset(buf, contents[i].text[0], PAGE_OF_TEXT);
		return PAGE_OF_TEXT;
	}
	memcpy(buf, contents[i].text, len);
	return len;
}

/* What a picture says of a file that it does not understand. */
static const char *oddity(const struct rocpart_snapshot *s)
{
	const char *reason = rocpart_gpu_get_degraded_reason(gpu(s, 0));

	reason = reason ? reason : rocpart_snapshot_get_problem(s);
	return reason ? reason : "";
}

/* Every file with everything: either a picture, or an error that names the file. */
static void bad_attribute_is_named_or_harmless(void **state)
{
	char *dir = make_tree();
	char buf[PAGE_OF_TEXT], good[1024];

	(void)state;
	for (size_t f = 0; f < RP_ARRAY_LEN(files); f++) {
		RP_AUTO_FREE char *path = rp_strdupf("%s/%s", dir, files[f]);
		RP_AUTO_FCLOSE FILE *in = fopen(path, "re");
		size_t n = in ? fread(good, 1, sizeof(good), in) : 0;

		for (size_t i = 0; i < RP_ARRAY_LEN(contents); i++) {
			struct rocpart_snapshot *s = NULL;
			struct rocpart_error err = {0};
			int r;

			put_bytes(dir, files[f], buf, fill(buf, i));
			r = try_look(dir, &s, &err);
			if (contents[i].is_error_everywhere && r == 0 &&
			    !rp_str_ends(files[f], "numa_node") &&
			    !strstr(oddity(s), strrchr(files[f], '/') + 1))
				fail_msg("%s: content %zu is accepted", files[f], i);
			rocpart_snapshot_unref(s);
			if (r < 0 && (err.code != ROCPART_ERR_BAD_ATTRIBUTE ||
				      !strstr(err.object, strrchr(files[f], '/') + 1)))
				fail_msg("%s, content %zu: %s: %s", files[f], i, err.object,
					 err.message);
		}
		put_bytes(dir, files[f], good, n);
	}
	remove_dir(dir);
}

static void missing_attribute_is_absent_and_no_error(void **state)
{
	char good[1024];
	char *dir = make_tree();

	(void)state;
	for (size_t f = 0; f < RP_ARRAY_LEN(files); f++) {
		RP_AUTO_FREE char *path = rp_strdupf("%s/%s", dir, files[f]);
		RP_AUTO_FCLOSE FILE *in = fopen(path, "re");
		size_t n = in ? fread(good, 1, sizeof(good), in) : 0;
		struct rocpart_snapshot *s = NULL;
		struct rocpart_error err = {0};
		int r;

		drop(dir, files[f]);
		r = try_look(dir, &s, &err);
		if (r < 0)
			fail_msg("%s: %s", err.object, err.message);
		/* Without these nothing can be identified. */
		if (*oddity(s) && !rp_str_ends(files[f], "/properties") &&
		    !rp_str_ends(files[f], "/device"))
			fail_msg("%s: %s", files[f], oddity(s));
		rocpart_snapshot_unref(s);
		put_bytes(dir, files[f], good, n);
	}
	remove_dir(dir);
}

static void attribute_without_newline_reads_the_same(void **state)
{
	char *dir = make_tree();
	struct rocpart_snapshot *s;

	(void)state;
	put(dir, DEV "current_compute_partition", "SPX");
	put(dir, TOPO "nodes/1/gpu_id", "28851");
	put(dir, TOPO "generation_id", "2");
	s = look(dir);
	assert_int_equal(rocpart_gpu_get_compute_mode(gpu(s, 0)), ROCPART_COMPUTE_SPX);
	rocpart_snapshot_unref(s);
	remove_dir(dir);
}

static void line_of_a_bad_property_is_named(void **state)
{
	char *dir = make_tree();
	struct rocpart_snapshot *s;

	(void)state;
	put(dir, TOPO "nodes/1/properties", "simd_count 1216\nnum_xcc eight\n");
	s = look(dir);
	assert_string_equal(rocpart_snapshot_get_problem(s),
			    "nodes/1/properties:2 is not in the form that the kernel writes");
	assert_true(has_degraded(gpu(s, 0), "node-unreadable")); /* the one that lacks a node */
	rocpart_snapshot_unref(s);
	remove_dir(dir);
}

static void number_beyond_any_gpu_is_refused(void **state)
{
	static const struct {
		const char *file, *text;
	} cases[] = {
		{DEV "mem_info_vram_total", "9223372036854775808\n"},
		{TOPO "nodes/1/mem_banks/0/properties",
		 "heap_type 1\nsize_in_bytes 9223372036854775808\n"},
		{TOPO "nodes/1/properties", "simd_count 4\nnum_xcc 4294967295\n"},
		{TOPO "nodes/1/gpu_id", "4294967296\n"},
		{TOPO "generation_id", "4294967296\n"},
	};

	(void)state;
	for (size_t i = 0; i < RP_ARRAY_LEN(cases); i++) {
		char *dir = make_tree();
		struct rocpart_snapshot *s = NULL;
		struct rocpart_error err = {0};

		put(dir, cases[i].file, cases[i].text);
		if (try_look(dir, &s, &err) == 0)
			assert_non_null(strstr(oddity(s), strrchr(cases[i].file, '/') + 1));
		else
			assert_true(rp_str_starts(err.object, cases[i].file));
		assert_true(s || err.errnum == -EBADMSG);
		rocpart_snapshot_unref(s);
		remove_dir(dir);
	}
}

static void domain_of_32_bits_is_kept(void **state)
{
	char *dir = make_tree();
	struct rocpart_snapshot *s;

	(void)state;
	put(dir, "sys/bus/pci/drivers/amdgpu/10000:05:00.0/uevent", "");
	put(dir, "sys/bus/pci/devices/10000:05:00.0/device", "0x74a1\n");
	put(dir, TOPO "nodes/2/properties",
	    "simd_count 1216\nlocation_id 1280\ndomain 65536\nnum_xcc 8\n");
	s = look(dir);
	assert_int_equal(rocpart_snapshot_get_gpu_count(s), 2);
	assert_string_equal(rocpart_gpu_get_bdf(gpu(s, 1)), "10000:05:00.0");
	assert_int_equal(rocpart_gpu_get_partition_count(gpu(s, 1)), 1);
	rocpart_snapshot_unref(s);
	remove_dir(dir);
}

/* ---- what a capture lacks ---- */

/* T300: KFD nodes only, without gpu_id and mem_banks. */
static char *make_t300(unsigned n)
{
	char *dir = make_dir();

	put(dir, TOPO "generation_id", "80\n");
	for (unsigned i = 0; i < n; i++) {
		RP_AUTO_FREE char *gpu_id = rp_strdupf(TOPO "nodes/%u/gpu_id", 2 + i);
		RP_AUTO_FREE char *bank = rp_strdupf(TOPO "nodes/%u/mem_banks/0/properties", 2 + i);

		put_gpu_node(dir, 2 + i, i, 1, CPX8);
		drop(dir, gpu_id);
		drop(dir, bank);
	}
	return dir;
}

static void capture_of_nodes_only_has_gpus(void **state)
{
	char *dir = make_t300(8);
	struct rocpart_snapshot *s = look(dir);
	const struct rocpart_partition *p = rocpart_gpu_get_partition(gpu(s, 0), 7);
	uint64_t v = 0;
	bool b = false;

	(void)state;
	assert_string_equal(rocpart_gpu_get_bdf(gpu(s, 0)), "0000:05:00.0");
	assert_int_equal(rocpart_gpu_get_partition_count(gpu(s, 0)), 8);
	assert_int_equal(rocpart_partition_get_gpu_id(p, &v), -ENODATA);
	assert_int_equal(rocpart_partition_get_memory_bytes(p, &v), -ENODATA);
	assert_int_equal(rocpart_partition_get_cus(p), 38);
	assert_int_equal(index_of(gpu(s, 0), 7), 7); /* no /dev in a capture: all count */
	assert_int_equal(rocpart_gpu_get_partitionable(gpu(s, 0), &b), -ENODATA);
	assert_null(rocpart_gpu_get_degraded(gpu(s, 0), 0)); /* what it lacks is no fault */
	assert_int_equal(rocpart_snapshot_get_source(s, "gpu_id"), ROCPART_SOURCE_ABSENT);
	assert_int_equal(rocpart_snapshot_get_source(s, "memory_bytes"), ROCPART_SOURCE_ABSENT);
	rocpart_snapshot_unref(s);
	remove_dir(dir);
}

static void compute_mode_without_file_is_derived(void **state)
{
	char *dir = make_t300(8);
	struct rocpart_snapshot *s = look(dir);

	(void)state;
	assert_int_equal(rocpart_gpu_get_compute_mode(gpu(s, 0)), ROCPART_COMPUTE_CPX);
	assert_true(rocpart_gpu_is_compute_mode_derived(gpu(s, 0)));
	assert_int_equal(rocpart_snapshot_get_source(s, "compute_mode"), ROCPART_SOURCE_DERIVED);
	rocpart_snapshot_unref(s);
	remove_dir(dir);
}

/* The dies are those of the product, so a lost partition does not make it another mode. */
static void compute_mode_is_derived_with_a_partition_missing(void **state)
{
	char *dir = make_t300(7);
	struct rocpart_snapshot *s = look(dir);

	(void)state;
	assert_int_equal(rocpart_gpu_get_compute_mode(gpu(s, 0)), ROCPART_COMPUTE_CPX);
	assert_int_equal(rocpart_gpu_get_expected_partition_count(gpu(s, 0)), 8);
	assert_true(has_degraded(gpu(s, 0), "partition-missing"));
	rocpart_snapshot_unref(s);
	remove_dir(dir);
}

/* Bytes that fit NPS4 as well as NPS1 prove nothing. */
static void memory_mode_is_never_guessed(void **state)
{
	char *dir = make_tree();
	struct rocpart_snapshot *s;
	unsigned domain = 0;

	(void)state;
	drop(dir, DEV "current_memory_partition");
	s = look(dir);
	assert_int_equal(rocpart_gpu_get_memory_mode(gpu(s, 0)), ROCPART_MEMORY_UNKNOWN);
	assert_int_equal(rocpart_partition_get_memory_domain(
				 rocpart_gpu_get_partition(gpu(s, 0), 0), &domain, NULL),
			 -ENODATA);
	assert_int_equal(rocpart_snapshot_get_source(s, "memory_mode"), ROCPART_SOURCE_ABSENT);
	assert_null(rocpart_gpu_get_degraded(gpu(s, 0), 0));
	rocpart_snapshot_unref(s);
	remove_dir(dir);
}

static void unknown_pci_id_works_from_what_is_reported(void **state)
{
	char *dir = make_tree();
	struct rocpart_snapshot *s;

	(void)state;
	put(dir, DEV "device", "0x74ff\n");
	s = look(dir);
	assert_int_equal(rocpart_gpu_get_device_id(gpu(s, 0)), 0x74ff);
	assert_int_equal(rocpart_gpu_get_xcd_count(gpu(s, 0)), 8); /* supported_xcp_configs */
	assert_null(rocpart_gpu_get_degraded(gpu(s, 0), 0));
	rocpart_snapshot_unref(s);
	remove_dir(dir);
}

/* A GPU of an unknown id that lost a partition: another of the same id tells its dies. */
static void dies_are_told_by_another_gpu_of_the_same_id(void **state)
{
	RP_AUTO_SIM struct rp_sim *sim =
		boot("mi300x-1", "abi: g3=>abi: g1;device: 0x74a1=>device: 0x74ff;" TWO_GPUS);
	struct rocpart_snapshot *s;

	(void)state;
	sim_setup(sim, G0, "fault vanish:" G0 "/7;compute CPX");
	s = look_at_sim(sim);
	assert_int_equal(rocpart_gpu_get_xcd_count(gpu(s, 0)), 8);
	assert_int_equal(rocpart_gpu_get_partition_count(gpu(s, 0)), 7);
	assert_true(has_degraded(gpu(s, 0), "partition-missing"));
	assert_null(rocpart_gpu_get_degraded(gpu(s, 1), 0));
	rocpart_snapshot_unref(s);
}

/* ---- what is wrong with a machine ---- */

static void partitions_that_do_not_fit_the_mode_are_a_mismatch(void **state)
{
	char *dir = make_tree();
	struct rocpart_snapshot *s;

	(void)state;
	put_gpu_node(dir, 1, 0, 4, 103070826496);
	put_gpu_node(dir, 2, 1, 4, 103070826496);
	s = look(dir); /* DPX, but the file says SPX */
	assert_true(has_degraded(gpu(s, 0), "mode-mismatch"));
	rocpart_snapshot_unref(s);
	remove_dir(dir);
}

static void partition_id_that_comes_twice_is_a_shared_address(void **state)
{
	char *dir = make_t300(8);
	struct rocpart_snapshot *s;

	(void)state;
	put_gpu_node(dir, 10, 6, 1, CPX8);
	s = look(dir);
	assert_true(has_degraded(gpu(s, 0), "shared-address"));
	assert_false(has_degraded(gpu(s, 0), "mode-mismatch"));
	for (size_t i = 1; i < 9; i++) /* its ids are keys all the same */
		assert_true(rocpart_partition_get_id(rocpart_gpu_get_partition(gpu(s, 0), i)) >
			    rocpart_partition_get_id(rocpart_gpu_get_partition(gpu(s, 0), i - 1)));
	rocpart_snapshot_unref(s);
	remove_dir(dir);
}

static void sixty_three_of_64_is_told_of_the_last_gpu(void **state)
{
	RP_AUTO_SIM struct rp_sim *sim = boot("bmc-63", "");
	struct rocpart_snapshot *s;

	(void)state;
	for (size_t i = 0; i < 8; i++) {
		static const char *const bdfs[] = {"0000:05:00.0", "0000:27:00.0", "0000:47:00.0",
						   "0000:65:00.0", "0000:85:00.0", "0000:a7:00.0",
						   "0000:c7:00.0", "0000:e5:00.0"};

		sim_setup(sim, bdfs[i], "compute CPX");
	}
	s = look_at_sim(sim);
	for (size_t i = 0; i < 7; i++)
		assert_null(rocpart_gpu_get_degraded(gpu(s, i), 0));
	assert_true(has_degraded(gpu(s, 7), "partition-missing"));
	assert_int_equal(rocpart_gpu_get_partition_count(gpu(s, 7)), 7);
	rocpart_snapshot_unref(s);
}

/* D.1: EPERM from the node's files is a device cgroup, not a defect. */
static void partitions_hidden_by_a_cgroup_are_told_so(void **state)
{
	RP_AUTO_SIM struct rp_sim *sim = boot("mi300x-1", "");
	static const uint32_t minors[] = {130, 131};
	struct rocpart_snapshot *s;

	(void)state;
	sim_setup(sim, G0, "compute CPX");
	assert_int_equal(rp_sim_set_caller(sim, 0, minors, 2), 0);
	s = look_at_sim(sim);
	assert_int_equal(rocpart_gpu_get_partition_count(gpu(s, 0)), 2);
	assert_true(has_degraded(gpu(s, 0), "hidden-by-cgroup"));
	assert_false(has_degraded(gpu(s, 0), "partition-missing"));
	assert_int_equal(rocpart_partition_get_id(rocpart_gpu_get_partition(gpu(s, 0), 0)), 2);
	assert_int_equal(index_of(gpu(s, 0), 0), 0); /* the first that this caller sees */
	assert_int_equal(index_of(gpu(s, 0), 1), 1);
	rocpart_snapshot_unref(s);
}

static void uncorrectable_errors_make_a_gpu_unhealthy(void **state)
{
	RP_AUTO_SIM struct rp_sim *sim = boot("mi300x-1", "");
	struct rocpart_snapshot *s;

	(void)state;
	sim_setup(sim, G0, "fault ce:" G0 ":5");
	s = look_at_sim(sim);
	assert_null(rocpart_gpu_get_degraded(gpu(s, 0), 0));
	rocpart_snapshot_unref(s);
	sim_setup(sim, G0, "fault ue:" G0 ":1");
	s = look_at_sim(sim);
	assert_true(has_degraded(gpu(s, 0), "unhealthy"));
	rocpart_snapshot_unref(s);
}

/* Before 6.17 all partitions of a GPU have the id of the board; that is no fault. */
static void duplicate_unique_id_is_a_note(void **state)
{
	RP_AUTO_SIM struct rp_sim *g2 = boot("mi300x-1", "abi: g3=>abi: g2");
	RP_AUTO_SIM struct rp_sim *g3 = boot("mi300x-1", "");
	struct rocpart_snapshot *s;

	(void)state;
	sim_setup(g2, G0, "compute CPX");
	s = look_at_sim(g2);
	assert_true(has_note(gpu(s, 0), "duplicate-unique-id"));
	assert_null(rocpart_gpu_get_degraded(gpu(s, 0), 0));
	rocpart_snapshot_unref(s);
	sim_setup(g3, G0, "compute CPX");
	s = look_at_sim(g3);
	assert_false(has_note(gpu(s, 0), "duplicate-unique-id"));
	rocpart_snapshot_unref(s);
}

/* ---- indices and memory ---- */

/* D.2: the nodes of a switched GPU are appended, so the other one comes first. */
static void rocr_index_follows_the_nodes_after_a_live_switch(void **state)
{
	RP_AUTO_SIM struct rp_sim *sim = boot("mi300x-1", TWO_GPUS);
	struct rocpart_snapshot *s;

	(void)state;
	sim_setup(sim, G0, "compute CPX");
	s = look_at_sim(sim);
	assert_int_equal(index_of(gpu(s, 1), 0), 0);
	for (unsigned p = 0; p < 8; p++)
		assert_int_equal(index_of(gpu(s, 0), p), 1 + p);
	rocpart_snapshot_unref(s);
}

static void rocr_index_counts_partitions_of_the_gpus_before(void **state)
{
	RP_AUTO_SIM struct rp_sim *sim = boot("mi300x-1", TWO_GPUS);
	struct rocpart_snapshot *s;

	(void)state;
	sim_setup(sim, G1, "compute CPX");
	s = look_at_sim(sim);
	assert_int_equal(index_of(gpu(s, 0), 0), 0);
	for (unsigned p = 0; p < 8; p++)
		assert_int_equal(index_of(gpu(s, 1), p), 1 + p);
	rocpart_snapshot_unref(s);
}

/* libhsakmt skips a GPU whose render node is not there, as in a container that got one of two. */
static void partition_without_render_node_has_no_rocr_index(void **state)
{
	char *dir = make_tree();
	RP_AUTO_TREE struct rp_tree *t = NULL;
	RP_AUTO_SCAN struct rp_scan scan = {0};
	struct rocpart_snapshot *s = NULL;
	unsigned index = 0;

	(void)state;
	put_gpu_node(dir, 1, 0, 4, 103070826496);
	put_gpu_node(dir, 2, 1, 4, 103070826496);
	put(dir, "dev/dri/renderD129", "");
	assert_int_equal(rp_tree_open(dir, RP_TREE_REAL, &t), 0);
	assert_int_equal(rp_hw_scan(t, &scan, NULL), 0);
	assert_int_equal(rp_snapshot_new(&scan, NULL, 0, &s, NULL), 0);
	assert_int_equal(
		rocpart_partition_get_rocr_index(rocpart_gpu_get_partition(gpu(s, 0), 0), &index),
		-ENODATA);
	assert_int_equal(index_of(gpu(s, 0), 1), 0);
	rocpart_snapshot_unref(s);
	remove_dir(dir);
}

/* With ALL each partition may take its whole domain; what it can count on is its share. */
static void capacity_with_alloc_all_is_the_share(void **state)
{
	RP_AUTO_SIM struct rp_sim *sim = boot("mi300x-1", "abi: g3=>abi: g3\nmem_alloc_mode: true");
	struct rocpart_snapshot *s;
	uint64_t domain = 0;

	(void)state;
	sim_setup(sim, G0, "memory NPS4;compute CPX");
	assert_int_equal(sim_write(sim, PCI G0 "/compute_partition_mem_alloc_mode", "ALL"), 0);
	s = look_at_sim(sim);
	assert_true(has_note(gpu(s, 0), "mem-alloc-all"));
	assert_int_equal(bytes_of(gpu(s, 0), 0), 25769803776);
	assert_int_equal(bytes_of(gpu(s, 0), 7), 25761415168);
	assert_int_equal(rocpart_partition_get_memory_domain(
				 rocpart_gpu_get_partition(gpu(s, 0), 7), NULL, &domain),
			 0);
	assert_int_equal(domain, 51522830336);
	assert_int_equal(rocpart_partition_get_memory_limit_bytes(
				 rocpart_gpu_get_partition(gpu(s, 0), 7), &domain),
			 0);
	assert_int_equal(domain, 51522830336);
	rocpart_snapshot_unref(s);
}

/* ---- generations of the kernel interface, by files and mode bits ---- */

static void expect_abi(const char *edits, const char *abi, bool memory_switch)
{
	RP_AUTO_SIM struct rp_sim *sim = boot("mi300x-1", edits);
	struct rocpart_snapshot *s = look_at_sim(sim);

	assert_string_equal(rocpart_snapshot_get_abi(s), abi);
	assert_int_equal(gpu(s, 0)->memory_writable, memory_switch);
	rocpart_snapshot_unref(s);
}

static void generations_are_told_apart_by_files(void **state)
{
	(void)state;
	expect_abi("abi: g3=>abi: g1", "g1", false);
	expect_abi("abi: g3=>abi: g2", "g2", true);
	expect_abi("", "g3", true);
}

/* ---- a machine that changes while it is read ---- */

struct restless {
	struct rp_sim *sim;
	unsigned reads, changes; /* of generation_id; how many of them differ from the last */
};

static int restless_read(void *self, const char *path, char *buf, size_t cap, size_t *ret_len)
{
	struct restless *r = self;

	if (!rp_str_ends(path, "generation_id"))
		return rp_sim_tree_ops()->read(r->sim, path, buf, cap, ret_len);
	r->reads++;
	*ret_len =
		(size_t)snprintf(buf, cap, "%u\n", r->reads < r->changes ? r->reads : r->changes);
	return 0;
}

static int restless_list(void *self, const char *path, struct rp_names *ret)
{
	return rp_sim_tree_ops()->list(((struct restless *)self)->sim, path, ret);
}

static int restless_stat(void *self, const char *path, struct rp_stat *ret)
{
	return rp_sim_tree_ops()->stat(((struct restless *)self)->sim, path, ret);
}

static int scan_restless(unsigned changes, struct rp_scan *ret, struct rocpart_error *err)
{
	static const struct rp_tree_ops ops = {
		.read = restless_read, .list = restless_list, .stat = restless_stat};
	RP_AUTO_SIM struct rp_sim *sim = boot("mi300x-1", "");
	struct restless r = {.sim = sim, .changes = changes};
	RP_AUTO_TREE struct rp_tree *t = NULL;

	assert_int_equal(rp_tree_open_ops(&ops, &r, RP_TREE_SIM, &t), 0);
	return rp_hw_scan(t, ret, err);
}

static void machine_that_settles_is_read(void **state)
{
	RP_AUTO_SCAN struct rp_scan scan = {0};

	(void)state;
	assert_int_equal(scan_restless(4, &scan, NULL), 0);
	assert_int_equal(scan.generation.v, 4);
	assert_int_equal(scan.n_nodes, 1);
}

static void machine_that_keeps_changing_is_reported(void **state)
{
	RP_AUTO_SCAN struct rp_scan scan = {0};
	struct rocpart_error err = {0};

	(void)state;
	assert_int_equal(scan_restless(1000, &scan, &err), -EAGAIN);
	assert_int_equal(err.code, ROCPART_ERR_RETRY);
	assert_true(*err.hint != '\0');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(small_tree_is_read_as_it_is),
		cmocka_unit_test(small_tree_gives_each_value_or_says_that_there_is_none),
		cmocka_unit_test(snapshot_with_two_owners_outlives_the_first),
		cmocka_unit_test(bad_attribute_is_named_or_harmless),
		cmocka_unit_test(missing_attribute_is_absent_and_no_error),
		cmocka_unit_test(attribute_without_newline_reads_the_same),
		cmocka_unit_test(line_of_a_bad_property_is_named),
		cmocka_unit_test(number_beyond_any_gpu_is_refused),
		cmocka_unit_test(partition_without_render_node_has_no_rocr_index),
		cmocka_unit_test(domain_of_32_bits_is_kept),
		cmocka_unit_test(capture_of_nodes_only_has_gpus),
		cmocka_unit_test(compute_mode_without_file_is_derived),
		cmocka_unit_test(compute_mode_is_derived_with_a_partition_missing),
		cmocka_unit_test(memory_mode_is_never_guessed),
		cmocka_unit_test(unknown_pci_id_works_from_what_is_reported),
		cmocka_unit_test(dies_are_told_by_another_gpu_of_the_same_id),
		cmocka_unit_test(partitions_that_do_not_fit_the_mode_are_a_mismatch),
		cmocka_unit_test(partition_id_that_comes_twice_is_a_shared_address),
		cmocka_unit_test(sixty_three_of_64_is_told_of_the_last_gpu),
		cmocka_unit_test(partitions_hidden_by_a_cgroup_are_told_so),
		cmocka_unit_test(uncorrectable_errors_make_a_gpu_unhealthy),
		cmocka_unit_test(duplicate_unique_id_is_a_note),
		cmocka_unit_test(rocr_index_follows_the_nodes_after_a_live_switch),
		cmocka_unit_test(rocr_index_counts_partitions_of_the_gpus_before),
		cmocka_unit_test(capacity_with_alloc_all_is_the_share),
		cmocka_unit_test(generations_are_told_apart_by_files),
		cmocka_unit_test(machine_that_settles_is_read),
		cmocka_unit_test(machine_that_keeps_changing_is_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
