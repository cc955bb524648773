/* SPDX-License-Identifier: MIT */
/* The pictures of a difference and of a plan. */
#include "cli/cli.h"

#include "base/num.h"
#include "views/difference.h"
#include "views/leases.h"

#define MOST_DRAWINGS 16 /* of one picture: more of them are no picture */

bool cli_print_picture(struct view_picture *picture)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	size_t width = cli_get_width(stdout);
	bool is_shown = !picture || view_picture_count(picture) <= MOST_DRAWINGS;

	if (!picture) {
		cli_lose_text();
	} else if (is_shown) {
		view_picture_text(picture, width ? width : 80, &text);
		if (rp_strbuf_failed(&text))
			cli_lose_text();
		cli_end_line(stdout);
		fputs(rp_strbuf_str(&text), stdout);
	}
	view_picture_free(picture);
	return is_shown;
}

/* ---- a difference ---- */

static void set_mode(struct view_picture_state *s, enum rocpart_compute_mode c,
		     enum rocpart_memory_mode m)
{
	(void)rp_fmt(s->mode, sizeof(s->mode), "%s/%s", c ? rocpart_compute_mode_to_string(c) : "-",
		     m ? rocpart_memory_mode_to_string(m) : "-");
}

static struct view_picture_state state_now(const struct rocpart_gpu *gpu)
{
	struct view_picture_state s = {.n = (uint32_t)rocpart_gpu_get_partition_count(gpu)};
	const struct rocpart_partition *p;
	uint64_t bytes;

	set_mode(&s, rocpart_gpu_get_compute_mode(gpu), rocpart_gpu_get_memory_mode(gpu));
	for (size_t i = 0; (p = rocpart_gpu_get_partition(gpu, i)); i++)
		if (rocpart_partition_get_memory_bytes(p, &bytes) == 0 &&
		    (!s.bytes || bytes < s.bytes))
			s.bytes = bytes;
	return s;
}

static int add_gpus(struct view_picture *p, struct rocpart_difference *d)
{
	const struct rocpart_snapshot *s = rocpart_difference_get_snapshot(d);
	const struct rocpart_change *change = rocpart_difference_get_change(d);
	const struct rocpart_change_gpu *c;
	const struct rocpart_gpu *gpu;
	int r = 0;

	for (size_t i = 0; r == 0 && (gpu = rocpart_snapshot_get_gpu(s, i)); i++) {
		struct view_picture_state now = state_now(gpu), then = now;

		for (size_t k = 0; (c = rocpart_change_get_gpu(change, k)); k++) {
			if (c->index != i)
				continue;
			set_mode(&then, c->to_compute, c->to_memory);
			then.n = c->n_partitions_after;
			then.bytes = c->partition_bytes;
		}
		r = view_picture_add_gpu(p, i, rocpart_gpu_get_bdf(gpu), &now, &then);
	}
	return r;
}

/* sign ' ': none. */
static int add_replica(struct view_picture *p, enum view_when when, const char *bdf,
		       uint32_t partition, char sign, const char *name, uint32_t replica,
		       uint64_t bytes)
{
	char text[VIEW_REPLICA_TEXT_SIZE + 2];

	(void)rp_fmt(text, sizeof(text), "%c%s/%u", sign, name, replica);
	return view_picture_add(p, bdf, when, partition, name, sign == ' ' ? text + 1 : text,
				bytes);
}

/* The line of the difference that is about the lease. False: it stays what it is. */
static bool find_item(const struct rocpart_difference *d, const struct rocpart_lease *l,
		      struct rocpart_difference_item *ret)
{
	for (size_t i = 0; rocpart_difference_get(d, i, ret) == 0; i++)
		if (ret->lease == l->id && *ret->name)
			return true;
	return false;
}

