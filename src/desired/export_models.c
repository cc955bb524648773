/* SPDX-License-Identifier: MIT */
/*
 * Leases as the models: of a node.yaml. A lease whose owner ends by itself is no part of what the
 * node should be: it would come back without its program.
 */
#include "base/name.h"
#include "base/num.h"
#include "base/strbuf.h"
#include "desired/export.h"
#include "desired/planning.h"
#include "desired/yaml_text.h"
#include "leases/owner.h"

void rp_export_models_done(struct rp_export_models *models)
{
	for (size_t i = 0; i < models->n; i++)
		free(models->v[i].owner);
	free(models->v);
	rp_names_done(&models->left_out);
	memset(models, 0, sizeof(*models));
}

static bool has_owner(const struct rocpart_lease *l)
{
	return *l->owner && !rp_str_eq(l->owner, "none");
}

/* An old or damaged record may have an owner that no file may have. */
static bool has_valid_owner(const struct rocpart_lease *l)
{
	struct rp_owner owner;

	return has_owner(l) && rp_owner_parse(l->owner, &owner, NULL) == 0;
}

/* Why a lease is not in the file; NULL: it is. */
static const char *why_left_out(const struct rocpart_leases *leases, const struct rocpart_lease *l)
{
	if (rocpart_leases_get_allocator(leases))
		return "another allocator assigns the partitions";
	if (l->state == ROCPART_LEASE_PENDING)
		return "it is pending and has no partition";
	if (l->state == ROCPART_LEASE_DISPLACED)
		return "it is displaced: its partition is not there";
	if (rp_str_starts(l->owner, "pid:") || rp_str_starts(l->owner, "job:"))
		return "it ends with its owner";
	return NULL;
}

static int leave_out(struct rp_export_models *models, const struct rocpart_lease *l,
		     const char *why)
{
	RP_AUTO_FREE char *text = rp_strdupf(
		"lease %llu (%s) is left out: %s%s%s%s", (unsigned long long)l->id, l->name, why,
		has_owner(l) ? " (" : "", has_owner(l) ? l->owner : "", has_owner(l) ? ")" : "");

	return text ? rp_names_add(&models->left_out, text) : -ENOMEM;
}

static bool is_alike(const struct rocpart_lease *a, const struct rocpart_lease *b)
{
	return rp_str_eq(a->name, b->name) && a->bytes == b->bytes && a->share == b->share &&
	       a->priority == b->priority && rp_str_eq(a->labels, b->labels) &&
	       rp_str_eq(a->footprint, b->footprint) && has_valid_owner(a) == has_valid_owner(b);
}

/* By name and what else is_alike() compares, then by owner as a person counts, then by number. */
static int compare_leases(const void *a, const void *b)
{
	const struct rocpart_lease *x = *(const struct rocpart_lease *const *)a,
				   *y = *(const struct rocpart_lease *const *)b;
	int r = strcmp(x->name, y->name);

	r = r ? r : (x->bytes < y->bytes) - (x->bytes > y->bytes);
	r = r ? r : (x->share > y->share) - (x->share < y->share);
	r = r ? r : (x->priority < y->priority) - (x->priority > y->priority);
	r = r ? r : strcmp(x->labels, y->labels);
	r = r ? r : strcmp(x->footprint, y->footprint);
	r = r ? r : has_valid_owner(x) - has_valid_owner(y);
	r = r ? r : rp_natural_cmp(x->owner, y->owner);
	return r ? r : (x->id > y->id) - (x->id < y->id);
}

/* The owner of lease k is the pattern with k in it, for all n. 1: it is; 0; -ENOMEM. */
static int fits(const char *pattern, const struct rocpart_lease *const *leases, size_t n)
{
	for (size_t k = 0; k < n; k++) {
		RP_AUTO_FREE char *owner = rp_replica_text(pattern, k);

		if (!owner)
			return -ENOMEM;
		if (!rp_str_eq(owner, leases[k]->owner))
			return 0;
	}
	return 1;
}

/*
 * The owners of n leases as one text: they are equal, or have the numbers 0 to n - 1 in one place.
 * 1: in *ret, to be freed; 0: they are neither; -ENOMEM.
 */
