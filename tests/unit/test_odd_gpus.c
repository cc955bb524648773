/* SPDX-License-Identifier: MIT */
/*
 * The machine wins over the table, and one odd GPU does not hide the others: what a file, a word or
 * an address that is not as usual does to its GPU, and to no other.
 */
#include "node_tree.h"

#include "modes/modes.h"

#define CPX8  25767706624 /* bytes of a MI300X partition in CPX/NPS1 (ROCm#4750) */
#define CPX24 25769803776

static const struct rocpart_gpu *gpu(const struct rocpart_snapshot *s, size_t i)
{
	assert_true(i < rocpart_snapshot_get_gpu_count(s));
	return rocpart_snapshot_get_gpu(s, i);
}

static void expect_odd(const struct rocpart_gpu *g, const char *code, const char *reason)
{
	const char *have = rocpart_gpu_get_degraded_reason(g);

	if (!has_degraded(g, code) || !have || !strstr(have, reason))
		fail_msg("%s: expected %s with '%s', not '%s'", rocpart_gpu_get_bdf(g), code,
			 reason, have ? have : "-");
}

static void expect_normal(const struct rocpart_gpu *g)
{
	const char *code = rocpart_gpu_get_degraded(g, 0);

	if (code)
		fail_msg("%s is %s", rocpart_gpu_get_bdf(g), code);
	assert_null(rocpart_gpu_get_degraded_reason(g));
}

/* ---- files and words of one GPU ---- */

/* A machine of two GPUs with a fault of the first one's files. */
static struct rocpart_snapshot *look_at_fault(const char *rule)
{
	RP_AUTO_SIM struct rp_sim *sim = boot("mi300x-1", TWO_GPUS);
	RP_AUTO_FREE char *steps = rp_strdupf("fault %s", rule);

	sim_setup(sim, G0, steps);
	return look_at_sim(sim);
}

static void file_that_fails_degrades_its_gpu_alone(void **state)
{
	static const struct {
		const char *rule, *code, *reason;
	} cases[] = {
		{"read:" G0 "/current_compute_partition:EIO", "mode-unreadable",
		 "current_compute_partition cannot be read: Input/output error"},
		{"read:" G0 "/current_compute_partition:ENOENT", "mode-unreadable",
		 "current_compute_partition cannot be read: No such file or directory"},
		{"read:" G0 "/current_memory_partition:EIO", "mode-unreadable",
		 "current_memory_partition cannot be read: Input/output error"},
		{"reset:" G0, "in-reset", "Operation not permitted"},
		{"read:" G0 "/available_compute_partition:EIO", "file-unreadable",
		 "available_compute_partition cannot be read"},
		{"read:" G0 "/mem_info_vram_total:EIO", "file-unreadable",
		 "mem_info_vram_total cannot be read"},
		{"read:" G0 "/unique_id:EIO", "file-unreadable", "unique_id cannot be read"},
		{"read:nodes/2/properties:EIO", "node-unreadable",
		 "nodes/2/properties cannot be read: Input/output error"},
		{"read:nodes/2/properties:ENOENT", "node-unreadable",
		 "nodes/2/properties cannot be read: No such file"},
		{"read:nodes/2/gpu_id:EIO", "node-unreadable", "nodes/2/gpu_id cannot be read"},
		{"read:nodes/2/mem_banks/0/properties:EIO", "node-unreadable",
		 "nodes/2/mem_banks/0/properties cannot be read"},
	};

	(void)state;
	for (size_t i = 0; i < RP_ARRAY_LEN(cases); i++) {
		struct rocpart_snapshot *s = look_at_fault(cases[i].rule);

		expect_odd(gpu(s, 0), cases[i].code, cases[i].reason);
		expect_normal(gpu(s, 1));
		assert_int_equal(rocpart_gpu_get_compute_mode(gpu(s, 1)), ROCPART_COMPUTE_SPX);
		rocpart_snapshot_unref(s);
	}
}

/* Once is no state: the same read gives the value a moment later. */
static void file_that_fails_once_is_read_again(void **state)
{
	static const char *const rules[] = {
		"read:" G0 "/current_compute_partition:EIO:1",
		"read:" G0 "/current_compute_partition:EIO:2",
		"read:" G0 "/available_memory_partition:EIO:1",
		"read:" G0 "/mem_info_vram_total:EIO:1",
		"read:" G0 "/device:EIO:1",
		"read:nodes/2/properties:EIO:1",
	};

	(void)state;
	for (size_t i = 0; i < RP_ARRAY_LEN(rules); i++) {
		struct rocpart_snapshot *s = look_at_fault(rules[i]);

		expect_normal(gpu(s, 0));
		rocpart_snapshot_unref(s);
	}
}

