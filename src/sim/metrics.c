/* SPDX-License-Identifier: MIT */
/*
 * Binary metrics: gpu_metrics of a GPU, xcp/xcp_metrics of a partition. What the hardware does not
 * tell is all ones there. Without a model of load a GPU tells little: AMD's library counts the
 * clocks of gpu_metrics to know how many partitions CPX has.
 */
#include "sim/front.h"

#define IDLE_MHZ 132 /* what rocm-smi shows of a MI300X that does nothing */
#define MAX_JPEG 40
#define MAX_VCN	 4
#define N_LINKS	 8

/* Ids of attributes in version 1.9; the last is of 1.5 only. */
enum {
	TEMP_HOTSPOT,
	TEMP_MEM,
	TEMP_VRSOC,
	POWER,
	GFX_ACTIVITY,
	UMC_ACTIVITY,
	MEM_BANDWIDTH,
	ENERGY,
	SYSTEM_CLOCK,
	TICKS,
	PROCHOT,
	PPT,
	SOCKET_THM,
	VR_THM,
	HBM_THM,
	LOCK_STATUS,
	PCIE_WIDTH,
	PCIE_SPEED,
	XGMI_WIDTH,
	XGMI_SPEED,
	GFX_ACC,
	MEM_ACC,
	PCIE_ACC,
	PCIE_INST,
	PCIE_RECOVERY,
	PCIE_REPLAY,
	PCIE_ROLLOVER,
	NAK_SENT,
	NAK_RECEIVED,
	XGMI_READ,
	XGMI_WRITE,
	LINK_STATUS,
	FW_TIME,
	GFXCLK,
	SOCCLK,
	VCLK,
	DCLK,
	UCLK,
	N_PARTITIONS,
	PCIE_OTHER_END,
	GFX_BUSY,
	JPEG_BUSY,
	VCN_BUSY,
	BUSY_ACC,
	BELOW_PPT,
	BELOW_THM,
	LOW_UTIL,
	BELOW_TOTAL,
	THROTTLE,
	N_IDS,
};

enum { NONE, MHZ, CELSIUS, WATTS, NS, NS10, GTS, GTS10, GBS, KB, PERCENT };

/*
 * What there is: its unit, bytes and number in 1.9, and where it is in gpu_metrics_v1_5, _v1_6, and
 * _v1_7 and _v1_8, which differ in their partitions only (kgd_pp_interface.h). 0: not there.
 */
