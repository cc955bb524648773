/* SPDX-License-Identifier: MIT */
#include "hw/smi/backend.h"
#include "hw/hw.h"

#define READ_TRIES 4

static void sysfs_probe(struct rp_tree *t, struct rp_backend_info *ret)
{
	struct rp_stat st;
	int r = rp_tree_stat(t, &st, "sys/bus/pci/drivers/amdgpu");

	ret->available = r == 0;
	(void)rp_fmt(ret->path, sizeof(ret->path), "/sys");
	if (rp_is_absent(r))
		(void)rp_fmt(ret->reason, sizeof(ret->reason), "the amdgpu driver is not loaded");
	else if (r < 0)
		(void)rp_fmt(ret->reason, sizeof(ret->reason),
			     "/sys/bus/pci/drivers/amdgpu cannot be looked at: %s",
			     rocpart_strerror(r));
}

static int sysfs_set_compute(struct rp_tree *t, const char *bdf, enum rocpart_compute_mode mode,
			     struct rocpart_error *reterr)
{
	int r = rp_hw_write_compute(t, bdf, mode);

	return r < 0 ? rp_error_errno(reterr, r, bdf, "cannot write current_compute_partition") : 0;
}

static int sysfs_set_memory(struct rp_tree *t, const char *bdf, enum rocpart_memory_mode mode,
			    struct rocpart_error *reterr)
{
	int r = rp_hw_write_memory(t, bdf, mode);

	return r < 0 ? rp_error_errno(reterr, r, bdf, "cannot write current_memory_partition") : 0;
}

static const struct rp_backend sysfs = {
	.probe = sysfs_probe,
	.set_compute = sysfs_set_compute,
	.set_memory = sysfs_set_memory,
};

/* In the order in which AUTO asks them. */
static const struct rp_backend *const backends[] = {
	[ROCPART_BACKEND_SYSFS] = &sysfs,
	[ROCPART_BACKEND_LIBAMD_SMI] = &rp_smi_lib_backend,
	[ROCPART_BACKEND_AMD_SMI] = &rp_smi_cli_backend,
};

static const struct {
	const char *name;
	enum rocpart_backend backend;
} backend_names[] = {
	{"auto", ROCPART_BACKEND_AUTO},
	{"sysfs", ROCPART_BACKEND_SYSFS},
	{"libamd_smi", ROCPART_BACKEND_LIBAMD_SMI},
	{"amd-smi", ROCPART_BACKEND_AMD_SMI},
};

ROCPART_PUBLIC const char *rocpart_backend_to_string(enum rocpart_backend backend)
{
	for (size_t i = 0; i < RP_ARRAY_LEN(backend_names); i++)
		if (backend_names[i].backend == backend)
			return backend_names[i].name;
	return "unknown";
}

ROCPART_PUBLIC int rocpart_backend_from_string(const char *text, enum rocpart_backend *ret_backend)
{
	for (size_t i = 0; i < RP_ARRAY_LEN(backend_names); i++) {
		if (rp_str_eq(backend_names[i].name, text)) {
			*ret_backend = backend_names[i].backend;
			return 0;
		}
	}
	return -EINVAL;
}

const struct rp_backend *rp_backend_get(enum rocpart_backend backend)
{
	return (size_t)backend < RP_ARRAY_LEN(backends) ? backends[backend] : NULL;
}

/* One that says more than the kernel's files; NULL: AUTO and sysfs have nothing to add. */
static const struct rp_backend *reader_of(enum rocpart_backend backend)
{
	const struct rp_backend *b = rp_backend_get(backend);

	return b && b->read ? b : NULL;
}

struct rp_scan_pci *rp_backend_find_pci(const struct rp_scan *scan, const char *bdf)
{
	for (size_t i = 0; i < scan->n_pci; i++)
		if (rp_str_eq(scan->pci[i].bdf, bdf))
			return &scan->pci[i];
	return NULL;
}

struct rp_scan_node *rp_backend_find_node(const struct rp_scan *scan, const struct rp_smi_row *row)
{
	for (size_t i = 0; i < scan->n_nodes; i++)
		if (rp_str_eq(scan->nodes[i].bdf, row->bdf) && row->partition_id.known &&
		    row->partition_id.v == scan->nodes[i].partition)
			return &scan->nodes[i];
	return NULL;
}

static int tell_mode(struct rp_scan *scan, struct rp_attr *attr, const char *mode,
		     enum rp_told what)
{
	char *copy = strdup(mode);

	if (!copy)
		return -ENOMEM;
	free(attr->text);
	attr->text = copy;
	attr->err = 0;
	scan->told |= what;
	return 0;
}

static int merge_modes(struct rp_scan *scan, const struct rp_smi_row *row)
{
	struct rp_scan_pci *pci = rp_backend_find_pci(scan, row->bdf);
	int r = 0;

	if (pci && row->compute != ROCPART_COMPUTE_UNKNOWN)
		r = tell_mode(scan, &pci->compute, rocpart_compute_mode_to_string(row->compute),
			      RP_TOLD_COMPUTE);
	if (r == 0 && pci && row->memory != ROCPART_MEMORY_UNKNOWN)
		r = tell_mode(scan, &pci->memory, rocpart_memory_mode_to_string(row->memory),
			      RP_TOLD_MEMORY);
	return r;
}

