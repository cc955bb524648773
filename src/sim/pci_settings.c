/* SPDX-License-Identifier: MIT */
/* Power, isolation and health of a GPU: what a driver reload puts back, and what RAS counted. */
#include "base/num.h"
#include "sim/front.h"

#define WATT_UW UINT64_C(1000000)

static struct rp_sim_gpu_state *state_of(struct rp_sim *sim, const struct rp_sim_ent *e)
{
	return &sim->state.gpus[e->gpu];
}

/* ---- hwmon ---- */

static int show_hwmon_name(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	(void)sim;
	(void)e;
	rp_strbuf_add(out, "amdgpu\n");
	return rp_sim_shown(out);
}

static uint64_t default_cap(const struct rp_sim *sim, const struct rp_sim_ent *e)
{
	return sim->profile->gpus[e->gpu].product->power_cap_w * WATT_UW;
}

enum { CAP_NOW, CAP_DEFAULT, CAP_MAX, CAP_MIN };

static int show_cap(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	const uint64_t values[] = {
		[CAP_NOW] = state_of(sim, e)->power_cap_uw,
		[CAP_DEFAULT] = default_cap(sim, e),
		[CAP_MAX] = default_cap(sim, e),
		[CAP_MIN] = 0,
	};

	rp_strbuf_addf(out, "%llu\n", (unsigned long long)values[e->file->arg]);
	return rp_sim_shown(out);
}

/* A decimal number, one newline allowed behind it, as kstrtou32() takes it. */
static int parse_number(const char *data, size_t len, uint64_t *ret)
{
	RP_AUTO_FREE char *text = NULL;

	if (len > 0 && data[len - 1] == '\n')
		len--;
	text = rp_strndup(data, len);
	if (!text)
		return -ENOMEM;
	return rp_parse_u64(text, 10, ret) < 0 ? -EINVAL : 0;
}

static int store_cap(struct rp_sim *sim, const struct rp_sim_ent *e, const char *data, size_t len)
{
	uint64_t cap = 0;
	int r = parse_number(data, len, &cap);

	if (r < 0)
		return r;
	if (cap > default_cap(sim, e))
		return -EINVAL;
	state_of(sim, e)->power_cap_uw = cap / WATT_UW * WATT_UW; /* kept in watts */
	return 0;
}

/* ---- performance level ---- */

static int show_level(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	rp_strbuf_addf(out, "%s\n", state_of(sim, e)->perf_level);
	return rp_sim_shown(out);
}

static int store_level(struct rp_sim *sim, const struct rp_sim_ent *e, const char *data, size_t len)
{
	static const char *const levels[] = {"auto", "low", "high", "manual", "perf_determinism"};

	for (size_t i = 0; i < RP_ARRAY_LEN(levels); i++) {
		size_t n = strlen(levels[i]);

		/* strncmp(buf, "low", strlen("low")): what follows is not looked at */
		if (len >= n && memcmp(data, levels[i], n) == 0)
			return rp_fmt(state_of(sim, e)->perf_level,
				      sizeof(state_of(sim, e)->perf_level), "%s", levels[i]);
	}
	return -EINVAL;
}

/* ---- isolation, since 6.12 ---- */

static bool since_g2(const struct rp_sim *sim, const struct rp_sim_ent *e)
{
	(void)e;
	return sim->profile->abi >= RP_SIM_G2;
}

static int show_isolation(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	uint32_t n = rp_sim_partitions(sim, e->gpu);

	for (uint32_t p = 0; p < n; p++)
		rp_strbuf_addf(out, "%s%u", p ? " " : "", state_of(sim, e)->isolation[p]);
	rp_strbuf_add_char(out, '\n');
	return rp_sim_shown(out);
}

/* One 0 or 1 per partition, separated by blanks. */
static int store_isolation(struct rp_sim *sim, const struct rp_sim_ent *e, const char *data,
			   size_t len)
{
	uint32_t n = rp_sim_partitions(sim, e->gpu), got = 0;
	uint8_t values[RP_SIM_SLOTS] = {0};

	for (size_t i = 0; i < len; i++) {
		if (strchr(" \t\n", data[i]) && data[i])
			continue;
		if ((data[i] != '0' && data[i] != '1') || got == n ||
		    (i + 1 < len && !strchr(" \t\n", data[i + 1])))
			return -EINVAL;
		values[got++] = (uint8_t)(data[i] - '0');
	}
	if (got != n)
		return -EINVAL;
	memcpy(state_of(sim, e)->isolation, values, sizeof(values));
	return 0;
}

