/* SPDX-License-Identifier: MIT */
/* The state as JSON and back. What is read back is checked: no value of it may lead out of range.
 */
#include "sim/state_json.h"
#include "base/json.h"
#include "base/num.h"
#include "sim/machine.h"

#define STATE_VERSION 2

/* ---- writing ---- */

static struct rp_json *gpu_to_json(const struct rp_sim_gpu_state *g)
{
	struct rp_json *j = rp_json_object(), *iso = rp_json_array();
	int r = rp_json_set_bool(j, "present", g->present);

	if (g->unplugged)
		r |= rp_json_set_bool(j, "unplugged", true);
	if (g->removed)
		r |= rp_json_set_bool(j, "removed", true);
	if (g->off)
		r |= rp_json_set_bool(j, "off", true);
	r |= rp_json_set_u64(j, "order", g->order);
	if (g->resets)
		r |= rp_json_set_u64(j, "resets", g->resets);
	if (g->swaps)
		r |= rp_json_set_u64(j, "swaps", g->swaps);
	r |= rp_json_set_u64(j, "compute", g->compute);
	r |= rp_json_set_u64(j, "nps", g->nps);
	r |= rp_json_set_u64(j, "pending_nps", g->pending_nps);
	r |= rp_json_set_u64(j, "xcp_config", g->xcp_config);
	r |= rp_json_set_bool(j, "alloc_all", g->alloc_all);
	r |= rp_json_set_u64(j, "power_cap_uw", g->power_cap_uw);
	r |= rp_json_set_string(j, "perf_level", g->perf_level);
	for (size_t i = 0; i < RP_SIM_SLOTS; i++)
		r |= rp_json_append(iso, rp_json_u64(g->isolation[i]));
	r |= rp_json_set(j, "isolation", iso);
	return r < 0 ? rp_json_free(j) : j;
}

/* GPU, partition, simd_seq, gpu_id: every command reads this, and objects would take twice as long.
 */
static struct rp_json *node_to_json(const struct rp_sim_node *n)
{
	const uint32_t values[] = {n->gpu, n->partition, n->simd_seq, n->gpu_id};
	struct rp_json *j = rp_json_array();
	int r = 0;

	for (size_t i = 0; i < RP_ARRAY_LEN(values); i++)
		r |= rp_json_append(j, rp_json_u64(values[i]));
	return r < 0 ? rp_json_free(j) : j;
}

static struct rp_json *masks_to_json(const struct rp_sim *sim, const uint32_t *masks)
{
	struct rp_json *j = rp_json_array();
	int r = 0;

	for (size_t g = 0; g < sim->profile->n_gpus; g++)
		r |= rp_json_append(j, rp_json_u64(masks[g]));
	return r < 0 ? rp_json_free(j) : j;
}

static struct rp_json *vram_to_json(const struct rp_sim_holder *h)
{
	struct rp_json *list = rp_json_array();
	int r = 0;

	for (size_t i = 0; i < h->n_vram; i++) {
		struct rp_json *j = rp_json_object();

		r |= rp_json_set_u64(j, "gpu", h->vram[i].gpu);
		r |= rp_json_set_u64(j, "slot", h->vram[i].slot);
		r |= rp_json_set_u64(j, "bytes", h->vram[i].bytes);
		r |= rp_json_append(list, j);
	}
	return r < 0 ? rp_json_free(list) : list;
}

/*
 * Names of processes and command lines are any bytes. JSON has text only, so what is not UTF-8 is
 * stored a second time, as hexadecimal digits; earlier versions read the first.
 */
static int put_bytes(struct rp_json *j, const char *key, const char *bytes)
{
	RP_AUTO_FREE char *hex_key = rp_strdupf("%s_hex", key);
	RP_AUTO_STRBUF struct rp_strbuf hex = RP_STRBUF_INIT;
	int r = hex_key ? rp_json_set_string(j, key, bytes) : -ENOMEM;

	if (r < 0 || rp_str_eq(rp_json_text(rp_json_get(j, key)), bytes))
		return r;
	for (const char *c = bytes; *c; c++)
		rp_strbuf_addf(&hex, "%02x", (unsigned)(unsigned char)*c);
	return rp_strbuf_failed(&hex) ? -ENOMEM
				      : rp_json_set_string(j, hex_key, rp_strbuf_str(&hex));
}

