/* SPDX-License-Identifier: MIT */
/*
 * The check of a problem before any algorithm sees it.
 *
 * What holds afterwards: every index is in range; every mode has 1 to RP_PLACE_MAX_PARTS
 * partitions; bytes, bandwidths and their sums fit a JSON integer (below 2^63), replicas fit 32
 * bits; no request has more tenants than replicas; every tenant has, where it runs, all that its
 * request asks for: bytes, XCDs, memory mode, bandwidth beside those that share its partition, and
 * distance from its other replicas. So a plan that leaves it there meets the request.
 *
 * Time: O(menus + G + R + T^2) with G GPUs, R requests and T tenants.
 */
#include "plan/problem.h"

#include "base/num.h"

#define MAX_SUM ((uint64_t)INT64_MAX) /* largest JSON integer */

static int refuse_problem(struct rocpart_error *reterr, const char *object, const char *what)
{
	return rp_error_set(reterr, -EINVAL, ROCPART_ERR_INVALID_ARGUMENT, object, "%s", what);
}

static int check_mode(const struct rp_place_menu *menu, const struct rp_place_mode *mode,
		      struct rocpart_error *reterr)
{
	uint64_t sum = 0;

	if (!mode->compute || !mode->memory)
		return refuse_problem(reterr, menu->product, "a mode has no name");
	if (mode->n_parts == 0 || mode->n_parts > RP_PLACE_MAX_PARTS)
		return refuse_problem(reterr, menu->product,
				      "a mode has no partition, or too many");
	for (uint32_t i = 0; i < mode->n_parts; i++) {
		if (rp_add_u64(sum, mode->parts[i].usable_bytes, &sum) || sum > MAX_SUM)
			return refuse_problem(
				reterr, menu->product,
				"the partitions of the product have more than 2^63 bytes");
		if (mode->parts[i].bandwidth_mbs > MAX_SUM)
			return refuse_problem(reterr, menu->product,
					      "the bandwidth is larger than 2^63 MB/s");
	}
	return 0;
}