static int store_cleaner(struct rp_sim *sim, const struct rp_sim_ent *e, const char *data,
			 size_t len)
{
	uint64_t partition = 0;
	int r = parse_number(data, len, &partition);

	if (r == 0 && partition >= rp_sim_partitions(sim, e->gpu))
		r = -EINVAL;
	return r;
}

/* ---- RAS ---- */

static unsigned long long counted(const struct rp_sim *sim, const struct rp_sim_ent *e,
				  enum rp_sim_fault_op op)
{
	const struct rp_sim_fault *f = rp_sim_fault_match(sim, op, sim->profile->gpus[e->gpu].bdf);

	return f ? f->nth : 0;
}

enum { BLOCK_UMC, BLOCK_OTHER };

/* Counts are told of memory (umc) only; kernels since 6.9 add deferred errors there. */
static int show_errors(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	bool umc = e->file->arg == BLOCK_UMC;

	rp_strbuf_addf(out, "ue: %llu\nce: %llu\n", umc ? counted(sim, e, RP_SIM_FAULT_UE) : 0,
		       umc ? counted(sim, e, RP_SIM_FAULT_CE) : 0);
	if (umc && sim->profile->abi >= RP_SIM_G2)
		rp_strbuf_add(out, "de: 0\n");
	return rp_sim_shown(out);
}

/* "page frame : size : R", R meaning reserved: retired. */
static int show_bad_pages(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	unsigned long long n = counted(sim, e, RP_SIM_FAULT_BAD_PAGES);

	for (unsigned long long i = 0; i < n && i < 128; i++)
		rp_strbuf_addf(out, "0x%08llx : 0x%08x : R\n", 0x1000 + i, 0x1000U);
	return rp_sim_shown(out);
}

static int show_features(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	(void)sim;
	(void)e;
	rp_strbuf_add(out, "feature mask: 0x400f\n");
	return rp_sim_shown(out);
}

/* ---- tables ---- */

#define CAP_FILE(nm, kind)                                                          \
	{                                                                           \
		.name = (nm), .type = RP_FILE_REGULAR, .mode = 0444, .arg = (kind), \
		.show = show_cap, .when_off = -EIO                                  \
	}
#define RAS_FILE(nm, block)                                                          \
	{                                                                            \
		.name = (nm), .type = RP_FILE_REGULAR, .mode = 0444, .arg = (block), \
		.show = show_errors, .when_off = -EIO                                \
	}

static int show_hwmon_device(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	rp_sim_add_pci_path(sim, e->gpu, out);
	return rp_sim_shown(out);
}

static int show_hwmon_class(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	(void)sim;
	(void)e;
	rp_strbuf_add(out, "sys/class/hwmon");
	return rp_sim_shown(out);
}

/* A device of the class has no variables. */
static int show_hwmon_uevent(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	(void)sim;
	(void)e;
	return rp_sim_shown(out);
}

static const struct rp_sim_file hwmon_files[] = {
	RP_SIM_ATTR("name", show_hwmon_name),
	RP_SIM_LINK("device", show_hwmon_device),
	RP_SIM_LINK("subsystem", show_hwmon_class),
	{.name = "uevent", .type = RP_FILE_REGULAR, .mode = 0644, .show = show_hwmon_uevent},
	{.name = "power1_cap",
	 .when_off = -EIO,
	 .type = RP_FILE_REGULAR,
	 .mode = 0644,
	 .arg = CAP_NOW,
	 .show = show_cap,
	 .store = store_cap},
	CAP_FILE("power1_cap_default", CAP_DEFAULT),
	CAP_FILE("power1_cap_max", CAP_MAX),
	CAP_FILE("power1_cap_min", CAP_MIN),
	RP_SIM_END,
};

