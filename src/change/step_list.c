/* SPDX-License-Identifier: MIT */
/* Making the list of steps of a change, and announcing them. */
#include <stdarg.h>

#include "base/strbuf.h"
#include "change/change.h"
#include "hw/driver.h"

/* What the list is made from; the same questions as perform.c, asked beforehand. */
struct maker {
	struct rocpart_change *c;
	enum rp_direction direction;
	enum rp_run run;
	bool loads_first;  /* an interruption left the driver unloaded */
	unsigned n_cycles; /* of reload.c */
	int r;
};

void rp_step_list_done(struct rp_step_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->v[i].text);
	free(list->v);
	memset(list, 0, sizeof(*list));
}

/*
 * The memory mode that a target has when a request is made; UNKNOWN: the GPU is not there. While
 * the driver is unloaded nothing shows a mode, and the request that it took over is the best guess.
 */
static enum rocpart_memory_mode memory_before(const struct maker *m, const struct rp_target *t)
{
	const struct rocpart_gpu *gpu = rp_snapshot_gpu_by_bdf(m->c->snapshot, t->bdf);

	if (m->loads_first || m->n_cycles > 1)
		return t->to.memory;
	return gpu ? gpu->memory : ROCPART_MEMORY_UNKNOWN;
}

static bool is_requested(const struct maker *m, const struct rp_target *t)
{
	enum rocpart_memory_mode before = memory_before(m, t);

	return before != ROCPART_MEMORY_UNKNOWN && before != rp_target_goal(t, m->direction).memory;
}

/* "NPS4 for GPU 0 (0000:05:00.0)", "NPS4 for 8 GPUs", "NPS1 for 4 GPUs and NPS4 for 4 GPUs". */
static void add_requests(const struct maker *m, struct rp_strbuf *text)
{
	char gpu[RP_GPU_TEXT_SIZE];
	const char *comma = "";

	for (unsigned mode = ROCPART_MEMORY_NPS1; mode <= ROCPART_MEMORY_NPS8; mode++) {
		const struct rp_target *first = NULL;
		size_t n = 0;

		for (size_t i = 0; i < m->c->n_targets; i++) {
			const struct rp_target *t = &m->c->targets[i];

			if (rp_target_goal(t, m->direction).memory != mode || !is_requested(m, t))
				continue;
			first = first ? first : t;
			n++;
		}
		if (n == 0)
			continue;
		rp_strbuf_addf(text, "%s%s for ", comma,
			       rocpart_memory_mode_to_string((enum rocpart_memory_mode)mode));
		if (n == 1)
			rp_strbuf_add(text, rp_gpu_text(m->c->snapshot, first->bdf, gpu));
		else
			rp_strbuf_addf(text, "%zu GPUs", n);
		comma = " and ";
	}
}

static void add_hook(const struct rocpart_change *c, const struct rp_names *argv,
		     struct rp_strbuf *text)
{
	rp_strbuf_addf(text, "run hook %s", argv->v[0]);
	if (!rp_machine_is_simulated(c->machine))
		return;
	rp_strbuf_add(text, rp_machine_simulates_hook((const char *const *)argv->v, argv->n)
				    ? " (of the simulated machine)"
				    : " (simulated: only recorded)");
}

static void add_service(const struct rocpart_change *c, size_t index, const char *before,
			const char *after, struct rp_strbuf *text)
{
	const struct rp_service *s = &c->services.v[index];

	rp_strbuf_addf(text, "%s %s %s%s%s", before, rp_service_kind_text(s->kind), s->name, after,
		       rp_machine_is_simulated(c->machine) ? " (of the simulated machine)" : "");
}

/* The compute mode that all GPUs get; UNKNOWN: not one for all. */
static enum rocpart_compute_mode common_compute(const struct maker *m)
{
	enum rocpart_compute_mode all = ROCPART_COMPUTE_UNKNOWN;

