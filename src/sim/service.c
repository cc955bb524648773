/* SPDX-License-Identifier: MIT */
/* Units and containers of the machine: what runs, and which processes come and go with it. */
#include <fcntl.h>
#include <unistd.h>

#include "sim/machine.h"
#include "sim/store.h"

#define SYSTEMD	     "systemd:"
#define NAME_MAX_LEN 255

void rp_sim_service_done(struct rp_sim_service *s)
{
	for (size_t i = 0; i < s->n_stopped; i++)
		rp_sim_holder_done(&s->stopped[i]);
	free(s->stopped);
	free(s->id);
	*s = (struct rp_sim_service){0};
}

/* systemctl(1): a name without the suffix of a unit is that of a service. */
static bool has_suffix(const char *unit)
{
	static const char *const suffixes[] = {".service", ".socket", ".target", ".timer",
					       ".mount",   ".path",   ".slice",	 ".scope"};

	for (size_t i = 0; i < RP_ARRAY_LEN(suffixes); i++) {
		if (rp_str_ends(unit, suffixes[i]))
			return true;
	}
	return false;
}

char *rp_sim_service_full_id(const char *id)
{
	static const char *const kinds[] = {SYSTEMD, "docker:", "podman:"};
	const char *name = NULL;

	for (size_t i = 0; i < RP_ARRAY_LEN(kinds); i++) {
		if (rp_str_starts(id, kinds[i]))
			name = id + strlen(kinds[i]);
	}
	if (!name || !*name || strlen(name) > NAME_MAX_LEN || strpbrk(name, "/ \n"))
		return NULL;
	return rp_strdupf("%s%s", id,
			  rp_str_starts(id, SYSTEMD) && !has_suffix(name) ? ".service" : "");
}

/* A folder of the path has that name, or begins with it. */
static bool has_part(const char *path, const char *name, bool whole)
{
	size_t len = strlen(name);

	for (const char *p = strchr(path, '/'); p; p = strchr(p + 1, '/')) {
		if (strncmp(p + 1, name, len) == 0 &&
		    (!whole || p[1 + len] == '/' || p[1 + len] == '\0'))
			return true;
	}
	return false;
}

/* docker-ID.scope, libpod-ID.scope; an id may be shortened. */
static bool is_in(const char *cgroup, const char *id)
{
	const char *name = strchr(id, ':') + 1;
	RP_AUTO_FREE char *scope = NULL;

	if (rp_str_starts(id, SYSTEMD))
		return has_part(cgroup, name, true);
	scope = rp_strdupf("%s-%s", rp_str_starts(id, "docker:") ? "docker" : "libpod", name);
	return scope && has_part(cgroup, scope, false);
}

static bool has_process(const struct rp_sim *sim, const char *id)
{
	for (size_t i = 0; i < sim->state.n_holders; i++) {
		if (is_in(sim->state.holders[i].cgroup, id))
			return true;
	}
	return false;
}

static struct rp_sim_service *find(const struct rp_sim *sim, const char *id)
{
	for (size_t i = 0; i < sim->state.n_services; i++) {
		if (rp_str_eq(sim->state.services[i].id, id))
			return &sim->state.services[i];
	}
	return NULL;
}

static bool runs(const struct rp_sim *sim, const char *id)
{
	const struct rp_sim_service *s = find(sim, id);

	return (s && s->runs) || has_process(sim, id);
}

int rp_sim_service_runs(struct rp_sim *sim, const char *id)
{
	RP_AUTO_FREE char *full = rp_sim_service_full_id(id);
	int r = full ? rp_sim_store_refresh(sim) : -EINVAL;

	return r < 0 ? r : runs(sim, full);
}

static int find_or_add(struct rp_sim *sim, const char *id, struct rp_sim_service **ret)
{
	struct rp_sim_state *s = &sim->state;
	char *copy;

	*ret = find(sim, id);
	if (*ret)
		return 0;
	copy = rp_strndup(id, strlen(id));
	if (!copy ||
	    rp_grow(&s->services, &s->cap_services, s->n_services + 1, sizeof(*s->services)) < 0) {
		free(copy);
		return -ENOMEM;
	}
	s->services[s->n_services] = (struct rp_sim_service){.id = copy};
	*ret = &s->services[s->n_services++];
	return 0;
}

