/* SPDX-License-Identifier: MIT */
/* The problem of a plan document. */
#include "oracle.h"

static uint64_t number(const struct rp_json *j, const char *key)
{
	return (uint64_t)rp_json_int_value(rp_json_get(j, key));
}

static bool flag(const struct rp_json *j, const char *key)
{
	return rp_json_bool_value(rp_json_get(j, key));
}

static const char *text(const struct rp_json *j, const char *key)
{
	return rp_json_text(rp_json_get(j, key));
}

static bool read_menu(const struct rp_json *j, struct o_menu *menu)
{
	const struct rp_json *modes = rp_json_get(j, "modes");

	menu->n = (uint32_t)rp_json_len(modes);
	if (menu->n > O_MODES)
		return false;
	for (uint32_t m = 0; m < menu->n; m++) {
		const struct rp_json *x = rp_json_at(modes, m),
				     *parts = rp_json_get(x, "partitions");
		struct o_mode *mode = &menu->modes[m];

		*mode = (struct o_mode){.compute = text(x, "compute_mode"),
					.memory = text(x, "memory_mode"),
					.validated = flag(x, "validated"),
					.n = (uint32_t)rp_json_len(parts)};
		if (!mode->compute || !mode->memory || mode->n > O_PARTS)
			return false;
		for (uint32_t i = 0; i < mode->n; i++)
			mode->parts[i] = (struct o_part){
				number(rp_json_at(parts, i), "usable_bytes"),
				number(rp_json_at(parts, i), "bandwidth_mbs"),
				(uint32_t)rp_json_len(rp_json_get(rp_json_at(parts, i), "xcds"))};
	}
	return true;
}

static bool read_gpu(const struct rp_json *x, const struct o_problem *p, struct o_gpu *g)
{
	const struct rp_json *mode = rp_json_get(x, "mode");

	*g = (struct o_gpu){.name = text(x, "gpu"),
			    .menu = (uint32_t)number(x, "menu"),
			    .mode = O_NEVER,
			    .hive = number(x, "hive"),
			    .can_switch = flag(x, "can_switch"),
			    .cordoned = flag(x, "cordoned"),
			    .degraded = flag(x, "degraded"),
			    .unhealthy = flag(x, "unhealthy"),
			    .occupied = (uint32_t)number(x, "occupied")};
	if (rp_json_type(mode) != RP_JSON_NULL)
		g->mode = (uint32_t)rp_json_int_value(mode);
	return g->name && g->menu < p->n_menus &&
	       (g->mode == O_NEVER ? !g->occupied : g->mode < p->menus[g->menu].n);
}

static bool read_request(const struct rp_json *x, struct o_request *q)
{
	const char *spread = text(x, "spread");

	*q = (struct o_request){.name = text(x, "name"),
				.memory = text(x, "memory_mode"),
				.bytes = number(x, "bytes"),
				.weight = number(x, "weight"),
				.bandwidth = number(x, "min_bandwidth_mbs"),
				.priority = rp_json_int_value(rp_json_get(x, "priority")),
				.replicas = (uint32_t)number(x, "replicas"),
				.xcds = (uint32_t)number(x, "min_xcds"),
				.share = (uint32_t)number(x, "share"),
				.per_domain = (uint32_t)number(x, "per_domain"),
				.spread = spread ? *spread : 'n'};
	return q->name && q->replicas > 0 && q->replicas <= O_UNITS;
}

/* Return whether GPU g can be of any use, now or later. */
static bool is_open(const struct o_problem *p, uint32_t g)
{
	const struct o_gpu *x = &p->gpus[g];

	for (uint32_t t = 0; t < p->n_tenants; t++)
		if (p->tenants[t].gpu == g)
			return true;
	for (uint32_t i = 0; i < p->n_holders; i++)
		if (p->holders[i].gpu == g)
			return true;
	return x->occupied || !(x->cordoned || x->degraded || x->unhealthy);
}

bool oracle_read(const struct rp_json *doc, struct o_problem *p)
{
	const struct rp_json *machine = rp_json_get(doc, "machine"), *requests, *list;
	uint32_t open = 0, units = 0;

	memset(p, 0, sizeof(*p));
	p->allow_unvalidated = flag(machine, "allow_unvalidated_modes");
	p->allow_moves = flag(machine, "allow_moves");
	list = rp_json_get(machine, "menus");
	p->n_menus = (uint32_t)rp_json_len(list);
	if (p->n_menus > O_MENUS)
		return false;
	for (uint32_t i = 0; i < p->n_menus; i++)
		if (!read_menu(rp_json_at(list, i), &p->menus[i]))
			return false;
	list = rp_json_get(machine, "gpus");
	p->n_gpus = (uint32_t)rp_json_len(list);
	if (p->n_gpus > O_GPUS)
		return false;
	for (uint32_t g = 0; g < p->n_gpus; g++)
		if (!read_gpu(rp_json_at(list, g), p, &p->gpus[g]))
			return false;
	requests = rp_json_get(doc, "requests");
	p->n_requests = (uint32_t)rp_json_len(requests);
	if (p->n_requests > O_REQS)
		return false;
	for (uint32_t q = 0; q < p->n_requests; q++) {
		if (!read_request(rp_json_at(requests, q), &p->requests[q]))
			return false;
		units += p->requests[q].replicas;
	}
	list = rp_json_get(machine, "tenants");
	p->n_tenants = (uint32_t)rp_json_len(list);
	if (units > O_UNITS || p->n_tenants > O_UNITS)
		return false;
	for (uint32_t t = 0; t < p->n_tenants; t++) {
		const struct rp_json *x = rp_json_at(list, t);
		struct o_tenant *a = &p->tenants[t];

		*a = (struct o_tenant){(uint32_t)number(x, "request"), (uint32_t)number(x, "gpu"),
				       (uint32_t)number(x, "partition"), flag(x, "pinned")};
		if (a->request >= p->n_requests || a->gpu >= p->n_gpus ||
		    p->gpus[a->gpu].mode == O_NEVER)
			return false;
	}
	list = rp_json_get(machine, "holders");
	p->n_holders = (uint32_t)rp_json_len(list);
	if (p->n_holders > O_UNITS)
		return false;
	for (uint32_t i = 0; i < p->n_holders; i++) {
		const struct rp_json *x = rp_json_at(list, i);

		p->holders[i] = (struct o_holder){(uint32_t)number(x, "index"),
						  (uint32_t)number(x, "partition"),
						  (uint32_t)number(x, "share"), number(x, "bytes")};
		if (p->holders[i].gpu >= p->n_gpus || p->gpus[p->holders[i].gpu].mode == O_NEVER ||
		    p->holders[i].part >= O_PARTS)
			return false;
	}
	for (uint32_t g = 0; g < p->n_gpus; g++)
		open += is_open(p, g);
	return open <= O_OPEN;
}
