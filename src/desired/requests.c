/* SPDX-License-Identifier: MIT */
#include "desired/requests.h"
#include "base/name.h"
#include "base/num.h"
#include "base/strbuf.h"
#include "desired/mode_read.h"
#include "leases/owner.h"
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
		free(w->v[i].owner);
		rp_json_free(w->v[i].labels);
		rp_names_done(&w->v[i].stop);
		rp_names_done(&w->v[i].start);
		rocpart_footprint_free(w->v[i].footprint);
	}
	free(w->v);
	memset(w, 0, sizeof(*w));
}

char *rp_replica_text(const char *text, uint64_t replica)
{
	RP_AUTO_STRBUF struct rp_strbuf out = RP_STRBUF_INIT;
	const char *at;

	for (; (at = strstr(text, RP_REPLICA_WORD)); text = at + strlen(RP_REPLICA_WORD)) {
		rp_strbuf_add_mem(&out, text, (size_t)(at - text));
		rp_strbuf_addf(&out, "%llu", (unsigned long long)replica);
	}
	rp_strbuf_add(&out, text);
	return rp_strbuf_steal(&out);
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

#define LEAST_BYTES 1000000 /* no program runs in less: a number below has lost its unit */

static int read_bytes(const struct reader *r, const struct rp_yaml *y, uint64_t *ret)
{
	const char *text;
	int rc = rp_yaml_text(y, r->name, &text, r->reterr);

	if (rc == 0 && (rp_parse_bytes(text, ret) < 0 || *ret == 0))
		rc = rp_yaml_must_be(y, r->name, r->reterr, "a size such as 20GiB");
	if (rc == 0 && *ret < LEAST_BYTES && strspn(text, "0123456789") == strlen(text))
		rc = rp_yaml_error(y, r->name, r->reterr,
				   "'%s' is only %llu bytes; did you mean %lluGiB?", y->key,
				   (unsigned long long)*ret, (unsigned long long)*ret);
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

/* A word that a model is sized with, which is asked at once: the error names its place. */
static int read_size_word(const struct reader *r, const struct rp_yaml *y, char **ret,
			  int (*set)(struct rocpart_size_options *options, const char *text,
				     struct rocpart_error *reterr))
{
	struct rocpart_size_options *options = NULL;
	struct rocpart_error why = {0};
	int rc = read_text(r, y, ret);

	if (rc == 0 && rocpart_size_options_new(&options) < 0)
		rc = rp_error_nomem(r->reterr);
	if (rc == 0 && set(options, *ret, &why) < 0) {
		rc = rp_yaml_error(y, r->name, r->reterr, "model '%s': %s",
				   y->parent->key ? y->parent->key : "", why.message);
		(void)rp_error_hint(r->reterr, "%s", why.hint);
	}
	rocpart_size_options_free(options);
	return rc;
}

/* A program and its words. No shell reads them. */
static int read_command(const struct reader *r, const struct rp_yaml *y, struct rp_names *ret)
{
	if (y->kind != RP_YAML_LIST || y->n == 0)
		return rp_yaml_must_be(y, r->name, r->reterr,
				       "a list of words such as [/usr/bin/systemctl, stop, "
				       "\"llama@{replica}\"]");
	for (size_t i = 0; i < y->n; i++) {
		if (y->items[i]->kind != RP_YAML_SCALAR)
			return rp_yaml_must_be(y->items[i], r->name, r->reterr, "a word");
		if (rp_names_add(ret, y->items[i]->text) < 0)
			return rp_error_nomem(r->reterr);
	}
	if (ret->v[0][0] != '/')
		return rp_yaml_error(y->items[0], r->name, r->reterr,
				     "'%s' must begin with the absolute path of its program, such "
				     "as /usr/bin/systemctl",
				     y->key);
	return 0;
}

static int read_labels(const struct reader *r, const struct rp_yaml *y, struct rp_json **ret)
{
	int rc = 0;

	if (y->kind != RP_YAML_MAP)
		return rp_yaml_must_be(y, r->name, r->reterr, "a map such as {team: search}");
	*ret = rp_json_object();
	for (size_t i = 0; rc == 0 && i < y->n; i++) {
		if (!*y->keys[i])
			return rp_yaml_error(y->key_nodes[i], r->name, r->reterr,
					     "the name of a label is empty");
		if (y->items[i]->kind != RP_YAML_SCALAR)
			return rp_yaml_must_be(y->items[i], r->name, r->reterr, "text");
		rc = rp_json_set_string(*ret, y->keys[i], y->items[i]->text);
	}
	return rc < 0 || !*ret ? rp_error_nomem(r->reterr) : 0;
}

static int read_guard(const struct reader *r, const struct rp_yaml *y, bool *ret)
{
	*ret = y->kind == RP_YAML_SCALAR && rp_str_eq(y->text, "stop");
	if (*ret || (y->kind == RP_YAML_SCALAR && rp_str_eq(y->text, "warn")))
		return 0;
	return rp_yaml_must_be(y, r->name, r->reterr, "warn or stop");
}

static int refuse_owner(const struct reader *r, const struct rp_yaml *y,
			const struct rocpart_error *why)
{
	(void)rp_yaml_error(y, r->name, r->reterr, "%s", why->message);
	return rp_error_hint(r->reterr,
			     "%s; " RP_REPLICA_WORD " in it becomes the number of the replica, "
			     "from 0",
			     why->hint);
}

/* The owner of one replica; what stands in braces still is no name of anything. */
static int check_owner(const struct reader *r, const struct rp_yaml *y,
		       const struct rp_model_request *w, uint64_t replica)
{
	RP_AUTO_FREE char *text = rp_replica_text(w->owner, replica);
	struct rocpart_error why = {0};
	struct rp_owner owner;

	if (!text)
		return rp_error_nomem(r->reterr);
	if (strpbrk(text, "{}"))
		return rp_yaml_error(y, r->name, r->reterr,
				     "'%.80s' has braces: only " RP_REPLICA_WORD " is replaced",
				     w->owner);
	return rp_owner_parse(text, &owner, &why) < 0 ? refuse_owner(r, y, &why) : 0;
}

/* The longest number is that of the last replica. */
static int check_owners(const struct reader *r, const struct rp_yaml *y,
			const struct rp_model_request *w)
{
	int rc = check_owner(r, y, w, 0);

	return rc < 0 ? rc : check_owner(r, y, w, w->replicas - 1);
}

/* The keys that say what becomes of the leases. 1: it is one of them, and was read. */
static int read_lease_key(const struct reader *r, const char *key, const struct rp_yaml *y,
			  struct rp_model_request *w)
{
	int rc = -ENOENT;

	if (rp_str_eq(key, "owner"))
		rc = read_text(r, y, &w->owner);
	else if (rp_str_eq(key, "labels"))
		rc = read_labels(r, y, &w->labels);
	else if (rp_str_eq(key, "stop"))
		rc = read_command(r, y, &w->stop);
	else if (rp_str_eq(key, "start"))
		rc = read_command(r, y, &w->start);
	else if (rp_str_eq(key, "guard"))
		rc = read_guard(r, y, &w->guard_stops);
	return rc == -ENOENT ? 0 : rc < 0 ? rc : 1;
}

static int read_key(const struct reader *r, const char *key, const struct rp_yaml *y,
		    struct rp_model_request *w)
{
	if (rp_str_eq(key, "model"))
		return read_text(r, y, &w->model);
	if (rp_str_eq(key, "bytes"))
		return read_bytes(r, y, &w->bytes);
	if (rp_str_eq(key, "dtype"))
		return read_size_word(r, y, &w->dtype, rocpart_size_options_set_dtype);
	if (rp_str_eq(key, "kv-dtype"))
		return read_size_word(r, y, &w->kv_dtype, rocpart_size_options_set_kv_dtype);
	if (rp_str_eq(key, "engine"))
		return read_size_word(r, y, &w->engine, rocpart_size_options_set_engine);
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
	static const char *const known[] = {
		"model",    "bytes",   "dtype",	    "kv-dtype", "engine",   "context", "sequences",
		"replicas", "weight",  "min-tok-s", "min-xcds", "priority", "spread",  "isolation",
		"memory",   "lenient", "owner",	    "labels",	"stop",	    "start",   "guard"};
	struct rp_model_request *w = add(requests, key, rp_yaml_place(y, r->name));
	int rc;

	if (!w)
		return rp_error_nomem(r->reterr);
	if (y->kind == RP_YAML_SCALAR) /* llama: meta-llama/Llama-3.1-8B-Instruct */
		return read_text(r, y, &w->model);
	rc = rp_yaml_only_keys(y, r->name, known, RP_ARRAY_LEN(known), r->reterr);
	for (size_t i = 0; rc == 0 && i < y->n; i++) {
		rc = read_lease_key(r, y->keys[i], y->items[i], w);
		if (rc == 0)
			rc = read_key(r, y->keys[i], y->items[i], w);
		rc = rc > 0 ? 0 : rc;
	}
	if (rc == 0 && w->owner)
		rc = check_owners(r, rp_yaml_get(y, "owner"), w);
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
