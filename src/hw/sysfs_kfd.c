/* SPDX-License-Identifier: MIT */
/* The KFD topology: /sys/class/kfd/kfd/topology (Linux kfd_topology.c, node_show). */
#include "base/num.h"
#include "hw/sysfs.h"

#include <stddef.h>

/* AMDGPU_MAX_XCC of the kernel is 16. */
#define MAX_XCC 64

/* Properties that are used, and where they go. Others are ignored: newer kernels add some. */
static const struct {
	const char *key;
	size_t offset;
	enum { U32, OPT_U64 } kind;
} fields[] = {
	{"simd_count", offsetof(struct rp_scan_node, simd_count), U32},
	{"simd_per_cu", offsetof(struct rp_scan_node, simd_per_cu), U32},
	{"num_xcc", offsetof(struct rp_scan_node, num_xcc), U32},
	{"device_id", offsetof(struct rp_scan_node, device_id), U32},
	{"gfx_target_version", offsetof(struct rp_scan_node, gfx_target_version), U32},
	{"domain", offsetof(struct rp_scan_node, domain), U32},
	{"location_id", offsetof(struct rp_scan_node, location_id), U32},
	{"drm_render_minor", offsetof(struct rp_scan_node, render_minor), U32},
	{"hive_id", offsetof(struct rp_scan_node, hive_id), OPT_U64},
	{"unique_id", offsetof(struct rp_scan_node, unique_id), OPT_U64},
};

static int store(struct rp_scan_node *node, const char *key, uint64_t v)
{
	for (size_t i = 0; i < RP_ARRAY_LEN(fields); i++) {
		char *at = (char *)node + fields[i].offset;

		if (!rp_str_eq(key, fields[i].key))
			continue;
		if (fields[i].kind == U32) {
			uint32_t v32 = (uint32_t)v;

			if (v > UINT32_MAX)
				return -EBADMSG;
			memcpy(at, &v32, sizeof(v32));
		} else {
			struct rp_opt_u64 o = {true, v};

			memcpy(at, &o, sizeof(o));
		}
		return 0;
	}
	return 0;
}

/*
 * Call fn for each "key value" line. A value that is not a number ends it; *ret_line is the line
 * (from 1) that was wrong.
 */
static int each_property(char *text, int (*fn)(void *, const char *, uint64_t), void *arg,
			 unsigned *ret_line)
{
	char *line = text;

	for (unsigned n = 1; line && *line; n++) {
		char *end = strchr(line, '\n'), *blank;
		uint64_t v;

		if (end)
			*end++ = '\0';
		blank = strchr(line, ' ');
		*ret_line = n;
		if (!blank)
			return -EBADMSG;
		*blank = '\0';
		if (rp_parse_u64(blank + 1, 10, &v) < 0 || fn(arg, line, v) < 0)
			return -EBADMSG;
		line = end;
	}
	return 0;
}

struct properties {
	struct rp_scan_node *node;
	uint64_t n_banks;
};

static int take_property(void *arg, const char *key, uint64_t v)
{
	struct properties *p = arg;

	if (rp_str_eq(key, "mem_banks_count"))
		p->n_banks = v;
	return store(p->node, key, v);
}

struct bank {
	uint64_t heap_type, size_in_bytes;
};

static int take_bank(void *arg, const char *key, uint64_t v)
{
	struct bank *b = arg;

	if (rp_str_eq(key, "heap_type"))
		b->heap_type = v;
	else if (rp_str_eq(key, "size_in_bytes"))
		b->size_in_bytes = v;
	return 0;
}

/* Linux kfd_topology.h: heap 1 is public, 2 private device memory; 0 is the host's. */
static bool is_device_heap(uint64_t heap_type)
{
	return heap_type == 1 || heap_type == 2;
}