static const struct {
	uint8_t unit, bytes, n;
	uint16_t at[3];
} fields[N_IDS] = {
	[TEMP_HOTSPOT] = {CELSIUS, 2, 1, {4, 4, 4}},
	[TEMP_MEM] = {CELSIUS, 2, 1, {6, 6, 6}},
	[TEMP_VRSOC] = {CELSIUS, 2, 1, {8, 8, 8}},
	[POWER] = {WATTS, 2, 1, {10, 10, 10}},
	[GFX_ACTIVITY] = {PERCENT, 2, 1, {12, 12, 12}},
	[UMC_ACTIVITY] = {PERCENT, 2, 1, {14, 14, 14}},
	[MEM_BANDWIDTH] = {GBS, 8, 1, {0, 0, 16}},
	[ENERGY] = {NONE, 8, 1, {88, 16, 24}},
	[SYSTEM_CLOCK] = {NS, 8, 1, {96, 24, 32}},
	[TICKS] = {NONE, 4, 1, {0, 32, 40}},
	[PROCHOT] = {NONE, 4, 1, {0, 36, 44}},
	[PPT] = {NONE, 4, 1, {0, 40, 48}},
	[SOCKET_THM] = {NONE, 4, 1, {0, 44, 52}},
	[VR_THM] = {NONE, 4, 1, {0, 48, 56}},
	[HBM_THM] = {NONE, 4, 1, {0, 52, 60}},
	[LOCK_STATUS] = {NONE, 4, 1, {108, 56, 64}},
	[PCIE_WIDTH] = {NONE, 2, 1, {112, 60, 68}},
	[PCIE_SPEED] = {GTS10, 2, 1, {114, 62, 70}},
	[XGMI_WIDTH] = {NONE, 2, 1, {116, 64, 72}},
	[XGMI_SPEED] = {GTS, 2, 1, {118, 66, 74}},
	[GFX_ACC] = {PERCENT, 4, 1, {120, 68, 76}},
	[MEM_ACC] = {PERCENT, 4, 1, {124, 72, 80}},
	[PCIE_ACC] = {PERCENT, 8, 1, {128, 80, 88}},
	[PCIE_INST] = {GBS, 8, 1, {136, 88, 96}},
	[PCIE_RECOVERY] = {NONE, 8, 1, {144, 96, 104}},
	[PCIE_REPLAY] = {NONE, 8, 1, {152, 104, 112}},
	[PCIE_ROLLOVER] = {NONE, 8, 1, {160, 112, 120}},
	[NAK_SENT] = {NONE, 4, 1, {168, 120, 128}},
	[NAK_RECEIVED] = {NONE, 4, 1, {172, 124, 132}},
	[XGMI_READ] = {KB, 8, N_LINKS, {176, 128, 136}},
	[XGMI_WRITE] = {KB, 8, N_LINKS, {240, 192, 200}},
	[LINK_STATUS] = {NONE, 2, N_LINKS, {0, 0, 264}},
	[FW_TIME] = {NS10, 8, 1, {304, 256, 288}},
	[GFXCLK] = {MHZ, 2, RP_SIM_MAX_XCC, {312, 264, 296}},
	[SOCCLK] = {MHZ, 2, MAX_VCN, {328, 280, 312}},
	[VCLK] = {MHZ, 2, MAX_VCN, {336, 288, 320}},
	[DCLK] = {MHZ, 2, MAX_VCN, {344, 296, 328}},
	[UCLK] = {MHZ, 2, 1, {352, 304, 336}},
	[N_PARTITIONS] = {NONE, 2, 1, {0, 306, 338}},
	[PCIE_OTHER_END] = {NONE, 4, 1, {0, 1656, 2200}}, /* of 1.8: 3864 */
	[GFX_BUSY] = {PERCENT, 4, RP_SIM_MAX_XCC, {0}},
	[JPEG_BUSY] = {PERCENT, 2, MAX_JPEG, {24, 0, 0}}, /* of 1.5: 32 */
	[VCN_BUSY] = {PERCENT, 2, MAX_VCN, {16, 0, 0}},
	[BUSY_ACC] = {PERCENT, 8, RP_SIM_MAX_XCC, {0}},
	[BELOW_PPT] = {NONE, 8, RP_SIM_MAX_XCC, {0}},
	[BELOW_THM] = {NONE, 8, RP_SIM_MAX_XCC, {0}},
	[LOW_UTIL] = {NONE, 8, RP_SIM_MAX_XCC, {0}},
	[BELOW_TOTAL] = {NONE, 8, RP_SIM_MAX_XCC, {0}},
	[THROTTLE] = {NONE, 4, 1, {104, 0, 0}},
};

struct values {
	uint64_t v[N_IDS][RP_SIM_MAX_XCC];
	uint64_t jpeg[MAX_JPEG];
};

/* ---- the values of some XCDs and engines: all of a GPU, or those of a partition ---- */

static uint32_t share(uint32_t all, uint32_t n_partitions)
{
	return all > n_partitions ? all / n_partitions : 1;
}

static void set_all(struct values *v, unsigned id, uint64_t value, uint32_t n)
{
	for (uint32_t i = 0; i < n && i < fields[id].n; i++)
		(id == JPEG_BUSY ? v->jpeg : v->v[id])[i] = value;
}

static void set_xcc(struct values *v, uint32_t i, const struct rp_sim_moment *m, uint32_t x)
{
	v->v[GFXCLK][i] = m->gfx_mhz[x];
	v->v[GFX_BUSY][i] = m->xcc_busy[x];
	v->v[BUSY_ACC][i] = m->past.busy_acc[x] / 1000;
	v->v[BELOW_PPT][i] = m->past.xcc_ppt_us[x] / 1000;
	v->v[BELOW_THM][i] = 0;
	v->v[LOW_UTIL][i] = m->past.xcc_low_us[x] / 1000;
	v->v[BELOW_TOTAL][i] = v->v[BELOW_PPT][i] + v->v[LOW_UTIL][i];
}