static int find_pattern(const struct rocpart_lease *const *leases, size_t n, char **ret)
{
	const char *first = leases[0]->owner;
	size_t same = 0;

	while (same < n && rp_str_eq(leases[same]->owner, first))
		same++;
	if (same == n) {
		*ret = strdup(first);
		return *ret ? 1 : -ENOMEM;
	}
	for (const char *at = strchr(first, '0'); at; at = strchr(at + 1, '0')) {
		RP_AUTO_FREE char *pattern =
			rp_strdupf("%.*s" RP_REPLICA_WORD "%s", (int)(at - first), first, at + 1);
		int r = pattern ? fits(pattern, leases, n) : -ENOMEM;

		if (r > 0)
			*ret = rp_steal(&pattern);
		if (r != 0)
			return r;
	}
	return 0;
}

/* A name that was made up is not that of another lease either. */
static bool is_name_taken(const struct rp_export_models *models, const char *name, bool is_made_up)
{
	const struct rocpart_lease *l;

	for (size_t i = 0; is_made_up && (l = rocpart_leases_get(models->leases, i)); i++)
		if (rp_str_eq(l->name, name))
			return true;
	for (size_t i = 0; i < models->n; i++)
		if (rp_str_eq(models->v[i].name, name))
			return true;
	return false;
}

/* The name of the lease, or the nearest that is allowed and free. */
static void choose_name(const struct rp_export_models *models, const char *wanted,
			char ret[RP_NAME_SIZE])
{
	char clean[RP_NAME_SIZE];

	(void)rp_name_clean(RP_NAME_LEASE, wanted, clean);
	if (rp_name_is_valid(RP_NAME_LEASE, wanted))
		(void)rp_fmt(clean, sizeof(clean), "%s", wanted);
	(void)rp_fmt(ret, RP_NAME_SIZE, "%s", clean);
	for (unsigned k = 2; is_name_taken(models, ret, k > 2); k++) {
		char number[16];

		(void)rp_fmt(number, sizeof(number), "-%u", k);
		(void)rp_fmt(ret, RP_NAME_SIZE, "%.*s%s", (int)(RP_NAME_SIZE - 1 - strlen(number)),
			     clean, number);
	}
}

static int add_model(struct rp_export_models *models, const struct rocpart_lease *const *leases,
		     size_t n, char *owner)
{
	struct rp_export_model m = {.lease = leases[0], .n = n, .owner = owner};

	choose_name(models, leases[0]->name, m.name);
	if (rp_grow(&models->v, &models->cap, models->n + 1, sizeof(m)) < 0) {
		free(owner);
		return -ENOMEM;
	}
	models->v[models->n++] = m;
	return 0;
}

/* n leases that are alike: one model, or one for each owner when the owners make no pattern. */
static int add_alike(struct rp_export_models *models, const struct rocpart_lease *const *leases,
		     size_t n)
{
	char *owner = NULL;
	size_t k = 1;
	int r;

	if (!has_valid_owner(leases[0]))
		return add_model(models, leases, n, NULL);
	r = find_pattern(leases, n, &owner);
	if (r != 0)
		return r < 0 ? r : add_model(models, leases, n, owner);
	for (size_t i = 0; r == 0 && i < n; i += k) {
		for (k = 1; i + k < n && rp_str_eq(leases[i + k]->owner, leases[i]->owner); k++)
			;
		owner = strdup(leases[i]->owner);
		r = owner ? add_model(models, leases + i, k, owner) : -ENOMEM;
	}
	return r;
}

static int group_sorted(struct rp_export_models *models, const struct rocpart_lease *const *leases,
			size_t n)
{
	size_t k = 1;
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i += k) {
		for (k = 1; i + k < n && is_alike(leases[i], leases[i + k]); k++)
			;
		r = add_alike(models, leases + i, k);
	}
	return r;
}

int rp_export_group(const struct rocpart_leases *leases, struct rp_export_models *ret)
{
	RP_AUTO_FREE const struct rocpart_lease **sorted = NULL;
	const struct rocpart_lease *l;
	size_t n = 0, n_kept = 0;
	int r = 0;

	ret->leases = leases;
	while (rocpart_leases_get(leases, n))
		n++;
	sorted = calloc(n + 1, sizeof(*sorted));
	if (!sorted)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && (l = rocpart_leases_get(leases, i)); i++) {
		const char *why = why_left_out(leases, l);

		if (why)
			r = leave_out(ret, l, why);
		else
			sorted[n_kept++] = l;
	}
	qsort(sorted, n_kept, sizeof(*sorted), compare_leases);
	return r < 0 ? r : group_sorted(ret, sorted, n_kept);
}

