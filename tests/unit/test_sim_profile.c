/* SPDX-License-Identifier: MIT */
/* Profiles that are wrong, and where the message says so. */
#include "sim_machine.h"

#define BASE                                                                                       \
	"version: v1\n"                                                                            \
	"cpu_clock_mhz: 2000\n"                                                                    \
	"cpus: [{cores: 8, core_id_base: 0, memory_bytes: 1000000000}]\n"                          \
	"products:\n"                                                                              \
	"  p: {device: 0x74a1, xcc: 8, gfx_version: 90402, vram_bytes: 206141652992, nps: [1, "    \
	"4],\n"                                                                                    \
	"      dma: 16, dec: 4, jpeg: 4, cu_masks: [0x3ff, 0x3ff], clock_mhz: 1, fw_version: 1,\n" \
	"      sdma_fw_version: 1, capability: 1, bank_width: 1, bank_clock_mhz: 1,\n"             \
	"      power_cap_w: 1}\n"                                                                  \
	"gpus: [{bdf: \"0000:05:00.0\", product: p, unique_id: 1}]\n"

static char *edit_base(const char *from, const char *to)
{
	RP_AUTO_STRBUF struct rp_strbuf out = RP_STRBUF_INIT;
	const char *at = strstr(BASE, from);

	assert_non_null(at);
	rp_strbuf_add_mem(&out, BASE, (size_t)(at - BASE));
	rp_strbuf_add(&out, to);
	rp_strbuf_add(&out, at + strlen(from));
	return rp_strbuf_steal(&out);
}

static void profile_smallest_one_boots(void **state)
{
	RP_AUTO_SIM struct rp_sim *sim = NULL;

	(void)state;
	assert_int_equal(rp_sim_new(BASE, strlen(BASE), "p.yaml", &sim, NULL), 0);
	assert_string_equal(rp_sim_abi(sim), "g3");
	assert_file(sim, KFD "generation_id", "2\n");
}

static void profile_mistakes_are_told_with_their_place(void **state)
{
	static const struct {
		const char *from, *to, *place;
	} rows[] = {
		{"version: v1", "version: v2", "p.yaml:1:10"},
		{"version: v1\n", "", "p.yaml:1:1"},
		{"version: v1", "version: v1\nabi: g4", "p.yaml:2:6"},
		{"version: v1", "version: v1\nabi: [g3]", "p.yaml:2:6"},
		{"version: v1", "version: v1\ncolour: red", "p.yaml:2:1"},
		{"version: v1", "version: v1\nuser_partt_mode: 5", "p.yaml:2:18"},
		{"version: v1", "version: v1\nboot_nps: 2", "p.yaml:2:11"},
		{"version: v1", "version: v1\nboot_nps: 3", "p.yaml:2:11"},
		{"version: v1", "version: v1\nbmc: maybe", "p.yaml:2:6"},
		{"cpu_clock_mhz: 2000", "cpu_clock_mhz: -1", "p.yaml:2:16"},
		{"cpus: [{cores: 8,", "cpus: [{cores: 0,", "p.yaml:3:16"},
		{"cpus: [{cores: 8,", "cpus: [{sockets: 8,", "p.yaml:3:9"},
		{"xcc: 8", "xcc: 9", "p.yaml:5:28"},
		{"nps: [1, 4]", "nps: [1, 3]", "p.yaml:5:86"},
		{"nps: [1, 4]", "nps: [1, 4], nps_broken: [2]", "p.yaml:5:102"},
		{"unique_id: 1}", "unique_id: 1, driver: amdgpu}", "p.yaml:9:64"},
		{"nps: [1, 4]", "nps: [4]", "p.yaml:5:82"},
		{"nps: [1, 4]", "nps: 1", "p.yaml:5:82"},
		{"nps: [1, 4]", "apu: true, nps: [1, 4]", "p.yaml:5:6"},
		{"xcc: 8", "xcc: 2", "p.yaml:5:82"},
		{"cu_masks: [0x3ff, 0x3ff]", "cu_masks: [0x10000]", "p.yaml:6:44"},
		{"cu_masks: [0x3ff, 0x3ff]", "cu_masks: [0, 0]", "p.yaml:6:43"},
		{"product: p", "product: q", "p.yaml:9:39"},
		{"0000:05:00.0", "0000:05:00.8", "p.yaml:9:14"},
		{"0000:05:00.0", "0000:05:40.0", "p.yaml:9:14"},
		{"0000:05:00.0", "0000:0G:00.0", "p.yaml:9:14"},
		{"unique_id: 1}", "unique_id: 1, cpu: 1}", "p.yaml:9:8"},
		{"unique_id: 1}", "unique_id: 1, xcc_cu_masks: {8: [1, 1]}}", "p.yaml:9:71"},
		{"unique_id: 1}", "unique_id: 1, xcc_cu_masks: {7: [1]}}", "p.yaml:9:74"},
		{"unique_id: 1}]",
		 "unique_id: 1}, {bdf: \"0000:05:00.0\", product: p, unique_id: 2}]",
		 "p.yaml:9:63"},
		{"gpus: [{bdf: \"0000:05:00.0\", product: p, unique_id: 1}]", "gpus: []",
		 "p.yaml:9:7"},
	};

	(void)state;
	for (size_t i = 0; i < RP_ARRAY_LEN(rows); i++) {
		RP_AUTO_FREE char *text = edit_base(rows[i].from, rows[i].to);
		struct rocpart_error err = {0};
		struct rp_sim *sim = NULL;
		int r = rp_sim_new(text, strlen(text), "p.yaml", &sim, &err);

		if (r != -EINVAL || !rp_str_eq(err.object, rows[i].place))
			fail_msg("%s: %d at %s instead of %s (%s)", rows[i].to, r, err.object,
				 rows[i].place, err.message);
		assert_null(sim);
	}
}

