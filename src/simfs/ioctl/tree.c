/* SPDX-License-Identifier: MIT */
/* What the simulated tree says of its GPUs. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "simfs/ioctl/ioctl.h"

#define NODES	      "/sys/devices/virtual/kfd/kfd/topology/nodes"
#define PATH_MAX_OURS 320

/* bits of `capability` in kfd_topology.h */
#define ASIC_REVISION_SHIFT 22
#define ASIC_REVISION_MASK  15U

/* Sum of the numbers behind a key in a file of lines `key value`, or its only number. */
static bool number_in(const char *path, const char *key, int base, uint64_t *ret)
{
	FILE *f = fopen(path, "re");
	bool found = false;
	char line[256];

	*ret = 0;
	while (f && fgets(line, sizeof(line), f)) {
		if (strncmp(line, key, strlen(key)) != 0)
			continue;
		*ret += strtoull(line + strlen(key), NULL, base);
		found = true;
	}
	if (f)
		fclose(f);
	return found;
}

static uint64_t bank(uint32_t node, const char *file, const char *key)
{
	char path[PATH_MAX_OURS];
	uint64_t v, sum = 0;

	for (int i = 0;; i++) {
		(void)snprintf(path, sizeof(path), NODES "/%u/mem_banks/%d/%s", node, i, file);
		if (access(path, F_OK) < 0)
			return sum;
		if (number_in(path, key, 10, &v))
			sum += v;
	}
}

struct property {
	const char *key;
	uint64_t *value;
};

static void read_properties(uint32_t node, const struct property *properties, size_t n)
{
	char path[PATH_MAX_OURS], line[256];
	FILE *f;

	(void)snprintf(path, sizeof(path), NODES "/%u/properties", node);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f)) {
		size_t len = strcspn(line, " ");

		for (size_t i = 0; i < n; i++) {
			if (strlen(properties[i].key) == len &&
			    strncmp(line, properties[i].key, len) == 0)
				*properties[i].value = strtoull(line + len, NULL, 10);
		}
	}
	if (f)
		fclose(f);
}

/* Properties of a node that are asked for. */
enum {
	MINOR,
	DEVICE,
	CAPABILITY,
	GFX,
	SIMDS,
	SIMDS_PER_CU,
	CUS,
	ARRAYS,
	PER_ENGINE,
	XCCS,
	WAVE,
	CLOCK,
	FW,
	SDMA_FW,
	SDMA,
	QUEUES,
	LOCATION,
	DOMAIN,
	N
};

static const char *const keys[N] = {"drm_render_minor",
				    "device_id",
				    "capability",
				    "gfx_target_version",
				    "simd_count",
				    "simd_per_cu",
				    "cu_per_simd_array",
				    "array_count",
				    "simd_arrays_per_engine",
				    "num_xcc",
				    "wave_front_size",
				    "max_engine_clk_fcompute",
				    "fw_version",
				    "sdma_fw_version",
				    "num_sdma_engines",
				    "num_cp_queues",
				    "location_id",
				    "domain"};

/* What the properties of its node say. */
static void read_node(uint32_t node, struct ioctl_gpu *g)
{
	struct property properties[N];
	uint64_t v[N] = {0};

	for (size_t i = 0; i < N; i++)
		properties[i] = (struct property){keys[i], &v[i]};
	read_properties(node, properties, N);
	*g = (struct ioctl_gpu){
		.node = node,
		.minor = (uint32_t)v[MINOR],
		.device_id = (uint32_t)v[DEVICE],
		.asic_revision =
			(uint32_t)(v[CAPABILITY] >> ASIC_REVISION_SHIFT) & ASIC_REVISION_MASK,
		.gfx_version = (uint32_t)v[GFX],
		.cus = (uint32_t)(v[SIMDS] / (v[SIMDS_PER_CU] ? v[SIMDS_PER_CU] : 1)),
		.cu_per_array = (uint32_t)v[CUS],
		.arrays = (uint32_t)v[ARRAYS],
		.arrays_per_engine = (uint32_t)v[PER_ENGINE],
		.xccs = (uint32_t)v[XCCS],
		.wave_size = (uint32_t)v[WAVE],
		.clock_mhz = (uint32_t)v[CLOCK],
		.fw_version = (uint32_t)v[FW],
		.sdma_fw_version = (uint32_t)v[SDMA_FW],
		.sdma_engines = (uint32_t)v[SDMA],
		.cp_queues = (uint32_t)v[QUEUES],
	};
	/* KFD adds the partition to the function, which is 0. */
	(void)snprintf(g->pci, sizeof(g->pci), "/sys/bus/pci/devices/%04x:%02x:%02x.0",
		       (unsigned)v[DOMAIN], (unsigned)(v[LOCATION] >> 8 & 255),
		       (unsigned)(v[LOCATION] >> 3 & 31));
}