static int try_fault(const char *rule)
{
	RP_AUTO_SIM struct rp_sim *sim = boot("mi300x-1", TWO_GPUS);
	RP_AUTO_FREE char *steps = rp_strdupf("fault %s", rule);
	RP_AUTO_SCAN struct rp_scan scan = {0};
	RP_AUTO_TREE struct rp_tree *t = NULL;

	sim_setup(sim, G0, steps);
	assert_int_equal(rp_tree_open_ops(rp_sim_tree_ops(), sim, RP_TREE_SIM, &t), 0);
	return rp_hw_scan(t, &scan, NULL);
}

static void error_that_is_not_about_a_gpu_is_one_of_the_scan(void **state)
{
	(void)state;
	assert_int_equal(try_fault("read:" G0 "/current_compute_partition:ENOMEM"), -ENOMEM);
	assert_int_equal(try_fault("read:nodes/2/properties:ENOMEM"), -ENOMEM);
	assert_int_equal(try_fault("read:generation_id:EIO"), -EIO);
}

static void node_of_a_cpu_that_fails_degrades_no_gpu(void **state)
{
	struct rocpart_snapshot *s = look_at_fault("read:nodes/0/properties:EIO");
	unsigned index = 7;

	(void)state;
	assert_non_null(strstr(rocpart_snapshot_get_problem(s), "nodes/0/properties"));
	expect_normal(gpu(s, 0));
	expect_normal(gpu(s, 1));
	/* Its gpu_id is 0, so that it is no rank. */
	assert_int_equal(
		rocpart_partition_get_rocr_index(rocpart_gpu_get_partition(gpu(s, 0), 0), &index),
		0);
	assert_int_equal(index, 0);
	rocpart_snapshot_unref(s);
}

/* Behind a node that is a GPU's by its gpu_id the ranks are as ROCr would count them. */
static void node_that_fails_moves_no_rocr_index(void **state)
{
	struct rocpart_snapshot *s = look_at_fault("read:nodes/2/properties:EIO");
	unsigned index = 7;

	(void)state;
	assert_int_equal(rocpart_gpu_get_partition_count(gpu(s, 0)), 0);
	assert_int_equal(
		rocpart_partition_get_rocr_index(rocpart_gpu_get_partition(gpu(s, 1), 0), &index),
		0);
	assert_int_equal(index, 1);
	rocpart_snapshot_unref(s);
}

/* Answers of a mode file that change from read to read. */
struct flicker {
	struct rp_sim *sim;
	const char *const *words; /* in turn, the last one for ever; NULL: two for ever */
	unsigned n;
};

static int flicker_read(void *self, const char *path, char *buf, size_t cap, size_t *ret_len)
{
	struct flicker *f = self;
	const char *word;

	if (!rp_str_ends(path, G0 "/current_compute_partition"))
		return rp_sim_tree_ops()->read(f->sim, path, buf, cap, ret_len);
	word = f->words ? f->words[f->n] : f->n % 2 ? "SPX" : "CPX";
	f->n += !f->words || f->words[f->n + 1];
	*ret_len = (size_t)snprintf(buf, cap, "%s\n", word);
	return 0;
}

static int flicker_list(void *self, const char *path, struct rp_names *ret)
{
	return rp_sim_tree_ops()->list(((struct flicker *)self)->sim, path, ret);
}

static int flicker_stat(void *self, const char *path, struct rp_stat *ret)
{
	return rp_sim_tree_ops()->stat(((struct flicker *)self)->sim, path, ret);
}

static struct rocpart_snapshot *look_at_flicker(const char *const *words)
{
	static const struct rp_tree_ops ops = {
		.read = flicker_read, .list = flicker_list, .stat = flicker_stat};
	RP_AUTO_SIM struct rp_sim *sim = boot("mi300x-1", "");
	struct flicker f = {.sim = sim, .words = words};
	RP_AUTO_SCAN struct rp_scan scan = {0};
	RP_AUTO_TREE struct rp_tree *t = NULL;
	struct rocpart_snapshot *s = NULL;

	assert_int_equal(rp_tree_open_ops(&ops, &f, RP_TREE_SIM, &t), 0);
	assert_int_equal(rp_hw_scan(t, &scan, NULL), 0);
	assert_int_equal(rp_snapshot_new(&scan, NULL, 0, &s, NULL), 0);
	return s;
}

