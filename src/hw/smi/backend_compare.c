/* SPDX-License-Identifier: MIT */
/* What a back end tells otherwise than the kernel's files. */
#include "base/num.h"
#include "hw/smi/backend.h"

/* amd-smi gives the size of memory in MiB. */
#define SIZE_TOLERANCE RP_MIB

struct comparison {
	const char *bdf;
	size_t n;
	struct rp_strbuf *text;
};

/* The first few in words: one wrong table makes as many as there are partitions. */
static void differ(struct comparison *c, const char *field, uint64_t partition, const char *kernel,
		   const char *told)
{
	if (c->n++ < 4)
		rp_strbuf_addf(c->text, "%s%s/%u %s: %s instead of %s", c->n > 1 ? ", " : "",
			       c->bdf, (unsigned)partition, field, told, kernel);
}

static void compare_text(struct comparison *c, const char *field, const struct rp_attr *kernel,
			 const char *told)
{
	if (kernel->text && !rp_str_eq(told, "UNKNOWN") && !rp_str_eq(kernel->text, told))
		differ(c, field, 0, kernel->text, told);
}

static void compare_number(struct comparison *c, const char *field, uint64_t partition,
			   struct rp_opt_u64 kernel, struct rp_opt_u64 told)
{
	char a[24], b[24];

	if (!kernel.known || !told.known || kernel.v == told.v)
		return;
	(void)rp_fmt(a, sizeof(a), "%llu", (unsigned long long)kernel.v);
	(void)rp_fmt(b, sizeof(b), "%llu", (unsigned long long)told.v);
	differ(c, field, partition, a, b);
}

static void compare_gpu(struct comparison *c, const struct rp_scan_pci *pci,
			const struct rp_smi_row *row)
{
	struct rp_opt_u64 vram = row->vram_bytes;

	compare_text(c, "compute_mode", &pci->compute,
		     rocpart_compute_mode_to_string(row->compute));
	compare_text(c, "memory_mode", &pci->memory, rocpart_memory_mode_to_string(row->memory));
	if (vram.v + SIZE_TOLERANCE > pci->vram_total_bytes.v &&
	    pci->vram_total_bytes.v + SIZE_TOLERANCE > vram.v)
		return;
	compare_number(c, "vram_total_bytes", 0, pci->vram_total_bytes, vram);
}

static void compare_node(struct comparison *c, const struct rp_scan_node *node,
			 const struct rp_smi_row *row)
{
	const struct rp_opt_u64 render = {true, node->render_minor}, id = {true, node->node_id};
	uint64_t partition = row->partition_id.v;

	compare_number(c, "kfd_node", partition, id, row->node_id);
	compare_number(c, "gpu_id", partition, node->gpu_id, row->kfd_id);
	compare_number(c, "render_minor", partition, render, row->render);
	compare_number(c, "card_minor", partition, node->card_minor, row->card);
}

size_t rp_backend_compare(const struct rp_scan *scan, const struct rp_smi_rows *rows,
			  struct rp_strbuf *ret)
{
	struct comparison c = {.text = ret};

	for (size_t i = 0; i < rows->n; i++) {
		const struct rp_smi_row *row = &rows->v[i];
		const struct rp_scan_pci *pci = rp_backend_find_pci(scan, row->bdf);
		const struct rp_scan_node *node = rp_backend_find_node(scan, row);

		c.bdf = row->bdf;
		if (pci && row->partition_id.v == 0)
			compare_gpu(&c, pci, row);
		if (node)
			compare_node(&c, node, row);
		else if (row->partition_id.known)
			differ(&c, "partition", row->partition_id.v, "none", "listed");
	}
	if (rows->n != scan->n_nodes) {
		rp_strbuf_addf(ret, "%s%zu partitions instead of %zu", c.n ? ", " : "", rows->n,
			       scan->n_nodes);
		c.n++;
	}
	if (c.n > 4)
		rp_strbuf_addf(ret, ", and more");
	return c.n;
}