	for (size_t i = 0; i < m->c->n_targets; i++) {
		enum rocpart_compute_mode one =
			rp_target_goal(&m->c->targets[i], m->direction).compute;

		if (one == ROCPART_COMPUTE_UNKNOWN)
			continue;
		if (all != ROCPART_COMPUTE_UNKNOWN && one != all)
			return ROCPART_COMPUTE_UNKNOWN;
		all = one;
	}
	return all;
}

static void add_rest(const struct maker *m, struct rp_strbuf *text)
{
	enum rocpart_compute_mode all = common_compute(m);

	if (all == ROCPART_COMPUTE_UNKNOWN)
		rp_strbuf_add(text, "set the compute mode of");
	else
		rp_strbuf_addf(text, "set %s on", rocpart_compute_mode_to_string(all));
	rp_strbuf_add(text, " each GPU that the driver starts in another mode");
}

/* Of the steps that need no more words. */
static const char *const texts[] = {
	[RP_STEP_UNDO] = "undo the change",
	[RP_STEP_CHECK_UNLOAD] = "verify that the amdgpu driver can be unloaded",
	[RP_STEP_EVICT] = "evict the leases whose partitions end",
	[RP_STEP_SAVE] = "save power cap, performance level and isolation of each GPU",
	[RP_STEP_UNLOAD] = "unload the amdgpu driver",
	[RP_STEP_LOAD] = "load the amdgpu driver",
	[RP_STEP_READ_BACK] = "read back the modes and partitions of each GPU",
	[RP_STEP_RESTORE] = "restore power cap, performance level and isolation of each GPU",
	[RP_STEP_RETURN_LEASES] = "give evicted leases their partitions back",
};

static void add_text(const struct maker *m, enum rp_step_kind kind, size_t arg,
		     struct rp_strbuf *text)
{
	const struct rocpart_change *c = m->c;
	char gpu[RP_GPU_TEXT_SIZE];

	switch (kind) {
	case RP_STEP_HOOK:
		add_hook(c, &c->services.hooks[arg].argv, text);
		return;
	case RP_STEP_STOP:
		add_service(c, arg, "stop", " if it runs", text);
		return;
	case RP_STEP_START:
		add_service(c, arg, "start", " again if it was stopped", text);
		return;
	case RP_STEP_WAIT:
		rp_strbuf_add(text, m->n_cycles ? "wait until no process has a GPU open"
						: "wait until no process computes on the GPUs");
		return;
	case RP_STEP_REQUEST:
		rp_strbuf_add(text, "request memory mode ");
		add_requests(m, text);
		return;
	case RP_STEP_SET_GPU:
		rp_strbuf_addf(text, "set %s to %s",
			       rp_gpu_text(c->snapshot, c->targets[arg].bdf, gpu),
			       rocpart_compute_mode_to_string(
				       rp_target_goal(&c->targets[arg], m->direction).compute));
		return;
	case RP_STEP_SET_REST:
		add_rest(m, text);
		return;
	case RP_STEP_ALLOCATOR:
		rp_strbuf_addf(text, "record %s as the allocator of the GPUs", c->allocator);
		return;
	case RP_STEP_CORDON:
		rp_strbuf_addf(text, "cordon %s", rp_gpu_text(c->snapshot, c->cordons.v[arg], gpu));
		return;
	case RP_STEP_UNDO:
	case RP_STEP_CHECK_UNLOAD:
	case RP_STEP_EVICT:
	case RP_STEP_SAVE:
	case RP_STEP_UNLOAD:
	case RP_STEP_LOAD:
	case RP_STEP_READ_BACK:
	case RP_STEP_RESTORE:
	case RP_STEP_RETURN_LEASES:
	default:
		rp_strbuf_add(text, texts[kind]);
	}
}

