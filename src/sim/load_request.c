/* SPDX-License-Identifier: MIT */
/* What is asked of the load and of the clock: by a command, or by a script. */
#include "base/json.h"
#include "base/num.h"
#include "sim/load.h"
#include "sim/machine.h"

#define SECOND_US UINT64_C(1000000)

/* ---- targets ---- */

/* "all"; a GPU by its number in the profile or its address; either with "/PARTITION". */
static int parse_target(const struct rp_sim *sim, const char *text, uint32_t *ret_gpu,
			uint32_t *ret_slot)
{
	const char *slash = strchr(text, '/');
	RP_AUTO_FREE char *gpu = rp_strndup(text, slash ? (size_t)(slash - text) : strlen(text));
	int g;

	if (!gpu)
		return -ENOMEM;
	*ret_slot = RP_SIM_WHOLE_GPU;
	*ret_gpu = RP_SIM_WHOLE_GPU;
	if (rp_str_eq(text, "all"))
		return 0;
	if (rp_parse_u32(gpu, 10, ret_gpu) == 0) {
		if (*ret_gpu >= sim->profile->n_gpus)
			return -ENODEV;
	} else {
		g = rp_sim_find_gpu(sim, gpu);
		if (g < 0)
			return g;
		*ret_gpu = (uint32_t)g;
	}
	if (slash && (rp_parse_u32(slash + 1, 10, ret_slot) < 0 ||
		      *ret_slot >= sim->profile->gpus[*ret_gpu].product->xcc))
		return -ENODEV;
	return 0;
}

/* ---- adding ---- */

static uint64_t most_memory(const struct rp_sim *sim, const struct rp_sim_segment *s)
{
	if (s->slot == RP_SIM_WHOLE_GPU)
		return sim->profile->gpus[s->gpu].product->vram_bytes;
	if (s->slot >= rp_sim_partitions(sim, s->gpu))
		return UINT64_C(1) << 48; /* of a mode that may come */
	return rp_sim_partition_limit(sim, s->gpu, s->slot);
}

static int add_one(struct rp_sim *sim, const struct rp_sim_segment *s, struct rocpart_error *err)
{
	struct rp_sim_load *l = sim->state.load;
	size_t n = 0;

	if (s->vram > most_memory(sim, s))
		return rp_error_set(err, -ENOMEM, ROCPART_ERR_INVALID_ARGUMENT,
				    sim->profile->gpus[s->gpu].bdf,
				    "the load has more memory than there is");
	for (size_t i = 0; i < l->n_segments; i++) { /* those that it hides for good are gone */
		const struct rp_sim_segment *o = &l->segments[i];

		if (o->gpu == s->gpu && (o->slot == s->slot || s->slot == RP_SIM_WHOLE_GPU) &&
		    o->from_us <= s->from_us && s->until_us == RP_SIM_FOR_EVER &&
		    s->from_us <= l->at_us)
			continue;
		l->segments[n++] = *o;
	}
	l->n_segments = n;
	if (n == RP_SIM_MAX_LOADS)
		return rp_error_set(err, -ENOSPC, ROCPART_ERR_INVALID_ARGUMENT, sim->name,
				    "a simulated machine has at most %d loads at once",
				    RP_SIM_MAX_LOADS);
	if (rp_grow(&l->segments, &l->cap_segments, n + 1, sizeof(*l->segments)) < 0)
		return rp_error_nomem(err);
	l->segments[l->n_segments] = *s;
	rp_sim_load_name_process(sim, &l->segments[l->n_segments]);
	l->n_segments++;
	return 0;
}

static int add_target(struct rp_sim *sim, const char *target, struct rp_sim_segment s,
		      struct rocpart_error *err)
{
	int r = parse_target(sim, target, &s.gpu, &s.slot);
	bool every = s.gpu == RP_SIM_WHOLE_GPU;

	if (r == -ENOMEM)
		return rp_error_nomem(err);
	if (r < 0)
		return rp_error_set(err, -ENODEV, ROCPART_ERR_NOT_FOUND, target,
				    "the simulated machine has no GPU or partition '%s'", target);
	for (uint32_t g = 0; r == 0 && g < sim->profile->n_gpus; g++) {
		if (!every && g != s.gpu)
			continue;
		s.gpu = g;
		r = add_one(sim, &s, err);
		if (!every)
			break;
	}
	return r;
}

