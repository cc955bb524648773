/* SPDX-License-Identifier: MIT */
/* What libamd_smi tells, as rows. */
#include "hw/smi/lib_calls.h"

#define BUFFER_SIZE (64 * 1024)
#define TYPE_GPU    1 /* AMDSMI_PROCESSOR_TYPE_AMD_GPU */
#define MEMORY_VRAM 0 /* AMDSMI_MEM_TYPE_VRAM */
#define MAX_SOCKETS 64
#define MAX_GPUS    512 /* 64 DRM minors were the limit; twice eight GPUs in CPX are 128 */

/*
 * amdsmi_version_t: year, major, minor, release up to 25, where the year is another 24 or 25, or
 * 0; major, minor, release from 26 on. No minor number has ever been as large as a major one.
 */
uint32_t rp_smi_calls_version(const struct rp_smi_calls *c, char version[32])
{
	static _Alignas(8) unsigned char buf[BUFFER_SIZE];
	uint32_t v[4];
	const uint32_t *at = v;

	memset(buf, 0, sizeof(buf));
	if (c->get_lib_version(buf))
		return 0;
	memcpy(v, buf, sizeof(v));
	if (v[0] == 0 || v[1] >= 24)
		at++;
	(void)rp_fmt(version, 32, "%u.%u.%u", at[0], at[1], at[2]);
	return at[0];
}

struct visitor {
	const struct rp_smi_calls *calls;
	uint32_t (*visit)(struct visitor *v, rp_smi_handle h);
	struct rp_smi_rows *rows;
	const char *bdf;
	rp_smi_handle found;
};

static uint32_t visit_socket(struct visitor *v, rp_smi_handle socket)
{
	rp_smi_handle handles[MAX_GPUS] = {0};
	uint32_t n = 0, status;

	status = v->calls->get_processor_handles(socket, &n, NULL);
	if (status || n > MAX_GPUS)
		return status ? status : RP_SMI_ABSURD;
	status = v->calls->get_processor_handles(socket, &n, handles);
	for (uint32_t i = 0; !status && i < n && i < MAX_GPUS; i++) {
		uint32_t type = TYPE_GPU;

		if (v->calls->get_processor_type(handles[i], &type) == 0 && type == TYPE_GPU)
			status = v->visit(v, handles[i]);
	}
	return status;
}

static uint32_t visit_all(struct visitor *v)
{
	rp_smi_handle sockets[MAX_SOCKETS] = {0};
	uint32_t n = 0, status;

	status = v->calls->get_socket_handles(&n, NULL);
	if (status || n > MAX_SOCKETS)
		return status ? status : RP_SMI_ABSURD;
	status = v->calls->get_socket_handles(&n, sockets);
	for (uint32_t i = 0; !status && i < n && i < MAX_SOCKETS; i++)
		status = visit_socket(v, sockets[i]);
	return status;
}

/* All ones is the library's word for what it does not know, 64 bits wide or 32. */
static struct rp_opt_u64 told(uint64_t v, uint64_t max)
{
	return (struct rp_opt_u64){v <= max, v <= max ? v : 0};
}

/* The domain from bit 32, the partition from bit 28, then bus, device, function. */
static bool read_bdf(const struct rp_smi_calls *c, rp_smi_handle h, struct rp_smi_row *row)
{
	uint64_t id = 0, partition;

	if (c->get_bdf_id(h, &id) || id == UINT64_MAX)
		return false;
	(void)rp_fmt(row->bdf, sizeof(row->bdf), "%04x:%02x:%02x.0", (unsigned)(id >> 32),
		     (unsigned)(id >> 8) & 0xff, (unsigned)(id >> 3) & 0x1f);
	partition = id >> 28 & 0xf;
	row->partition_id = told(partition ? partition : id & 7, 7);
	return true;
}

/* amdsmi_kfd_info_t: u64 kfd_id, u32 node_id, u32 current_partition_id. */
static void read_kfd(const struct rp_smi_calls *c, rp_smi_handle h, struct rp_smi_row *row)
{
	static _Alignas(8) unsigned char buf[BUFFER_SIZE];
	uint64_t kfd_id;
	uint32_t rest[2];

	memset(buf, 0, sizeof(buf));
	if (!c->get_kfd_info || c->get_kfd_info(h, buf))
		return;
	memcpy(&kfd_id, buf, sizeof(kfd_id));
	memcpy(rest, buf + sizeof(kfd_id), sizeof(rest));
	row->kfd_id = told(kfd_id, UINT32_MAX - 1);
	row->node_id = told(rest[0], UINT32_MAX - 1);
	if (rest[1] <= 7)
		row->partition_id = told(rest[1], 7);
}

/* amdsmi_enumeration_info_t begins with u32 drm_render, drm_card. */
static void read_enumeration(const struct rp_smi_calls *c, rp_smi_handle h, struct rp_smi_row *row)
{
	static _Alignas(8) unsigned char buf[BUFFER_SIZE];
	uint32_t v[2];

	memset(buf, 0, sizeof(buf));
	if (!c->get_enumeration_info || c->get_enumeration_info(h, buf))
		return;
	memcpy(v, buf, sizeof(v));
	row->render = told(v[0], UINT32_MAX - 1);
	row->card = told(v[1], UINT32_MAX - 1);
}

/* amdsmi_accelerator_partition_profile_t begins with u32 profile_type. */
static enum rocpart_compute_mode read_profile(const struct rp_smi_calls *c, rp_smi_handle h)
{
	static _Alignas(8) unsigned char buf[BUFFER_SIZE];
	uint32_t ids[64] = {0}, type;