static void set_part(const struct rp_sim *sim, size_t gpu, const struct rp_sim_moment *m,
		     uint32_t partition, uint32_t n, struct values *v)
{
	const struct rp_sim_product *p = sim->profile->gpus[gpu].product;
	uint32_t xccs = p->xcc / n, decoders = share(p->dec, n);

	memset(v, 0xff, sizeof(*v));
	for (uint32_t i = 0; i < xccs; i++)
		set_xcc(v, i, m, partition * xccs + i);
	set_all(v, SOCCLK, m->soc_mhz, MAX_VCN);
	set_all(v, VCLK, m->vclk_mhz, decoders);
	set_all(v, DCLK, m->dclk_mhz, decoders);
	set_all(v, UCLK, m->mem_mhz, 1);
	set_all(v, VCN_BUSY, 0, decoders);
	set_all(v, JPEG_BUSY, 0, share(p->jpeg, n) * p->jpeg_rings);
}

/* As a GPU is found without a model: clocks, and counters, which AMD's library knows no unset of.
 */
static void set_unknown(const struct rp_sim *sim, size_t gpu, struct values *v)
{
	static const uint8_t counters[] = {TICKS,   PROCHOT,  PPT,	    SOCKET_THM,
					   VR_THM,  HBM_THM,  LOCK_STATUS,  GFX_ACC,
					   MEM_ACC, NAK_SENT, NAK_RECEIVED, THROTTLE};

	memset(v, 0xff, sizeof(*v));
	for (size_t i = 0; i < RP_ARRAY_LEN(counters); i++)
		v->v[counters[i]][0] = 0;
	set_all(v, GFXCLK, IDLE_MHZ, sim->profile->gpus[gpu].product->xcc);
}

static uint64_t degrees(int64_t uc)
{
	return (uint64_t)(uc + 500000) / 1000000;
}

/* HBM moves four times a bit in each cycle. */
static uint64_t bandwidth_gbs(const struct rp_sim_product *p)
{
	return (p->bank_width / 8 * (uint64_t)p->bank_clock_mhz * 4 + 500) / 1000;
}

static void set_links(const struct rp_sim *sim, size_t gpu, struct values *v)
{
	uint32_t peers = 0;

	for (size_t g = 0; g < sim->profile->n_gpus; g++)
		peers += g != gpu && rp_sim_same_hive(sim, gpu, g) && rp_sim_gpu_bound(sim, g);
	set_all(v, PCIE_WIDTH, 16, 1);
	set_all(v, PCIE_SPEED, 320, 1);
	for (unsigned id = PCIE_ACC; id <= NAK_RECEIVED; id++)
		v->v[id][0] = 0;
	v->v[PCIE_OTHER_END][0] = 0;
	set_all(v, XGMI_WIDTH, peers ? 16 : 0, 1);
	set_all(v, XGMI_SPEED, peers ? 32 : 0, 1);
	set_all(v, XGMI_READ, 0, N_LINKS);
	set_all(v, XGMI_WRITE, 0, N_LINKS);
	set_all(v, LINK_STATUS, 0, N_LINKS);
	set_all(v, LINK_STATUS, 1, peers);
}

static void set_gpu(const struct rp_sim *sim, size_t gpu, const struct rp_sim_moment *m,
		    struct values *v)
{
	set_part(sim, gpu, m, 0, 1, v);
	set_links(sim, gpu, v);
	v->v[TEMP_HOTSPOT][0] = degrees(m->past.hotspot_uc);
	v->v[TEMP_MEM][0] = degrees(m->past.mem_uc);
	v->v[TEMP_VRSOC][0] = degrees(m->past.vr_uc);
	v->v[POWER][0] = (m->power_uw + 500000) / 1000000;
	v->v[GFX_ACTIVITY][0] = m->gfx_busy;
	v->v[UMC_ACTIVITY][0] = m->mem_busy;
	v->v[MEM_BANDWIDTH][0] = bandwidth_gbs(sim->profile->gpus[gpu].product);
	v->v[ENERGY][0] = (uint64_t)((unsigned __int128)m->past.energy_uj * 65536 / 1000000);
	v->v[SYSTEM_CLOCK][0] = m->us * 1000;
	v->v[FW_TIME][0] = m->us * 100;
	v->v[TICKS][0] = m->past.uptime_us / 1000;
	v->v[PPT][0] = m->past.ppt_us / 1000;
	v->v[PROCHOT][0] = v->v[SOCKET_THM][0] = v->v[VR_THM][0] = v->v[HBM_THM][0] = 0;
	v->v[LOCK_STATUS][0] = 0;
	v->v[THROTTLE][0] = m->ppt_permille > 0; /* bit 0 of the firmware: power */
	v->v[GFX_ACC][0] = m->past.gfx_acc / 1000;
	v->v[MEM_ACC][0] = m->past.mem_acc / 1000;
}

/* ---- encodings ---- */