/* ---- writing ---- */

static void add_key(struct rp_strbuf *out, const char *key, const char *text)
{
	rp_strbuf_addf(out, "    %s: ", key);
	rp_yaml_add_text(out, text, false);
	rp_strbuf_add_char(out, '\n');
}

/* The keys of the model that the lease was sized with; all: also those that have a usual value. */
static void add_sizing(struct rp_strbuf *out, const struct rp_json *footprint, bool all)
{
	static const struct {
		const char *in_footprint, *key;
	} words[] = {{"model", "model"},
		     {"dtype", "dtype"},
		     {"kv_dtype", "kv-dtype"},
		     {"engine", "engine"}},
	  numbers[] = {{"context", "context"}, {"max_seqs", "sequences"}};

	for (size_t i = 0; i < (all ? RP_ARRAY_LEN(words) : 1); i++) {
		const char *word = rp_json_text(rp_json_get(footprint, words[i].in_footprint));

		if (word && *word)
			add_key(out, words[i].key, word);
	}
	for (size_t i = 0; i < (all ? RP_ARRAY_LEN(numbers) : 1); i++) {
		const struct rp_json *n = rp_json_get(footprint, numbers[i].in_footprint);

		if (rp_json_int_value(n) > 0)
			rp_strbuf_addf(out, "    %s: %lld\n", numbers[i].key,
				       (long long)rp_json_int_value(n));
	}
}

static bool has_text(const struct rp_json *footprint, const char *key,
		     const struct rocpart_footprint *f)
{
	const char *text = rp_json_text(rp_json_get(footprint, key));

	return text && rp_str_eq(text, rocpart_footprint_get_text(f, key));
}

static bool has_number(const struct rp_json *footprint, const char *key,
		       const struct rocpart_footprint *f, enum rocpart_footprint_value value)
{
	uint64_t n = 0;

	return rocpart_footprint_get(f, value, &n) == 0 &&
	       (uint64_t)rp_json_int_value(rp_json_get(footprint, key)) == n;
}

static bool is_of_lease(const struct rocpart_footprint *f, const struct rp_json *footprint)
{
	return has_text(footprint, "dtype", f) && has_text(footprint, "kv_dtype", f) &&
	       has_text(footprint, "engine", f) &&
	       has_number(footprint, "context", f, ROCPART_FOOTPRINT_CONTEXT) &&
	       has_number(footprint, "max_seqs", f, ROCPART_FOOTPRINT_MAX_SEQS) &&
	       has_number(footprint, "ranks", f, ROCPART_FOOTPRINT_RANKS);
}

/*
 * A model that is written so gives the lease again: its bytes, and what its engine is told. 1: it
 * does; 0: it does not, or is no model of this catalog; -ENOMEM.
 */
static int gives_lease(const char *keys, const struct rocpart_catalog *catalog,
		       const struct rocpart_lease *l, const struct rp_json *footprint)
{
	RP_AUTO_FREE char *text = rp_strdupf("m:\n%s", keys);
	RP_AUTO_YAML struct rp_yaml *doc = NULL;
	struct rp_model_requests w = {0};
	uint64_t bytes = 0;
	int r = text ? rp_yaml_parse(text, strlen(text), "export", &doc, NULL) : -ENOMEM;

	if (r == 0)
		r = rp_model_requests_read(doc, "export", &w, NULL);
	if (r == 0)
		r = rp_request_size(&w.v[0], catalog, &bytes, NULL);
	if (r == 0)
		r = bytes == l->bytes && is_of_lease(w.v[0].footprint, footprint);
	else if (r != -ENOMEM)
		r = 0;
	rp_model_requests_done(&w);
	return r;
}

/* Exactly so many; with the largest unit that gives a whole number. */
static void add_bytes(struct rp_strbuf *out, uint64_t bytes)
{
	if (bytes % RP_GIB == 0)
		rp_strbuf_addf(out, "    bytes: %lluGiB\n", (unsigned long long)(bytes / RP_GIB));
	else if (bytes % RP_MIB == 0)
		rp_strbuf_addf(out, "    bytes: %lluMiB\n", (unsigned long long)(bytes / RP_MIB));
	else
		rp_strbuf_addf(out, "    bytes: %llu\n", (unsigned long long)bytes);
}