static int insert(const struct maker *m, size_t index, enum rp_step_kind kind, size_t arg)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	struct rp_step_list *list = &m->c->steps;
	char *step;

	add_text(m, kind, arg, &text);
	if (rp_grow(&list->v, &list->cap, list->n + 1, sizeof(*list->v)) < 0)
		return -ENOMEM;
	step = rp_strbuf_steal(&text);
	if (!step)
		return -ENOMEM;
	memmove(&list->v[index + 1], &list->v[index], (list->n - index) * sizeof(*list->v));
	list->v[index] = (struct rp_step){kind, arg, step};
	list->n++;
	return 0;
}

static void add(struct maker *m, enum rp_step_kind kind, size_t arg)
{
	if (m->r == 0)
		m->r = insert(m, m->c->steps.n, kind, arg);
}

static void add_hooks(struct maker *m, bool after)
{
	const struct rp_services *s = &m->c->services;

	for (size_t i = 0; i < s->n_hooks; i++)
		if (s->hooks[i].is_after == after)
			add(m, RP_STEP_HOOK, i);
}

static void add_hold(struct maker *m)
{
	if (m->run == RP_RUN_FAILED)
		return; /* they are held since the way there */
	add_hooks(m, false);
	for (size_t i = 0; i < m->c->services.n; i++)
		add(m, RP_STEP_STOP, i);
}

static void add_release(struct maker *m)
{
	const struct rp_services *s = &m->c->services;

	for (size_t i = s->n; i-- > 0;)
		if (m->run != RP_RUN_FAILED || s->v[i].is_held)
			add(m, RP_STEP_START, i);
	if (m->run != RP_RUN_FAILED || s->hooks_begun)
		add_hooks(m, true);
}

static void add_returns(struct maker *m)
{
	bool any = false;

	for (size_t i = 0; i < m->c->n_evicted; i++)
		any |= m->c->evicted[i].returns != (m->direction == RP_BACKWARD);
	if (any)
		add(m, RP_STEP_RETURN_LEASES, 0);
}

static void add_wait(struct maker *m)
{
	add(m, RP_STEP_WAIT, 0);
	if (m->n_cycles)
		add(m, RP_STEP_CHECK_UNLOAD, 0);
}

/* One cycle of reload.c; the last one requests, one before it consumes a request that waits. */
static void add_cycle(struct maker *m, unsigned index)
{
	bool requests = false;

	for (size_t i = 0; i < m->c->n_targets; i++)
		requests |= is_requested(m, &m->c->targets[i]);
	if (index > 0 || m->run != RP_RUN_FRESH)
		add_wait(m);
	if (index == 0 && rp_change_lacks_settings(m->c))
		add(m, RP_STEP_SAVE, 0);
	if (index + 1 == m->n_cycles && requests)
		add(m, RP_STEP_REQUEST, 0);
	if (m->c->reload == ROCPART_RELOAD_NEVER)
		return;
	add(m, RP_STEP_UNLOAD, 0);
	add(m, RP_STEP_LOAD, 0);
}

static void add_compute(struct maker *m)
{
	const struct rocpart_change *c = m->c;

	if (m->n_cycles || m->loads_first) {
		add(m, RP_STEP_SET_REST, 0);
		return;
	}
	for (size_t k = 0; k < c->n_targets; k++) {
		size_t i = m->direction == RP_FORWARD ? k : c->n_targets - 1 - k;
		const struct rocpart_gpu *gpu =
			rp_snapshot_gpu_by_bdf(c->snapshot, c->targets[i].bdf);

		if (gpu && rp_change_is_switched(
				   gpu, rp_target_goal(&c->targets[i], m->direction).compute))
			add(m, RP_STEP_SET_GPU, i);
	}
}

static void add_perform(struct maker *m)
{
	if (m->loads_first)
		add(m, RP_STEP_LOAD, 0);
	for (unsigned i = 0; i < m->n_cycles; i++)
		add_cycle(m, i);
	if (m->n_cycles && m->c->reload == ROCPART_RELOAD_NEVER)
		return; /* the rest is left to whoever reloads the driver */
	add_compute(m);
	add(m, RP_STEP_READ_BACK, 0);
	if (m->n_cycles || m->loads_first || rp_phase_has_unloaded(m->c->phase))
		add(m, RP_STEP_RESTORE, 0);
}