/* ---- one change of the machine around each request ---- */

/* The clock starts at 0, GPUs idle. */
static int start(struct rp_sim *sim, uint64_t seed, uint32_t rate)
{
	struct rp_sim_load *l = rp_new0(struct rp_sim_load, 1);
	int64_t before = rp_sim_time(sim);

	if (!l)
		return -ENOMEM;
	rp_sim_load_free(sim->state.load);
	sim->state.load = l;
	l->seed = seed;
	l->rate = rate;
	rp_sim_load_cool(sim);
	rp_sim_load_anchor(l);
	rp_sim_clock_moved(sim, before);
	return 0;
}

static int begin(struct rp_sim *sim, int *ret_lock, struct rocpart_error *err)
{
	int r = rp_sim_change_begin(sim, ret_lock);

	if (r == 0 && !sim->state.load)
		r = start(sim, 0, 1);
	return r < 0 ? rp_error_errno(err, r, sim->name, "the load was not changed") : 0;
}

/* What failed half-way is read back from the disk. */
static int end(struct rp_sim *sim, int r, struct rocpart_error *err)
{
	if (r < 0) {
		rp_cleanup_close(&sim->state_fd);
		sim->state_fd = -EBADF;
		return r;
	}
	r = rp_sim_change_end(sim);
	return r < 0 ? rp_error_errno(err, r, sim->name, "the load was not changed") : 0;
}

static int refuse_rate(const struct rp_sim *sim, struct rocpart_error *err)
{
	return rp_error_set(err, -EINVAL, ROCPART_ERR_INVALID_ARGUMENT, sim->name,
			    "a simulated clock runs at most %d times as fast", RP_SIM_MAX_RATE);
}

int rp_sim_load_start(struct rp_sim *sim, uint64_t seed, uint32_t rate,
		      struct rocpart_error *reterr)
{
	RP_AUTO_CLOSE int lock = -EBADF;
	int r;

	if (rate > RP_SIM_MAX_RATE)
		return refuse_rate(sim, reterr);
	r = begin(sim, &lock, reterr);
	if (r < 0)
		return r;
	r = start(sim, seed & INT64_MAX, rate);
	return end(sim, r < 0 ? rp_error_nomem(reterr) : 0, reterr);
}

int rp_sim_load_stop(struct rp_sim *sim, struct rocpart_error *reterr)
{
	RP_AUTO_CLOSE int lock = -EBADF;
	int r = begin(sim, &lock, reterr);
	int64_t before;

	if (r < 0)
		return r;
	before = rp_sim_time(sim);
	sim->state.load = rp_sim_load_free(sim->state.load);
	rp_sim_clock_moved(sim, before);
	return end(sim, 0, reterr);
}

int rp_sim_load_add(struct rp_sim *sim, const char *target, uint32_t util, uint64_t vram,
		    uint64_t for_s, struct rocpart_error *reterr)
{
	RP_AUTO_CLOSE int lock = -EBADF;
	struct rp_sim_segment s = {.util = util, .vram = vram};
	int r;

	if (util > 100 || for_s > RP_SIM_MAX_TIME_US / SECOND_US)
		return rp_error_set(reterr, -EINVAL, ROCPART_ERR_INVALID_ARGUMENT, target,
				    "a load is from 0 to 100 percent, for at most 35 years");
	r = begin(sim, &lock, reterr);
	if (r < 0)
		return r;
	s.from_us = sim->state.load->at_us;
	s.until_us = for_s ? s.from_us + for_s * SECOND_US : RP_SIM_FOR_EVER;
	return end(sim, add_target(sim, target, s, reterr), reterr);
}

