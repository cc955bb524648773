/* SPDX-License-Identifier: MIT */
#include "desired/requests.h"
#include "base/name.h"
#include "base/num.h"
#include "base/strbuf.h"
#include "desired/mode_read.h"
#include "rocpart/mode.h"
#include "rocpart/model.h"

void rp_model_requests_done(struct rp_model_requests *w)
{
	for (size_t i = 0; i < w->n; i++) {
		free(w->v[i].name);
		free(w->v[i].model);
		free(w->v[i].place);
		free(w->v[i].dtype);
		free(w->v[i].kv_dtype);
		free(w->v[i].engine);
		free(w->v[i].memory);
		rocpart_footprint_free(w->v[i].footprint);
	}
	free(w->v);
	memset(w, 0, sizeof(*w));
}

static struct rp_model_request *add(struct rp_model_requests *w, const char *name, char *place)
{
	struct rp_model_request *request;

	if (!place || rp_grow(&w->v, &w->cap, w->n + 1, sizeof(*w->v)) < 0) {
		free(place);
		return NULL;
	}
	request = &w->v[w->n++];
	*request = (struct rp_model_request){.name = strdup(name),
					     .place = place,
					     .replicas = 1,
					     .weight = 1,
					     .min_xcds = 1,
					     .share = 1,
					     .spread = RP_PLACE_SPREAD_GPU};
	return request->name ? request : NULL;
}

int rp_model_requests_add_model(struct rp_model_requests *w, const char *model)
{
	char name[RP_NAME_SIZE]; /* a path names a model too */
	struct rp_model_request *request =
		add(w, rp_name_clean(RP_NAME_LEASE, model, name), strdup(model));

	if (!request)
		return -ENOMEM;
	request->model = strdup(model);
	return request->model ? 0 : -ENOMEM;
}

struct reader {
	const char *name;
	struct rocpart_error *reterr;
};

static int read_text(const struct reader *r, const struct rp_yaml *y, char **ret)
{
	const char *text;
	int rc = rp_yaml_text(y, r->name, &text, r->reterr);

	if (rc < 0)
		return rc;
	*ret = strdup(text);
	return *ret ? 0 : rp_error_nomem(r->reterr);
}

static int read_count(const struct reader *r, const struct rp_yaml *y, uint64_t max, uint64_t *ret)
{
	int rc = rp_yaml_u64(y, r->name, ret, r->reterr);

	if (rc == 0 && (*ret == 0 || *ret > max))
		rc = rp_yaml_must_be(y, r->name, r->reterr, "from 1 to %llu",
				     (unsigned long long)max);
	return rc;
}

static int read_tokens(const struct reader *r, const struct rp_yaml *y, uint64_t *ret)
{
	char why[RP_TOKENS_WHY_SIZE];
	const char *text;
	int rc = rp_yaml_text(y, r->name, &text, r->reterr);

	if (rc < 0)
		return rc;
	rc = rp_parse_tokens(text, ret, why);
	if (rc == -EINVAL)
		return rp_yaml_error(y, r->name, r->reterr, "'%s' %s", y->key, why);
	return rc < 0 ? rp_error_nomem(r->reterr) : 0;
}

static int read_bytes(const struct reader *r, const struct rp_yaml *y, uint64_t *ret)
{
	const char *text;
	int rc = rp_yaml_text(y, r->name, &text, r->reterr);

	if (rc == 0 && (rp_parse_bytes(text, ret) < 0 || *ret == 0))
		rc = rp_yaml_must_be(y, r->name, r->reterr, "a size such as 20GiB");
	return rc;
}

static int read_priority(const struct reader *r, const struct rp_yaml *y, int32_t *ret)
{
	double v;

	if (y->kind != RP_YAML_SCALAR || rp_parse_double(y->text, &v) < 0 || v < -1e9 || v > 1e9 ||
	    strchr(y->text, '.'))
		return rp_yaml_must_be(y, r->name, r->reterr, "a whole number");
	*ret = (int32_t)v;
	return 0;
}

static int read_spread(const struct reader *r, const struct rp_yaml *y, enum rp_place_spread *ret)
{
	if (y->kind == RP_YAML_SCALAR && rp_str_eq(y->text, "gpu"))
		*ret = RP_PLACE_SPREAD_GPU;
	else if (y->kind == RP_YAML_SCALAR && rp_str_eq(y->text, "hive"))
		*ret = RP_PLACE_SPREAD_HIVE;
	else if (y->kind == RP_YAML_SCALAR && rp_str_eq(y->text, "none"))
		*ret = RP_PLACE_SPREAD_NONE;
	else
		return rp_yaml_must_be(y, r->name, r->reterr, "gpu, hive or none");
	return 0;
}

/* `exclusive`, or {share: 4}. */
static int read_isolation(const struct reader *r, const struct rp_yaml *y, uint64_t *ret)
{
	static const char *const known[] = {"share"};
	const struct rp_yaml *share;
	int rc;

	*ret = 1;
	if (y->kind == RP_YAML_SCALAR && rp_str_eq(y->text, "exclusive"))
		return 0;
	if (y->kind != RP_YAML_MAP)
		return rp_yaml_must_be(y, r->name, r->reterr, "exclusive or {share: N}");
	rc = rp_yaml_only_keys(y, r->name, known, RP_ARRAY_LEN(known), r->reterr);
	share = rp_yaml_get(y, "share");
	return rc < 0 || !share ? rc : read_count(r, share, 64, ret);
}

