/* SPDX-License-Identifier: MIT */
/*
 * What hwmon tells of a GPU with a model of load. amdgpu shows these files on GC 9.4.3 and later:
 * no edge temperature, no voltage, no average power.
 */
#include "sim/front.h"

static bool has_sensors(const struct rp_sim *sim, const struct rp_sim_ent *e)
{
	return rp_sim_has_load(sim) && rp_sim_switchable(sim, e->gpu);
}

/* amdgpu_in_reset() */
static int observe(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_sim_moment *ret)
{
	if (rp_sim_in_reset(sim, e->gpu))
		return -EPERM;
	rp_sim_observe(sim, e->gpu, ret);
	return 0;
}

/* Limits in degrees: estimates, of no capture. */
static const struct {
	const char *label;
	uint32_t critical, emergency;
} temps[] = {{"junction", 100, 110}, {"mem", 105, 115}};

enum { HOTSPOT, MEMORY };

static int show_label(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	static const char *const labels[] = {"junction", "mem", "PPT", "sclk", "mclk"};

	(void)sim;
	rp_strbuf_addf(out, "%s\n", labels[e->file->arg]);
	return rp_sim_shown(out);
}

/* Thousandths of a degree, of whole degrees. */
static int show_temp(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	struct rp_sim_moment m;
	int64_t uc;

	if (observe(sim, e, &m) < 0)
		return -EPERM;
	uc = e->file->arg == HOTSPOT ? m.past.hotspot_uc : m.past.mem_uc;
	rp_strbuf_addf(out, "%lld\n", (long long)((uc + 500000) / 1000000 * 1000));
	return rp_sim_shown(out);
}

static int show_critical(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	(void)sim;
	rp_strbuf_addf(out, "%u\n", temps[e->file->arg].critical * 1000);
	return rp_sim_shown(out);
}

static int show_emergency(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	(void)sim;
	rp_strbuf_addf(out, "%u\n", temps[e->file->arg].emergency * 1000);
	return rp_sim_shown(out);
}

/* Microwatts, of whole watts. */
static int show_power(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	struct rp_sim_moment m;

	if (observe(sim, e, &m) < 0)
		return -EPERM;
	rp_strbuf_addf(out, "%llu\n",
		       (unsigned long long)((m.power_uw + 500000) / 1000000 * 1000000));
	return rp_sim_shown(out);
}

/* Hertz; the clock of the first XCD. */
static int show_clock(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	struct rp_sim_moment m;

	if (observe(sim, e, &m) < 0)
		return -EPERM;
	rp_strbuf_addf(out, "%llu\n",
		       (e->file->arg == HOTSPOT ? m.gfx_mhz[0] : m.mem_mhz) * 1000000ULL);
	return rp_sim_shown(out);
}

#define SENSOR(nm, fn, which)                                                                      \
	{                                                                                          \
		.name = (nm), .type = RP_FILE_REGULAR, .mode = 0444, .arg = (which), .show = (fn), \
		.exists = has_sensors, .when_off = -EIO                                            \
	}

const struct rp_sim_file rp_sim_sensor_files[] = {
	SENSOR("temp2_label", show_label, 0),
	SENSOR("temp2_input", show_temp, HOTSPOT),
	SENSOR("temp2_crit", show_critical, HOTSPOT),
	SENSOR("temp2_emergency", show_emergency, HOTSPOT),
	SENSOR("temp3_label", show_label, 1),
	SENSOR("temp3_input", show_temp, MEMORY),
	SENSOR("temp3_crit", show_critical, MEMORY),
	SENSOR("temp3_emergency", show_emergency, MEMORY),
	SENSOR("power1_label", show_label, 2),
	SENSOR("power1_input", show_power, 0),
	SENSOR("freq1_label", show_label, 3),
	SENSOR("freq1_input", show_clock, HOTSPOT),
	SENSOR("freq2_label", show_label, 4),
	SENSOR("freq2_input", show_clock, MEMORY),
	RP_SIM_END,
};