static void add_records(struct maker *m)
{
	const struct rocpart_change *c = m->c;

	if (m->run != RP_RUN_FRESH || m->direction != RP_FORWARD)
		return;
	if (rp_change_lacks_allocator(c))
		add(m, RP_STEP_ALLOCATOR, 0);
	for (size_t i = 0; i < c->cordons.n; i++)
		if (rp_change_lacks_cordon(c, i))
			add(m, RP_STEP_CORDON, i);
}

static struct maker maker_of(struct rocpart_change *c, enum rp_direction d, enum rp_run run)
{
	struct maker m = {.c = c, .direction = d, .run = run};
	bool waits = rp_phase_has_request(c->phase);

	if (rp_phase_has_unloaded(c->phase))
		m.r = rp_driver_is_loaded(c->machine->tree, NULL);
	m.loads_first = rp_phase_has_unloaded(c->phase) && m.r == 0;
	m.r = m.r < 0 ? m.r : 0;
	for (size_t i = 0; i < c->n_targets; i++)
		if (is_requested(&m, &c->targets[i]))
			m.n_cycles = 1;
	/* A request that waits comes with the next load, wanted or not: an undo needs one more. */
	if (waits && !m.n_cycles)
		m.n_cycles = d == RP_BACKWARD ? 2 : 1;
	return m;
}

int rp_change_list_steps(struct rocpart_change *c, enum rp_direction d, enum rp_run run)
{
	struct maker m = maker_of(c, d, run);

	rp_step_list_done(&c->steps);
	c->direction = d;
	c->run = run;
	if (run == RP_RUN_FRESH && !m.n_cycles && !rp_change_compute_gpus(c, d)) {
		add_records(&m);
		return m.r;
	}
	if (run == RP_RUN_FAILED)
		add(&m, RP_STEP_UNDO, 0);
	add_hold(&m);
	if (run == RP_RUN_FRESH || (run == RP_RUN_RESUMED && rp_change_is_compute_only(c, d)))
		add_wait(&m);
	if (run == RP_RUN_FRESH && c->evicts)
		add(&m, RP_STEP_EVICT, 0);
	add_perform(&m);
	add_returns(&m);
	add_release(&m);
	add_records(&m);
	return m.r;
}

static size_t find(const struct rp_step_list *list, enum rp_step_kind kind, size_t arg)
{
	for (size_t i = list->n_done; i < list->n; i++)
		if (list->v[i].kind == kind && list->v[i].arg == arg)
			return i;
	return SIZE_MAX;
}

bool rp_change_has_step(const struct rocpart_change *c, enum rp_step_kind kind, size_t arg)
{
	return find(&c->steps, kind, arg) != SIZE_MAX;
}

static void call(const struct rocpart_change *c, const char *text)
{
	if (c->progress)
		c->progress(c->progress_userdata, (unsigned)c->steps.n_done, (unsigned)c->steps.n,
			    text);
}

void rp_change_announce(struct rocpart_change *c, enum rp_step_kind kind, size_t arg)
{
	struct rp_step_list *list = &c->steps;
	size_t i = find(list, kind, arg);

	if (i == SIZE_MAX) {
		const struct maker m = maker_of(c, c->direction, c->run);

		i = list->n_done;
		if (insert(&m, i, kind, arg) < 0)
			return; /* progress is not worth failing for */
	}
	list->n_done = i + 1;
	call(c, list->v[i].text);
}

void rp_change_remark(struct rocpart_change *c, const char *fmt, ...)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	rp_strbuf_vaddf(&text, fmt, ap);
	va_end(ap);
	call(c, rp_strbuf_str(&text));
}
