/* SPDX-License-Identifier: MIT */
/*
 * The planner's machine from what a snapshot or the product table says.
 *
 * Invariants:
 * - GPUs with equal menus share one, so that the planner sees them as like ones.
 * - The bytes of the mode that a GPU is in are those that were read; bytes of other modes are
 *   predicted (src/modes).
 * - A mode that the limits of node.yaml forbid is not in the menu, except the one that the GPU is
 *   in: that stays, with one byte for each partition, so that nothing fits it and the plan
 *   switches.
 * - A partition is occupied when processes use memory on it or when it is missing; a GPU with an
 *   occupied partition cannot switch.
 */
#include "plan/machine_menus.h"
#include "base/strbuf.h"
#include "facts/mode_name.h"
#include "facts/validation.h"
#include "model/size.h"
#include "modes/modes.h"
#include "rocpart/model.h"

/* The free host memory is not known here. More of it makes the reserve of the kernel larger. */
#define ASSUMED_HOST_BYTES (UINT64_C(2) << 40)
#define GPUS_OF_A_HIVE	   8
#define MB		   1000000

void rp_plan_machine_done(struct rp_plan_machine *m)
{
	free(m->menus);
	free(m->gpus);
	free(m->names);
	memset(m, 0, sizeof(*m));
}

/*
 * Find an equal menu or add this one. Menus are zeroed before they are filled, so memcmp() decides.
 */
static int share_menu(struct rp_plan_machine *m, const struct rp_place_menu *menu, uint32_t *ret)
{
	for (size_t i = 0; i < m->n_menus; i++) {
		if (memcmp(&m->menus[i], menu, sizeof(*menu)) == 0) {
			*ret = (uint32_t)i;
			return 0;
		}
	}
	if (rp_grow(&m->menus, &m->cap_menus, m->n_menus + 1, sizeof(*m->menus)) < 0)
		return -ENOMEM;
	m->menus[m->n_menus] = *menu;
	*ret = (uint32_t)m->n_menus++;
	return 0;
}

struct mode_source {
	const struct rp_product *product; /* NULL: unknown, and so is the bandwidth */
	uint64_t vram_all_bytes;	  /* sum over the GPUs of the machine */
};

static void add_mode(struct rp_place_menu *menu, const struct mode_source *src,
		     const struct rocpart_pair *pair)
{
	struct rp_place_mode *mode;
	uint64_t peak = src->product ? src->product->bandwidth_bytes_per_s : 0;
	unsigned per_domain = pair->n_partitions / (unsigned)pair->memory;

	if (menu->n_modes == RP_PLACE_MAX_MODES)
		return;
	mode = &menu->modes[menu->n_modes++];
	mode->compute = rocpart_compute_mode_to_string(pair->compute);
	mode->memory = rocpart_memory_mode_to_string(pair->memory);
	mode->validated = pair->validated;
	mode->n_parts = pair->n_partitions;
	for (unsigned i = 0; i < pair->n_partitions && i < 8; i++) {
		struct rp_place_part *part = &mode->parts[i];

		part->usable_bytes = rocpart_usable_bytes(pair->memory_bytes[i], ASSUMED_HOST_BYTES,
							  src->vram_all_bytes, 0);
		part->bandwidth_mbs = rp_sustained_bandwidth(peak, pair->n_partitions,
							     pair->memory == ROCPART_MEMORY_NPS1) /
				      MB;
		part->first_xcd = i * pair->xcds;
		part->n_xcds = pair->xcds;
		part->domain = i / per_domain;
	}
}

static bool is_wanted(const struct rp_plan_limits *limits, size_t gpu, enum rocpart_compute_mode c,
		      enum rocpart_memory_mode m)
{
	const struct rp_gpu_limit *limit = &limits->gpus[gpu];

	return (!limit->compute || limit->compute == c) && (!limit->memory || limit->memory == m) &&
	       !(limit->not_memories & 1U << m) && (!limits->memory || limits->memory == m);
}

bool rp_plan_is_mode_wanted(const struct rp_plan_limits *limits, size_t gpu,
			    const struct rp_place_mode *mode)
{
	enum rocpart_compute_mode c;
	enum rocpart_memory_mode m;

	return mode->compute && mode->memory &&
	       rocpart_compute_mode_from_string(mode->compute, &c) == 0 &&
	       rocpart_memory_mode_from_string(mode->memory, &m) == 0 &&
	       is_wanted(limits, gpu, c, m);
}