static struct rp_json *holder_to_json(const struct rp_sim *sim, const struct rp_sim_holder *h)
{
	struct rp_json *j = rp_json_object();
	int r = rp_json_set_u64(j, "pid", h->pid);

	r |= rp_json_set_u64(j, "uid", h->uid);
	r |= rp_json_set_u64(j, "start_ticks", h->start_ticks);
	r |= put_bytes(j, "comm", h->comm);
	r |= put_bytes(j, "cmdline", h->cmdline);
	r |= put_bytes(j, "cgroup", h->cgroup);
	r |= rp_json_set_bool(j, "kfd", h->kfd);
	r |= rp_json_set_bool(j, "allow_all", h->allow_all);
	r |= rp_json_set(j, "allow", masks_to_json(sim, h->allow));
	r |= rp_json_set(j, "open", masks_to_json(sim, h->open));
	r |= rp_json_set(j, "vram", vram_to_json(h));
	return r < 0 ? rp_json_free(j) : j;
}

static struct rp_json *holders_to_json(const struct rp_sim *sim, const struct rp_sim_holder *v,
				       size_t n)
{
	struct rp_json *list = rp_json_array();
	int r = 0;

	for (size_t i = 0; i < n; i++)
		if (!v[i].of_load)
			r |= rp_json_append(list, holder_to_json(sim, &v[i]));
	return r < 0 ? rp_json_free(list) : list;
}

static struct rp_json *service_to_json(const struct rp_sim *sim, const struct rp_sim_service *s)
{
	struct rp_json *j = rp_json_object();
	int r = rp_json_set_string(j, "id", s->id);

	r |= rp_json_set_bool(j, "runs", s->runs);
	r |= rp_json_set(j, "stopped", holders_to_json(sim, s->stopped, s->n_stopped));
	return r < 0 ? rp_json_free(j) : j;
}

static struct rp_json *fault_to_json(const struct rp_sim_fault *f)
{
	struct rp_json *j = rp_json_object();
	int r = rp_json_set_string(j, "rule", f->rule);

	r |= rp_json_set_u64(j, "hits", f->hits);
	return r < 0 ? rp_json_free(j) : j;
}

struct rp_json *rp_sim_state_to_json(const struct rp_sim *sim)
{
	const struct rp_sim_state *s = &sim->state;
	struct rp_json *j = rp_json_object(), *gpus = rp_json_array(), *nodes = rp_json_array();
	struct rp_json *services = rp_json_array(), *faults = rp_json_array();
	int r = rp_json_set_u64(j, "version", STATE_VERSION);

	r |= rp_json_set_u64(j, "boots", s->boots);
	r |= rp_json_set_u64(j, "loads", s->loads);
	if (*s->id)
		r |= rp_json_set_string(j, "id", s->id);
	if (s->asks)
		r |= rp_json_set_bool(j, "asks", true);
	if (s->realistic)
		r |= rp_json_set_bool(j, "realistic", true);
	r |= rp_json_set(j, "booted_us", rp_json_int(s->booted_us));
	r |= rp_json_set_u64(j, "log_lines", s->log_lines);
	r |= rp_json_set_u64(j, "log_bytes", s->log_bytes);
	if (s->due_ids)
		r |= rp_json_set_u64(j, "due_ids", s->due_ids);
	if (s->n_dues)
		r |= rp_json_set(j, "dues", rp_sim_dues_to_json(s));
	if (s->no_sync)
		r |= rp_json_set_bool(j, "no_sync", true);
	r |= rp_json_set_bool(j, "loaded", s->loaded);
	r |= rp_json_set_u64(j, "generation", s->generation);
	r |= rp_json_set_u64(j, "simd_next", s->simd_next);
	r |= rp_json_set_u64(j, "last_start", s->last_start);
	for (size_t i = 0; i < sim->profile->n_gpus; i++)
		r |= rp_json_append(gpus, gpu_to_json(&s->gpus[i]));
	for (size_t i = 0; i < s->n_nodes; i++)
		r |= rp_json_append(nodes, node_to_json(&s->nodes[i]));
	for (size_t i = 0; i < s->n_services; i++)
		r |= rp_json_append(services, service_to_json(sim, &s->services[i]));
	for (size_t i = 0; i < s->n_faults; i++)
		r |= rp_json_append(faults, fault_to_json(&s->faults[i]));
	r |= rp_json_set(j, "gpus", gpus);
	if (s->load)
		r |= rp_json_set(j, "load", rp_sim_load_to_json(sim));
	r |= rp_json_set(j, "nodes", nodes);
	r |= rp_json_set(j, "holders", holders_to_json(sim, s->holders, s->n_holders));
	r |= rp_json_set(j, "services", services);
	r |= rp_json_set(j, "faults", faults);
	return r < 0 ? rp_json_free(j) : j;
}