static void mode_is_believed_when_two_reads_agree(void **state)
{
	static const char *const once[] = {"UNKNOWN", "SPX", NULL};
	static const char *const always[] = {"UNKNOWN", NULL};
	struct rocpart_snapshot *s = look_at_flicker(once);

	(void)state;
	expect_normal(gpu(s, 0));
	assert_int_equal(rocpart_gpu_get_compute_mode(gpu(s, 0)), ROCPART_COMPUTE_SPX);
	rocpart_snapshot_unref(s);
	s = look_at_flicker(always);
	expect_odd(gpu(s, 0), "mode-unknown", "current_compute_partition is UNKNOWN");
	assert_int_equal(rocpart_gpu_get_compute_mode(gpu(s, 0)), ROCPART_COMPUTE_UNKNOWN);
	rocpart_snapshot_unref(s);
	s = look_at_flicker(NULL);
	expect_odd(gpu(s, 0), "mode-unreadable",
		   "reads of current_compute_partition give different values");
	rocpart_snapshot_unref(s);
}

static void unknown_word_degrades_its_gpu(void **state)
{
	static const struct {
		const char *file, *text;
	} cases[] = {
		{DEV "current_compute_partition", "HPX\n"},
		{DEV "current_memory_partition", "NPS12\n"},
		{DEV "available_compute_partition", "SPX, HPX, CPX\n"},
		{DEV "compute_partition_config/supported_xcp_configs", "SPX, HPX\n"},
		{DEV "available_memory_partition", "NPS1, NPS12\n"},
		{DEV "unique_id", "board 7\n"},
		{DEV "mem_info_vram_total", "much\n"},
	};

	(void)state;
	for (size_t i = 0; i < RP_ARRAY_LEN(cases); i++) {
		char *dir = make_tree();
		struct rocpart_snapshot *s;

		put(dir, cases[i].file, cases[i].text);
		s = look(dir);
		expect_odd(gpu(s, 0), "unknown-word", strrchr(cases[i].file, '/') + 1);
		rocpart_snapshot_unref(s);
		remove_dir(dir);
	}
}

/* The names that are known are read all the same. */
static void list_with_an_unknown_word_keeps_the_others(void **state)
{
	char *dir = make_tree();
	struct rocpart_snapshot *s;

	(void)state;
	put(dir, DEV "compute_partition_config/supported_xcp_configs", "SPX, HPX, DPX, QPX, CPX\n");
	s = look(dir);
	assert_int_equal(rocpart_gpu_get_xcd_count(gpu(s, 0)), 8);
	rocpart_snapshot_unref(s);
	remove_dir(dir);
}

static void odd_kfd_nodes_are_named(void **state)
{
	static const struct {
		const char *file, *text, *problem;
	} cases[] = {
		{TOPO "nodes/1/properties", "", "nodes/1/properties is not in the form"},
		{TOPO "nodes/4294967301/properties", "simd_count 4\n", "nodes/4294967301 is not"},
		{TOPO "nodes/two/properties", "simd_count 4\n", "nodes/two is not"},
	};

	(void)state;
	for (size_t i = 0; i < RP_ARRAY_LEN(cases); i++) {
		char *dir = make_tree();
		struct rocpart_snapshot *s;

		put(dir, cases[i].file, cases[i].text);
		s = look(dir);
		assert_non_null(rocpart_snapshot_get_problem(s));
		assert_non_null(strstr(rocpart_snapshot_get_problem(s), cases[i].problem));
		assert_int_equal(has_degraded(gpu(s, 0), "node-unreadable"), i == 0);
		rocpart_snapshot_unref(s);
		remove_dir(dir);
	}
}

static void gpu_without_render_node_is_told_so(void **state)
{
	char *dir = make_tree();
	struct rocpart_snapshot *s;
	unsigned index = 0;

	(void)state;
	put(dir, TOPO "nodes/1/properties",
	    "simd_count 1216\nsimd_per_cu 4\nnum_xcc 8\nlocation_id 1280\ndrm_render_minor 0\n");
	s = look(dir);
	expect_odd(gpu(s, 0), "no-render-node", "nodes/1");
	assert_int_equal(
		rocpart_partition_get_render_minor(rocpart_gpu_get_partition(gpu(s, 0), 0)), 0);
	assert_int_equal(
		rocpart_partition_get_rocr_index(rocpart_gpu_get_partition(gpu(s, 0), 0), &index),
		-ENODATA);
	rocpart_snapshot_unref(s);
	remove_dir(dir);
}