static int scan_banks(struct rp_tree *t, struct rp_scan_node *node, uint64_t n_banks,
		      struct rocpart_error *reterr)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;

	for (uint64_t i = 0; i < n_banks && i < 64; i++) {
		struct bank b = {0};
		unsigned line = 0;
		int r = rp_tree_read(t, &text, RP_KFD_TOPOLOGY "/nodes/%u/mem_banks/%u/properties",
				     node->node_id, (unsigned)i);

		if (rp_is_absent(r))
			continue; /* older captures have none */
		if (r == 0 && text.len)
			r = each_property(text.s, take_bank, &b, &line);
		if (r == 0 && is_device_heap(b.heap_type))
			r = rp_add_u64(node->memory_bytes.v, b.size_in_bytes,
				       &node->memory_bytes.v);
		if (r == 0 && node->memory_bytes.v > RP_SANE_BYTES)
			r = -EBADMSG;
		if (r < 0)
			return rp_sysfs_error(reterr, r == -EOVERFLOW ? -EBADMSG : r, "memory bank",
					      RP_KFD_TOPOLOGY
					      "/nodes/%u/mem_banks/%u/properties:%u",
					      node->node_id, (unsigned)i, line);
		node->memory_bytes.known |= is_device_heap(b.heap_type);
	}
	return 0;
}

/* "dddd:bb:dd.0": the function digit is the partition id (amdgpu_xcp.c). */
static void name_gpu(struct rp_scan_node *node)
{
	unsigned loc = node->location_id & ~7U;

	(void)rp_fmt(node->bdf, sizeof(node->bdf), "%04x:%02x:%02x.%x", node->domain,
		     loc >> 8 & 0xff, loc >> 3 & 0x1f, 0U);
}

/* 1: not a GPU node, or one that could not be identified. */
static int scan_node(struct rp_tree *t, uint32_t id, struct rp_scan_node *ret,
		     struct rocpart_error *reterr)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	struct rp_scan_node node = {.node_id = id, .simd_per_cu = 4, .num_xcc = 1};
	struct properties p = {.node = &node};
	unsigned line = 0;
	int r = rp_tree_read(t, &text, RP_KFD_TOPOLOGY "/nodes/%u/properties", id);

	if (r == -EPERM) { /* kfd_devcgroup_check_permission(): a GPU that we may not use */
		*ret = node;
		ret->hidden = true;
		return 0;
	}
	if (r == 0 && text.len)
		r = each_property(text.s, take_property, &p, &line);
	if (r < 0)
		return rp_sysfs_error(reterr, r, "properties",
				      RP_KFD_TOPOLOGY "/nodes/%u/properties:%u", id, line);
	if (node.simd_count == 0)
		return 1;
	if (node.simd_per_cu == 0 || node.num_xcc > MAX_XCC)
		return rp_sysfs_error(reterr, -EBADMSG,
				      node.simd_per_cu ? "num_xcc" : "simd_per_cu",
				      RP_KFD_TOPOLOGY "/nodes/%u/properties", id);
	r = rp_tree_read_u64(t, 10, &node.gpu_id.v, RP_KFD_TOPOLOGY "/nodes/%u/gpu_id", id);
	if (r == 0 && node.gpu_id.v > UINT32_MAX)
		r = -EBADMSG;
	if (r < 0 && !rp_is_absent(r))
		return rp_sysfs_error(reterr, r, "gpu_id", RP_KFD_TOPOLOGY "/nodes/%u/gpu_id", id);
	node.gpu_id.known = r == 0;
	name_gpu(&node);
	r = scan_banks(t, &node, p.n_banks, reterr);
	if (r == 0)
		*ret = node;
	return r;
}

int rp_sysfs_scan_kfd(struct rp_tree *t, struct rp_scan *scan, struct rocpart_error *reterr)
{
	RP_AUTO_NAMES struct rp_names names = RP_NAMES_INIT;
	int r = rp_tree_list(t, &names, RP_KFD_TOPOLOGY "/nodes");

	if (rp_is_absent(r))
		return 0;
	if (r < 0)
		return rp_sysfs_error(reterr, r, "KFD topology", RP_KFD_TOPOLOGY "/nodes");
	scan->has_kfd = true;
	for (size_t i = 0; i < names.n; i++) {
		struct rp_scan_node node;
		uint32_t id;

		if (rp_parse_u32(names.v[i], 10, &id) < 0)
			continue;
		r = scan_node(t, id, &node, reterr);
		if (r < 0)
			return r;
		if (r == 1)
			continue;
		r = rp_grow(&scan->nodes, &scan->cap_nodes, scan->n_nodes + 1,
			    sizeof(*scan->nodes));
		if (r < 0)
			return rp_error_nomem(reterr);
		scan->nodes[scan->n_nodes++] = node;
	}
	return 0;
}
