/* SPDX-License-Identifier: MIT */
/* Why a model has no place in any plan of these GPUs, from the document of the plan. */
#include "cli/cli.h"

#include "base/num.h"

/* The best of what partitions have, over all modes that the plan may use. */
struct best {
	int64_t bytes, xcds, bandwidth_mbs;
	bool has_memory_mode, has_all;
};

static int64_t number(const struct rp_json *j, const char *key)
{
	return rp_json_int_value(rp_json_get(j, key));
}

static int64_t larger(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static void look_at_mode(const struct rp_json *mode, const struct rp_json *q, struct best *ret)
{
	const char *memory = rp_json_text(rp_json_get(q, "memory_mode"));
	const struct rp_json *parts = rp_json_get(mode, "partitions"), *p;
	bool is_memory =
		!memory || rp_str_eq(memory, rp_json_text(rp_json_get(mode, "memory_mode")));

	for (size_t i = 0; (p = rp_json_at(parts, i)); i++) {
		int64_t bytes = number(p, "usable_bytes"), speed = number(p, "bandwidth_mbs");
		int64_t xcds = (int64_t)rp_json_len(rp_json_get(p, "xcds"));

		if (bytes <= 1)
			continue; /* of the present mode, which the file forbids: one byte in a plan
				   */
		ret->has_memory_mode |= is_memory;
		ret->bytes = larger(ret->bytes, bytes);
		ret->xcds = larger(ret->xcds, xcds);
		ret->bandwidth_mbs = larger(ret->bandwidth_mbs, speed);
		ret->has_all |= is_memory && bytes >= number(q, "bytes") &&
				xcds >= number(q, "min_xcds") &&
				speed >= number(q, "min_bandwidth_mbs");
	}
}

static struct best find_best(const struct rp_json *doc, const struct rp_json *q)
{
	const struct rp_json *machine = rp_json_get(doc, "machine");
	const struct rp_json *menus = rp_json_get(machine, "menus"), *menu, *mode;
	bool all = rp_json_bool_value(rp_json_get(machine, "allow_unvalidated_modes"));
	struct best best = {0};

	for (size_t i = 0; (menu = rp_json_at(menus, i)); i++)
		for (size_t k = 0; (mode = rp_json_at(rp_json_get(menu, "modes"), k)); k++)
			if (all || rp_json_bool_value(rp_json_get(mode, "validated")))
				look_at_mode(mode, q, &best);
	return best;
}

/* Each of the wishes is met by some partition, but no partition meets all of them. */
static void explain_together(const struct rp_json *q, const char *name, const char *bytes,
			     struct rp_strbuf *ret)
{
	const char *memory = rp_json_text(rp_json_get(q, "memory_mode"));

	rp_strbuf_addf(ret, "no partition has all that %.40s asks for: %s", name, bytes);
	if (memory)
		rp_strbuf_addf(ret, ", memory mode %s", memory);
	if (number(q, "min_xcds") > 1)
		rp_strbuf_addf(ret, ", %lld XCDs", (long long)number(q, "min_xcds"));
	if (number(q, "min_bandwidth_mbs"))
		rp_strbuf_addf(ret, ", %lld GB/s",
			       (long long)number(q, "min_bandwidth_mbs") / 1000);
}

bool cli_explain_never(const struct rp_json *doc, size_t request, struct rp_strbuf *ret)
{
	const struct rp_json *q = rp_json_at(rp_json_get(doc, "requests"), request);
	const char *name = rp_json_text(rp_json_get(q, "name"));
	struct best best = find_best(doc, q);
	char has[RP_BYTES_TEXT_SIZE], needs[RP_BYTES_TEXT_SIZE];

	if (best.has_all)
		return false;
	name = name ? name : "-";
	rp_format_bytes((uint64_t)best.bytes, has);
	rp_format_bytes((uint64_t)number(q, "bytes"), needs);
	if (number(q, "bytes") > best.bytes)
		rp_strbuf_addf(ret,
			       "%.40s needs %s, and no partition in the modes that may be used has "
			       "more than %s",
			       name, needs, has);
	else if (number(q, "min_xcds") > best.xcds)
		rp_strbuf_addf(ret, "%.40s asks for %lld XCDs, and no partition has more than %lld",
			       name, (long long)number(q, "min_xcds"), (long long)best.xcds);
	else if (!best.has_memory_mode)
		rp_strbuf_addf(ret, "%.40s asks for memory mode %s, which may not be used here",
			       name, rp_json_text(rp_json_get(q, "memory_mode")));
	else if (number(q, "min_bandwidth_mbs") > best.bandwidth_mbs)
		rp_strbuf_addf(ret,
			       "%.40s needs %lld GB/s of memory bandwidth, and no partition has "
			       "more than %lld GB/s",
			       name, (long long)number(q, "min_bandwidth_mbs") / 1000,
			       (long long)best.bandwidth_mbs / 1000);
	else
		explain_together(q, name, needs, ret);
	return true;
}