/* A document of a record; NULL: it is none, or there was no memory, which out then says. */
static struct rp_json *parse(const char *text, struct rp_strbuf *out)
{
	struct rp_json *j = NULL;

	if (*text && rp_json_parse(text, strlen(text), "record", &j, NULL) == -ENOMEM)
		out->failed = true;
	return j;
}

/* As a model where that gives the same lease, else as bytes. */
static void add_size(struct rp_strbuf *out, const struct rocpart_lease *l,
		     const struct rocpart_catalog *catalog)
{
	RP_AUTO_JSON struct rp_json *footprint = catalog ? parse(l->footprint, out) : NULL;

	for (int all = 0; footprint && all < 2; all++) {
		RP_AUTO_STRBUF struct rp_strbuf keys = RP_STRBUF_INIT;
		int r;

		add_sizing(&keys, footprint, all);
		r = rp_strbuf_failed(&keys)
			    ? -ENOMEM
			    : gives_lease(rp_strbuf_str(&keys), catalog, l, footprint);
		out->failed |= r < 0;
		if (r > 0) {
			rp_strbuf_add(out, rp_strbuf_str(&keys));
			return;
		}
	}
	add_bytes(out, l->bytes);
}

static void add_labels(struct rp_strbuf *out, const char *labels)
{
	RP_AUTO_JSON struct rp_json *j = parse(labels, out);
	const char *comma = "";

	if (!rp_json_len(j))
		return;
	rp_strbuf_add(out, "    labels: {");
	for (void *it = rp_json_iter(j); it; it = rp_json_iter_next(j, it)) {
		const char *text = rp_json_text(rp_json_iter_value(it));

		rp_strbuf_add(out, comma);
		rp_yaml_add_text(out, rp_json_iter_key(it), true);
		rp_strbuf_add(out, ": ");
		rp_yaml_add_text(out, text ? text : "", true);
		comma = ", ";
	}
	rp_strbuf_add(out, "}\n");
}

static void add_comment(struct rp_strbuf *out, const char *indent, const char *text)
{
	rp_strbuf_add(out, indent);
	rp_yaml_add_comment(out, text);
	rp_strbuf_add_char(out, '\n');
}

/* Leases by hand may be on one GPU, where replicas of a file would not be put. */
static void add_one(struct rp_strbuf *out, const struct rp_export_model *m,
		    const struct rocpart_catalog *catalog)
{
	const struct rocpart_lease *l = m->lease;

	if (!rp_str_eq(m->name, l->name)) {
		RP_AUTO_FREE char *text = rp_strdupf("its lease %llu is called %s",
						     (unsigned long long)l->id, l->name);

		add_comment(out, "  ", text ? text : "");
		out->failed |= !text;
	}
	if (has_owner(l) && !m->owner) {
		RP_AUTO_FREE char *text = rp_strdupf("its owner is left out: %s", l->owner);

		add_comment(out, "  ", text ? text : "");
		out->failed |= !text;
	}
	rp_strbuf_add(out, "  ");
	rp_yaml_add_text(out, m->name, false);
	rp_strbuf_add(out, ":\n");
	add_size(out, l, catalog);
	if (m->n > 1)
		rp_strbuf_addf(out, "    replicas: %zu\n    spread: none\n", m->n);
	if (l->share > 1)
		rp_strbuf_addf(out, "    isolation: {share: %u}\n", l->share);
	if (l->priority)
		rp_strbuf_addf(out, "    priority: %d\n", l->priority);
	if (m->owner)
		add_key(out, "owner", m->owner);
	add_labels(out, l->labels);
}

void rp_export_add_models(const struct rp_export_models *models,
			  const struct rocpart_catalog *catalog, struct rp_strbuf *out)
{
	if (models->n)
		rp_strbuf_add(out, "models:\n");
	for (size_t i = 0; i < models->n; i++)
		add_one(out, &models->v[i], catalog);
	for (size_t i = 0; i < models->left_out.n; i++)
		add_comment(out, "", models->left_out.v[i]);
}
