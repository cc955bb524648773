/* SPDX-License-Identifier: MIT */
/*
 * Load of a simulated machine over time, and the clock that it follows. Nothing runs: what a GPU
 * shows follows from the state at the last change and the time that passed since. A machine on
 * which no load was ever started has no model, and its files tell nothing, as before.
 */
#ifndef RP_SIM_LOAD_H
#define RP_SIM_LOAD_H

#include "base/strbuf.h"
#include "sim/profile.h"

struct rp_sim;
struct rp_json;

#define RP_SIM_WHOLE_GPU   UINT32_MAX
#define RP_SIM_MAX_LOADS   1024
#define RP_SIM_MAX_RATE	   100000
#define RP_SIM_MAX_TIME_US (UINT64_C(1) << 50) /* 35 years: 4000 W give less than 2^62 uJ */
#define RP_SIM_HOLDER_UTIL 80 /* percent; of a process that has memory and no load asked for */
#define RP_SIM_FOR_EVER	   UINT64_MAX

/* A load that was asked for. Of those that overlap, the one that began last counts. */
struct rp_sim_segment {
	uint64_t from_us, until_us;
	uint32_t gpu, slot; /* slot RP_SIM_WHOLE_GPU: each partition that there is */
	uint32_t util;	    /* percent */
	uint64_t vram;	    /* bytes that it comes to have */
	uint32_t pid;	    /* of the process that has them; 0: it has no memory */
	uint64_t start_ticks;
};

/* What has a past: of one GPU, at rp_sim_load.at_us. */
struct rp_sim_past {
	int64_t hotspot_uc, mem_uc, vr_uc; /* millionths of a degree Celsius */
	uint64_t energy_uj;
	uint64_t uptime_us, ppt_us; /* since the model was started; throttled by power */
	uint64_t gfx_acc, mem_acc;  /* percent x microseconds */
	uint64_t busy_acc[RP_SIM_MAX_XCC];
	uint64_t xcc_ppt_us[RP_SIM_MAX_XCC], xcc_low_us[RP_SIM_MAX_XCC];
};

struct rp_sim_load {
	uint64_t seed;
	uint32_t rate;	  /* simulated seconds in a second of the host; 0: the clock stands */
	uint64_t host_us; /* when at_us was, by the clock of the host */
	uint64_t at_us;	  /* simulated time of the last change, since the model was started */
	struct rp_sim_segment *segments;
	size_t n_segments, cap_segments;
	uint64_t valid_from, valid_until; /* of the processes in the state; never saved */
	struct rp_sim_past gpus[RP_SIM_MAX_GPUS];
};

/* What a GPU does at one moment; all follows from rp_sim_load. */
struct rp_sim_moment {
	uint64_t us;
	struct rp_sim_past past;
	uint32_t xcc_busy[RP_SIM_MAX_XCC]; /* percent */
	uint32_t gfx_busy, mem_busy;
	uint64_t power_uw;
	uint32_t ppt_permille; /* part of the time that power holds the clocks back */
	uint32_t gfx_mhz[RP_SIM_MAX_XCC], soc_mhz, mem_mhz, vclk_mhz, dclk_mhz;
};

/* Of a GPU now; only with a model. */
void rp_sim_observe(const struct rp_sim *sim, size_t gpu, struct rp_sim_moment *ret);
uint64_t rp_sim_host_us(void);
/* Carry the past of all GPUs to that time: before a change, which may change what they do. */
void rp_sim_load_carry(struct rp_sim *sim, uint64_t until_us);
/* The load that counts at a time, or NULL. */
const struct rp_sim_segment *rp_sim_segment_at(const struct rp_sim_load *l, size_t gpu,
					       uint32_t slot, uint64_t t);
/* Memory that it has at a time, and the first time after that at which it has more. */
uint64_t rp_sim_load_grown(const struct rp_sim_segment *s, uint64_t t);
uint64_t rp_sim_load_next_growth(const struct rp_sim_segment *s, uint64_t t);
/* Cold GPUs without load, as after power on; the clock goes on. */
void rp_sim_load_cool(struct rp_sim *sim);
struct rp_sim_load *rp_sim_load_free(struct rp_sim_load *load); /* returns NULL */
void rp_sim_load_anchor(struct rp_sim_load *load);		/* at_us is now */
uint64_t rp_sim_load_now(const struct rp_sim *sim);		/* simulated time */

/* load_process.c */
/* Make the processes of loads those of now. Each read comes through here. */
int rp_sim_load_follow(struct rp_sim *sim) RP_MUST_CHECK;
void rp_sim_load_name_process(struct rp_sim *sim, struct rp_sim_segment *s);
void rp_sim_load_end_process(struct rp_sim *sim, uint32_t pid);
bool rp_sim_pid_is_taken(const struct rp_sim *sim, uint32_t pid); /* also by a load to come */

/* load_json.c: NULL: out of memory; -EBADMSG: out of range. NULL j: a machine without a model. */
struct rp_json *rp_sim_load_to_json(const struct rp_sim *sim);
int rp_sim_load_from_json(const struct rp_sim *sim, const struct rp_json *j,
			  struct rp_sim_load **ret) RP_MUST_CHECK;

#endif
