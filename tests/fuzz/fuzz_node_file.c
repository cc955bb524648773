/* SPDX-License-Identifier: MIT */
/* Any text as node.yaml of a machine of two GPUs: a mistake with its place, or a change. */
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz_tree.h"
#include "machine/machine.h"
#include "rocpart/rocpart.h"

#define NODE "sys/class/kfd/kfd/topology/nodes/"
#define DEV  "sys/bus/pci/devices/0000:"
#define GPU(n, bus, location)                                                           \
	"=" NODE n "/properties\nsimd_count 1216\nnum_xcc 8\nmem_banks_count 1\n"       \
	"device_id 29857\nlocation_id " location "\ndrm_render_minor 128\n"             \
	"=" NODE n "/mem_banks/0/properties\nheap_type 1\nsize_in_bytes 206141652992\n" \
	"=sys/bus/pci/drivers/amdgpu/0000:" bus ":00.0/x\n"                             \
	"=" DEV bus ":00.0/device\n0x74a1\n"                                            \
	"=" DEV bus ":00.0/current_compute_partition\nSPX\n"                            \
	"=" DEV bus ":00.0/current_memory_partition\nNPS1\n"                            \
	"=" DEV bus ":00.0/available_memory_partition\nNPS1, NPS4\n"                    \
	"=" DEV bus ":00.0/mem_info_vram_total\n206141652992\n"

static const char machine_text[] = GPU("1", "05", "1280") GPU("2", "27", "9984");

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void load(struct rocpart_machine *m, const char *path)
{
	struct rocpart_snapshot *s = NULL;
	struct rocpart_change *c = NULL;
	struct rocpart_error err = {0};
	int r = rocpart_machine_observe(m, &s, NULL);

	if (r == 0)
		r = rocpart_change_new(m, s, &c, NULL);
	if (r < 0)
		abort();
	r = rocpart_change_load_config(c, path, NULL, &err);
	if (r < 0 && (r != err.errnum || !*err.message || !*err.object))
		abort();
	if (r == 0)
		(void)rocpart_change_check(c, NULL);
	rocpart_change_free(c);
	rocpart_snapshot_unref(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text_tree text = {machine_text, sizeof(machine_text) - 1};
	struct rocpart_machine m = {0};
	RP_AUTO_CLOSE int fd = memfd_create("node.yaml", MFD_CLOEXEC);
	char path[32];

	if (fd < 0 || (size && write(fd, data, size) != (ssize_t)size) ||
	    rp_fmt(path, sizeof(path), "/proc/self/fd/%d", fd) < 0 ||
	    rp_tree_open_ops(&text_tree_ops, &text, RP_TREE_SIM, &m.tree) < 0)
		return 0;
	load(&m, path);
	rp_tree_close(m.tree);
	return 0;
}