/* ---- dies ---- */

static void put_vf_node(const char *dir, unsigned n, unsigned location, unsigned xcds)
{
	RP_AUTO_FREE char *properties = rp_strdupf(TOPO "nodes/%u/properties", n);
	RP_AUTO_FREE char *text = rp_strdupf(
		"simd_count %u\nsimd_per_cu 4\ngfx_target_version 90402\nlocation_id %u\ndomain 0\n"
		"device_id 29877\ndrm_render_minor %u\nnum_xcc %u\n",
		152 * xcds, location, 128 + n, xcds);

	put(dir, properties, text);
}

/* GIM 9.4.0.K: 8 virtual functions of an MI300X in CPX/NPS4, of 1 XCC and 24 GiB each. */
static void virtual_function_has_the_dies_that_it_shows(void **state)
{
	char *dir = make_tree();
	struct rocpart_snapshot *s;

	(void)state;
	put(dir, DEV "device", "0x74b5\n");
	put(dir, DEV "current_compute_partition", "CPX\n");
	put(dir, DEV "current_memory_partition", "NPS4\n");
	drop(dir, DEV "available_compute_partition");
	drop(dir, DEV "compute_partition_config/supported_xcp_configs");
	drop(dir, DEV "available_memory_partition");
	put_gpu_node(dir, 1, 0, 1, CPX24);
	s = look(dir);
	assert_int_equal(rocpart_gpu_get_xcd_count(gpu(s, 0)), 1);
	assert_true(has_note(gpu(s, 0), "mode-of-host"));
	expect_normal(gpu(s, 0));
	rocpart_snapshot_unref(s);
	remove_dir(dir);
}

/* aqua_vanjaram.c refuses every write on an odd number of XCCs. */
static void part_of_seven_dies_is_promised_no_partitions(void **state)
{
	char *dir = make_tree();
	struct rocpart_snapshot *s;
	struct rocpart_pair pair;

	(void)state;
	put_gpu_node(dir, 1, 0, 7, 180000000000);
	put(dir, DEV "available_compute_partition", "Not supported\n");
	put(dir, DEV "compute_partition_config/supported_xcp_configs", "Not supported\n");
	s = look(dir);
	assert_int_equal(rocpart_gpu_get_xcd_count(gpu(s, 0)), 7);
	expect_normal(gpu(s, 0));
	rp_pair_fill(gpu(s, 0), ROCPART_COMPUTE_CPX, ROCPART_MEMORY_NPS1, &pair);
	assert_int_equal(pair.state, ROCPART_PAIR_NEVER);
	rocpart_snapshot_unref(s);
	remove_dir(dir);
}

/* Six nodes in CPX look like a GPU of six dies, but its lists say eight. */
static void missing_partitions_are_no_other_number_of_dies(void **state)
{
	static const char *const edits[] = {"", "abi: g3=>abi: g1"};

	(void)state;
	for (size_t i = 0; i < RP_ARRAY_LEN(edits); i++) {
		RP_AUTO_SIM struct rp_sim *sim = boot("mi300x-1", edits[i]);
		struct rocpart_snapshot *s;

		sim_setup(sim, G0, "fault vanish:" G0 "/7;fault vanish:" G0 "/6;compute CPX");
		s = look_at_sim(sim);
		assert_int_equal(rocpart_gpu_get_partition_count(gpu(s, 0)), 6);
		assert_int_equal(rocpart_gpu_get_xcd_count(gpu(s, 0)), 8);
		assert_true(has_degraded(gpu(s, 0), "partition-missing"));
		rocpart_snapshot_unref(s);
	}
}