static void merge_node(struct rp_scan *scan, const struct rp_smi_row *row)
{
	struct rp_scan_node *node = rp_backend_find_node(scan, row);

	if (!node)
		return;
	if (row->kfd_id.known) {
		node->gpu_id = row->kfd_id;
		scan->told |= RP_TOLD_GPU_ID;
	}
	if (row->render.known && row->render.v <= UINT32_MAX) {
		node->render_minor = (uint32_t)row->render.v;
		scan->told |= RP_TOLD_RENDER;
	}
	if (row->card.known) {
		node->card_minor = row->card;
		scan->told |= RP_TOLD_CARD;
	}
}

int rp_backend_merge(struct rp_scan *scan, const struct rp_smi_rows *rows,
		     enum rocpart_backend backend)
{
	int r = 0;

	scan->source = backend;
	for (size_t i = 0; r == 0 && i < rows->n; i++) {
		r = merge_modes(scan, &rows->v[i]);
		merge_node(scan, &rows->v[i]);
	}
	return r;
}

/* sysfs is traced by the tree itself. */
static void trace_call(struct rp_tree *tree, enum rocpart_backend backend, uint64_t begin_ns, int r,
		       const char *what)
{
	if (backend != ROCPART_BACKEND_SYSFS)
		rp_trace(rp_tree_trace(tree), ROCPART_TRACE_PROGRAM, begin_ns, r,
			 rocpart_backend_to_string(backend), what);
}

/* 1: the machine changed between the two readings. */
static int scan_both(struct rp_tree *tree, enum rocpart_backend backend,
		     const struct rp_backend *reader, struct rp_scan *ret,
		     struct rocpart_error *reterr)
{
	RP_AUTO_SMI_ROWS struct rp_smi_rows rows = {0};
	RP_AUTO_SCAN struct rp_scan scan = {0};
	struct rocpart_error err = {0};
	uint64_t after = 0, begin_ns;
	int r = rp_hw_scan(tree, &scan, reterr), told;

	if (r < 0)
		return r;
	begin_ns = rp_trace_clock(rp_tree_trace(tree));
	told = reader->read(&rows, &err);
	trace_call(tree, backend, begin_ns, told, "read all GPUs");
	if (rp_hw_read_generation(tree, &after) < 0 ? scan.generation.known
						    : after != scan.generation.v)
		return 1;
	if (told < 0) {
		if (reterr)
			*reterr = err;
		return told;
	}
	if (rp_backend_merge(&scan, &rows, backend) < 0)
		return rp_error_nomem(reterr);
	*ret = scan;
	memset(&scan, 0, sizeof(scan));
	return 0;
}

int rp_backend_scan(struct rp_tree *tree, enum rocpart_backend backend, struct rp_scan *ret,
		    struct rocpart_error *reterr)
{
	const struct rp_backend *reader = reader_of(backend);

	if (!reader)
		return rp_hw_scan(tree, ret, reterr);
	for (int i = 0; i < READ_TRIES; i++) {
		int r = scan_both(tree, backend, reader, ret, reterr);

		if (r <= 0)
			return r;
	}
	(void)rp_error_set(reterr, -EAGAIN, ROCPART_ERR_RETRY, rocpart_backend_to_string(backend),
			   "the machine kept changing while it was read");
	(void)rp_error_hint(
		reterr,
		"wait until the switch that is under way has ended, then repeat the command");
	return -EAGAIN;
}

static int ask(struct rp_tree *tree, enum rocpart_backend backend, const struct rp_mode_request *q,
	       struct rocpart_error *reterr)
{
	const struct rp_backend *b = backends[backend];
	uint64_t begin_ns = rp_trace_clock(rp_tree_trace(tree));
	int r = q->compute != ROCPART_COMPUTE_UNKNOWN
			? b->set_compute(tree, q->bdf, q->compute, reterr)
			: b->set_memory(tree, q->bdf, q->memory, reterr);

	trace_call(tree, backend, begin_ns, r, "set a mode");
	return r;
}

/* 0 when one of AMD's two took it; *ret_used says which. */
static int ask_others(struct rp_tree *tree, const struct rp_mode_request *q,
		      enum rocpart_backend *ret_used)
{
	for (size_t i = ROCPART_BACKEND_LIBAMD_SMI; i < RP_ARRAY_LEN(backends); i++) {
		if (ask(tree, (enum rocpart_backend)i, q, NULL) == 0) {
			*ret_used = (enum rocpart_backend)i;
			return 0;
		}
	}
	return -EACCES;
}

int rp_backend_set_mode(struct rp_tree *tree, enum rocpart_backend backend,
			const struct rp_mode_request *q, enum rocpart_backend *ret_used,
			struct rocpart_error *reterr)
{
	const struct rp_backend *b = rp_backend_get(backend);
	int r;

	*ret_used = b ? backend : ROCPART_BACKEND_SYSFS;
	r = ask(tree, *ret_used, q, reterr);
	if (!b && (r == -EACCES || r == -EROFS) && rp_tree_kind(tree) == RP_TREE_REAL)
		return ask_others(tree, q, ret_used) == 0 ? 0 : r;
	return r;
}

int rp_backend_check(enum rocpart_backend backend, struct rocpart_error *reterr)
{
	const struct rp_backend *b = reader_of(backend);
	RP_AUTO_SMI_ROWS struct rp_smi_rows rows = {0};

	return b ? b->read(&rows, reterr) : 0;
}

bool rp_backend_reloads_itself(struct rp_tree *tree, enum rocpart_backend backend)
{
	const struct rp_backend *b = reader_of(backend);
	struct rp_backend_info info = {0};

	if (!b)
		return false;
	b->probe(tree, &info);
	return rp_str_starts(info.version, "24.7.") || rp_str_starts(info.version, "25.");
}
