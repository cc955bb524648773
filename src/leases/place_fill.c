/* SPDX-License-Identifier: MIT */
/*
 * A placer from a session.
 *
 * Invariants:
 * - The placer never gives out what the database would refuse: each lease whose place is as it was
 *   is booked with its bytes and its share; every other partition with a claim is occupied.
 * - A partition is occupied as well when it is missing, of unknown size, promised, or used by
 *   memory that no lease accounts for.
 * - Mode 0 of each menu is the present mode with the bytes that the kernel shows. The others are
 *   those that a compute switch without a reload would give. A placer that may not switch names
 *   them as a remedy in a refusal.
 *
 * Time: O(P L C) to find what is taken, with P partitions and L leases of C claims, and one
 * decision of the placer for each lease. The placer is made for one command and thrown away.
 */
#include "leases/place_fill.h"
#include "base/num.h"
#include "modes/modes.h"
#include "rocpart/model.h"

void rp_fill_done(struct rp_fill *f)
{
	rp_placer_free(f->placer);
	free(f->menus);
	free(f->gpus);
	memset(f, 0, sizeof(*f));
}

/* Fill the present mode of a GPU, with the bytes that the kernel shows, not those of a table. */
static void fill_present(const struct rp_session *s, const struct rocpart_gpu *gpu,
			 struct rp_place_mode *mode)
{
	mode->compute = rocpart_compute_mode_to_string(gpu->compute);
	mode->memory = rocpart_memory_mode_to_string(gpu->memory);
	mode->validated = true;
	for (size_t i = 0; i < gpu->n_partitions; i++) {
		const struct rocpart_partition *p = &gpu->partitions[i];

		if (p->id >= RP_PLACE_MAX_PARTS)
			continue;
		mode->parts[p->id] =
			(struct rp_place_part){.usable_bytes = rp_host_view_usable(&s->host, p),
					       .first_xcd = p->first_xcd,
					       .n_xcds = p->n_xcds,
					       .domain = (uint32_t)p->memory_domain.v};
		if (p->id >= mode->n_parts)
			mode->n_parts = p->id + 1;
	}
}

/* Add the modes that the GPU could switch to without a reload, with predicted bytes. */
static void fill_others(const struct rp_session *s, const struct rocpart_gpu *gpu,
			struct rp_place_menu *menu)
{
	static const enum rocpart_compute_mode modes[] = {ROCPART_COMPUTE_SPX, ROCPART_COMPUTE_DPX,
							  ROCPART_COMPUTE_TPX, ROCPART_COMPUTE_QPX,
							  ROCPART_COMPUTE_CPX};

	for (size_t i = 0; i < RP_ARRAY_LEN(modes); i++) {
		struct rocpart_pair pair;
		struct rp_place_mode *mode = &menu->modes[menu->n_modes];

		if (gpu->compute == ROCPART_COMPUTE_UNKNOWN || modes[i] == gpu->compute)
			continue;
		rp_pair_fill(gpu, modes[i], gpu->memory, &pair);
		if (pair.state != ROCPART_PAIR_NOW || pair.n_partitions > 8)
			continue;
		mode->compute = rocpart_compute_mode_to_string(modes[i]);
		mode->memory = rocpart_memory_mode_to_string(gpu->memory);
		mode->validated = pair.validated;
		mode->n_parts = pair.n_partitions;
		for (unsigned k = 0; k < pair.n_partitions; k++)
			mode->parts[k] = (struct rp_place_part){
				.usable_bytes = rocpart_usable_bytes(pair.memory_bytes[k],
								     s->host.host_bytes,
								     s->host.vram_bytes, 0),
				.first_xcd = k * pair.xcds,
				.n_xcds = pair.xcds};
		menu->n_modes++;
	}
}

static uint32_t flags_of(const struct rocpart_gpu *gpu)
{
	uint32_t flags = 0;

	if (gpu->notes & 1U << RP_NOTE_CORDONED)
		flags |= RP_PLACE_CORDONED;
	if (gpu->degraded & 1U << RP_DEGRADED_UNHEALTHY)
		flags |= RP_PLACE_UNHEALTHY;
	if (gpu->degraded &
	    (1U << RP_DEGRADED_MODE_MISMATCH | 1U << RP_DEGRADED_GPU_REPLACED | RP_DEGRADED_ODD))
		flags |= RP_PLACE_DEGRADED;
	return flags;
}

/*
 * Return whether a lease can be booked: its place is as it was, and all memory there is accounted
 * for.
 */
static bool is_regular(const struct rp_lease *l, const struct rp_part_use *u)
{
	char mode[16];

	rp_host_view_mode(u->partition->gpu, mode);
	return (!*l->mode || rp_str_eq(mode, l->mode)) && u->leased <= u->usable &&
	       u->unmanaged == 0;
}

/* Return the partitions of a GPU that nothing may be placed on: see the invariants. */
static uint32_t occupied_of(const struct rp_session *s, const struct rocpart_gpu *gpu,
			    uint32_t n_parts)
{
	uint32_t free = 0;

	for (size_t i = 0; i < s->now.n_parts; i++) {
		const struct rp_part_use *u = &s->now.parts[i];

		if (u->partition->gpu == gpu && u->partition->id < n_parts && u->usable &&
		    !u->unmanaged && !u->is_promised)
			free |= 1U << u->partition->id;
	}
	for (size_t i = 0; i < s->list.n; i++)
		for (size_t k = 0; k < s->list.v[i].n_claims; k++) {
			const struct rp_claim *c = &s->list.v[i].claims[k];
			const struct rp_part_use *u = rp_reconciled_find(&s->now, c->bdf, c->part);

			if (rp_str_eq(c->bdf, gpu->bdf) && c->part < n_parts &&
			    (!u || !is_regular(&s->list.v[i], u)))
				free &= ~(1U << c->part);
		}
	return ~free & ((1U << n_parts) - 1);
}