/* ---- reading ---- */

static int get_number(const struct rp_json *v, uint64_t max, uint64_t *ret)
{
	int64_t n = rp_json_int_value(v);

	if (rp_json_type(v) != RP_JSON_INT || n < 0 || (uint64_t)n > max)
		return -EBADMSG;
	*ret = (uint64_t)n;
	return 0;
}

int rp_sim_get_u64(const struct rp_json *j, const char *key, uint64_t max, uint64_t *ret)
{
	return get_number(rp_json_get(j, key), max, ret);
}

int rp_sim_get_u32(const struct rp_json *j, const char *key, uint32_t max, uint32_t *ret)
{
	uint64_t v = 0;
	int r = rp_sim_get_u64(j, key, max, &v);

	if (r == 0)
		*ret = (uint32_t)v;
	return r;
}

static int get_bool(const struct rp_json *j, const char *key, bool *ret)
{
	const struct rp_json *v = rp_json_get(j, key);

	if (rp_json_type(v) != RP_JSON_BOOL)
		return -EBADMSG;
	*ret = rp_json_bool_value(v);
	return 0;
}

int rp_sim_get_text(const struct rp_json *j, const char *key, char **ret)
{
	const char *text = rp_json_text(rp_json_get(j, key));

	if (!text)
		return -EBADMSG;
	*ret = rp_strndup(text, strlen(text));
	return *ret ? 0 : -ENOMEM;
}

static int hex_digit(char c)
{
	const char *digits = "0123456789abcdef", *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* As put_bytes() wrote them. */
static int get_bytes(const struct rp_json *j, const char *key, char **ret)
{
	RP_AUTO_FREE char *hex_key = rp_strdupf("%s_hex", key), *bytes = NULL;
	const char *hex = hex_key ? rp_json_text(rp_json_get(j, hex_key)) : NULL;
	size_t n = hex ? strlen(hex) / 2 : 0;

	if (!hex)
		return hex_key ? rp_sim_get_text(j, key, ret) : -ENOMEM;
	bytes = rp_new0(char, n + 1);
	if (!bytes)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		int high = hex_digit(hex[2 * i]), low = hex_digit(hex[2 * i + 1]);

		if (high < 0 || low < 0 || high + low == 0)
			return -EBADMSG;
		bytes[i] = (char)(high * 16 + low);
	}
	*ret = rp_steal(&bytes);
	return 0;
}

static int get_mode(const struct rp_json *j, const char *key, const struct rp_sim_product *product,
		    enum rp_sim_compute *ret)
{
	uint32_t v = 0;
	int r = rp_sim_get_u32(j, key, RP_SIM_N_COMPUTE - 1, &v);

	if (r == 0 && !rp_sim_compute_possible(product, (enum rp_sim_compute)v))
		r = -EBADMSG;
	if (r == 0)
		*ret = (enum rp_sim_compute)v;
	return r;
}