/* Where the lease is now. What was displaced comes back after the change, if no line says else. */
static int add_lease(struct view_picture *p, const struct rocpart_difference *d,
		     const struct rocpart_lease *l)
{
	bool is_there =
		*l->bdf && l->state != ROCPART_LEASE_PENDING && l->state != ROCPART_LEASE_DISPLACED;
	struct rocpart_difference_item item;
	bool is_said = find_item(d, l, &item);
	bool ends = is_said && !item.is_withheld && item.kind == ROCPART_DIFFERENCE_RELEASE;
	bool stays =
		!is_said || item.is_withheld || (item.kind == ROCPART_DIFFERENCE_OTHER && is_there);
	char sign = is_said ? view_difference_sign(item.kind) : ' ';
	int r = 0;

	sign = is_said && (item.kind == ROCPART_DIFFERENCE_OTHER || item.is_withheld) ? ' ' : sign;
	if (is_there)
		r = add_replica(p, VIEW_BEFORE, l->bdf, l->partition, ends ? '-' : ' ', l->name,
				l->replica, l->bytes);
	if (r == 0 && stays && l->state != ROCPART_LEASE_PENDING)
		r = add_replica(p, VIEW_AFTER, l->bdf, l->partition, ' ', l->name, l->replica,
				l->bytes);
	else if (r == 0 && is_said && *item.to_bdf)
		r = add_replica(p, VIEW_AFTER, item.to_bdf, item.to_partition, sign, l->name,
				l->replica, item.bytes);
	return r;
}

/* What has no lease: new replicas, and programs. */
static int add_item(struct view_picture *p, const struct rocpart_difference_item *item)
{
	int r;

	if (item->kind == ROCPART_DIFFERENCE_PLACE && !item->lease)
		return add_replica(p, VIEW_AFTER, item->to_bdf, item->to_partition, '+', item->name,
				   item->replica, item->bytes);
	if (item->kind != ROCPART_DIFFERENCE_UNMANAGED)
		return 0;
	r = view_picture_add(p, item->from_bdf, VIEW_BEFORE, item->from_partition, "?", "?no lease",
			     item->bytes);
	return r < 0 ? r
		     : view_picture_add(p, item->from_bdf, VIEW_AFTER, item->from_partition, "?",
					"?no lease", item->bytes);
}

struct view_picture *cli_picture_difference(struct rocpart_difference *d)
{
	const struct rocpart_leases *leases = rocpart_difference_get_leases(d);
	struct view_picture *p = view_picture_new();
	struct rocpart_difference_item item;
	const struct rocpart_lease *l;
	int r = add_gpus(p, d);

	for (size_t i = 0; r == 0 && (l = rocpart_leases_get(leases, i)); i++)
		r = add_lease(p, d, l);
	for (size_t i = 0; r == 0 && rocpart_difference_get(d, i, &item) == 0; i++)
		r = add_item(p, &item);
	return r < 0 ? view_picture_free(p) : p;
}

/* ---- the document of a plan ---- */

static int64_t number(const struct rp_json *j, const char *key)
{
	return rp_json_int_value(rp_json_get(j, key));
}

static const char *text(const struct rp_json *j, const char *key)
{
	const char *s = rp_json_text(rp_json_get(j, key));

	return s ? s : "";
}

/* Null: the GPU has no mode yet. */
static struct view_picture_state state_of_mode(const struct rp_json *mode)
{
	const struct rp_json *parts = rp_json_get(mode, "partitions");
	struct view_picture_state s = {.n = (uint32_t)rp_json_len(parts)};

	if (mode)
		(void)rp_fmt(s.mode, sizeof(s.mode), "%s/%s", text(mode, "compute_mode"),
			     text(mode, "memory_mode"));
	for (size_t i = 0; i < s.n; i++) {
		uint64_t bytes = (uint64_t)number(rp_json_at(parts, i), "usable_bytes");

		s.bytes = !s.bytes || bytes < s.bytes ? bytes : s.bytes;
	}
	return s;
}

/* The GPU of the plan with that index; NULL: the plan leaves it as it is. */
static const struct rp_json *planned_gpu(const struct rp_json *doc, size_t index)
{
	const struct rp_json *gpus = rp_json_get(doc, "gpus"), *g;

	for (size_t i = 0; (g = rp_json_at(gpus, i)); i++)
		if ((size_t)number(g, "index") == index)
			return g;
	return NULL;
}

