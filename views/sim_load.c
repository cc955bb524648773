/* SPDX-License-Identifier: MIT */
/* The load of a simulated machine. */
#include "views/sim.h"

struct rp_json *view_sim_load(struct view_machine about, const char *name, struct rp_json *load)
{
	struct rp_json *j = view_document(about);
	int r = rp_json_set_string(j, "machine", name);

	r |= rp_json_set(j, "load", load);
	return view_finish(j, r);
}

static struct rp_json *number(const void *o, const char *key)
{
	return rp_json_int(rp_json_int_value(rp_json_get(o, key)));
}

static struct rp_json *get_bdf(const void *o)
{
	return view_text_or_null(rp_json_text(rp_json_get(o, "bdf")));
}

#define NUMBER(fn, key)                          \
	static struct rp_json *fn(const void *o) \
	{                                        \
		return number(o, key);           \
	}

NUMBER(get_busy, "busy_percent")
NUMBER(get_memory_busy, "memory_busy_percent")
NUMBER(get_power, "power_watts")
NUMBER(get_hotspot, "hotspot_celsius")
NUMBER(get_memory, "memory_celsius")
NUMBER(get_clock, "clock_mhz")
NUMBER(get_throttled, "throttled_percent")
NUMBER(get_vram, "vram_used_bytes")
NUMBER(get_energy, "energy_joules")

#define COLUMN(k, h, fn)                                                      \
	{                                                                     \
		.key = (k), .heading = (h), .sets = VIEW_DEFAULT, .get = (fn) \
	}

const struct view_field view_load_fields[] = {
	{.key = "bdf", .heading = "GPU", .sets = VIEW_DEFAULT, .is_name = true, .get = get_bdf},
	COLUMN("busy_percent", "BUSY %", get_busy),
	COLUMN("memory_busy_percent", "MEM %", get_memory_busy),
	COLUMN("power_watts", "W", get_power),
	COLUMN("hotspot_celsius", "HOT C", get_hotspot),
	COLUMN("memory_celsius", "MEM C", get_memory),
	COLUMN("clock_mhz", "MHZ", get_clock),
	COLUMN("throttled_percent", "THROTTLED %", get_throttled),
	{.key = "vram_used_bytes",
	 .heading = "VRAM",
	 .show = VIEW_SHOW_BYTES,
	 .sets = VIEW_DEFAULT,
	 .get = get_vram},
	{.key = "energy_joules", .heading = "J", .get = get_energy},
	{.key = NULL},
};

struct view_table *view_load_table(const struct rp_json *gpus, const struct view_layout *layout)
{
	struct view_table *t = view_table_new(view_load_fields, layout);
	const struct rp_json *gpu;
	int r = 0;

	for (size_t i = 0; r == 0 && (gpu = rp_json_at(gpus, i)); i++)
		r = view_table_add(t, gpu);
	return r < 0 ? view_table_free(t) : t;
}
