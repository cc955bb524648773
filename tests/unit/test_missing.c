/* SPDX-License-Identifier: MIT */
/* Recorded GPUs against present ones: which id counts, and what the PCI bus shows of a GPU. */
#include "node_tree.h"

#include <unistd.h>

#define BDF  "0000:05:00.0"
#define GONE "0000:27:00.0"
#define AT   "sys/bus/pci/devices/" GONE

#define OWN_ID UINT64_C(0xe3aa140f9a5f9e31) /* of make_tree() */

/* A snapshot of the folder with a recorded GPU of that unique id at its address, as number 3. */
static struct rocpart_snapshot *look_with(const char *dir, uint64_t id)
{
	const struct rp_overlay o = {
		.bdf = BDF, .recorded_id = {true, id}, .former_index = {true, 3}};
	RP_AUTO_TREE struct rp_tree *t = NULL;
	RP_AUTO_SCAN struct rp_scan scan = {0};
	struct rocpart_snapshot *s = NULL;

	assert_int_equal(rp_tree_open(dir, RP_TREE_CAPTURE, &t), 0);
	assert_int_equal(rp_hw_scan(t, &scan, NULL), 0);
	assert_int_equal(rp_snapshot_new(&scan, &o, 1, &s, NULL), 0);
	return s;
}

static void gpu_with_another_unique_id_than_the_recorded_one_is_replaced(void **state)
{
	char *dir = make_tree();
	struct rocpart_snapshot *same = look_with(dir, OWN_ID), *other = look_with(dir, OWN_ID + 1);
	unsigned index = 0;

	(void)state;
	assert_false(has_degraded(rocpart_snapshot_get_gpu(same, 0), "gpu-replaced"));
	assert_true(has_degraded(rocpart_snapshot_get_gpu(other, 0), "gpu-replaced"));
	assert_int_equal(rocpart_gpu_get_former_index(rocpart_snapshot_get_gpu(same, 0), &index),
			 0);
	assert_int_equal(index, 3);
	assert_null(rocpart_snapshot_get_missing(same, 0));
	rocpart_snapshot_unref(same);
	rocpart_snapshot_unref(other);
	remove_dir(dir);
}

/*
 * The id of a KFD node changes with the modes (Linux 6.17), and a virtual function comes from any
 * GPU of the host: both say nothing.
 */
static void gpu_without_an_id_of_its_own_is_not_replaced(void **state)
{
	char *dir = make_tree();
	struct rocpart_snapshot *s;

	(void)state;
	put(dir, DEV "device", "0x74b5\n"); /* a virtual function */
	s = look_with(dir, OWN_ID + 1);
	assert_false(has_degraded(rocpart_snapshot_get_gpu(s, 0), "gpu-replaced"));
	rocpart_snapshot_unref(s);
	put(dir, DEV "device", "0x74a1\n");
	drop(dir, DEV "unique_id");
	s = look_with(dir, OWN_ID + 1);
	assert_false(has_degraded(rocpart_snapshot_get_gpu(s, 0), "gpu-replaced"));
	rocpart_snapshot_unref(s);
	remove_dir(dir);
}

static void gpu_that_was_never_recorded_has_no_former_index(void **state)
{
	char *dir = make_tree();
	struct rocpart_snapshot *s = look(dir);
	unsigned index = 7;

	(void)state;
	assert_int_equal(rocpart_gpu_get_former_index(rocpart_snapshot_get_gpu(s, 0), &index),
			 -ENODATA);
	assert_int_equal(index, 7);
	rocpart_snapshot_unref(s);
	remove_dir(dir);
}

static int find(const char *dir, enum rp_pci_place *ret)
{
	RP_AUTO_TREE struct rp_tree *t = NULL;

	assert_int_equal(rp_tree_open(dir, RP_TREE_CAPTURE, &t), 0);
	return rp_hw_find_on_bus(t, GONE, 0x74a1, ret);
}

static void link_driver(const char *dir, const char *driver)
{
	RP_AUTO_FREE char *path = rp_strdupf("%s/" AT "/driver", dir);
	RP_AUTO_FREE char *to = rp_strdupf("../../../bus/pci/drivers/%s", driver);

	(void)unlink(path);
	assert_int_equal(symlink(to, path), 0);
}

static void gpu_is_found_on_the_bus_with_or_without_driver(void **state)
{
	static const struct {
		const char *vendor, *device, *driver;
		enum rp_pci_place place;
	} cases[] = {
		{"0x1002\n", "0x74a1\n", NULL, RP_PCI_NO_DRIVER},
		{"0x1002\n", "0x74a5\n", NULL, RP_PCI_NO_DRIVER}, /* an MI325X */
		{"0x1002\n", "0x0001\n", NULL, RP_PCI_NONE},	  /* none of the known GPUs */
		{"0x8086\n", "0x74a1\n", NULL, RP_PCI_NONE},	  /* not of AMD */
		{"0x1002\n", "0x74a1\n", "vfio-pci", RP_PCI_OTHER_DRIVER},
		{"0x1002\n", "0x74a1\n", "amdgpu", RP_PCI_AMDGPU},
	};
	char *dir = make_tree();
	enum rp_pci_place place = RP_PCI_AMDGPU;

	(void)state;
	assert_int_equal(find(dir, &place), 0);
	assert_int_equal(place, RP_PCI_NONE);
	for (size_t i = 0; i < RP_ARRAY_LEN(cases); i++) {
		put(dir, AT "/vendor", cases[i].vendor);
		put(dir, AT "/device", cases[i].device);
		if (cases[i].driver)
			link_driver(dir, cases[i].driver);
		assert_int_equal(find(dir, &place), 0);
		assert_int_equal(place, cases[i].place);
	}
	remove_dir(dir);
}

/* An error is not an absence, and no bus proves nothing. */
static void bus_that_cannot_be_read_says_nothing(void **state)
{
	char *dir = make_tree(), *empty = make_dir();
	enum rp_pci_place place = RP_PCI_AMDGPU;

	(void)state;
	put(dir, AT "/vendor", "what\n");
	assert_true(find(dir, &place) < 0 && find(dir, &place) != -ENODATA);
	assert_int_equal(find(empty, &place), -ENODATA);
	assert_int_equal(place, RP_PCI_AMDGPU);
	remove_dir(dir);
	remove_dir(empty);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gpu_with_another_unique_id_than_the_recorded_one_is_replaced),
		cmocka_unit_test(gpu_without_an_id_of_its_own_is_not_replaced),
		cmocka_unit_test(gpu_that_was_never_recorded_has_no_former_index),
		cmocka_unit_test(gpu_is_found_on_the_bus_with_or_without_driver),
		cmocka_unit_test(bus_that_cannot_be_read_says_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
