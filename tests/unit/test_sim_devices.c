/* SPDX-License-Identifier: MIT */
/* What libraries read of a device: numbers, subsystems, configuration space, resources. */
#include "sim_machine.h"

#include <string.h>

#include "base/num.h"

#define CONFIG_BYTES 4096

static unsigned number(const char *config, size_t at, unsigned size)
{
	unsigned v = 0;

	for (unsigned i = 0; i < size; i++)
		v |= (unsigned)(unsigned char)config[at + i] << (8 * i);
	return v;
}

static void read_config(struct rp_sim *sim, const char *bdf, char *ret)
{
	char path[128];
	size_t len = 0;

	assert_int_equal(rp_fmt(path, sizeof(path), PCI "%s/config", bdf), 0);
	assert_int_equal(rp_sim_tree_ops()->read(sim, path, ret, CONFIG_BYTES + 1, &len), 0);
	assert_int_equal(len, CONFIG_BYTES);
}

static void devices_have_the_ids_of_their_product_in_config(void **state)
{
	static const char *const profiles[] = {"mi300x-8", "mi308x-8", "mi325x-8", "mi355x-8"};

	(void)state;
	for (size_t i = 0; i < RP_ARRAY_LEN(profiles); i++) {
		RP_AUTO_SIM struct rp_sim *sim = boot(profiles[i], NULL);
		RP_AUTO_NAMES struct rp_names gpus = RP_NAMES_INIT;
		char config[CONFIG_BYTES + 1], path[128], text[16], want[16];

		assert_int_equal(rp_sim_tree_ops()->list(sim, "sys/bus/pci/devices", &gpus), 0);
		read_config(sim, gpus.v[0], config);
		assert_int_equal(number(config, 0, 2), 0x1002);
		assert_int_equal(number(config, 9, 3), 0x120000);
		assert_int_equal(rp_fmt(path, sizeof(path), PCI "%s/device", gpus.v[0]), 0);
		assert_int_equal(sim_read(sim, path, text, sizeof(text)), 0);
		assert_int_equal(rp_fmt(want, sizeof(want), "0x%04x\n", number(config, 2, 2)), 0);
		assert_string_equal(text, want);
	}
}

/* Each capability once, each list ends. */
static void devices_list_capabilities_in_config(void **state)
{
	RP_AUTO_SIM struct rp_sim *sim = boot("mi300x-1", NULL);
	char config[CONFIG_BYTES + 1];
	unsigned n = 0, at;

	(void)state;
	read_config(sim, G0, config);
	for (at = number(config, 0x34, 1); at; at = number(config, at + 1, 1)) {
		assert_true(at >= 0x40 && ++n <= 48);
		if (number(config, at, 1) == 0x10) /* express: 32 GT/s, 16 lanes */
			assert_int_equal(number(config, at + 0x12, 2), 5 | 16 << 4);
	}
	assert_int_equal(n, 4);
	for (at = 0x100, n = 0; at; at = number(config, at, 4) >> 20) {
		assert_true(at >= 0x100 && ++n <= 64);
		assert_int_not_equal(number(config, at, 2), 0);
	}
	assert_int_equal(n, 5);
}

/* The window of the memory is as large as the memory, as a power of two. */
static void devices_show_the_same_windows_in_config_and_resource(void **state)
{
	RP_AUTO_SIM struct rp_sim *sim = boot("mi300x-8", NULL);
	char config[CONFIG_BYTES + 1], text[1024], line[128];
	uint64_t base;
	const char *at = text;

	(void)state;
	read_config(sim, G1, config);
	assert_int_equal(sim_read(sim, PCI G1 "/resource", text, sizeof(text)), 0);
	base = (number(config, 0x10, 4) & ~0xfU) | (uint64_t)number(config, 0x14, 4) << 32;
	assert_int_equal(rp_fmt(line, sizeof(line), "0x%016llx 0x%016llx 0x000000000014220c\n",
				(unsigned long long)base,
				(unsigned long long)(base + 256 * RP_GIB - 1)),
			 0);
	assert_memory_equal(text, line, strlen(line));
	for (int i = 0; i < 5; i++)
		at = strchr(at, '\n') + 1;
	assert_int_equal(strtoull(at, NULL, 16), number(config, 0x24, 4));
	assert_int_equal(strlen(text), 13 * 57);
}

static void devices_without_driver_have_no_interrupt(void **state)
{
	RP_AUTO_SIM struct rp_sim *sim = boot("mi300x-1", NULL);
	char config[CONFIG_BYTES + 1];

	(void)state;
	assert_int_not_equal(sim_number(sim, PCI G0 "/irq"), 0);
	assert_file(sim, PCI G0 "/enable", "1\n");
	assert_int_equal(sim_driver(sim, RP_DRIVER_UNLOAD), 0);
	read_config(sim, G0, config);
	assert_int_equal(number(config, 4, 2) & 4, 0);
	assert_file(sim, PCI G0 "/irq", "0\n");
	assert_file(sim, PCI G0 "/enable", "0\n");
	assert_file(sim, PCI G0 "/modalias",
		    "pci:v00001002d000074A1sv00001002sd000074A1bc12sc00i00\n");
}

static void assert_link(struct rp_sim *sim, const char *path, const char *where)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;

	assert_int_equal(rp_sim_tree_ops()->readlink(sim, path, &text), 0);
	assert_string_equal(rp_strbuf_str(&text), where);
}

static void devices_are_found_by_number_and_say_their_subsystem(void **state)
{
	RP_AUTO_SIM struct rp_sim *sim = boot("bmc-63", NULL);

	(void)state;
	assert_link(sim, "sys/dev/char/226:0", "../../devices/pci0000:00/0000:02:00.0/drm/card0");
	assert_link(sim, "sys/dev/char/226:128",
		    "../../devices/pci0000:00/0000:05:00.0/drm/renderD128");
	assert_link(sim, "sys/dev/char/226:129",
		    "../../devices/platform/amdgpu_xcp_0/drm/renderD129");
	assert_link(sim, "sys/dev/char/511:0", "../../devices/virtual/kfd/kfd");
	assert_link(sim, "sys/devices/platform/amdgpu_xcp_0/subsystem", "../../../bus/platform");
	assert_link(sim, "sys/devices/pci0000:00/0000:05:00.0/drm/card1/subsystem",
		    "../../../../../class/drm");
	assert_link(sim, "sys/class/hwmon/hwmon1", "../../devices/pci0000:00/" G1 "/hwmon/hwmon1");
	assert_int_equal(sim_count(sim, "sys/dev/char"), 2 * 63 + 1 + 1);
	assert_false(sim_exists(sim, "sys/dev/char/226:191"));
	assert_file(sim, "sys/devices/platform/amdgpu_xcp_0/driver_override", "(null)\n");
	assert_file(sim, "sys/class/drm/version", "drm 1.1.0 20060810\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(devices_have_the_ids_of_their_product_in_config),
		cmocka_unit_test(devices_list_capabilities_in_config),
		cmocka_unit_test(devices_show_the_same_windows_in_config_and_resource),
		cmocka_unit_test(devices_without_driver_have_no_interrupt),
		cmocka_unit_test(devices_are_found_by_number_and_say_their_subsystem),
	};

	return cmocka_run_group_tests_name("sim_devices", tests, NULL, NULL);
}