static void put(struct rp_strbuf *out, size_t at, uint64_t value, size_t bytes)
{
	for (size_t i = 0; i < bytes && at + i < out->len; i++)
		out->s[at + i] = (char)(value >> 8 * i & 0xff);
}

static void put_array(struct rp_strbuf *out, size_t at, const struct values *v, unsigned id,
		      size_t n)
{
	const uint64_t *from = id == JPEG_BUSY ? v->jpeg : v->v[id];

	for (size_t i = 0; i < n; i++)
		put(out, at + i * fields[id].bytes, from[i], fields[id].bytes);
}

static int start(struct rp_strbuf *out, size_t size, uint8_t revision)
{
	const char header[] = {(char)(size & 0xff), (char)(size >> 8), 1, (char)revision};

	rp_strbuf_add_mem(out, header, sizeof(header));
	for (size_t i = sizeof(header); i < size; i++)
		rp_strbuf_add_char(out, (char)0xff);
	return rp_sim_shown(out);
}

/* A list of attributes, each a word that says its unit, type, id and number, and its values. */
static int show_attributes(const struct values *v, const uint8_t *ids, size_t n, uint8_t revision,
			   struct rp_strbuf *out)
{
	static const uint8_t types[] = {[2] = 2, [4] = 4, [8] = 6}; /* U16, U32, U64 */
	size_t size = 8, at = 8;
	int r;

	for (size_t i = 0; i < n; i++)
		size += 8 + (size_t)fields[ids[i]].bytes * fields[ids[i]].n;
	r = start(out, size, revision);
	if (r < 0)
		return r;
	put(out, 4, n, 4);
	for (size_t i = 0; i < n; i++) {
		unsigned id = ids[i];

		put(out, at,
		    (uint64_t)fields[id].unit << 24 | (uint64_t)types[fields[id].bytes] << 20 |
			    (uint64_t)id << 10 | fields[id].n,
		    8);
		put_array(out, at + 8, v, id, fields[id].n);
		at += 8 + (size_t)fields[id].bytes * fields[id].n;
	}
	return 0;
}

static int show_1_9(const struct values *v, struct rp_strbuf *out)
{
	uint8_t ids[N_IDS];
	size_t n = 0;

	for (uint8_t id = 0; id < THROTTLE; id++)
		if (id != N_PARTITIONS)
			ids[n++] = id;
	return show_attributes(v, ids, n, 9, out);
}

/* Of 1.6, 1.7 and 1.8: where its partitions are, how long each is, and where in it what is. */
static const struct {
	uint16_t size, first, each, jpegs, vcn, busy_acc, ppt, thm, low, total;
} stats[] = {
	[5] = {.size = 360},
	[6] = {1664, 312, 168, 32, 96, 104, 0, 0, 0, 0},
	[7] = {2208, 344, 232, 32, 96, 104, 0, 0, 0, 168},
	[8] = {3872, 344, 440, 40, 112, 120, 184, 248, 312, 376},
};

static void put_stats(const struct values *v, uint8_t revision, size_t at, struct rp_strbuf *out)
{
	put_array(out, at, v, GFX_BUSY, RP_SIM_MAX_XCC);
	put_array(out, at + 32, v, JPEG_BUSY, stats[revision].jpegs);
	put_array(out, at + stats[revision].vcn, v, VCN_BUSY, MAX_VCN);
	put_array(out, at + stats[revision].busy_acc, v, BUSY_ACC, RP_SIM_MAX_XCC);
	if (stats[revision].ppt) {
		put_array(out, at + stats[revision].ppt, v, BELOW_PPT, RP_SIM_MAX_XCC);
		put_array(out, at + stats[revision].thm, v, BELOW_THM, RP_SIM_MAX_XCC);
		put_array(out, at + stats[revision].low, v, LOW_UTIL, RP_SIM_MAX_XCC);
	}
	if (stats[revision].total)
		put_array(out, at + stats[revision].total, v,
			  revision == 7 ? BELOW_PPT : BELOW_TOTAL, RP_SIM_MAX_XCC);
}

static int show_table(const struct values *v, uint8_t revision, struct rp_strbuf *out)
{
	size_t column = revision > 7 ? 2 : revision - 5U;
	int r = start(out, stats[revision].size, revision);

	for (unsigned id = 0; r == 0 && id < N_IDS; id++) {
		size_t at = fields[id].at[column], n = fields[id].n;

		if (id == PCIE_OTHER_END && revision == 8)
			at = 3864;
		if (id == JPEG_BUSY)
			n = 32;
		if (at)
			put_array(out, at, v, id, n);
	}
	return r;
}