static int read_memory(const struct reader *r, const struct rp_yaml *y, char **ret)
{
	enum rocpart_memory_mode m;
	int rc = rp_memory_mode_read(y, r->name, &m, r->reterr);

	return rc < 0 ? rc : read_text(r, y, ret);
}

static int read_key(const struct reader *r, const char *key, const struct rp_yaml *y,
		    struct rp_model_request *w)
{
	if (rp_str_eq(key, "model"))
		return read_text(r, y, &w->model);
	if (rp_str_eq(key, "bytes"))
		return read_bytes(r, y, &w->bytes);
	if (rp_str_eq(key, "dtype"))
		return read_text(r, y, &w->dtype);
	if (rp_str_eq(key, "kv-dtype"))
		return read_text(r, y, &w->kv_dtype);
	if (rp_str_eq(key, "engine"))
		return read_text(r, y, &w->engine);
	if (rp_str_eq(key, "context"))
		return read_tokens(r, y, &w->context);
	if (rp_str_eq(key, "sequences"))
		return read_count(r, y, 1000000, &w->max_seqs);
	if (rp_str_eq(key, "replicas"))
		return read_count(r, y, 100000, &w->replicas);
	if (rp_str_eq(key, "weight"))
		return read_count(r, y, 1000000000, &w->weight);
	if (rp_str_eq(key, "min-tok-s"))
		return read_count(r, y, 1000000, &w->min_tok_s);
	if (rp_str_eq(key, "min-xcds"))
		return read_count(r, y, 64, &w->min_xcds);
	if (rp_str_eq(key, "priority"))
		return read_priority(r, y, &w->priority);
	if (rp_str_eq(key, "spread")) {
		w->has_spread = true;
		return read_spread(r, y, &w->spread);
	}
	if (rp_str_eq(key, "lenient"))
		return rp_yaml_bool(y, r->name, &w->lenient, r->reterr);
	if (rp_str_eq(key, "isolation"))
		return read_isolation(r, y, &w->share);
	return read_memory(r, y, &w->memory);
}

/* What says how a model is run means nothing where its bytes are given. */
static int only_for_models(const struct reader *r, const struct rp_yaml *y)
{
	static const char *const keys[] = {"dtype",	"kv-dtype",  "engine", "context",
					   "sequences", "min-tok-s", "lenient"};

	for (size_t i = 0; i < RP_ARRAY_LEN(keys); i++) {
		const struct rp_yaml *x = rp_yaml_get(y, keys[i]);

		if (x)
			return rp_yaml_error(x, r->name, r->reterr,
					     "'%s' is allowed with 'model' only, not with 'bytes'",
					     keys[i]);
	}
	return 0;
}

static int read_wish(const struct reader *r, const char *key, const struct rp_yaml *y,
		     struct rp_model_requests *requests)
{
	static const char *const known[] = {"model",  "bytes",	   "dtype",	"kv-dtype",
					    "engine", "context",   "sequences", "replicas",
					    "weight", "min-tok-s", "min-xcds",	"priority",
					    "spread", "isolation", "memory",	"lenient"};
	struct rp_model_request *w =
		add(requests, key, rp_strdupf("%s:%u:%u", r->name, y->line, y->column));
	int rc;

	if (!w)
		return rp_error_nomem(r->reterr);
	if (y->kind == RP_YAML_SCALAR) /* llama: meta-llama/Llama-3.1-8B-Instruct */
		return read_text(r, y, &w->model);
	rc = rp_yaml_only_keys(y, r->name, known, RP_ARRAY_LEN(known), r->reterr);
	for (size_t i = 0; rc == 0 && i < y->n; i++)
		rc = read_key(r, y->keys[i], y->items[i], w);
	if (rc == 0 && !w->model == !w->bytes)
		rc = rp_yaml_error(y, r->name, r->reterr,
				   "model '%s' must have 'model' or 'bytes', one of the two", key);
	return rc == 0 && w->bytes ? only_for_models(r, y) : rc;
}

/* Replicas become leases of that name. */
static int check_name(const struct rp_yaml *key, const char *name, struct rocpart_error *reterr)
{
	char near[RP_NAME_SIZE];

	if (!*key->text)
		return rp_yaml_error(key, name, reterr, "the name of a model is empty");
	if (rp_name_is_valid(RP_NAME_LEASE, key->text))
		return 0;
	(void)rp_yaml_error(key, name, reterr, "'%.60s' cannot be the name of a model: %s",
			    key->text, rp_name_allowed(RP_NAME_LEASE));
	return rp_error_hint(reterr, "use '%s'", rp_name_clean(RP_NAME_LEASE, key->text, near));
}

int rp_model_requests_read(const struct rp_yaml *models, const char *name,
			   struct rp_model_requests *w, struct rocpart_error *reterr)
{
	struct reader r = {name, reterr};
	int rc = 0;

	if (models->kind != RP_YAML_MAP)
		return rp_yaml_must_be(models, name, reterr, "a map of names of models");
	for (size_t i = 0; rc == 0 && i < models->n; i++) {
		rc = check_name(models->key_nodes[i], name, reterr);
		if (rc == 0)
			rc = read_wish(&r, models->keys[i], models->items[i], w);
	}
	return rc;
}