	memset(buf, 0, sizeof(buf));
	if (!rp_smi_calls_have_profiles(c) || c->get_profile(h, buf, ids))
		return ROCPART_COMPUTE_UNKNOWN;
	memcpy(&type, buf, sizeof(type));
	for (unsigned m = ROCPART_COMPUTE_SPX; m <= ROCPART_COMPUTE_CPX; m++)
		if (type && rp_smi_compute_value(c->values, (enum rocpart_compute_mode)m) == type)
			return (enum rocpart_compute_mode)m;
	return ROCPART_COMPUTE_UNKNOWN;
}

/* Of others than the first partition it tells no modes; nor do we ask: their bytes need the KFD. */
static void read_whole_gpu(const struct rp_smi_calls *c, rp_smi_handle h, struct rp_smi_row *row)
{
	char text[256] = "";
	uint64_t bytes = 0;

	row->compute = read_profile(c, h);
	if (!row->compute && c->get_compute && c->get_compute(h, text, sizeof(text) - 1) == 0)
		(void)rocpart_compute_mode_from_string(text, &row->compute);
	memset(text, 0, sizeof(text));
	if (c->get_memory(h, text, sizeof(text) - 1) == 0)
		(void)rocpart_memory_mode_from_string(text, &row->memory);
	if (c->get_memory_total && c->get_memory_total(h, MEMORY_VRAM, &bytes) == 0)
		row->vram_bytes = told(bytes, INT64_MAX);
}

static uint32_t add_row(struct visitor *v, rp_smi_handle h)
{
	struct rp_smi_row row = {.index = v->rows->n};

	if (v->rows->n >= MAX_GPUS)
		return RP_SMI_ABSURD;
	if (!read_bdf(v->calls, h, &row))
		return 0;
	read_kfd(v->calls, h, &row);
	read_enumeration(v->calls, h, &row);
	if (row.partition_id.v == 0)
		read_whole_gpu(v->calls, h, &row);
	v->rows->v[v->rows->n++] = row;
	return 0;
}

uint32_t rp_smi_calls_read(const struct rp_smi_calls *c, struct rp_smi_rows *rows)
{
	struct visitor v = {.calls = c, .visit = add_row, .rows = rows};

	if (rp_grow(&rows->v, &rows->cap, MAX_GPUS, sizeof(*rows->v)) < 0)
		return RP_SMI_ABSURD;
	return visit_all(&v);
}

static uint32_t look_at(struct visitor *v, rp_smi_handle h)
{
	struct rp_smi_row row = {0};

	if (!v->found && read_bdf(v->calls, h, &row) && rp_str_eq(row.bdf, v->bdf)) {
		read_kfd(v->calls, h, &row);
		if (row.partition_id.v == 0)
			v->found = h;
	}
	return 0;
}

uint32_t rp_smi_calls_find(const struct rp_smi_calls *c, const char *bdf, rp_smi_handle *ret)
{
	struct visitor v = {.calls = c, .visit = look_at, .bdf = bdf};
	uint32_t status = visit_all(&v);

	if (status)
		return status;
	*ret = v.found;
	return v.found ? 0 : RP_SMI_NOT_FOUND;
}

/*
 * amdsmi_accelerator_partition_profile_config_t, the same from 25 to 27.1: u32 num_profiles, then
 * profiles of 1152 bytes at 2064, each with u32 profile_type first and u32 profile_index at 12.
 */
#define PROFILES_OFFSET	  2064
#define PROFILE_SIZE	  1152
#define PROFILE_INDEX_AT  12
#define MAX_PROFILES	  32
#define STATUS_NO_SETTING 55 /* AMDSMI_STATUS_SETTING_UNAVAILABLE */

/* The index of a mode's profile. The question writes xcp_config: ask only when about to switch. */
static uint32_t find_profile(const struct rp_smi_calls *c, rp_smi_handle h, uint32_t value,
			     uint32_t *ret_index)
{
	static _Alignas(8) unsigned char buf[BUFFER_SIZE];
	uint32_t status, n, type;

	memset(buf, 0, sizeof(buf));
	status = c->get_profile_config(h, buf);
	if (status)
		return status;
	memcpy(&n, buf, sizeof(n));
	for (uint32_t i = 0; i < n && i < MAX_PROFILES; i++) {
		const unsigned char *p = buf + PROFILES_OFFSET + (size_t)i * PROFILE_SIZE;

		memcpy(&type, p, sizeof(type));
		if (type != value)
			continue;
		memcpy(ret_index, p + PROFILE_INDEX_AT, sizeof(*ret_index));
		return 0;
	}
	return STATUS_NO_SETTING;
}

/*
 * A GPU without compute_partition_config (before Linux 6.13) has no profiles: the deprecated call
 * is then the only one that works.
 */
uint32_t rp_smi_calls_set_compute(const struct rp_smi_calls *c, rp_smi_handle h, uint32_t value)
{
	uint32_t index = 0, status;

	if (!rp_smi_calls_have_profiles(c))
		return c->set_compute(h, value);
	status = find_profile(c, h, value, &index);
	if (status)
		return c->set_compute ? c->set_compute(h, value) : status;
	return c->set_profile(h, index);
}

uint32_t rp_smi_calls_set_memory(const struct rp_smi_calls *c, rp_smi_handle h, uint32_t value)
{
	return rp_smi_calls_have_profiles(c) ? c->set_memory_mode(h, value)
					     : c->set_memory(h, value);
}
