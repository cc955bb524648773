/* SPDX-License-Identifier: MIT */
#include "node_tree.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

void put_bytes(const char *dir, const char *path, const void *data, size_t len)
{
	RP_AUTO_FREE char *full = rp_strdupf("%s/%s", dir, path);
	RP_AUTO_FREE char *parent = rp_strndup(full, (size_t)(strrchr(full, '/') - full));
	RP_AUTO_CLOSE int fd = -EBADF;

	assert_int_equal(rp_make_dirs(parent, false), 0);
	fd = open(full, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, len), (ssize_t)len);
}

void put(const char *dir, const char *path, const char *text)
{
	put_bytes(dir, path, text, strlen(text));
}

void drop(const char *dir, const char *path)
{
	RP_AUTO_FREE char *full = rp_strdupf("%s/%s", dir, path);

	assert_int_equal(unlink(full), 0);
}

void put_gpu_node(const char *dir, unsigned n, unsigned id, unsigned xcds, uint64_t bytes)
{
	RP_AUTO_FREE char *node = rp_strdupf(TOPO "nodes/%u", n);
	RP_AUTO_FREE char *properties = rp_strdupf("%s/properties", node);
	RP_AUTO_FREE char *gpu_id = rp_strdupf("%s/gpu_id", node);
	RP_AUTO_FREE char *bank = rp_strdupf("%s/mem_banks/0/properties", node);
	RP_AUTO_FREE char *text = rp_strdupf(
		"cpu_cores_count 0\nsimd_count %u\nmem_banks_count 1\nsimd_per_cu 4\n"
		"gfx_target_version 90402\nvendor_id 4098\ndevice_id 29857\nlocation_id %u\n"
		"domain 0\ndrm_render_minor %u\nhive_id 15188982192727901047\n"
		"unique_id 16404946649897475633\nnum_xcc %u\n",
		152 * xcds, 1280 + id, 128 + id, xcds);
	RP_AUTO_FREE char *size =
		rp_strdupf("heap_type 1\nsize_in_bytes %llu\nflags 0\n", (unsigned long long)bytes);
	RP_AUTO_FREE char *number = rp_strdupf("%u\n", 28851 + id);

	put(dir, properties, text);
	put(dir, gpu_id, number);
	put(dir, bank, size);
}

char *make_tree(void)
{
	char *dir = make_dir();

	put(dir, TOPO "generation_id", "2\n");
	put(dir, TOPO "nodes/0/properties", "cpu_cores_count 96\nsimd_count 0\n");
	put(dir, TOPO "nodes/0/gpu_id", "0\n");
	put_gpu_node(dir, 1, 0, 8, 206141652992);
	put(dir, "sys/bus/pci/drivers/amdgpu/0000:05:00.0/uevent", "");
	put(dir, DEV "device", "0x74a1\n");
	put(dir, DEV "numa_node", "0\n");
	put(dir, DEV "unique_id", "e3aa140f9a5f9e31\n");
	put(dir, DEV "current_compute_partition", "SPX\n");
	put(dir, DEV "available_compute_partition", "SPX, DPX, QPX, CPX\n");
	put(dir, DEV "compute_partition_config/supported_xcp_configs", "SPX, DPX, QPX, CPX\n");
	put(dir, DEV "current_memory_partition", "NPS1\n");
	put(dir, DEV "available_memory_partition", "NPS1, NPS4\n");
	put(dir, DEV "compute_partition_mem_alloc_mode", "CAPPING\n");
	put(dir, DEV "mem_info_vram_total", "206141652992\n");
	put(dir, DEV "mem_info_vram_used", "300929024\n");
	put(dir, DEV "xgmi_hive_info/xgmi_hive_id", "15188982192727901047\n");
	put(dir, DEV "vbios_version", "113-M3000100-102\n");
	put(dir, DEV "ras/umc_err_count", "ue: 0\nce: 0\n");
	put(dir, "sys/class/drm/card1/uevent", "");
	return dir;
}

static int look_through(struct rp_tree *t, struct rocpart_snapshot **ret, struct rocpart_error *err)
{
	RP_AUTO_SCAN struct rp_scan scan = {0};
	int r = rp_hw_scan(t, &scan, err);

	return r < 0 ? r : rp_snapshot_new(&scan, NULL, 0, ret, err);
}

int try_look(const char *dir, struct rocpart_snapshot **ret, struct rocpart_error *err)
{
	RP_AUTO_TREE struct rp_tree *t = NULL;

	assert_int_equal(rp_tree_open(dir, RP_TREE_CAPTURE, &t), 0);
	return look_through(t, ret, err);
}

struct rocpart_snapshot *look(const char *dir)
{
	struct rocpart_snapshot *s = NULL;
	struct rocpart_error err = {0};

	if (try_look(dir, &s, &err) < 0)
		fail_msg("%s: %s", err.object, err.message);
	return s;
}

struct rocpart_snapshot *look_at_sim(struct rp_sim *sim)
{
	RP_AUTO_TREE struct rp_tree *t = NULL;
	struct rocpart_snapshot *s = NULL;
	struct rocpart_error err = {0};

	assert_int_equal(rp_tree_open_ops(rp_sim_tree_ops(), sim, RP_TREE_SIM, &t), 0);
	if (look_through(t, &s, &err) < 0)
		fail_msg("%s: %s", err.object, err.message);
	return s;
}

bool has_degraded(const struct rocpart_gpu *gpu, const char *code)
{
	const char *have;

	for (size_t i = 0; (have = rocpart_gpu_get_degraded(gpu, i)); i++)
		if (rp_str_eq(have, code))
			return true;
	return false;
}

bool has_note(const struct rocpart_gpu *gpu, const char *code)
{
	const char *have;

	for (size_t i = 0; (have = rocpart_gpu_get_note(gpu, i)); i++)
		if (rp_str_eq(have, code))
			return true;
	return false;
}