/* What other files say of it. */
static void read_more(struct ioctl_gpu *g)
{
	uint64_t revision = 0;

	g->memory_bytes = bank(g->node, "properties", "size_in_bytes ");
	g->memory_clock_mhz = (uint32_t)bank(g->node, "properties", "mem_clk_max ");
	g->memory_bits = (uint32_t)bank(g->node, "properties", "width ");
	if (ioctl_gpu_number(g, "revision", &revision))
		g->pci_revision = (uint32_t)revision;
}

/* 1 with its id; 0: a CPU, or what the device cgroup hides; -1: there is no such node. */
static int look_at(uint32_t node, uint32_t *ret_id)
{
	char path[PATH_MAX_OURS];
	uint64_t id = 0;

	(void)snprintf(path, sizeof(path), NODES "/%u/gpu_id", node);
	if (number_in(path, "", 10, &id)) {
		*ret_id = (uint32_t)id;
		return id != 0;
	}
	return access(path, F_OK) < 0 ? -1 : 0;
}

size_t ioctl_read_gpus(struct ioctl_gpu *ret, size_t n)
{
	size_t found = 0;
	uint32_t id = 0;

	for (uint32_t node = 0; found < n; node++) {
		int r = look_at(node, &id);

		if (r < 0)
			break;
		if (r == 0)
			continue;
		read_node(node, &ret[found]);
		ret[found].gpu_id = id;
		read_more(&ret[found++]);
	}
	return found;
}

/* Both nodes of a DRM device are in one folder. */
static uint32_t render_of(uint32_t minor)
{
	char path[PATH_MAX_OURS];
	const struct dirent *e;
	uint32_t render = minor;
	DIR *d;

	(void)snprintf(path, sizeof(path), "/sys/dev/char/226:%u/device/drm", minor);
	d = opendir(path);
	while (d && (e = readdir(d))) {
		if (strncmp(e->d_name, "renderD", 7) == 0)
			render = (uint32_t)strtoul(e->d_name + 7, NULL, 10);
	}
	if (d)
		closedir(d);
	return render;
}

bool ioctl_find_gpu(uint32_t minor, struct ioctl_gpu *ret)
{
	uint32_t render = minor < 128 ? render_of(minor) : minor, id = 0;

	for (uint32_t node = 0;; node++) {
		int r = look_at(node, &id);

		if (r < 0)
			return false;
		if (r == 0)
			continue;
		read_node(node, ret);
		if (ret->minor != render)
			continue;
		ret->gpu_id = id;
		read_more(ret);
		return true;
	}
}

bool ioctl_gpu_number(const struct ioctl_gpu *gpu, const char *file, uint64_t *ret)
{
	char path[PATH_MAX_OURS];

	(void)snprintf(path, sizeof(path), "%s/%s", gpu->pci, file);
	return number_in(path, "", 0, ret);
}

bool ioctl_hwmon_number(const struct ioctl_gpu *gpu, const char *file, uint64_t *ret)
{
	char path[PATH_MAX_OURS];
	const struct dirent *e;
	bool found = false;
	DIR *d;

	(void)snprintf(path, sizeof(path), "%s/hwmon", gpu->pci);
	d = opendir(path);
	while (d && !found && (e = readdir(d))) {
		(void)snprintf(path, sizeof(path), "%s/hwmon/%.64s/%s", gpu->pci, e->d_name, file);
		found = e->d_name[0] != '.' && number_in(path, "", 10, ret);
	}
	if (d)
		closedir(d);
	return found;
}

void ioctl_gpu_text(const struct ioctl_gpu *gpu, const char *file, char *ret, size_t size)
{
	char path[PATH_MAX_OURS];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", gpu->pci, file);
	f = fopen(path, "re");
	ret[0] = '\0';
	if (f && fgets(ret, (int)size, f))
		ret[strcspn(ret, "\n")] = '\0';
	if (f)
		fclose(f);
}

uint64_t ioctl_used_bytes(const struct ioctl_gpu *gpu)
{
	return bank(gpu->node, "used_memory", "");
}