int rp_sim_clock_advance(struct rp_sim *sim, uint64_t seconds, struct rocpart_error *reterr)
{
	RP_AUTO_CLOSE int lock = -EBADF;
	int r = begin(sim, &lock, reterr);

	if (r < 0)
		return r;
	if (seconds > (RP_SIM_MAX_TIME_US - sim->state.load->at_us) / SECOND_US)
		return end(sim,
			   rp_error_set(reterr, -ERANGE, ROCPART_ERR_INVALID_ARGUMENT, sim->name,
					"the simulated clock ends after 35 years"),
			   reterr);
	r = rp_sim_settle_at(sim, (int64_t)(sim->state.load->at_us + seconds * SECOND_US),
			     sim->state.load->host_us);
	return end(sim, r < 0 ? rp_error_nomem(reterr) : 0, reterr);
}

int rp_sim_clock_set_rate(struct rp_sim *sim, uint32_t rate, struct rocpart_error *reterr)
{
	RP_AUTO_CLOSE int lock = -EBADF;
	int r;

	if (rate > RP_SIM_MAX_RATE)
		return refuse_rate(sim, reterr);
	r = begin(sim, &lock, reterr);
	if (r < 0)
		return r;
	sim->state.load->rate = rate;
	return end(sim, 0, reterr);
}

/* ---- scripts: t, target, util, vram; t, fault, rule ---- */

/* Cut at commas into n words without blanks around them. */
static int split(char *line, char **words, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char *comma = strchr(line, ',');

		if ((comma == NULL) != (i + 1 == n))
			return -EINVAL;
		if (comma)
			*comma = '\0';
		words[i] = line + strspn(line, " \t");
		words[i][strcspn(words[i], " \t\r")] = '\0';
		line = comma ? comma + 1 : line;
	}
	return 0;
}

static int parse_time(const struct rp_sim *sim, const char *text, uint64_t *ret_us)
{
	uint64_t t = 0;

	if (rp_parse_u64(text, 10, &t) < 0 && rp_parse_duration(text, &t) < 0)
		return -EINVAL;
	if (t > (RP_SIM_MAX_TIME_US - sim->state.load->at_us) / SECOND_US)
		return -EINVAL;
	*ret_us = sim->state.load->at_us + t * SECOND_US;
	return 0;
}

static int parse_line(const struct rp_sim *sim, char **words, struct rp_sim_segment *s)
{
	if (parse_time(sim, words[0], &s->from_us) < 0)
		return -EINVAL;
	if (rp_parse_u32(words[2], 10, &s->util) < 0 || s->util > 100)
		return -EINVAL;
	if (rp_parse_bytes(words[3], &s->vram) < 0)
		return -EINVAL;
	s->until_us = RP_SIM_FOR_EVER;
	return 0;
}

/* "SECONDS, fault, RULE": -EINVAL when it is no such line. */
static int add_fault_line(struct rp_sim *sim, const char *line)
{
	RP_AUTO_FREE char *copy = rp_strdupf("%s", line);
	struct rp_sim_due due = {.kind = RP_SIM_DUE_FAULT};
	struct rp_sim_fault f = {0};
	char *words[3];
	uint64_t us = 0;
	int r;

	if (!copy)
		return -ENOMEM;
	if (split(copy, words, RP_ARRAY_LEN(words)) < 0 || !rp_str_eq(words[1], "fault") ||
	    parse_time(sim, words[0], &us) < 0)
		return -EINVAL;
	r = rp_sim_fault_parse(words[2], &f, NULL);
	rp_sim_fault_done(&f);
	if (r < 0)
		return r;
	due.at_us = (int64_t)us;
	due.rule = rp_strdupf("%s", words[2]);
	return due.rule ? rp_sim_due_add(sim, due) : -ENOMEM;
}

static int add_line(struct rp_sim *sim, char *line, const char *name, size_t number,
		    struct rocpart_error *err)
{
	char *words[4];
	struct rp_sim_segment s = {0};
	char place[64];

