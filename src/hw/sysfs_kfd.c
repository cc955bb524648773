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
 * Call fn for each "key value" line. *ret_line is the first line (from 1) that is wrong; the lines
 * behind it are read too, as they may say whose node it is.
 */
static int each_property(char *text, int (*fn)(void *, const char *, uint64_t), void *arg,
			 unsigned *ret_line)
{
	char *line = text;
	int r = 0;

	for (unsigned n = 1; line && *line; n++) {
		char *end = strchr(line, '\n'), *blank;
		uint64_t v;

		if (end)
			*end++ = '\0';
		blank = strchr(line, ' ');
		if (blank)
			*blank = '\0';
		if ((!blank || rp_parse_u64(blank + 1, 10, &v) < 0 || fn(arg, line, v) < 0) &&
		    r == 0) {
			*ret_line = n;
			r = -EBADMSG;
		}
		line = end;
	}
	return r;
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
	p->node->has_location |= rp_str_eq(key, "location_id");
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

/* The answer of one file of a node: an error of ours ends the scan, any other is a fault. */
static int note_fault(struct rp_scan_node *node, int r, const char *what, const char *file,
		      struct rocpart_error *reterr)
{
	if (rp_sysfs_is_ours(r))
		return rp_sysfs_error(reterr, r, what, RP_KFD_TOPOLOGY "/%s", file);
	if (r < 0)
		rp_sysfs_set_fault(&node->fault, r, "%s", file);
	return 0;
}

static int scan_bank(struct rp_tree *t, struct rp_scan_node *node, unsigned index,
		     struct rocpart_error *reterr)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	struct bank b = {0};
	unsigned line = 0;
	char file[sizeof(node->fault.file)];
	int r;

	(void)rp_fmt(file, sizeof(file), "nodes/%u/mem_banks/%u/properties", node->node_id, index);
	r = rp_read_again(rp_tree_read(t, &text, RP_KFD_TOPOLOGY "/%s", file));
	if (rp_is_absent(r))
		return 0; /* older captures have none */
	if (r == 0 && text.len)
		r = each_property(text.s, take_bank, &b, &line);
	if (r == 0 && is_device_heap(b.heap_type) &&
	    (rp_add_u64(node->memory_bytes.v, b.size_in_bytes, &node->memory_bytes.v) < 0 ||
	     node->memory_bytes.v > RP_SANE_BYTES))
		r = -EBADMSG;
	if (line)
		(void)rp_fmt(file, sizeof(file), "nodes/%u/mem_banks/%u/properties:%u",
			     node->node_id, index, line);
	node->memory_bytes.known |= is_device_heap(b.heap_type);
	return note_fault(node, r, "memory bank", file, reterr);
}

static int scan_gpu_id(struct rp_tree *t, struct rp_scan_node *node, struct rocpart_error *reterr)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	char file[sizeof(node->fault.file)];
	int r;

	(void)rp_fmt(file, sizeof(file), "nodes/%u/gpu_id", node->node_id);
	r = rp_read_again(rp_tree_read(t, &text, RP_KFD_TOPOLOGY "/%s", file));
	if (rp_is_absent(r))
		return 0;
	if (r == 0 && (rp_parse_u64(rp_strbuf_str(&text), 10, &node->gpu_id.v) < 0 ||
		       node->gpu_id.v > UINT32_MAX || (node->simd_count && !node->gpu_id.v)))
		r = -EBADMSG; /* 0 is the id of CPUs (kfd_topology.c) */
	node->gpu_id.known = r == 0;
	return note_fault(node, r, "gpu_id", file, reterr);
}

static int scan_properties(struct rp_tree *t, struct properties *p, struct rocpart_error *reterr)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	struct rp_scan_node *node = p->node;
	char file[sizeof(node->fault.file)];
	unsigned line = 0;
	int r;

	(void)rp_fmt(file, sizeof(file), "nodes/%u/properties", node->node_id);
	r = rp_read_again(rp_tree_read(t, &text, RP_KFD_TOPOLOGY "/%s", file));
	if (r == -EPERM) { /* kfd_devcgroup_check_permission(): a GPU that we may not use */
		node->hidden = true;
		return 0;
	}
	if (r == 0)
		r = text.len ? each_property(text.s, take_property, p, &line) : -EBADMSG;
	if (r == 0 && node->simd_count && (!node->simd_per_cu || node->num_xcc > MAX_XCC))
		r = -EBADMSG;
	if (line)
		(void)rp_fmt(file, sizeof(file), "nodes/%u/properties:%u", node->node_id, line);
	return note_fault(node, r, "properties", file, reterr);
}

/* 1: a node of a CPU. */
static int scan_node(struct rp_tree *t, uint32_t id, struct rp_scan_node *ret,
		     struct rocpart_error *reterr)
{
	struct rp_scan_node node = {.node_id = id, .simd_per_cu = 4, .num_xcc = 1};
	struct properties p = {.node = &node};
	int r = scan_properties(t, &p, reterr);

	if (r == 0 && !node.hidden && !node.fault.err && node.simd_count == 0)
		return 1;
	if (r == 0 && !node.hidden)
		r = scan_gpu_id(t, &node, reterr);
	for (uint64_t i = 0; r == 0 && !node.fault.err && i < p.n_banks && i < 64; i++)
		r = scan_bank(t, &node, (unsigned)i, reterr);
	if (r < 0)
		return r;
	node.has_location &= !node.hidden;
	*ret = node;
	return 0;
}

/* A name that the kernel does not give to a node: it is kept, to be named. */
static void name_odd_node(const char *name, struct rp_scan_node *ret)
{
	*ret = (struct rp_scan_node){.node_id = UINT32_MAX};
	rp_sysfs_set_fault(&ret->fault, -EBADMSG, "nodes/%.40s", name);
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

		if (rp_parse_u32(names.v[i], 10, &id) < 0 || id == UINT32_MAX)
			name_odd_node(names.v[i], &node);
		else
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