/* ---- of a GPU ---- */

/* smu_v13_0_6_ppt.c is for GC 9.4.3 and later; older GPUs fill another structure. */
static bool has_gpu_metrics(const struct rp_sim *sim, const struct rp_sim_ent *e)
{
	return rp_sim_has_pm(sim, e) && rp_sim_switchable(sim, e->gpu);
}

static int show_gpu_metrics(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	uint8_t revision = (uint8_t)sim->profile->gpu_metrics;
	uint32_t n = rp_sim_partitions(sim, e->gpu);
	struct rp_sim_moment m = {0};
	struct values v;
	int r;

	if (rp_sim_in_reset(sim, e->gpu))
		return -EPERM;
	if (rp_sim_has_load(sim)) {
		rp_sim_observe(sim, e->gpu, &m);
		set_gpu(sim, e->gpu, &m, &v);
	} else {
		set_unknown(sim, e->gpu, &v);
	}
	v.v[N_PARTITIONS][0] = n;
	r = revision == 9 ? show_1_9(&v, out) : show_table(&v, revision, out);
	for (uint32_t p = 0; r == 0 && rp_sim_has_load(sim) && stats[revision % 9].each && p < n;
	     p++) {
		set_part(sim, e->gpu, &m, p, n, &v);
		put_stats(&v, revision, stats[revision].first + p * stats[revision].each, out);
	}
	return r;
}

/* ---- of a partition ---- */

/* Only while its slot is a partition. */
static bool has_xcp_metrics(const struct rp_sim *sim, const struct rp_sim_ent *e)
{
	return sim->profile->abi == RP_SIM_G3 && rp_sim_switchable(sim, e->gpu) &&
	       e->slot < rp_sim_partitions(sim, e->gpu);
}

/* struct amdgpu_partition_metrics_v1_0: clocks, then what 1.8 tells of a partition. */
static int show_partition(const struct values *v, struct rp_strbuf *out)
{
	static const uint8_t ids[] = {GFXCLK, SOCCLK, VCLK, DCLK, UCLK};
	static const uint16_t at[] = {4, 20, 28, 36, 44};
	int r = start(out, 488, 0);

	for (size_t i = 0; r == 0 && i < RP_ARRAY_LEN(ids); i++)
		put_array(out, at[i], v, ids[i], fields[ids[i]].n);
	if (r == 0)
		put_stats(v, 8, 48, out);
	return r;
}

static int show_xcp_metrics(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	static const uint8_t ids[] = {GFXCLK,	 SOCCLK,    VCLK,	DCLK,	  UCLK,
				      GFX_BUSY,	 JPEG_BUSY, VCN_BUSY,	BUSY_ACC, BELOW_PPT,
				      BELOW_THM, LOW_UTIL,  BELOW_TOTAL};
	struct rp_sim_moment m;
	struct values v;

	memset(&v, 0xff, sizeof(v));
	if (rp_sim_has_load(sim)) {
		rp_sim_observe(sim, e->gpu, &m);
		set_part(sim, e->gpu, &m, e->slot, rp_sim_partitions(sim, e->gpu), &v);
	}
	return sim->profile->gpu_metrics == 9 ? show_attributes(&v, ids, RP_ARRAY_LEN(ids), 1, out)
					      : show_partition(&v, out);
}

static const struct rp_sim_file xcp_files[] = {
	{.name = "xcp_metrics",
	 .when_off = -EIO,
	 .type = RP_FILE_REGULAR,
	 .mode = 0444,
	 .show = show_xcp_metrics},
	RP_SIM_END,
};

#define XCP_DIR                                                                          \
	{                                                                                \
		.name = "xcp", .type = RP_FILE_DIR, .mode = 0755, .children = xcp_files, \
		.exists = has_xcp_metrics,                                               \
	}

const struct rp_sim_file rp_sim_slot_metrics_files[] = {XCP_DIR, RP_SIM_END};

const struct rp_sim_file rp_sim_gpu_metrics_files[] = {
	{.name = "gpu_metrics",
	 .when_off = -EIO,
	 .type = RP_FILE_REGULAR,
	 .mode = 0444,
	 .show = show_gpu_metrics,
	 .exists = has_gpu_metrics},
	XCP_DIR,
	RP_SIM_END,
};
