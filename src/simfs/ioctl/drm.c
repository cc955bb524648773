/* SPDX-License-Identifier: MIT */
/*
 * What is asked of DRM nodes: who they are, and AMDGPU_INFO. As in amdgpu_kms.c, memory is that of
 * the GPU, whichever partition is asked. What the tree does not tell is 0, and what is not known
 * here is EINVAL, as of a kernel that does not know it: nothing is made or submitted.
 */
#include <errno.h>
#include <linux/ioctl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "simfs/ioctl/drm_abi.h"
#include "simfs/ioctl/ioctl.h"

/* amdgpu_vm.h, amdgpu_gmc.h of GPUs with 48 bits of virtual addresses */
#define VA_START      (2ULL << 20)
#define VA_HOLE_START 0x0000800000000000ULL
#define VA_HOLE_END   0xffff800000000000ULL
#define VA_MAX	      0xffffffffffe00000ULL
#define PAGE	      4096
#define FRAGMENT      (2U << 20)
#define COUNTER_KHZ   100000

/* At most what the caller has room for, and it learns the length. */
static void put_text(char *to, size_t *len, const char *text)
{
	size_t room = *len;

	*len = strlen(text);
	if (to && room)
		memcpy(to, text, *len < room ? *len : room);
}

static int get_version(struct drm_version_args *a)
{
	a->major = 3; /* since 2015; libdrm takes no other */
	a->minor = 54;
	a->patch = 0;
	put_text(a->name, &a->name_len, "amdgpu");
	put_text(a->date, &a->date_len, "20150101");
	put_text(a->desc, &a->desc_len, "AMD GPU");
	return 0;
}

static int get_client(struct drm_client_args *a)
{
	if (a->index != 0)
		return EINVAL;
	*a = (struct drm_client_args){.is_authenticated = 1};
	return 0;
}

/* ---- AMDGPU_INFO ---- */

/* As amdgpu_info_ioctl(): not more than the caller has room for. */
static int give(const struct amdgpu_info_args *a, const void *answer, size_t size)
{
	memcpy((void *)(uintptr_t)a->answer, answer, a->size < size ? a->size : size);
	return 0;
}

static int give_number(const struct amdgpu_info_args *a, const struct ioctl_gpu *gpu,
		       const char *file)
{
	uint64_t v = 0;

	if (file && !ioctl_gpu_number(gpu, file, &v))
		return EINVAL;
	return give(a, &v, sizeof(v));
}

static int give_ip(const struct amdgpu_info_args *a, const struct ioctl_gpu *gpu)
{
	struct amdgpu_hw_ip ip = {.major = gpu->gfx_version / 10000,
				  .minor = gpu->gfx_version / 100 % 100,
				  .ib_start_alignment = 32,
				  .ib_size_alignment = 32};
	uint32_t type = a->words[0];

	/* an accelerator has no graphics ring */
	if (type == IP_COMPUTE)
		ip.rings = (1U << (gpu->cp_queues < 8 ? gpu->cp_queues : 8)) - 1;
	else if (type == IP_DMA)
		ip.rings = (1U << (gpu->sdma_engines < 31 ? gpu->sdma_engines : 31)) - 1;
	if (!ip.rings)
		ip = (struct amdgpu_hw_ip){0};
	return give(a, &ip, sizeof(ip));
}

static int give_ip_count(const struct amdgpu_info_args *a)
{
	const uint32_t n = a->words[0] == IP_COMPUTE || a->words[0] == IP_DMA;

	return give(a, &n, sizeof(n));
}

static int give_firmware(const struct amdgpu_info_args *a, const struct ioctl_gpu *gpu)
{
	struct amdgpu_firmware_version v = {0};

	if (a->words[0] == FIRMWARE_MEC)
		v.version = gpu->fw_version;
	else if (a->words[0] == FIRMWARE_SDMA)
		v.version = gpu->sdma_fw_version;
	return give(a, &v, sizeof(v));
}

