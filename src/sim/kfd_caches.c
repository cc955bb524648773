/* SPDX-License-Identifier: MIT */
/*
 * Caches of a GPU node, as kfd_fill_cache_non_crat_info() lists them: each level 1 cache of every
 * CU, then those that two CUs share, then one L2 and one L3.
 */
#include "sim/front.h"

enum { CACHE_DATA = 1, CACHE_INSTRUCTION = 2, CACHE_SIMD = 8 }; /* bits of `type` */

struct kind {
	uint32_t level, kb, type, shared; /* by so many CUs */
};

struct cache {
	struct kind kind;
	uint32_t processor; /* from the node's simd_id_base */
	uint32_t siblings;  /* level 1: CUs from processor on */
};

static const struct kind level1[] = {
	{1, 32, CACHE_DATA | CACHE_SIMD, 1},	    /* vector L1 of a CU */
	{1, 64, CACHE_INSTRUCTION | CACHE_SIMD, 2}, /* L1I of a CU pair */
	{1, 16, CACHE_DATA | CACHE_SIMD, 2},	    /* scalar L1 of a CU pair */
};

static const struct rp_sim_gpu *gpu_of(const struct rp_sim *sim, const struct rp_sim_node *n)
{
	return &sim->profile->gpus[n->gpu];
}

/* The masks of the n-th XCC of the partition. */
static const uint32_t *masks_of(const struct rp_sim *sim, const struct rp_sim_node *n, uint32_t xcc)
{
	return gpu_of(sim, n)->cu_masks[n->partition * rp_sim_partition_xccs(sim, n->gpu) + xcc];
}

uint32_t rp_sim_count_cus(const struct rp_sim *sim, const struct rp_sim_node *n)
{
	uint32_t cus = 0;

	for (uint32_t x = 0; x < rp_sim_partition_xccs(sim, n->gpu); x++) {
		for (uint32_t se = 0; se < gpu_of(sim, n)->product->n_se; se++)
			cus += (uint32_t)__builtin_popcount(masks_of(sim, n, x)[se]);
	}
	return cus;
}

/* The caches of one kind; the index-th is put into ret when ret is given. Returns how many. */
static uint32_t scan(const struct rp_sim *sim, const struct rp_sim_node *n, const struct kind *k,
		     uint32_t index, struct cache *ret)
{
	const struct rp_sim_product *p = gpu_of(sim, n)->product;
	uint32_t count = 0, processor = 0;

	for (uint32_t x = 0; x < rp_sim_partition_xccs(sim, n->gpu); x++) {
		for (uint32_t i = 0; i < p->n_se * p->cu_per_sa; i += k->shared) {
			uint32_t cu = i % p->cu_per_sa;
			uint32_t mask = masks_of(sim, n, x)[i / p->cu_per_sa] >> cu;

			mask &= (1U << k->shared) - 1;
			if (mask && count++ == index && ret) {
				uint32_t first = (uint32_t)__builtin_ctz(mask);

				*ret = (struct cache){*k, processor + first, mask >> first};
			}
			processor += k->shared;
		}
	}
	return count;
}

uint32_t rp_sim_count_caches(const struct rp_sim *sim, uint32_t node)
{
	const struct rp_sim_node *n = rp_sim_node_at(sim, node);
	uint32_t count = 1; /* L2 */

	if (!n)
		return 0;
	for (size_t i = 0; i < RP_ARRAY_LEN(level1); i++)
		count += scan(sim, n, &level1[i], 0, NULL);
	return count + (gpu_of(sim, n)->product->l3_kb ? 1 : 0);
}

static int get_cache(const struct rp_sim *sim, const struct rp_sim_ent *e, struct cache *ret)
{
	const struct rp_sim_node *n = rp_sim_node_at(sim, e->node);
	const struct rp_sim_product *p = gpu_of(sim, n)->product;
	const uint32_t type = CACHE_DATA | CACHE_SIMD;
	uint32_t index = e->index, first = masks_of(sim, n, 0)[0];

	for (size_t i = 0; i < RP_ARRAY_LEN(level1); i++) {
		uint32_t count = scan(sim, n, &level1[i], index, ret);

		if (index < count)
			return 0;
		index -= count;
	}
	*ret = (struct cache){.processor = first ? (uint32_t)__builtin_ctz(first) : 0};
	if (index == 0)
		ret->kind = (struct kind){2, p->l2_kb, type, 0};
	else /* the memory mode divides what a partition sees of the L3 */
		ret->kind = (struct kind){3, p->l3_kb / sim->state.gpus[n->gpu].nps, type, 0};
	return 0;
}

static void add_bits(struct rp_strbuf *out, uint32_t mask, const char **sep)
{
	for (unsigned bit = 0; bit < 32; bit++) {
		rp_strbuf_addf(out, "%s%u", *sep, (mask >> bit) & 1);
		*sep = ",";
	}
}

/*
 * Of L2 and L3 the kernel prints the mask of the first shader engine before it moves on, so that
 * all masks stand one place late and the last one is missing (seen in the MI308X capture).
 */
static void add_shared_map(const struct rp_sim *sim, const struct rp_sim_node *n,
			   struct rp_strbuf *out, const char **sep)
{
	uint32_t n_se = gpu_of(sim, n)->product->n_se, mask = masks_of(sim, n, 0)[0];

	mask = mask ? mask >> __builtin_ctz(mask) : 0;
	for (uint32_t x = 0; x < rp_sim_partition_xccs(sim, n->gpu); x++) {
		for (uint32_t se = 0; se < n_se; se++) {
			add_bits(out, mask, sep);
			mask = masks_of(sim, n, x)[se];
		}
	}
}

static int show_cache(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	const struct rp_sim_node *n = rp_sim_node_at(sim, e->node);
	const char *sep = "";
	struct cache c = {0};
	int r = get_cache(sim, e, &c);

	if (r < 0)
		return r;
	rp_strbuf_addf(out, "processor_id_low %u\n", 0x80001000U + 40U * n->simd_seq + c.processor);
	rp_strbuf_addf(out, "level %u\nsize %u\n", c.kind.level, c.kind.kb);
	rp_strbuf_add(out, "cache_line_size 0\ncache_lines_per_tag 0\nassociation 0\nlatency 0\n");
	rp_strbuf_addf(out, "type %u\nsibling_map ", c.kind.type);
	if (c.kind.level == 1)
		add_bits(out, c.siblings, &sep);
	else
		add_shared_map(sim, n, out, &sep);
	rp_strbuf_add_char(out, '\n');
	return rp_sim_shown(out);
}

static int find_cache(const struct rp_sim *sim, const char *name, struct rp_sim_ent *e)
{
	return rp_sim_number_name(name, rp_sim_count_caches(sim, e->node), &e->index);
}

static int each_cache(const struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_names *ret)
{
	return rp_sim_number_names(rp_sim_count_caches(sim, e->node), ret);
}

static const struct rp_sim_file cache_files[] = {
	{.name = "properties",
	 .type = RP_FILE_REGULAR,
	 .mode = 0444,
	 .show = show_cache,
	 .may_open = rp_sim_may_open_node},
	RP_SIM_END,
};

const struct rp_sim_file rp_sim_cache_dirs[] = {
	{.find = find_cache,
	 .each = each_cache,
	 .type = RP_FILE_DIR,
	 .mode = 0755,
	 .children = cache_files},
	RP_SIM_END,
};