static int find_hwmon(const struct rp_sim *sim, const char *name, struct rp_sim_ent *e)
{
	uint32_t n = 0;

	(void)sim;
	if (!rp_str_starts(name, "hwmon") ||
	    rp_sim_number_name(name + strlen("hwmon"), RP_SIM_MAX_GPUS, &n) < 0)
		return -ENOENT;
	return n == e->gpu ? 0 : -ENOENT;
}

static int each_hwmon(const struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_names *ret)
{
	char name[32];
	int r = rp_fmt(name, sizeof(name), "hwmon%u", e->gpu);

	(void)sim;
	return r < 0 ? r : rp_names_add(ret, name);
}

static const struct rp_sim_file hwmon_dirs[] = {
	{.find = find_hwmon,
	 .each = each_hwmon,
	 .type = RP_FILE_DIR,
	 .mode = 0755,
	 .children = hwmon_files,
	 .more = {rp_sim_sensor_files}},
	RP_SIM_END,
};

/* ---- sys/class/hwmon ---- */

static int find_hwmon_link(const struct rp_sim *sim, const char *name, struct rp_sim_ent *e)
{
	for (e->gpu = 0; e->gpu < sim->profile->n_gpus; e->gpu++) {
		if (find_hwmon(sim, name, e) == 0)
			return rp_sim_gpu_bound(sim, e->gpu) ? 0 : -ENOENT;
	}
	return -ENOENT;
}

static int each_hwmon_link(const struct rp_sim *sim, const struct rp_sim_ent *e,
			   struct rp_names *ret)
{
	struct rp_sim_ent at = *e;
	int r = 0;

	for (at.gpu = 0; r == 0 && at.gpu < sim->profile->n_gpus; at.gpu++) {
		if (rp_sim_gpu_bound(sim, at.gpu))
			r = each_hwmon(sim, &at, ret);
	}
	return r;
}

static int show_hwmon_link(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	rp_sim_add_pci_path(sim, e->gpu, out);
	rp_strbuf_addf(out, "/hwmon/hwmon%u", e->gpu);
	return rp_sim_shown(out);
}

const struct rp_sim_file rp_sim_hwmon_class_files[] = {
	{.find = find_hwmon_link,
	 .each = each_hwmon_link,
	 .type = RP_FILE_LINK,
	 .mode = 0777,
	 .show = show_hwmon_link},
	RP_SIM_END,
};

/* ---- health ---- */

static const struct rp_sim_file ras_files[] = {
	RP_SIM_ATTR("features", show_features),
	RAS_FILE("umc_err_count", BLOCK_UMC),
	RAS_FILE("sdma_err_count", BLOCK_OTHER),
	RAS_FILE("gfx_err_count", BLOCK_OTHER),
	RAS_FILE("mmhub_err_count", BLOCK_OTHER),
	RAS_FILE("xgmi_wafl_err_count", BLOCK_OTHER),
	RP_SIM_ATTR("gpu_vram_bad_pages", show_bad_pages),
	RP_SIM_END,
};

static bool has_isolation(const struct rp_sim *sim, const struct rp_sim_ent *e)
{
	return since_g2(sim, e) && rp_sim_switchable(sim, e->gpu);
}

const struct rp_sim_file rp_sim_gpu_setting_files[] = {
	{.name = "hwmon",
	 .type = RP_FILE_DIR,
	 .mode = 0755,
	 .children = hwmon_dirs,
	 .exists = rp_sim_has_pm},
	RP_SIM_DIR("ras", ras_files),
	{.name = "power_dpm_force_performance_level",
	 .type = RP_FILE_REGULAR,
	 .mode = 0644,
	 .exists = rp_sim_has_pm,
	 .show = show_level,
	 .store = store_level},
	{.name = "enforce_isolation",
	 .type = RP_FILE_REGULAR,
	 .mode = 0644,
	 .exists = has_isolation,
	 .show = show_isolation,
	 .store = store_isolation},
	{.name = "run_cleaner_shader",
	 .type = RP_FILE_REGULAR,
	 .mode = 0200,
	 .exists = has_isolation,
	 .store = store_cleaner},
	RP_SIM_END,
};