static int give_vram_gtt(const struct amdgpu_info_args *a, const struct ioctl_gpu *gpu)
{
	struct amdgpu_vram_gtt m = {0};

	(void)ioctl_gpu_number(gpu, "mem_info_vram_total", &m.vram);
	(void)ioctl_gpu_number(gpu, "mem_info_vis_vram_total", &m.visible_vram);
	(void)ioctl_gpu_number(gpu, "mem_info_gtt_total", &m.gtt);
	return give(a, &m, sizeof(m));
}

static void read_heap(const struct ioctl_gpu *gpu, const char *total, const char *used,
		      struct amdgpu_heap *ret)
{
	(void)ioctl_gpu_number(gpu, total, &ret->total);
	(void)ioctl_gpu_number(gpu, used, &ret->used);
	ret->usable = ret->total;
	ret->max_allocation = ret->total / 4 * 3; /* as the kernel says of each */
}

static int give_memory(const struct amdgpu_info_args *a, const struct ioctl_gpu *gpu)
{
	struct amdgpu_memory m = {0};

	read_heap(gpu, "mem_info_vram_total", "mem_info_vram_used", &m.vram);
	read_heap(gpu, "mem_info_vis_vram_total", "mem_info_vis_vram_used", &m.visible_vram);
	read_heap(gpu, "mem_info_gtt_total", "mem_info_gtt_used", &m.gtt);
	return give(a, &m, sizeof(m));
}

/* Contents of registers are in no file. */
static int give_registers(const struct amdgpu_info_args *a)
{
	static const uint32_t none[128];

	return a->words[1] > 128 ? EINVAL : give(a, none, a->words[1] * sizeof(none[0]));
}

static int give_vbios(const struct amdgpu_info_args *a, const struct ioctl_gpu *gpu)
{
	struct amdgpu_vbios v = {0};

	if (a->words[0] != VBIOS_INFO)
		return EINVAL;
	ioctl_gpu_text(gpu, "vbios_version", (char *)v.part_number, sizeof(v.part_number));
	return give(a, &v, sizeof(v));
}

/* smu_v13_0_6_read_sensor(): no edge temperature; the power is that of the input. */
static int give_sensor(const struct amdgpu_info_args *a, const struct ioctl_gpu *gpu)
{
	bool known = false;
	uint64_t v = 0;
	uint32_t ret;

	if (a->words[0] == SENSOR_LOAD)
		known = ioctl_gpu_number(gpu, "gpu_busy_percent", &v);
	else if (a->words[0] == SENSOR_SCLK)
		known = ioctl_hwmon_number(gpu, "freq1_input", &v);
	else if (a->words[0] == SENSOR_MCLK)
		known = ioctl_hwmon_number(gpu, "freq2_input", &v);
	else if (a->words[0] == SENSOR_POWER)
		known = ioctl_hwmon_number(gpu, "power1_input", &v);
	if (a->words[0] != SENSOR_LOAD)
		v /= 1000000; /* MHz, W */
	ret = (uint32_t)v;
	return known ? give(a, &ret, sizeof(ret)) : EINVAL;
}

