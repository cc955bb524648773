/* SPDX-License-Identifier: MIT */
/* Numbers and layouts of DRM and amdgpu (uapi drm.h, amdgpu_drm.h) that are answered. */
#ifndef RP_IOCTL_DRM_ABI_H
#define RP_IOCTL_DRM_ABI_H

#include <stddef.h>
#include <stdint.h>

#define DRM_TYPE 'd'
enum drm_number {
	DRM_VERSION = 0x00,
	DRM_GET_MAGIC = 0x02,
	DRM_GET_CLIENT = 0x05,
	DRM_SET_VERSION = 0x07,
	DRM_GEM_CLOSE = 0x09,
	DRM_GET_CAP = 0x0c,
	DRM_SET_CLIENT_CAP = 0x0d,
	DRM_AUTH_MAGIC = 0x11,
	DRM_SET_MASTER = 0x1e,
	DRM_DROP_MASTER = 0x1f,
	DRM_AMDGPU_INFO_NUMBER = 0x45,
};

struct drm_version_args {
	int major, minor, patch;
	size_t name_len;
	char *name;
	size_t date_len;
	char *date;
	size_t desc_len;
	char *desc;
};

struct drm_client_args {
	int index, is_authenticated;
	unsigned long pid, uid, magic, ioctls;
};

struct drm_cap_args {
	uint64_t capability, value;
};

enum amdgpu_query {
	QUERY_ACCEL_WORKING = 0x00,
	QUERY_HW_IP_INFO = 0x02,
	QUERY_HW_IP_COUNT = 0x03,
	QUERY_TIMESTAMP = 0x05,
	QUERY_FW_VERSION = 0x0e,
	QUERY_BYTES_MOVED = 0x0f,
	QUERY_VRAM_USAGE = 0x10,
	QUERY_GTT_USAGE = 0x11,
	QUERY_GDS_CONFIG = 0x13,
	QUERY_VRAM_GTT = 0x14,
	QUERY_REGISTERS = 0x15,
	QUERY_DEVICE = 0x16,
	QUERY_VISIBLE_USAGE = 0x17,
	QUERY_EVICTIONS = 0x18,
	QUERY_MEMORY = 0x19,
	QUERY_VBIOS = 0x1b,
	QUERY_SENSOR = 0x1d,
	QUERY_VRAM_LOST = 0x1f,
};

enum amdgpu_ip { IP_GFX, IP_COMPUTE, IP_DMA };
enum amdgpu_firmware { FIRMWARE_MEC = 0x08, FIRMWARE_SDMA = 0x0b };
enum amdgpu_sensor { SENSOR_SCLK = 1, SENSOR_MCLK = 2, SENSOR_LOAD = 4, SENSOR_POWER = 5 };
#define VBIOS_INFO   3
#define VRAM_HBM     6
#define FAMILY_AI    141 /* GFX 9 */
#define HBM_MIN_BITS 1024

struct amdgpu_info_args {
	uint64_t answer; /* pointer */
	uint32_t size, query;
	uint32_t words[4]; /* of the query: type, instance; register, count */
};

struct amdgpu_hw_ip {
	uint32_t major, minor;
	uint64_t capabilities;
	uint32_t ib_start_alignment, ib_size_alignment, rings, pad;
};

struct amdgpu_firmware_version {
	uint32_t version, feature;
};

struct amdgpu_vram_gtt {
	uint64_t vram, visible_vram, gtt;
};

struct amdgpu_heap {
	uint64_t total, usable, used, max_allocation;
};

struct amdgpu_memory {
	struct amdgpu_heap vram, visible_vram, gtt;
};

struct amdgpu_vbios {
	uint8_t name[64], part_number[64];
	uint32_t version, pad;
	uint8_t version_text[32], date[32];
};

struct amdgpu_device {
	uint32_t device_id, chip_revision, external_revision, pci_revision, family;
	uint32_t shader_engines, arrays_per_engine, counter_khz;
	uint64_t max_engine_khz, max_memory_khz;
	uint32_t cus, always_on_mask, cu_bitmap[4][4];
	uint32_t render_backend_mask, render_backends, contexts, pad;
	uint64_t flags, va_start, va_max;
	uint32_t va_alignment, fragment_bytes, gart_page_bytes, ce_ram_bytes;
	uint32_t vram_type, vram_bits, vce_harvest, double_offchip_lds;
	uint64_t ngg_addresses[4];
	uint32_t ngg_sizes[4];
	uint32_t wave_size, vgprs, cus_per_array, tcc_blocks, gs_table_depth, gs_buffer_depth;
	uint32_t gs_waves, pad1, always_on_bitmap[4][4];
	uint64_t high_va_start, high_va_max;
	uint32_t tile_steering;
	uint64_t tcc_disabled_mask;
};

#endif