bool rp_plan_gpu_must_switch(const struct rocpart_gpu *gpu, const struct rp_plan_limits *limits)
{
	return gpu->partitionable == RP_YES &&
	       !is_wanted(limits, gpu->index, gpu->compute, gpu->memory);
}

/*
 * Make a forbidden mode unusable: a plan must name it as the mode before the switch, but nothing
 * may fit it. Zero bytes would say that the partitions do not exist, so they get one.
 */
static void empty_mode(struct rp_place_mode *mode)
{
	for (uint32_t i = 0; i < mode->n_parts; i++)
		mode->parts[i].usable_bytes = 1;
}

/* Replace the predicted bytes of the mode that a GPU is in by those that the kernel shows. */
static void set_read_bytes(struct rp_place_mode *mode, const struct rocpart_gpu *gpu,
			   uint64_t vram_all_bytes)
{
	for (size_t i = 0; i < gpu->n_partitions; i++) {
		const struct rocpart_partition *p = &gpu->partitions[i];

		if (p->id < mode->n_parts && p->memory_bytes.known)
			mode->parts[p->id].usable_bytes = rocpart_usable_bytes(
				p->memory_bytes.v, ASSUMED_HOST_BYTES, vram_all_bytes, 0);
	}
}

/*
 * Memory mode of a GPU. A GPU whose file cannot be read counts as in that of its hive, whose GPUs
 * change it together: it gets nothing, and keeps the others from no plan.
 */
static enum rocpart_memory_mode memory_of(const struct rocpart_gpu *gpu)
{
	const struct rocpart_snapshot *s = gpu->snapshot;

	for (size_t i = 0; !gpu->memory && gpu->hive_id.known && i < s->n_gpus; i++)
		if (s->gpus[i].hive_id.known && s->gpus[i].hive_id.v == gpu->hive_id.v &&
		    s->gpus[i].memory)
			return s->gpus[i].memory;
	return gpu->memory;
}

/*
 * Give a GPU that cannot be partitioned one mode: the partitions that it shows. One that shows
 * none gets one that nothing fits, because a mode has partitions.
 */
static void add_plain_mode(struct rp_place_menu *menu, const struct rocpart_gpu *gpu,
			   uint64_t vram_all_bytes)
{
	struct rp_place_mode *mode = &menu->modes[menu->n_modes++];
	enum rocpart_memory_mode memory = memory_of(gpu);

	mode->compute = gpu->compute ? rocpart_compute_mode_to_string(gpu->compute) : "-";
	mode->memory = memory ? rocpart_memory_mode_to_string(memory) : "-";
	mode->validated = true;
	mode->n_parts = (uint32_t)(gpu->n_partitions < 8 ? gpu->n_partitions : 8);
	if (mode->n_parts == 0)
		mode->n_parts = 1;
	for (uint32_t i = 0; i < mode->n_parts && i < gpu->n_partitions; i++) {
		mode->parts[i].n_xcds = gpu->partitions[i].n_xcds ? gpu->partitions[i].n_xcds : 1;
		mode->parts[i].first_xcd = gpu->partitions[i].first_xcd;
	}
	set_read_bytes(mode, gpu, vram_all_bytes);
}

