/* SPDX-License-Identifier: MIT */
/* The present state as a file of what the node should be. */
#include "desired/export.h"
#include "base/strbuf.h"
#include "base/yaml.h"
#include "desired/yaml_text.h"
#include "machine/records.h"
#include "modes/modes.h"
#include "node/snapshot.h"
#include "rocpart/applied.h"

static bool has_modes(const struct rocpart_gpu *gpu)
{
	return gpu->compute != ROCPART_COMPUTE_UNKNOWN && !rp_gpu_is_odd(gpu);
}

/* "all" would name a GPU of which something is not known, too. */
static bool has_odd(const struct rocpart_snapshot *s)
{
	for (size_t i = 0; i < s->n_gpus; i++)
		if (rp_gpu_is_odd(&s->gpus[i]))
			return true;
	return false;
}

static const struct rocpart_gpu *first_with_modes(const struct rocpart_snapshot *s)
{
	for (size_t i = 0; i < s->n_gpus; i++)
		if (has_modes(&s->gpus[i]))
			return &s->gpus[i];
	return NULL;
}

static bool is_memory_alike(const struct rocpart_snapshot *s, enum rocpart_memory_mode memory)
{
	for (size_t i = 0; i < s->n_gpus; i++)
		if (has_modes(&s->gpus[i]) && s->gpus[i].memory != memory)
			return false;
	return true;
}

static bool is_compute_alike(const struct rocpart_snapshot *s, enum rocpart_compute_mode compute)
{
	for (size_t i = 0; i < s->n_gpus; i++)
		if (has_modes(&s->gpus[i]) && s->gpus[i].compute != compute)
			return false;
	return true;
}

/* Each GPU by its PCI address, with its memory mode where they differ. */
static void write_gpus(const struct rocpart_snapshot *s, bool has_memory, struct rp_strbuf *out)
{
	rp_strbuf_add(out, "  gpus:\n");
	for (size_t i = 0; i < s->n_gpus; i++) {
		const struct rocpart_gpu *gpu = &s->gpus[i];

		if (!has_modes(gpu))
			continue;
		rp_strbuf_addf(out, "    \"%s\": %s", gpu->bdf,
			       rocpart_compute_mode_to_string(gpu->compute));
		if (has_memory && gpu->memory != ROCPART_MEMORY_UNKNOWN)
			rp_strbuf_addf(out, "/%s", rocpart_memory_mode_to_string(gpu->memory));
		rp_strbuf_add_char(out, '\n');
	}
}

/* A file with a pair that is not validated is refused unless it says that it may. */
static bool has_unvalidated(const struct rocpart_snapshot *s)
{
	for (size_t i = 0; i < s->n_gpus; i++) {
		const struct rocpart_gpu *gpu = &s->gpus[i];
		struct rocpart_pair pair;

		if (!has_modes(gpu))
			continue;
		rp_pair_fill(gpu, gpu->compute, gpu->memory, &pair);
		if (!pair.validated)
			return true;
	}
	return false;
}

static void write_cordons(const struct rocpart_snapshot *s, struct rp_strbuf *out)
{
	const char *before = "  cordoned: [";

	for (size_t i = 0; i < s->n_gpus; i++) {
		if (!(s->gpus[i].notes & 1U << RP_NOTE_CORDONED))
			continue;
		rp_strbuf_addf(out, "%s\"%s\"", before, s->gpus[i].bdf);
		before = ", ";
	}
	if (*before == ',')
		rp_strbuf_add(out, "]\n");
}

static void write_node(const struct rocpart_snapshot *s, struct rp_strbuf *out)
{
	const struct rocpart_gpu *first = first_with_modes(s);
	bool alike = first && is_memory_alike(s, first->memory);

	rp_strbuf_addf(out, "version: v1\nnode:\n  count: %zu\n", s->n_gpus);
	if (alike && first->memory != ROCPART_MEMORY_UNKNOWN)
		rp_strbuf_addf(out, "  memory: %s\n", rocpart_memory_mode_to_string(first->memory));
	if (alike && !has_odd(s) && is_compute_alike(s, first->compute))
		rp_strbuf_addf(out, "  gpus: {all: %s}\n",
			       rocpart_compute_mode_to_string(first->compute));
	else if (first)
		write_gpus(s, !alike, out);
	if (has_unvalidated(s))
		rp_strbuf_add(out, "  allow-unvalidated: true\n");
	write_cordons(s, out);
}

static int give_text(struct rp_strbuf *out, char **ret_text, struct rocpart_error *reterr)
{
	char *text = rp_strbuf_steal(out);

	if (!text)
		return rp_error_nomem(reterr);
	*ret_text = text;
	return 0;
}

static int check_gpus(const struct rocpart_snapshot *s, struct rocpart_error *reterr)
{
	if (s->n_gpus)
		return 0;
	return rp_error_set(reterr, -ENODEV, ROCPART_ERR_NO_HARDWARE, NULL,
			    "no GPU with a loaded amdgpu driver was found");
}