static int add_gpu_of_plan(struct view_picture *p, const struct rp_json *doc, size_t index)
{
	const struct rp_json *machine = rp_json_get(doc, "machine");
	const struct rp_json *gpu = rp_json_at(rp_json_get(machine, "gpus"), index);
	const struct rp_json *menu =
		rp_json_at(rp_json_get(machine, "menus"), (size_t)number(gpu, "menu"));
	const struct rp_json *modes = rp_json_get(menu, "modes");
	const struct rp_json *now = rp_json_get(gpu, "mode"), *plan = planned_gpu(doc, index);
	struct view_picture_state before = {0}, after;

	if (rp_json_type(now) == RP_JSON_INT)
		before = state_of_mode(rp_json_at(modes, (size_t)rp_json_int_value(now)));
	else if (!plan)
		return 0; /* one of many GPUs that need not be there */
	after = plan ? state_of_mode(rp_json_at(modes, (size_t)number(plan, "mode"))) : before;
	return view_picture_add_gpu(p, index, text(gpu, "gpu"), &before, &after);
}

/* The GPUs exist, and have modes; else all of the plan is new. */
static bool is_there(const struct rp_json *gpus)
{
	return rp_json_type(rp_json_get(rp_json_at(gpus, 0), "mode")) == RP_JSON_INT;
}

static int add_placement(struct view_picture *p, const struct rp_json *doc,
			 const struct rp_json *place)
{
	const struct rp_json *q =
		rp_json_at(rp_json_get(doc, "requests"), (size_t)number(place, "request"));
	const struct rp_json *was = rp_json_get(place, "was");
	bool is_new = rp_json_type(was) != RP_JSON_OBJECT;
	const struct rp_json *gpus = rp_json_get(rp_json_get(doc, "machine"), "gpus");
	uint64_t bytes = (uint64_t)number(q, "bytes");
	RP_AUTO_FREE char *label =
		rp_strdupf("%s%s", is_new && is_there(gpus) ? "+" : "", text(place, "name"));
	int r = label ? 0 : -ENOMEM;

	if (r == 0 && !is_new)
		r = view_picture_add(p, text(rp_json_at(gpus, (size_t)number(was, "index")), "gpu"),
				     VIEW_BEFORE, (uint32_t)number(was, "partition"),
				     text(place, "name"), label, bytes);
	return r < 0 ? r
		     : view_picture_add(p, text(place, "gpu"), VIEW_AFTER,
					(uint32_t)number(place, "partition"), text(place, "name"),
					label, bytes);
}

/* Short, as a cell is narrow. */
static const char *holder_text(const char *by)
{
	return rp_str_starts(by, "programs") ? "?no lease"
	       : rp_str_starts(by, "nobody") ? "?not shown"
					     : by;
}

static int add_holder(struct view_picture *p, const struct rp_json *doc, const struct rp_json *h)
{
	const struct rp_json *gpus = rp_json_get(rp_json_get(doc, "machine"), "gpus");
	const char *gpu = text(rp_json_at(gpus, (size_t)number(h, "index")), "gpu");
	uint32_t part = (uint32_t)number(h, "partition");
	uint64_t bytes = (uint64_t)number(h, "bytes");
	const char *by = holder_text(text(h, "by"));
	int r = view_picture_add(p, gpu, VIEW_BEFORE, part, by, by, bytes);

	return r < 0 ? r : view_picture_add(p, gpu, VIEW_AFTER, part, by, by, bytes);
}

struct view_picture *cli_picture_plan(const struct rp_json *doc)
{
	const struct rp_json *machine = rp_json_get(doc, "machine");
	const struct rp_json *places = rp_json_get(doc, "placements");
	const struct rp_json *holders = rp_json_get(machine, "holders");
	size_t n = rp_json_len(rp_json_get(machine, "gpus"));
	struct view_picture *p = view_picture_new();
	int r = p ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < n; i++)
		r = add_gpu_of_plan(p, doc, i);
	for (size_t i = 0; r == 0 && i < rp_json_len(places); i++)
		r = add_placement(p, doc, rp_json_at(places, i));
	for (size_t i = 0; r == 0 && i < rp_json_len(holders); i++)
		r = add_holder(p, doc, rp_json_at(holders, i));
	return r < 0 ? view_picture_free(p) : p;
}