static void profile_every_machine_of_ours_boots(void **state)
{
	static const struct {
		const char *name;
		size_t nodes;
	} rows[] = {
		{"mi300x-1", 3},	  {"mi300x-8", 10},
		{"mi300a-4", 8},	  {"mi308x-8", 34},
		{"mi325x-8", 10},	  {"mi350x-8", 10},
		{"mi355x-8", 10},	  {"mixed", 4},
		{"mi350p-2", 4},	  {"mi300x-1-nps2", 3},
		{"bmc-63", 10},		  {"mi455x-4", 6},
		{"mi300x-1-ifwi-041", 3}, {"mi300x-8-mixed-firmware", 10},
		{"mi300x-vf-8", 9},	  {"mi300x-sriov-host", 0}, /* no KFD */
	};

	RP_AUTO_TREE struct rp_tree *t = NULL;
	RP_AUTO_NAMES struct rp_names names = RP_NAMES_INIT;

	(void)state;
	for (size_t i = 0; i < RP_ARRAY_LEN(rows); i++) {
		RP_AUTO_SIM struct rp_sim *sim = boot(rows[i].name, NULL);

		if (rows[i].nodes)
			assert_int_equal(sim_count(sim, KFD "nodes"), rows[i].nodes);
		else
			assert_false(sim_exists(sim, KFD "nodes"));
	}
	assert_int_equal(rp_tree_open(ROCPART_SOURCE_ROOT, RP_TREE_CAPTURE, &t), 0);
	assert_int_equal(rp_tree_list(t, &names, "profiles"), 0);
	for (size_t k = 0; k < names.n; k++) {
		size_t len = strlen(names.v[k]) - strlen(".yaml");
		bool found = false;

		for (size_t i = 0; i < RP_ARRAY_LEN(rows); i++)
			found |= strlen(rows[i].name) == len &&
				 strncmp(rows[i].name, names.v[k], len) == 0;
		if (!found)
			fail_msg("profiles/%s has no row here", names.v[k]);
	}
}

/* Version of gpu_metrics by driver: DKMS 6.10.5 and 6.16.13 read on hardware, others by kernel. */
static void profile_driver_serves_its_version_of_metrics(void **state)
{
	static const struct {
		const char *driver;
		int revision;
	} drivers[] = {
		{"6.10.5\n", 6},
		{"6.16.6\n", 8},
		{"6.16.13\n", 9},
		{"6.19.14\n", 9},
	};
	RP_AUTO_TREE struct rp_tree *t = NULL;
	RP_AUTO_NAMES struct rp_names names = RP_NAMES_INIT;

	(void)state;
	assert_int_equal(rp_tree_open(ROCPART_SOURCE_ROOT, RP_TREE_CAPTURE, &t), 0);
	assert_int_equal(rp_tree_list(t, &names, "profiles"), 0);
	for (size_t i = 0; i < names.n; i++) {
		RP_AUTO_NAMES struct rp_names gpus = RP_NAMES_INIT;
		RP_AUTO_FREE char *name =
			rp_strndup(names.v[i], strlen(names.v[i]) - strlen(".yaml"));
		RP_AUTO_SIM struct rp_sim *sim = boot(name, NULL);
		char driver[32], data[4096];
		int revision = 0;

		if (!sim_exists(sim, "sys/module/amdgpu"))
			continue;
		assert_int_equal(sim_read(sim, "sys/module/amdgpu/version", driver, sizeof(driver)),
				 0);
		for (size_t d = 0; d < RP_ARRAY_LEN(drivers); d++)
			if (rp_str_eq(driver, drivers[d].driver))
				revision = drivers[d].revision;
		if (!revision)
			fail_msg("%s: which gpu_metrics has driver %s", name, driver);
		assert_int_equal(rp_sim_tree_ops()->list(sim, PCI, &gpus), 0);
		for (size_t g = 0; g < gpus.n; g++) {
			RP_AUTO_FREE char *path = rp_strdupf(PCI "%s/gpu_metrics", gpus.v[g]);

			if (!sim_exists(sim, path))
				continue; /* a BMC, a MI210, one of several virtual functions */
			assert_int_equal(sim_read(sim, path, data, sizeof(data)), 0);
			if (data[2] != 1 || data[3] != revision)
				fail_msg("%s: %d.%d with driver %s", name, data[2], data[3],
					 driver);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(profile_smallest_one_boots),
		cmocka_unit_test(profile_mistakes_are_told_with_their_place),
		cmocka_unit_test(profile_every_machine_of_ours_boots),
		cmocka_unit_test(profile_driver_serves_its_version_of_metrics),
	};

	return cmocka_run_group_tests_name("sim_profile", tests, NULL, NULL);
}