	line += strspn(line, " \t\r");
	if (!*line || *line == '#')
		return 0;
	switch (add_fault_line(sim, line)) {
	case 0:
		return 0;
	case -ENOMEM:
		return rp_error_nomem(err);
	default:
		break;
	}
	if (split(line, words, RP_ARRAY_LEN(words)) < 0 || parse_line(sim, words, &s) < 0) {
		if (rp_fmt(place, sizeof(place), "%.40s:%zu", name, number) < 0)
			place[0] = '\0';
		return rp_error_set(
			err, -EINVAL, ROCPART_ERR_CONFIG_SYNTAX, place,
			"a line of a load script is: seconds, target, percent, bytes, or: "
			"seconds, fault, rule; for example `90, 0/3, 100, 20GiB`");
	}
	return add_target(sim, words[1], s, err);
}

int rp_sim_load_script(struct rp_sim *sim, const char *text, const char *name,
		       struct rocpart_error *reterr)
{
	RP_AUTO_CLOSE int lock = -EBADF;
	RP_AUTO_FREE char *copy = rp_strndup(text, strlen(text));
	size_t number = 1;
	int r;

	if (!copy)
		return rp_error_nomem(reterr);
	r = begin(sim, &lock, reterr);
	if (r < 0)
		return r;
	for (char *line = copy, *next; r == 0 && line; line = next, number++) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		r = add_line(sim, line, name, number, reterr);
	}
	return end(sim, r, reterr);
}

/* ---- showing ---- */

static struct rp_json *gpu_json(const struct rp_sim *sim, size_t gpu)
{
	struct rp_json *j = rp_json_object(), *busy = rp_json_array();
	struct rp_sim_moment m;
	uint32_t n = rp_sim_partitions(sim, gpu), xcc = sim->profile->gpus[gpu].product->xcc;
	uint64_t mhz = 0;
	int r = rp_json_set_string(j, "bdf", sim->profile->gpus[gpu].bdf);

	rp_sim_observe(sim, gpu, &m);
	for (uint32_t x = 0; x < xcc; x++)
		mhz += m.gfx_mhz[x];
	r |= rp_json_set_u64(j, "busy_percent", m.gfx_busy);
	r |= rp_json_set_u64(j, "memory_busy_percent", m.mem_busy);
	r |= rp_json_set_u64(j, "power_watts", (m.power_uw + 500000) / 1000000);
	r |= rp_json_set_u64(j, "hotspot_celsius",
			     (uint64_t)(m.past.hotspot_uc + 500000) / 1000000);
	r |= rp_json_set_u64(j, "memory_celsius", (uint64_t)(m.past.mem_uc + 500000) / 1000000);
	r |= rp_json_set_u64(j, "clock_mhz", mhz / xcc);
	r |= rp_json_set_u64(j, "throttled_percent", m.ppt_permille / 10);
	r |= rp_json_set_u64(j, "vram_used_bytes", rp_sim_vram_used(sim, gpu));
	r |= rp_json_set_u64(j, "energy_joules", m.past.energy_uj / 1000000);
	r |= rp_json_set_u64(j, "throttled_ms", m.past.ppt_us / 1000);
	for (uint32_t p = 0; p < n; p++)
		r |= rp_json_append(busy, rp_json_u64(m.xcc_busy[p * xcc / n]));
	r |= rp_json_set(j, "partitions_busy_percent", busy);
	return r < 0 ? rp_json_free(j) : j;
}

int rp_sim_load_show(struct rp_sim *sim, struct rp_strbuf *ret)
{
	RP_AUTO_JSON struct rp_json *j = NULL;
	struct rp_json *gpus;
	int r = rp_sim_store_refresh(sim);

	if (r < 0)
		return r;
	j = rp_json_object();
	gpus = rp_json_array();
	r = rp_json_set_bool(j, "running", sim->state.load != NULL);
	for (size_t g = 0; sim->state.load && g < sim->profile->n_gpus; g++)
		r |= rp_json_append(gpus, gpu_json(sim, g));
	if (sim->state.load) {
		r |= rp_json_set_u64(j, "seconds", rp_sim_load_now(sim) / SECOND_US);
		r |= rp_json_set_u64(j, "rate", sim->state.load->rate);
		r |= rp_json_set_u64(j, "seed", sim->state.load->seed);
	}
	r |= rp_json_set(j, "gpus", gpus);
	return r < 0 ? -ENOMEM : rp_json_print(j, false, ret);
}