static bool known_nps(const struct rp_sim_product *product, uint32_t nps)
{
	return nps == 1 || (nps <= RP_SIM_MAX_NPS && (product->nps_mask & (1U << nps)));
}

/* earlier: GPUs before it that the driver has. */
static int gpu_from_json(const struct rp_json *j, const struct rp_sim_product *product,
			 uint32_t earlier, struct rp_sim_gpu_state *g)
{
	const struct rp_json *iso = rp_json_get(j, "isolation");
	RP_AUTO_FREE char *level = NULL;
	int r = get_bool(j, "present", &g->present);

	/* Machines of an earlier version have none of these. */
	g->unplugged = rp_json_bool_value(rp_json_get(j, "unplugged"));
	g->removed = rp_json_bool_value(rp_json_get(j, "removed"));
	g->off = rp_json_bool_value(rp_json_get(j, "off"));
	if (r == 0 && rp_json_get(j, "order"))
		r = rp_sim_get_u32(j, "order", RP_SIM_MAX_GPUS, &g->order);
	else if (r == 0 && g->present)
		g->order = earlier + 1;
	if (r == 0 && rp_json_get(j, "resets"))
		r = rp_sim_get_u32(j, "resets", UINT32_MAX - 1, &g->resets);
	if (r == 0 && rp_json_get(j, "swaps"))
		r = rp_sim_get_u32(j, "swaps", UINT32_MAX - 1, &g->swaps);
	if (r == 0)
		r = get_mode(j, "compute", product, &g->compute);
	if (r == 0)
		r = get_mode(j, "xcp_config", product, &g->xcp_config);
	if (r == 0)
		r = rp_sim_get_u32(j, "nps", RP_SIM_MAX_NPS, &g->nps);
	if (r == 0)
		r = rp_sim_get_u32(j, "pending_nps", RP_SIM_MAX_NPS, &g->pending_nps);
	if (r == 0)
		r = get_bool(j, "alloc_all", &g->alloc_all);
	if (r == 0)
		r = rp_sim_get_u64(j, "power_cap_uw", INT64_MAX, &g->power_cap_uw);
	if (r == 0)
		r = rp_sim_get_text(j, "perf_level", &level);
	if (r < 0)
		return r;
	if (!known_nps(product, g->nps) || rp_json_len(iso) != RP_SIM_SLOTS ||
	    (g->pending_nps && !known_nps(product, g->pending_nps)))
		return -EBADMSG;
	for (size_t i = 0; i < RP_SIM_SLOTS; i++)
		g->isolation[i] = (uint8_t)rp_json_int_value(rp_json_at(iso, i));
	return rp_fmt(g->perf_level, sizeof(g->perf_level), "%s", level);
}

static int node_from_json(const struct rp_sim *sim, const struct rp_json *j, struct rp_sim_node *n)
{
	const uint64_t max[] = {sim->profile->n_gpus - 1, RP_SIM_SLOTS - 1, UINT32_MAX, UINT16_MAX};
	uint32_t *const to[] = {&n->gpu, &n->partition, &n->simd_seq, &n->gpu_id};
	uint64_t v = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < RP_ARRAY_LEN(to); i++) {
		r = get_number(rp_json_at(j, i), max[i], &v);
		*to[i] = (uint32_t)v;
	}
	return r;
}

static int masks_from_json(const struct rp_sim *sim, const struct rp_json *j, uint32_t *masks)
{
	if (rp_json_len(j) != sim->profile->n_gpus)
		return -EBADMSG;
	for (size_t g = 0; g < sim->profile->n_gpus; g++)
		masks[g] = (uint32_t)rp_json_int_value(rp_json_at(j, g)) & 0xff;
	return 0;
}

static int vram_from_json(const struct rp_sim *sim, const struct rp_json *list,
			  struct rp_sim_holder *h)
{
	size_t n = rp_json_len(list);

	h->vram = rp_new0(struct rp_sim_vram, n);
	if (!h->vram)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		const struct rp_json *j = rp_json_at(list, i);
		struct rp_sim_vram *v = &h->vram[i];
		int r = rp_sim_get_u32(j, "gpu", (uint32_t)sim->profile->n_gpus - 1, &v->gpu);