/* A new process opens what is there now, and has allocated nothing. */
static void renew(struct rp_sim *sim, struct rp_sim_holder *h)
{
	while (rp_sim_pid_is_taken(sim, h->pid))
		h->pid++;
	h->start_ticks = rp_sim_next_start(sim);
	h->n_vram = 0;
	h->kfd = h->kfd && sim->state.loaded;
	for (size_t g = 0; g < sim->profile->n_gpus; g++)
		h->open[g] &= (1U << rp_sim_partitions(sim, g)) - 1;
}

static int start(struct rp_sim *sim, const char *id)
{
	struct rp_sim_service *s = NULL;
	int r = find_or_add(sim, id, &s);

	if (r < 0)
		return r;
	s->runs = true;
	while (r == 0 && s->n_stopped > 0) {
		struct rp_sim_holder *h = &s->stopped[s->n_stopped - 1];

		renew(sim, h);
		r = rp_sim_holder_add(sim, h);
		s->n_stopped -= r == 0 ? 1 : 0;
	}
	return r;
}

static int stop(struct rp_sim *sim, const char *id)
{
	struct rp_sim_service *s = NULL;
	int r;

	if (!runs(sim, id) && !find(sim, id))
		return -ENOENT;
	r = find_or_add(sim, id, &s);
	for (size_t i = sim->state.n_holders; r == 0 && i-- > 0;) {
		if (sim->state.holders[i].of_load || !is_in(sim->state.holders[i].cgroup, id))
			continue;
		r = rp_grow(&s->stopped, &s->cap_stopped, s->n_stopped + 1, sizeof(*s->stopped));
		if (r == 0)
			s->stopped[s->n_stopped++] = rp_sim_holder_take(sim, i);
	}
	if (r == 0)
		s->runs = false;
	return r;
}

int rp_sim_log(struct rp_sim *sim, const char *line)
{
	RP_AUTO_FREE char *text = rp_strdupf("%s\n", line);
	RP_AUTO_CLOSE int fd = -EBADF;

	if (!text)
		return -ENOMEM;
	if (sim->dir_fd < 0)
		return 0; /* in memory: there is no folder for it */
	fd = openat(sim->dir_fd, RP_SIM_LOG_FILE, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (fd < 0)
		return rp_neg_errno();
	return write(fd, text, strlen(text)) < 0 ? rp_neg_errno() : 0;
}

/* -EIO: a fault says that it fails, which its rule counts. */
static int change(struct rp_sim *sim, const char *id, const char *verb, enum rp_sim_fault_op fault,
		  int (*fn)(struct rp_sim *sim, const char *id))
{
	bool fails = false;
	RP_AUTO_FREE char *full = rp_sim_service_full_id(id);
	RP_AUTO_FREE char *line = full ? rp_strdupf("%s %s", verb, full) : NULL;
	RP_AUTO_CLOSE int lock = -EBADF;
	int r;

	if (!line)
		return -EINVAL;
	r = rp_sim_change_begin(sim, &lock);
	if (r == 0)
		fails = rp_sim_fault_fires(sim, fault, strchr(full, ':') + 1) != NULL;
	if (r == 0 && !fails)
		r = fn(sim, full);
	if (r == 0)
		r = rp_sim_change_end(sim);
	if (r == 0 && fails)
		r = -EIO;
	return r == 0 ? rp_sim_log(sim, line) : r;
}

int rp_sim_service_start(struct rp_sim *sim, const char *id)
{
	return change(sim, id, "start", RP_SIM_FAULT_START, start);
}

int rp_sim_service_stop(struct rp_sim *sim, const char *id)
{
	return change(sim, id, "stop", RP_SIM_FAULT_STOP, stop);
}