/* An MI210 or MI25 has no partition files: it is in no mode, whatever its nodes look like. */
static void gpu_of_a_family_without_modes_is_in_none(void **state)
{
	static const char node[] = "simd_count 256\nsimd_per_cu 4\nnum_xcc 1\n"
				   "gfx_target_version 90000\nlocation_id 1280\ndomain 0\n"
				   "device_id 26720\ndrm_render_minor ";
	char *dir = make_dir();
	RP_AUTO_FREE char *first = rp_strdupf("%s128\n", node);
	RP_AUTO_FREE char *second = rp_strdupf("%s129\n", node);
	struct rocpart_snapshot *s;

	(void)state;
	put(dir, TOPO "generation_id", "3\n");
	put(dir, TOPO "nodes/1/properties", first);
	s = look(dir);
	assert_int_equal(rocpart_gpu_get_compute_mode(gpu(s, 0)), ROCPART_COMPUTE_UNKNOWN);
	expect_normal(gpu(s, 0));
	rocpart_snapshot_unref(s);
	put(dir, TOPO "nodes/2/properties", second); /* two with one address */
	s = look(dir);
	assert_int_equal(rocpart_gpu_get_compute_mode(gpu(s, 0)), ROCPART_COMPUTE_UNKNOWN);
	expect_odd(gpu(s, 0), "shared-address", "nodes/");
	assert_false(has_degraded(gpu(s, 0), "mode-mismatch"));
	assert_int_equal(rocpart_partition_get_id(rocpart_gpu_get_partition(gpu(s, 0), 1)), 1);
	rocpart_snapshot_unref(s);
	remove_dir(dir);
}

/* ---- which GPU and partition a node is ---- */

static void put_pci(const char *dir, const char *bdf)
{
	RP_AUTO_FREE char *link = rp_strdupf("sys/bus/pci/drivers/amdgpu/%s/uevent", bdf);
	RP_AUTO_FREE char *id = rp_strdupf("sys/bus/pci/devices/%s/device", bdf);

	put(dir, link, "");
	put(dir, id, "0x74b5\n");
}

/* 0000:05:02.f is location_id 0x0510 + f. */
static void function_digit_of_a_pci_device_is_no_partition(void **state)
{
	char *dir = make_dir();
	struct rocpart_snapshot *s;

	(void)state;
	put(dir, TOPO "generation_id", "3\n");
	put_pci(dir, "0000:05:02.1");
	put_pci(dir, "0000:05:02.2");
	put_vf_node(dir, 1, 0x0511, 8);
	put_vf_node(dir, 2, 0x0512, 8);
	s = look(dir);
	assert_int_equal(rocpart_snapshot_get_gpu_count(s), 2); /* no phantom 05:02.0 */
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(rocpart_gpu_get_partition_count(gpu(s, i)), 1);
		assert_int_equal(rocpart_partition_get_id(rocpart_gpu_get_partition(gpu(s, i), 0)),
				 0);
	}
	assert_string_equal(rocpart_gpu_get_bdf(gpu(s, 1)), "0000:05:02.2");
	rocpart_snapshot_unref(s);
	remove_dir(dir);
}

/* kfd_topology.c ORs the id into the function: 1|0, 1|1, 1|2, 1|3 is 1, 1, 3, 3. */
static void partitions_of_a_function_other_than_0_are_told_apart(void **state)
{
	static const unsigned locations[] = {0x0511, 0x0511, 0x0513, 0x0513};
	char *dir = make_dir();
	struct rocpart_snapshot *s;

	(void)state;
	put(dir, TOPO "generation_id", "3\n");
	put_pci(dir, "0000:05:02.1");
	for (unsigned i = 0; i < 4; i++)
		put_vf_node(dir, 1 + i, locations[i], 2);
	s = look(dir);
	assert_int_equal(rocpart_snapshot_get_gpu_count(s), 1);
	assert_int_equal(rocpart_gpu_get_partition_count(gpu(s, 0)), 4);
	for (unsigned i = 0; i < 4; i++) {
		const struct rocpart_partition *p = rocpart_gpu_get_partition(gpu(s, 0), i);

		assert_int_equal(rocpart_partition_get_id(p), i);
		assert_int_equal(rocpart_partition_get_kfd_node(p), 1 + i);
	}
	expect_normal(gpu(s, 0));
	rocpart_snapshot_unref(s);
	remove_dir(dir);
}

/* Linux 925c7bd1d1cf: the partition id in bits 28 to 31, the function digit left alone. */
static void partition_id_in_the_high_bits_is_read(void **state)
{
	static const unsigned locations[] = {0x00000500, 0x10000500, 0x20000500, 0x30000500};
	char *dir = make_dir();
	struct rocpart_snapshot *s;

	(void)state;
	put(dir, TOPO "generation_id", "3\n");
	put_pci(dir, "0000:05:00.0");
	for (unsigned i = 0; i < 4; i++)
		put_vf_node(dir, 1 + i, locations[i], 2);
	s = look(dir);
	assert_int_equal(rocpart_snapshot_get_gpu_count(s), 1);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(rocpart_partition_get_id(rocpart_gpu_get_partition(gpu(s, 0), i)),
				 i);
	expect_normal(gpu(s, 0));
	rocpart_snapshot_unref(s);
	remove_dir(dir);
}