		if (r == 0)
			r = rp_sim_get_u32(j, "slot", RP_SIM_SLOTS - 1, &v->slot);
		if (r == 0)
			r = rp_sim_get_u64(j, "bytes", UINT64_C(1) << 48, &v->bytes);
		if (r < 0)
			return r;
		h->n_vram = i + 1;
	}
	return 0;
}

static int holder_from_json(const struct rp_sim *sim, const struct rp_json *j,
			    struct rp_sim_holder *h)
{
	int r = rp_sim_get_u32(j, "pid", UINT32_MAX, &h->pid);

	if (r == 0)
		r = rp_sim_get_u32(j, "uid", UINT32_MAX, &h->uid);
	if (r == 0)
		r = rp_sim_get_u64(j, "start_ticks", INT64_MAX, &h->start_ticks);
	if (r == 0)
		r = get_bytes(j, "comm", &h->comm);
	if (r == 0)
		r = get_bytes(j, "cmdline", &h->cmdline);
	if (r == 0)
		r = get_bytes(j, "cgroup", &h->cgroup);
	if (r == 0)
		r = get_bool(j, "kfd", &h->kfd);
	if (r == 0)
		r = get_bool(j, "allow_all", &h->allow_all);
	if (r == 0)
		r = masks_from_json(sim, rp_json_get(j, "allow"), h->allow);
	if (r == 0)
		r = masks_from_json(sim, rp_json_get(j, "open"), h->open);
	return r == 0 ? vram_from_json(sim, rp_json_get(j, "vram"), h) : r;
}

static int nodes_from_json(const struct rp_sim *sim, const struct rp_json *list,
			   struct rp_sim_state *s)
{
	size_t n = rp_json_len(list);
	int r = n > RP_SIM_MAX_GPUS * RP_SIM_SLOTS ? -EBADMSG : 0;

	if (r == 0)
		r = rp_grow(&s->nodes, &s->cap_nodes, n, sizeof(*s->nodes));
	for (size_t i = 0; r == 0 && i < n; i++) {
		const struct rp_sim_gpu_state *g;
		struct rp_sim_node *node = &s->nodes[i];

		r = node_from_json(sim, rp_json_at(list, i), node);
		if (r < 0)
			break;
		s->n_nodes = i + 1;
		g = &s->gpus[node->gpu];
		if (node->partition >=
		    rp_sim_partitions_in(sim->profile->gpus[node->gpu].product, g->compute))
			r = -EBADMSG;
	}
	return r;
}

static int holders_from_json(const struct rp_sim *sim, const struct rp_json *list,
			     struct rp_sim_holder **v, size_t *n)
{
	size_t cap = 0;
	int r = rp_grow(v, &cap, rp_json_len(list), sizeof(**v));

	for (size_t i = 0; r == 0 && i < rp_json_len(list); i++) {
		(*v)[i] = (struct rp_sim_holder){0};
		*n = i + 1;
		r = holder_from_json(sim, rp_json_at(list, i), &(*v)[i]);
	}
	return r;
}

static int service_from_json(const struct rp_sim *sim, const struct rp_json *j,
			     struct rp_sim_service *s)
{
	RP_AUTO_FREE char *full = NULL;
	int r = rp_sim_get_text(j, "id", &s->id);

	if (r == 0)
		r = get_bool(j, "runs", &s->runs);
	if (r == 0)
		r = holders_from_json(sim, rp_json_get(j, "stopped"), &s->stopped, &s->n_stopped);
	full = r == 0 ? rp_sim_service_full_id(s->id) : NULL;
	return r == 0 && (!full || !rp_str_eq(full, s->id)) ? -EBADMSG : r;
}

static int services_from_json(const struct rp_sim *sim, const struct rp_json *list,
			      struct rp_sim_state *s)
{
	size_t n = rp_json_len(list); /* machines of an earlier version have no such list */
	int r = rp_grow(&s->services, &s->cap_services, n, sizeof(*s->services));