ROCPART_PUBLIC int rocpart_snapshot_export(const struct rocpart_snapshot *snapshot, char **ret_text,
					   struct rocpart_error *reterr)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	int r = check_gpus(snapshot, reterr);

	if (r < 0)
		return r;
	write_node(snapshot, &text);
	return give_text(&text, ret_text, reterr);
}

/* What a file said; what only shows that another program allocates is of this machine alone. */
static int write_allocator(struct rocpart_machine *m, struct rp_strbuf *out,
			   struct rocpart_error *reterr)
{
	const char *name = NULL;
	int r = rp_records_get_allocator(m, &name);

	if (r == 0)
		rp_strbuf_addf(out, "  allocator: %s\n", name);
	if (r == 0 || r == -ENOENT)
		return 0;
	if (r == -EBADMSG)
		return rp_error_set(reterr, r, ROCPART_ERR_BAD_RECORDS, NULL,
				    "the record of the allocator is damaged");
	return rp_error_errno(reterr, r, NULL, "cannot read the record of the allocator");
}

static void write_names(const char *key, const struct rp_yaml *list, struct rp_strbuf *out)
{
	const char *before = "[";

	if (!list || list->kind != RP_YAML_LIST || !list->n)
		return;
	rp_strbuf_addf(out, "  %s: ", key);
	for (size_t i = 0; i < list->n; i++) {
		rp_strbuf_add(out, before);
		rp_yaml_add_text(out, list->items[i]->text ? list->items[i]->text : "", false);
		before = ", ";
	}
	rp_strbuf_add(out, "]\n");
}

/* The newest file that was not refused; NULL: none was applied. */
static const struct rocpart_revision *newest(const struct rocpart_applied *applied)
{
	const struct rocpart_revision *v = NULL;

	for (size_t i = 0; (v = rocpart_applied_get(applied, i)); i++)
		if (!rp_str_eq(v->result, "failed"))
			return v;
	return NULL;
}

static int write_services_of(const struct rocpart_revision *v, struct rp_strbuf *out)
{
	static const char *const kinds[] = {"systemd", "docker", "podman"};
	RP_AUTO_YAML struct rp_yaml *doc = NULL;
	RP_AUTO_STRBUF struct rp_strbuf names = RP_STRBUF_INIT;
	int r = rp_yaml_parse(v->text, strlen(v->text), v->file, &doc, NULL);
	const struct rp_yaml *services = r == 0 ? rp_yaml_get(doc, "services") : NULL;

	for (size_t i = 0; services && i < RP_ARRAY_LEN(kinds); i++)
		write_names(kinds[i], rp_yaml_get(services, kinds[i]), &names);
	if (names.len)
		rp_strbuf_addf(out, "services:\n%s", rp_strbuf_str(&names));
	out->failed |= rp_strbuf_failed(&names);
	return r == -ENOMEM ? r : 0; /* what cannot be read has no services that are known */
}

/* No record but the file that was applied says which services a change stops. */
static int write_services(struct rocpart_machine *m, struct rp_strbuf *out,
			  struct rocpart_error *reterr)
{
	struct rocpart_applied *applied = NULL;
	const struct rocpart_revision *v;
	int r = rocpart_applied_new(m, &applied, reterr);

	if (r == -EACCES) {
		rp_yaml_add_comment(out, "services are left out: the record of the files that were "
					 "applied is not for this reader");
		rp_strbuf_add_char(out, '\n');
		return 0;
	}
	if (r < 0)
		return r;
	v = newest(applied);
	if (v && write_services_of(v, out) < 0)
		r = rp_error_nomem(reterr);
	rocpart_applied_free(applied);
	return r;
}

/* A reader without rights sees less, which is missing in the file. */
static void write_note(const struct rocpart_machine *m, struct rp_strbuf *out)
{
	const char *note = rocpart_machine_get_note(m);

	if (!note)
		return;
	rp_yaml_add_comment(out, note);
	rp_strbuf_add_char(out, '\n');
}

ROCPART_PUBLIC int rocpart_desired_export(struct rocpart_machine *machine,
					  const struct rocpart_snapshot *snapshot,
					  const struct rocpart_leases *leases,
					  const struct rocpart_catalog *catalog, char **ret_text,
					  struct rocpart_error *reterr)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	struct rp_export_models models = {0};
	int r = check_gpus(snapshot, reterr);

	if (r < 0)
		return r;
	write_note(machine, &text);
	write_node(snapshot, &text);
	r = write_allocator(machine, &text, reterr);
	if (r == 0)
		r = write_services(machine, &text, reterr);
	if (r == 0 && rp_export_group(leases, &models) < 0)
		r = rp_error_nomem(reterr);
	if (r == 0)
		rp_export_add_models(&models, catalog, &text);
	rp_export_models_done(&models);
	return r < 0 ? r : give_text(&text, ret_text, reterr);
}