static void simulated_gpu_at_a_function_other_than_0_is_one_gpu(void **state)
{
	RP_AUTO_SIM struct rp_sim *sim = boot("mi300x-1", "bdf: \"0000:05:00.0\"=>bdf: "
							  "\"0000:05:00.2\"");
	struct rocpart_snapshot *s;

	(void)state;
	sim_setup(sim, "0000:05:00.2", "compute CPX");
	s = look_at_sim(sim);
	assert_int_equal(rocpart_snapshot_get_gpu_count(s), 1);
	assert_int_equal(rocpart_gpu_get_partition_count(gpu(s, 0)), 8);
	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(rocpart_partition_get_id(rocpart_gpu_get_partition(gpu(s, 0), i)),
				 i);
	expect_normal(gpu(s, 0));
	rocpart_snapshot_unref(s);
}

/* ---- families that are not known ---- */

/* "The kernel does not allow" is said where its rule is known; else the driver's lists decide. */
static void lists_win_for_a_family_without_known_rules(void **state)
{
	char *dir = make_tree();
	struct rocpart_snapshot *s;
	struct rocpart_pair pair;

	(void)state;
	put(dir, DEV "device", "0x7777\n");
	put(dir, TOPO "nodes/1/properties",
	    "simd_count 1216\nsimd_per_cu 4\nnum_xcc 8\nlocation_id 1280\n"
	    "gfx_target_version 130000\ndrm_render_minor 128\nmem_banks_count 1\n");
	put(dir, DEV "current_memory_partition", "NPS2\n");
	put(dir, DEV "available_memory_partition", "NPS1, NPS2\n");
	put(dir, DEV "current_compute_partition", "DPX\n");
	put(dir, DEV "available_compute_partition", "DPX, CPX\n");
	s = look(dir);
	rp_pair_fill(gpu(s, 0), ROCPART_COMPUTE_CPX, ROCPART_MEMORY_NPS2, &pair);
	assert_int_equal(pair.state, ROCPART_PAIR_NOW); /* gfx942 would refuse CPX in NPS2 */
	assert_int_equal(pair.n_partitions, 8);
	rp_pair_fill(gpu(s, 0), ROCPART_COMPUTE_QPX, ROCPART_MEMORY_NPS2, &pair);
	assert_int_equal(pair.state, ROCPART_PAIR_NEVER);
	assert_null(strstr(pair.reason, "the kernel"));
	rocpart_snapshot_unref(s);
	drop(dir, DEV "available_compute_partition");
	drop(dir, DEV "compute_partition_config/supported_xcp_configs");
	s = look(dir);
	rp_pair_fill(gpu(s, 0), ROCPART_COMPUTE_CPX, ROCPART_MEMORY_NPS2, &pair);
	assert_int_equal(pair.state, ROCPART_PAIR_NEVER);
	assert_non_null(strstr(pair.reason, "does not list"));
	rocpart_snapshot_unref(s);
	remove_dir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(file_that_fails_degrades_its_gpu_alone),
		cmocka_unit_test(file_that_fails_once_is_read_again),
		cmocka_unit_test(error_that_is_not_about_a_gpu_is_one_of_the_scan),
		cmocka_unit_test(node_of_a_cpu_that_fails_degrades_no_gpu),
		cmocka_unit_test(node_that_fails_moves_no_rocr_index),
		cmocka_unit_test(mode_is_believed_when_two_reads_agree),
		cmocka_unit_test(unknown_word_degrades_its_gpu),
		cmocka_unit_test(list_with_an_unknown_word_keeps_the_others),
		cmocka_unit_test(odd_kfd_nodes_are_named),
		cmocka_unit_test(gpu_without_render_node_is_told_so),
		cmocka_unit_test(virtual_function_has_the_dies_that_it_shows),
		cmocka_unit_test(part_of_seven_dies_is_promised_no_partitions),
		cmocka_unit_test(missing_partitions_are_no_other_number_of_dies),
		cmocka_unit_test(gpu_of_a_family_without_modes_is_in_none),
		cmocka_unit_test(function_digit_of_a_pci_device_is_no_partition),
		cmocka_unit_test(partitions_of_a_function_other_than_0_are_told_apart),
		cmocka_unit_test(partition_id_in_the_high_bits_is_read),
		cmocka_unit_test(simulated_gpu_at_a_function_other_than_0_is_one_gpu),
		cmocka_unit_test(lists_win_for_a_family_without_known_rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