/* List the modes of a GPU that are possible and allowed, in rising memory and compute mode. */
static void fill_menu(struct rp_place_menu *menu, const struct rocpart_gpu *gpu,
		      const struct rp_plan_limits *limits, uint64_t vram_all_bytes)
{
	struct mode_source src = {gpu->product, vram_all_bytes};
	uint32_t memory_set = rp_memory_modes(gpu);

	menu->product = gpu->product ? gpu->product->name : "unknown";
	for (unsigned m = ROCPART_MEMORY_NPS1; m <= ROCPART_MEMORY_NPS8; m++) {
		for (unsigned c = ROCPART_COMPUTE_SPX; c <= ROCPART_COMPUTE_CPX; c++) {
			struct rocpart_pair pair;

			if (!(memory_set & 1U << m))
				continue;
			rp_pair_fill(gpu, (enum rocpart_compute_mode)c, (enum rocpart_memory_mode)m,
				     &pair);
			if (pair.state == ROCPART_PAIR_NEVER ||
			    (pair.state != ROCPART_PAIR_CURRENT &&
			     !is_wanted(limits, gpu->index, pair.compute, pair.memory)))
				continue;
			add_mode(menu, &src, &pair);
			if (pair.state == ROCPART_PAIR_CURRENT)
				set_read_bytes(&menu->modes[menu->n_modes - 1], gpu,
					       vram_all_bytes);
			if (!is_wanted(limits, gpu->index, pair.compute, pair.memory))
				empty_mode(&menu->modes[menu->n_modes - 1]);
		}
	}
	if (menu->n_modes == 0)
		add_plain_mode(menu, gpu, vram_all_bytes);
}

static uint32_t find_mode_index(const struct rp_place_menu *menu, const struct rocpart_gpu *gpu)
{
	for (uint32_t i = 0; i < menu->n_modes; i++)
		if (rp_str_eq(menu->modes[i].compute,
			      rocpart_compute_mode_to_string(gpu->compute)) &&
		    rp_str_eq(menu->modes[i].memory, rocpart_memory_mode_to_string(gpu->memory)))
			return i;
	return 0; /* the plain mode */
}

/* Find the partitions in use by processes and those that the snapshot lacks. */
static uint32_t find_occupied_parts(const struct rp_place_mode *mode, const struct rocpart_gpu *gpu)
{
	uint32_t bits = 0;

	for (uint32_t id = 0; id < mode->n_parts; id++) {
		const struct rocpart_partition *p = rp_gpu_partition_by_id(gpu, id);

		/*
		 * What an odd GPU does not show is held by nobody, as is what a card without
		 * compute does not have; both get nothing anyway.
		 */
		if (p ? p->memory_used_bytes.known && p->memory_used_bytes.v
		      : !rp_gpu_is_odd(gpu) && id < gpu->n_expected)
			bits |= 1U << id;
	}
	return bits;
}

static uint32_t flags_of(const struct rocpart_gpu *gpu, uint32_t occupied)
{
	uint32_t flags = 0;

	if (gpu->partitionable != RP_YES || rp_gpu_is_odd(gpu) || occupied)
		flags |= RP_PLACE_CANNOT_SWITCH;
	if (gpu->notes & 1U << RP_NOTE_CORDONED)
		flags |= RP_PLACE_CORDONED;
	if (gpu->degraded & 1U << RP_DEGRADED_UNHEALTHY)
		flags |= RP_PLACE_UNHEALTHY;
	if (gpu->degraded & ~(1U << RP_DEGRADED_UNHEALTHY))
		flags |= RP_PLACE_DEGRADED;
	return flags;
}

/* Number a hive by its first GPU. A GPU without a hive id is a hive of its own. */
static uint32_t hive_of(const struct rocpart_snapshot *s, size_t index)
{
	const struct rocpart_gpu *gpu = &s->gpus[index];

	for (size_t i = 0; gpu->hive_id.known && i < index; i++)
		if (s->gpus[i].hive_id.known && s->gpus[i].hive_id.v == gpu->hive_id.v)
			return (uint32_t)i;
	return (uint32_t)index;
}

static int add_gpu(struct rp_plan_machine *m, const struct rocpart_snapshot *s, size_t index,
		   const struct rp_plan_limits *limits, uint64_t vram_all_bytes)
{
	const struct rocpart_gpu *gpu = &s->gpus[index];
	struct rp_place_gpu *g = &m->gpus[m->n_gpus];
	RP_AUTO_FREE struct rp_place_menu *menu = rp_new0(struct rp_place_menu, 1);
	int r;

	if (!menu)
		return -ENOMEM;
	fill_menu(menu, gpu, limits, vram_all_bytes);
	r = share_menu(m, menu, &g->menu);
	if (r < 0)
		return r;
	g->name = gpu->bdf;
	g->hive = hive_of(s, index);
	g->mode = find_mode_index(menu, gpu);
	g->occupied = find_occupied_parts(&menu->modes[g->mode], gpu);
	g->flags = flags_of(gpu, g->occupied);
	m->n_gpus++;
	return 0;
}

