/* SPDX-License-Identifier: MIT */
/*
 * The table of `rocpart model fit`: one row for each product and pair of modes that it accepts,
 * with what a footprint does there. Bytes are predicted (src/modes); replicas count one model on
 * every partition that holds it, divided by the ranks that one instance needs.
 */
#include "base/num.h"
#include "facts/mode_name.h"
#include "facts/product.h"
#include "facts/validation.h"
#include "model/footprint.h"
#include "modes/modes.h"
#include "rocpart/model.h"

#define ASSUMED_HOST_BYTES (UINT64_C(2) << 40)
#define GPUS_OF_A_NODE	   8u

struct rocpart_fits {
	struct rocpart_fit *v;
	size_t n, cap;
};

struct trial {
	const struct rocpart_footprint *fp;
	const struct rp_product *product;
	uint64_t host_bytes;
	struct rocpart_fits *fits;
};

static void fill_bandwidth(const struct trial *t, struct rocpart_fit *row)
{
	const struct rp_product *p = t->product;
	uint64_t context = t->fp->f.context;

	row->bandwidth_bytes_per_s = rp_sustained_bandwidth(
		p->bandwidth_bytes_per_s, row->n_partitions, row->memory == ROCPART_MEMORY_NPS1);
	/* A bound that the footprint does not know stays zero. */
	if (rocpart_footprint_bound(t->fp, row->bandwidth_bytes_per_s, 0,
				    &row->bound_millitokens_per_s) < 0 ||
	    rocpart_footprint_bound(t->fp, row->bandwidth_bytes_per_s, context,
				    &row->bound_context_millitokens_per_s) < 0)
		row->bound_context_millitokens_per_s = 0;
}

/* Fill bytes and replicas. Partitions of a pair can differ: the smallest one is shown. */
static void fill_memory(const struct trial *t, struct rocpart_fit *row)
{
	const struct rp_product *p = t->product;
	uint64_t vram = p->vram_bytes ? p->vram_bytes : p->hbm_bytes;
	uint64_t partition[8], domain[8];
	unsigned holding = 0;

	row->fits = -ENODATA;
	if (!vram)
		return; /* MI300A has no memory of its own: it shares that of the host */
	rp_pair_bytes(vram, row->n_partitions, row->memory, partition, domain);
	row->partition_bytes = partition[0];
	for (unsigned i = 0; i < row->n_partitions; i++) {
		uint64_t usable =
			rocpart_usable_bytes(partition[i], t->host_bytes, vram * GPUS_OF_A_NODE, 0);

		holding += rocpart_footprint_fits(t->fp, usable) == 1;
		if (partition[i] < row->partition_bytes)
			row->partition_bytes = partition[i];
	}
	row->usable_bytes =
		rocpart_usable_bytes(row->partition_bytes, t->host_bytes, vram * GPUS_OF_A_NODE, 0);
	row->fits = rocpart_footprint_fits(t->fp, row->usable_bytes);
	row->replicas = holding / t->fp->f.ranks;
	if (rp_footprint_kv_tokens(&t->fp->f, row->usable_bytes, &row->kv_tokens) < 0)
		row->kv_tokens = 0;
}

static int add_row(const struct trial *t, enum rocpart_compute_mode compute,
		   enum rocpart_memory_mode memory)
{
	const struct rp_product *p = t->product;
	struct rp_vendor_word word;
	struct rocpart_fit *row;

	if (!(p->memory_modes & (1U << (unsigned)memory)) ||
	    rp_pair_impossible(compute, memory, p->n_xcds, p->rules))
		return 0;
	if (rp_grow(&t->fits->v, &t->fits->cap, t->fits->n + 1, sizeof(*t->fits->v)) < 0)
		return -ENOMEM;
	word = rp_vendor_word_of(p, false, compute, memory, NULL);
	row = &t->fits->v[t->fits->n++];
	*row = (struct rocpart_fit){
		.product = p->name,
		.compute = compute,
		.memory = memory,
		.validated = word.is_validated,
		.vendor = word.source,
		.dissent = word.dissent,
		.n_partitions = rp_compute_partitions(p->rules, compute, p->n_xcds),
	};
	fill_memory(t, row);
	fill_bandwidth(t, row);
	return 0;
}

static int add_product(const struct trial *t)
{
	static const enum rocpart_compute_mode computes[] = {
		ROCPART_COMPUTE_SPX, ROCPART_COMPUTE_DPX, ROCPART_COMPUTE_TPX, ROCPART_COMPUTE_QPX,
		ROCPART_COMPUTE_CPX};
	static const enum rocpart_memory_mode memories[] = {
		ROCPART_MEMORY_NPS1, ROCPART_MEMORY_NPS2, ROCPART_MEMORY_NPS4};

	for (size_t c = 0; c < RP_ARRAY_LEN(computes); c++) {
		for (size_t m = 0; m < RP_ARRAY_LEN(memories); m++) {
			int r = add_row(t, computes[c], memories[m]);

			if (r < 0)
				return r;
		}
	}
	return 0;
}

ROCPART_PUBLIC int rocpart_fits_new(const struct rocpart_footprint *footprint, uint64_t host_bytes,
				    struct rocpart_fits **ret_fits, struct rocpart_error *reterr)
{
	struct trial t = {footprint, NULL, host_bytes ? host_bytes : ASSUMED_HOST_BYTES,
			  rp_new0(struct rocpart_fits, 1)};
	int r = t.fits ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && (t.product = rp_product_at(i)); i++) {
		if (t.product->n_xcds)
			r = add_product(&t);
	}
	if (r < 0) {
		rocpart_fits_free(t.fits);
		return rp_error_nomem(reterr);
	}
	*ret_fits = t.fits;
	return 0;
}

ROCPART_PUBLIC struct rocpart_fits *rocpart_fits_free(struct rocpart_fits *fits)
{
	if (fits)
		free(fits->v);
	free(fits);
	return NULL;
}

ROCPART_PUBLIC size_t rocpart_fits_get_count(const struct rocpart_fits *fits)
{
	return fits->n;
}

ROCPART_PUBLIC const struct rocpart_fit *rocpart_fits_get(const struct rocpart_fits *fits,
							  size_t index)
{
	return index < fits->n ? &fits->v[index] : NULL;
}