	for (size_t i = 0; r == 0 && i < n; i++) {
		s->services[i] = (struct rp_sim_service){0};
		s->n_services = i + 1;
		r = service_from_json(sim, rp_json_at(list, i), &s->services[i]);
	}
	return r;
}

static int faults_from_json(const struct rp_json *list, struct rp_sim_state *s)
{
	size_t n = rp_json_len(list);
	int r = rp_grow(&s->faults, &s->cap_faults, n, sizeof(*s->faults));

	for (size_t i = 0; r == 0 && i < n; i++) {
		const struct rp_json *j = rp_json_at(list, i);
		const char *rule = rp_json_text(rp_json_get(j, "rule"));
		struct rp_sim_fault f = {0};

		r = rule ? rp_sim_fault_parse(rule, &f, NULL) : -EBADMSG;
		if (r == 0)
			r = rp_sim_get_u64(j, "hits", INT64_MAX, &f.hits);
		if (r < 0) {
			rp_sim_fault_done(&f);
			break;
		}
		s->faults[i] = f;
		s->n_faults = i + 1;
	}
	return r;
}

static int gpus_from_json(const struct rp_sim *sim, const struct rp_json *gpus,
			  struct rp_sim_state *s)
{
	uint32_t earlier = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < sim->profile->n_gpus; i++) {
		r = gpu_from_json(rp_json_at(gpus, i), sim->profile->gpus[i].product, earlier,
				  &s->gpus[i]);
		earlier += s->gpus[i].present;
	}
	return r;
}

int rp_sim_state_from_json(const struct rp_sim *sim, const struct rp_json *j,
			   struct rp_sim_state *ret)
{
	const struct rp_json *gpus = rp_json_get(j, "gpus");
	const char *id = rp_json_text(rp_json_get(j, "id")); /* NULL: of an earlier version */
	uint64_t version = 0;
	int r = rp_sim_get_u64(j, "version", UINT32_MAX, &version);

	if (r < 0 || version != STATE_VERSION || rp_json_len(gpus) != sim->profile->n_gpus)
		return -EBADMSG;
	if (id && (strlen(id) != RP_SIM_ID_SIZE - 1 ||
		   strspn(id, "0123456789abcdef") != RP_SIM_ID_SIZE - 1))
		return -EBADMSG;
	if (id)
		memcpy(ret->id, id, RP_SIM_ID_SIZE);
	ret->asks = rp_json_bool_value(rp_json_get(j, "asks"));
	ret->no_sync = rp_json_bool_value(rp_json_get(j, "no_sync"));
	r = rp_sim_get_u64(j, "boots", INT64_MAX, &ret->boots);
	if (r == 0)
		r = rp_sim_get_u64(j, "loads", INT64_MAX, &ret->loads);
	if (r == 0)
		r = get_bool(j, "loaded", &ret->loaded);
	if (r == 0)
		r = rp_sim_get_u32(j, "generation", UINT32_MAX, &ret->generation);
	if (r == 0)
		r = rp_sim_get_u32(j, "simd_next", UINT32_MAX, &ret->simd_next);
	if (r == 0 && rp_json_get(j, "last_start")) /* not of an earlier version */
		r = rp_sim_get_u64(j, "last_start", INT64_MAX, &ret->last_start);
	if (r == 0)
		r = gpus_from_json(sim, gpus, ret);
	if (r == 0)
		r = rp_sim_times_from_json(sim, j, ret);
	if (r == 0)
		r = nodes_from_json(sim, rp_json_get(j, "nodes"), ret);
	if (r == 0)
		r = holders_from_json(sim, rp_json_get(j, "holders"), &ret->holders,
				      &ret->n_holders);
	if (r == 0)
		r = services_from_json(sim, rp_json_get(j, "services"), ret);
	if (r == 0)
		r = faults_from_json(rp_json_get(j, "faults"), ret);
	return r == 0 ? rp_sim_load_from_json(sim, rp_json_get(j, "load"), &ret->load) : r;
}