/* Fill the menu of a GPU that shows no partition and can be switched to none: nothing fits it. */
static void fill_nothing(struct rp_place_menu *menu)
{
	struct rp_place_mode *mode = &menu->modes[0];

	menu->n_modes = 1;
	mode->compute = mode->memory = "-";
	mode->n_parts = 1;
}

/* Add a GPU; GPUs with equal menus share one. A hive is the hive id folded to 32 bits. */
static int fill_gpu(const struct rp_session *s, const struct rocpart_gpu *gpu, struct rp_fill *f)
{
	struct rp_place_menu *menu = &f->menus[f->n_menus];
	struct rp_place_gpu *g = &f->gpus[gpu->index];
	uint32_t at = 0;

	memset(menu, 0, sizeof(*menu));
	menu->product = gpu->product ? gpu->product->name : "GPU";
	menu->n_modes = 1;
	fill_present(s, gpu, &menu->modes[0]);
	g->name = gpu->bdf;
	g->hive = gpu->hive_id.known ? (uint32_t)(gpu->hive_id.v ^ gpu->hive_id.v >> 32)
				     : (uint32_t)gpu->index;
	g->flags = flags_of(gpu);
	g->mode = menu->modes[0].n_parts ? 0 : RP_PLACE_NONE;
	g->occupied = occupied_of(s, gpu, menu->modes[0].n_parts);
	if (g->mode == RP_PLACE_NONE)
		menu->n_modes = 0;
	fill_others(s, gpu, menu);
	if (menu->n_modes == 0)
		fill_nothing(menu);
	while (at < f->n_menus && memcmp(&f->menus[at], menu, sizeof(*menu)) != 0)
		at++;
	if (at == f->n_menus)
		f->n_menus++;
	g->menu = at;
	return 0;
}

/* Book every lease that is_regular() accepts where it is. */
static int book_leases(const struct rp_session *s, struct rp_fill *f, struct rocpart_error *reterr)
{
	for (size_t i = 0; i < s->list.n; i++) {
		const struct rp_lease *l = &s->list.v[i];

		for (size_t k = 0; k < l->n_claims; k++) {
			const struct rp_part_use *u =
				rp_reconciled_find(&s->now, l->claims[k].bdf, l->claims[k].part);
			struct rp_placer_want want = {.bytes = l->claims[k].bytes,
						      .share = l->share};
			struct rp_placer_class class;
			struct rp_placer_placed at;
			int r;

			if (!u || !is_regular(l, u))
				continue;
			r = rp_placer_resolve(f->placer, &want, &class);
			if (r == 0)
				r = rp_placer_place_at(f->placer, &class,
						       (uint32_t)u->partition->gpu->index,
						       u->partition->id, &at);
			/* A GPU that takes nothing new refuses; no booking is needed there. */
			if (r < 0 && !(r == -EBUSY && f->gpus[u->partition->gpu->index].flags))
				return rp_error_set(reterr, r, ROCPART_ERR_FAILED, l->claims[k].bdf,
						    "lease %lld does not fit on partition %u of "
						    "the GPU, where it is recorded",
						    (long long)l->id, l->claims[k].part);
		}
	}
	return 0;
}

static void mark_fixed(const struct rocpart_snapshot *s, const struct rp_fill_switches *switches,
		       struct rp_fill *f)
{
	for (size_t i = 0; switches && i < s->n_gpus; i++)
		if (!switches->may_switch(switches->userdata, &s->gpus[i]))
			f->gpus[i].flags |= RP_PLACE_CANNOT_SWITCH;
}

int rp_fill_placer(const struct rp_session *s, uint32_t more, struct rp_fill *ret,
		   struct rocpart_error *reterr)
{
	return rp_fill_switching_placer(s, more, NULL, ret, reterr);
}

int rp_fill_switching_placer(const struct rp_session *s, uint32_t more,
			     const struct rp_fill_switches *switches, struct rp_fill *ret,
			     struct rocpart_error *reterr)
{
	const struct rocpart_snapshot *snapshot = s->host.snapshot;
	RP_AUTO_FILL struct rp_fill f = {.n_gpus = (uint32_t)snapshot->n_gpus};
	struct rp_placer_config config = {.n_gpus = f.n_gpus,
					  .may_switch = switches != NULL,
					  .allow_unvalidated =
						  switches && switches->allow_unvalidated};
	int r = 0;

	if (snapshot->n_gpus == 0)
		return rp_error_set(reterr, -ENODEV, ROCPART_ERR_NO_HARDWARE, NULL,
				    "no GPU with a loaded amdgpu driver was found");
	f.menus = rp_new0(struct rp_place_menu, snapshot->n_gpus);
	f.gpus = rp_new0(struct rp_place_gpu, snapshot->n_gpus);
	if (!f.menus || !f.gpus)
		return rp_error_nomem(reterr);
	for (size_t i = 0; r == 0 && i < snapshot->n_gpus; i++)
		r = fill_gpu(s, &snapshot->gpus[i], &f);
	mark_fixed(snapshot, switches, &f);
	config.menus = f.menus;
	config.gpus = f.gpus;
	config.n_menus = f.n_menus;
	config.max_shared = (uint32_t)s->now.n_parts;
	config.max_instances = (uint32_t)s->list.n + more + 1;
	r = rp_placer_new(&config, &f.placer, reterr);
	if (r == 0)
		r = book_leases(s, &f, reterr);
	if (r < 0)
		return r;
	*ret = f;
	memset(&f, 0, sizeof(f));
	return 0;
}