static int give_device(const struct amdgpu_info_args *a, const struct ioctl_gpu *gpu)
{
	uint32_t xccs = gpu->xccs ? gpu->xccs : 1;
	uint32_t per_engine = gpu->arrays_per_engine ? gpu->arrays_per_engine : 1;
	const struct amdgpu_device d = {
		.device_id = gpu->device_id,
		.chip_revision = gpu->asic_revision,
		.external_revision = gpu->asic_revision,
		.pci_revision = gpu->pci_revision,
		.family = gpu->gfx_version / 10000 == 9 ? FAMILY_AI : 0,
		.shader_engines = gpu->arrays / per_engine / xccs, /* of an XCC */
		.arrays_per_engine = gpu->arrays_per_engine,
		.counter_khz = COUNTER_KHZ,
		.max_engine_khz = gpu->clock_mhz * 1000ULL,
		.max_memory_khz = gpu->memory_clock_mhz * 1000ULL,
		.cus = gpu->cus,
		.va_start = VA_START,
		.va_max = VA_HOLE_START,
		.va_alignment = PAGE,
		.fragment_bytes = FRAGMENT,
		.gart_page_bytes = PAGE,
		.vram_type = gpu->memory_bits >= HBM_MIN_BITS ? VRAM_HBM : 0,
		.vram_bits = gpu->memory_bits,
		.wave_size = gpu->wave_size,
		.cus_per_array = gpu->cu_per_array,
		.high_va_start = VA_HOLE_END,
		.high_va_max = VA_MAX,
	};

	return give(a, &d, sizeof(d));
}

static int give_time(const struct amdgpu_info_args *a)
{
	struct timespec ts;
	uint64_t ticks;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	ticks = (uint64_t)ts.tv_sec * COUNTER_KHZ * 1000 + (uint64_t)ts.tv_nsec / 10;
	return give(a, &ticks, sizeof(ticks));
}

static int get_info(const struct amdgpu_info_args *a, const struct ioctl_gpu *gpu)
{
	static const uint32_t one = 1;
	static const uint64_t nothing[8];

	if (!a->size || !a->answer)
		return EINVAL;
	switch (a->query) {
	case QUERY_ACCEL_WORKING:
		return give(a, &one, sizeof(one));
	case QUERY_HW_IP_INFO:
		return give_ip(a, gpu);
	case QUERY_HW_IP_COUNT:
		return give_ip_count(a);
	case QUERY_TIMESTAMP:
		return give_time(a);
	case QUERY_FW_VERSION:
		return give_firmware(a, gpu);
	case QUERY_VRAM_USAGE:
		return give_number(a, gpu, "mem_info_vram_used");
	case QUERY_VISIBLE_USAGE:
		return give_number(a, gpu, "mem_info_vis_vram_used");
	case QUERY_GTT_USAGE:
		return give_number(a, gpu, "mem_info_gtt_used");
	case QUERY_VRAM_GTT:
		return give_vram_gtt(a, gpu);
	case QUERY_REGISTERS:
		return give_registers(a);
	case QUERY_DEVICE:
		return give_device(a, gpu);
	case QUERY_MEMORY:
		return give_memory(a, gpu);
	case QUERY_VBIOS:
		return give_vbios(a, gpu);
	case QUERY_SENSOR:
		return give_sensor(a, gpu);
	case QUERY_BYTES_MOVED:
	case QUERY_EVICTIONS:
	case QUERY_VRAM_LOST:
	case QUERY_GDS_CONFIG:
		return give(a, nothing, sizeof(nothing) / 2);
	default:
		return EINVAL;
	}
}

int ioctl_answer_drm(uint32_t minor, unsigned long request, void *args)
{
	struct ioctl_gpu gpu;
	struct drm_cap_args *cap = args;

	if (_IOC_TYPE(request) != DRM_TYPE)
		return ENOTTY;
	switch (_IOC_NR(request)) {
	case DRM_VERSION:
		return get_version(args);
	case DRM_GET_CLIENT:
		return get_client(args);
	case DRM_GET_CAP:
		cap->value = 0;
		return 0;
	case DRM_GET_MAGIC:
	case DRM_SET_VERSION:
	case DRM_SET_CLIENT_CAP:
	case DRM_AUTH_MAGIC:
	case DRM_SET_MASTER:
	case DRM_DROP_MASTER:
	case DRM_GEM_CLOSE:
		return 0;
	case DRM_AMDGPU_INFO_NUMBER:
		return ioctl_find_gpu(minor, &gpu) ? get_info(args, &gpu) : ENODEV;
	default:
		return EINVAL;
	}
}