static int check_menus(const struct rp_place_problem *p, struct rocpart_error *reterr)
{
	for (uint32_t m = 0; m < p->n_menus; m++) {
		const struct rp_place_menu *menu = &p->menus[m];
		int r;

		if (!menu->product)
			return refuse_problem(reterr, NULL, "a menu has no product name");
		if (menu->n_modes == 0 || menu->n_modes > RP_PLACE_MAX_MODES)
			return refuse_problem(reterr, menu->product,
					      "a product has no mode, or too many");
		for (uint32_t i = 0; i < menu->n_modes; i++) {
			r = check_mode(menu, &menu->modes[i], reterr);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

static int check_gpus(const struct rp_place_problem *p, struct rocpart_error *reterr)
{
	for (uint32_t g = 0; g < p->n_gpus; g++) {
		const struct rp_place_gpu *gpu = &p->gpus[g];
		uint32_t n_parts;

		if (!gpu->name)
			return refuse_problem(reterr, NULL, "a GPU has no name");
		if (gpu->menu >= p->n_menus)
			return refuse_problem(reterr, gpu->name, "no such menu");
		if (gpu->flags & ~RP_PLACE_GPU_FLAGS_MASK)
			return refuse_problem(reterr, gpu->name, "unknown flags");
		if (gpu->mode == RP_PLACE_NONE) {
			if (gpu->occupied)
				return refuse_problem(reterr, gpu->name,
						      "occupied, but its mode is not known");
			continue;
		}
		if (gpu->mode >= p->menus[gpu->menu].n_modes)
			return refuse_problem(reterr, gpu->name, "no such mode");
		n_parts = p->menus[gpu->menu].modes[gpu->mode].n_parts;
		if (gpu->occupied >> n_parts)
			return refuse_problem(reterr, gpu->name,
					      "an occupied partition does not exist");
	}
	return 0;
}

/* Replicas, weights and bytes of all requests: later code adds them up without checks. */
static int check_requests(const struct rp_place_problem *p, struct rocpart_error *reterr)
{
	uint64_t units = 0, weight = 0, one;

	for (uint32_t i = 0; i < p->n_requests; i++) {
		const struct rp_place_request *q = &p->requests[i];

		if (!q->name)
			return refuse_problem(reterr, NULL, "a request has no name");
		if (q->bytes == 0 || q->bytes > MAX_SUM)
			return refuse_problem(reterr, q->name,
					      "a replica must have 1 byte to 8 EiB");
		if (q->min_bandwidth_mbs > MAX_SUM)
			return refuse_problem(reterr, q->name,
					      "the bandwidth is larger than 2^63 MB/s");
		if (q->replicas == 0)
			return refuse_problem(reterr, q->name,
					      "the number of replicas must not be 0");
		if ((unsigned)q->spread > RP_PLACE_SPREAD_HIVE)
			return refuse_problem(reterr, q->name, "unknown spread rule");
		units += q->replicas;
		if (rp_mul_u64(q->weight ? q->weight : 1, q->replicas, &one) ||
		    rp_add_u64(weight, one, &weight) || weight > MAX_SUM || units > UINT32_MAX)
			return rp_error_set(
				reterr, -EOVERFLOW, ROCPART_ERR_INVALID_ARGUMENT, q->name,
				"there are too many replicas, or their weights are too large");
		if (rp_mul_u64(q->bytes, q->replicas, &one))
			return rp_error_set(reterr, -EOVERFLOW, ROCPART_ERR_INVALID_ARGUMENT,
					    q->name,
					    "the replicas have more than 2^64 bytes together");
	}
	return 0;
}

/* The present size of a model, as the file says it, against a partition that it has already. */
static int refuse_tenants(const struct rp_place_problem *p, const struct rp_place_tenant *a,
			  uint64_t sum, uint64_t usable, struct rocpart_error *reterr)
{
	char need[RP_BYTES_TEXT_SIZE], have[RP_BYTES_TEXT_SIZE];

	(void)rp_error_set(
		reterr, -EINVAL, ROCPART_ERR_INVALID_ARGUMENT, p->gpus[a->gpu].name,
		"'%s' now needs %s, but partition %u/%u, which it has a lease on, has %s "
		"for programs",
		p->requests[a->request].name, rp_format_bytes(sum, need), a->gpu, a->part,
		rp_format_bytes(usable, have));
	(void)rp_error_hint(reterr,
			    "`rocpart release` that lease, so that the model is placed where "
			    "it fits; or leave its size as it was");
	return -EINVAL;
}

static int refuse_wish(const struct rp_place_problem *p, const struct rp_place_tenant *a,
		       const char *what, struct rocpart_error *reterr)
{
	return rp_error_set(reterr, -EINVAL, ROCPART_ERR_INVALID_ARGUMENT, p->gpus[a->gpu].name,
			    "'%s' runs on partition %u/%u, but %s", p->requests[a->request].name,
			    a->gpu, a->part, what);
}

/* Bytes and number of tenants in each partition, against what it can hold. */
static int check_tenant_room(const struct rp_place_problem *p, uint32_t t,
			     struct rocpart_error *reterr)
{
	const struct rp_place_tenant *a = &p->tenants[t];
	const struct rp_place_gpu *gpu = &p->gpus[a->gpu];
	const struct rp_place_part *part = &p->menus[gpu->menu].modes[gpu->mode].parts[a->part];
	uint64_t sum = 0;
	uint32_t n = 0, share = UINT32_MAX;

	for (uint32_t i = 0; i < p->n_tenants; i++) {
		const struct rp_place_request *q = &p->requests[p->tenants[i].request];

		if (p->tenants[i].gpu != a->gpu || p->tenants[i].part != a->part)
			continue;
		if (rp_add_u64(sum, q->bytes, &sum))
			return refuse_problem(
				reterr, gpu->name,
				"the leases on a partition have more than 2^64 bytes together");
		if ((q->share ? q->share : 1) < share)
			share = q->share ? q->share : 1;
		n++;
	}
	for (uint32_t i = 0; i < p->n_holders; i++) {
		const struct rp_place_holder *h = &p->holders[i];

		if (h->gpu != a->gpu || h->part != a->part)
			continue;
		if (rp_add_u64(sum, h->bytes, &sum))
			return refuse_problem(reterr, gpu->name, "more than 2^64 bytes are leased");
		share = h->share < share ? h->share : share;
		n++;
	}
	if (sum > part->usable_bytes)
		return refuse_tenants(p, a, sum, part->usable_bytes, reterr);
	if (n > share)
		return refuse_problem(reterr, gpu->name,
				      "more leases are on one partition than may share it");
	if (p->requests[a->request].min_bandwidth_mbs > part->bandwidth_mbs / n)
		return refuse_wish(p, a, "it has less memory bandwidth there than it needs",
				   reterr);
	return 0;
}

/* What the request of a tenant asks of its place, beside bytes, share and bandwidth. */
static int check_tenant_wishes(const struct rp_place_problem *p, const struct rp_place_tenant *a,
			       struct rocpart_error *reterr)
{
	const struct rp_place_request *q = &p->requests[a->request];
	const struct rp_place_gpu *gpu = &p->gpus[a->gpu];
	const struct rp_place_mode *mode = &p->menus[gpu->menu].modes[gpu->mode];
	uint32_t near = 0;

	if (q->min_xcds > mode->parts[a->part].n_xcds)
		return refuse_wish(p, a, "the partition has fewer XCDs than it needs", reterr);
	if (q->memory && strcmp(q->memory, mode->memory) != 0)
		return refuse_wish(p, a, "the GPU is in another memory mode than it needs", reterr);
	for (uint32_t i = 0; i < p->n_tenants && q->spread != RP_PLACE_SPREAD_NONE; i++) {
		const struct rp_place_tenant *o = &p->tenants[i];

		near += o->request == a->request &&
			(q->spread == RP_PLACE_SPREAD_GPU ? o->gpu == a->gpu
							  : p->gpus[o->gpu].hive == gpu->hive);
	}
	if (near > (q->per_domain ? q->per_domain : 1))
		return refuse_wish(p, a, "its replicas are not as far apart as it asks", reterr);
	return 0;
}

static bool is_occupied(const struct rp_place_problem *p, const struct rp_place_holder *h)
{
	return p->gpus[h->gpu].occupied & (1U << h->part);
}

/* A holder is on a partition that exists, and fits it with all holders before it. */
static int check_holder(const struct rp_place_problem *p, uint32_t k, struct rocpart_error *reterr)
{
	const struct rp_place_holder *h = &p->holders[k];
	const struct rp_place_gpu *gpu;
	uint64_t sum = 0;

	if (!h->by || h->gpu >= p->n_gpus)
		return refuse_problem(reterr, h->by, "a holder has no name, or no GPU");
	gpu = &p->gpus[h->gpu];
	if (gpu->mode == RP_PLACE_NONE || h->part >= p->menus[gpu->menu].modes[gpu->mode].n_parts)
		return refuse_problem(reterr, h->by, "it is on a partition that does not exist");
	if (is_occupied(p, h))
		return 0;
	for (uint32_t i = 0; i <= k; i++) {
		const struct rp_place_holder *o = &p->holders[i];

		if (o->gpu == h->gpu && o->part == h->part && rp_add_u64(sum, o->bytes, &sum))
			return refuse_problem(reterr, h->by, "more than 2^64 bytes are leased");
	}
	if (h->bytes == 0 || h->share < 2 ||
	    sum > p->menus[gpu->menu].modes[gpu->mode].parts[h->part].usable_bytes)
		return refuse_problem(reterr, h->by,
				      "it shares a partition on which there is no room for it");
	return 0;
}

static int check_tenants(const struct rp_place_problem *p, struct rocpart_error *reterr)
{
	RP_AUTO_FREE uint32_t *seen = rp_new0(uint32_t, p->n_requests);

	if (!seen)
		return rp_error_nomem(reterr);
	for (uint32_t i = 0; i < p->n_tenants; i++) {
		const struct rp_place_tenant *t = &p->tenants[i];
		const struct rp_place_gpu *gpu;
		int r;

		if (t->request >= p->n_requests || t->gpu >= p->n_gpus)
			return refuse_problem(reterr, NULL,
					      "a lease belongs to no request, or to no GPU");
		gpu = &p->gpus[t->gpu];
		if (gpu->mode == RP_PLACE_NONE ||
		    t->part >= p->menus[gpu->menu].modes[gpu->mode].n_parts)
			return refuse_problem(reterr, gpu->name,
					      "a lease is on a partition that does not exist");
		if (gpu->occupied & (1U << t->part))
			return refuse_problem(reterr, gpu->name,
					      "a lease is on a partition that other programs use");
		if (++seen[t->request] > p->requests[t->request].replicas)
			return refuse_problem(reterr, p->requests[t->request].name,
					      "more replicas have a lease than are requested");
		r = check_tenant_room(p, i, reterr);
		if (r == 0)
			r = check_tenant_wishes(p, t, reterr);
		if (r < 0)
			return r;
	}
	return 0;
}

int rp_place_check(const struct rp_place_problem *p, struct rocpart_error *reterr)
{
	int r;

	if ((p->n_menus && !p->menus) || (p->n_gpus && !p->gpus) ||
	    (p->n_requests && !p->requests) || (p->n_tenants && !p->tenants) ||
	    (p->n_holders && !p->holders))
		return refuse_problem(reterr, NULL, "a list is missing");
	r = check_menus(p, reterr);
	if (r == 0)
		r = check_gpus(p, reterr);
	if (r == 0)
		r = check_requests(p, reterr);
	for (uint32_t i = 0; i < p->n_holders && r == 0; i++)
		r = check_holder(p, i, reterr);
	if (r == 0)
		r = check_tenants(p, reterr);
	return r;
}