int rp_plan_machine_from_snapshot(const struct rocpart_snapshot *s,
				  const struct rp_plan_limits *limits, struct rp_plan_machine *ret)
{
	uint64_t vram = 0;

	memset(ret, 0, sizeof(*ret));
	for (size_t i = 0; i < s->n_gpus; i++)
		vram += s->gpus[i].vram_total_bytes.v;
	ret->gpus = rp_new0(struct rp_place_gpu, s->n_gpus);
	if (!ret->gpus)
		return -ENOMEM;
	for (size_t i = 0; i < s->n_gpus; i++)
		if (add_gpu(ret, s, i, limits, vram) < 0)
			return -ENOMEM;
	return 0;
}

int rp_plan_machine_close_gpu(struct rp_plan_machine *m, size_t gpu)
{
	RP_AUTO_FREE struct rp_place_menu *menu = rp_new0(struct rp_place_menu, 1);

	if (!menu)
		return -ENOMEM;
	*menu = m->menus[m->gpus[gpu].menu];
	for (uint32_t i = 0; i < menu->n_modes; i++)
		empty_mode(&menu->modes[i]);
	return share_menu(m, menu, &m->gpus[gpu].menu);
}

/* List the modes of a product that are possible and allowed, without a GPU to read. */
static void fill_product_menu(struct rp_place_menu *menu, const struct rp_product *p, size_t index,
			      const struct rp_plan_limits *limits)
{
	struct mode_source src = {p, p->vram_bytes * GPUS_OF_A_HIVE};

	menu->product = p->name;
	for (unsigned m = ROCPART_MEMORY_NPS1; m <= ROCPART_MEMORY_NPS8; m++) {
		for (unsigned c = ROCPART_COMPUTE_SPX; c <= ROCPART_COMPUTE_CPX; c++) {
			struct rocpart_pair pair = {.compute = (enum rocpart_compute_mode)c,
						    .memory = (enum rocpart_memory_mode)m};

			if (!(p->memory_modes & 1U << m) ||
			    rp_pair_impossible(pair.compute, pair.memory, p->n_xcds, p->rules) ||
			    !is_wanted(limits, index, pair.compute, pair.memory))
				continue;
			pair.validated =
				rp_vendor_word_of(p, false, pair.compute, pair.memory, NULL)
					.is_validated;
			pair.n_partitions =
				rp_compute_partitions(p->rules, pair.compute, p->n_xcds);
			pair.xcds = p->n_xcds / pair.n_partitions;
			rp_pair_bytes(p->vram_bytes, pair.n_partitions, pair.memory,
				      pair.memory_bytes, pair.domain_bytes);
			add_mode(menu, &src, &pair);
		}
	}
}

int rp_plan_machine_from_product(const struct rp_product *product, size_t n_gpus,
				 const struct rp_plan_limits *limits, struct rp_plan_machine *ret)
{
	RP_AUTO_FREE struct rp_place_menu *menu = rp_new0(struct rp_place_menu, 1);

	memset(ret, 0, sizeof(*ret));
	if (!menu)
		return -ENOMEM;
	ret->gpus = rp_new0(struct rp_place_gpu, n_gpus);
	ret->names = calloc(n_gpus, sizeof(*ret->names));
	if (!ret->gpus || !ret->names)
		return -ENOMEM;
	for (size_t i = 0; i < n_gpus; i++) {
		struct rp_place_gpu *g = &ret->gpus[ret->n_gpus++];

		if (i > 0 && limits->gpus[i].compute == limits->gpus[i - 1].compute &&
		    limits->gpus[i].memory == limits->gpus[i - 1].memory) {
			g->menu = ret->gpus[i - 1].menu;
		} else {
			memset(menu, 0, sizeof(*menu));
			fill_product_menu(menu, product, i, limits);
			if (share_menu(ret, menu, &g->menu) < 0)
				return -ENOMEM;
		}
		(void)rp_fmt(ret->names[i], sizeof(ret->names[i]), "gpu%zu", i);
		g->name = ret->names[i];
		g->hive = (uint32_t)(i / GPUS_OF_A_HIVE);
		g->mode = RP_PLACE_NONE;
	}
	return 0;
}
