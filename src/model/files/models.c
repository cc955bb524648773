/* SPDX-License-Identifier: MIT */
/* Models, catalogs and footprints as objects of the interface. */
#include "rocpart/model.h"

#include "base/strbuf.h"
#include "model/files/catalog.h"
#include "model/files/folder.h"
#include "model/footprint.h"

struct rocpart_catalog {
	struct rp_catalog c;
};

struct rocpart_model {
	struct rp_model_desc d;
};

struct rocpart_size_options {
	char *dtype, *kv_dtype, *engine;
	struct rp_size_request q;
};

ROCPART_PUBLIC int rocpart_catalog_new(struct rocpart_catalog **ret_catalog)
{
	struct rocpart_catalog *c = rp_new0(struct rocpart_catalog, 1);

	if (!c)
		return -ENOMEM;
	*ret_catalog = c;
	return 0;
}

ROCPART_PUBLIC int rocpart_catalog_load(struct rocpart_catalog *catalog, const char *path,
					struct rocpart_error *reterr)
{
	return rp_catalog_load(&catalog->c, path, reterr);
}

ROCPART_PUBLIC struct rocpart_catalog *rocpart_catalog_free(struct rocpart_catalog *catalog)
{
	if (catalog)
		rp_catalog_done(&catalog->c);
	free(catalog);
	return NULL;
}

ROCPART_PUBLIC size_t rocpart_catalog_get_count(const struct rocpart_catalog *catalog)
{
	return catalog->c.n;
}

ROCPART_PUBLIC const char *rocpart_catalog_get_name(const struct rocpart_catalog *catalog,
						    size_t index)
{
	return index < catalog->c.n ? catalog->c.v[index].name : NULL;
}

ROCPART_PUBLIC const char *rocpart_catalog_get_source(const struct rocpart_catalog *catalog,
						      size_t index)
{
	return index < catalog->c.n ? catalog->c.v[index].source : NULL;
}

static int wrap(struct rp_model_desc *d, struct rocpart_model **ret_model,
		struct rocpart_error *reterr)
{
	struct rocpart_model *m = rp_new0(struct rocpart_model, 1);

	if (!m) {
		rp_model_desc_done(d);
		return rp_error_nomem(reterr);
	}
	m->d = *d;
	*ret_model = m;
	return 0;
}

ROCPART_PUBLIC int rocpart_model_open(const char *path, struct rocpart_model **ret_model,
				      struct rocpart_error *reterr)
{
	struct rp_model_desc d = {0};
	int r = rp_model_read(path, &d, reterr);

	return r < 0 ? r : wrap(&d, ret_model, reterr);
}

ROCPART_PUBLIC int rocpart_model_open_at(int dirfd, const char *name, const char *label,
					 struct rocpart_model **ret_model,
					 struct rocpart_error *reterr)
{
	struct rp_model_desc d = {0};
	int r = rp_model_read_at(dirfd, name, label, &d, reterr);

	return r < 0 ? r : wrap(&d, ret_model, reterr);
}

ROCPART_PUBLIC int rocpart_model_find(const struct rocpart_catalog *catalog, const char *name,
				      struct rocpart_model **ret_model,
				      struct rocpart_error *reterr)
{
	struct rp_model_desc d = {0};
	bool ambiguous;
	const struct rp_catalog_entry *e = rp_catalog_find(&catalog->c, name, &ambiguous);
	int r;

	if (!e)
		return rp_catalog_refuse(&catalog->c, name, reterr);
	r = rp_catalog_describe(e, &d, reterr);
	return r < 0 ? r : wrap(&d, ret_model, reterr);
}

ROCPART_PUBLIC int rocpart_model_new_bytes(const char *name, uint64_t weights_bytes,
					   struct rocpart_model **ret_model)
{
	struct rocpart_model *m = rp_new0(struct rocpart_model, 1);

	if (!m)
		return -ENOMEM;
	m->d.origin = RP_ORIGIN_BYTES;
	m->d.name = rp_strdupf("%s", name);
	m->d.source = rp_strdupf("bytes given by the user");
	m->d.has_file_bytes = true;
	m->d.file_bytes = weights_bytes;
	m->d.packed = true; /* bytes do not tell parameters */
	if (!m->d.name || !m->d.source) {
		rocpart_model_free(m);
		return -ENOMEM;
	}
	*ret_model = m;
	return 0;
}

ROCPART_PUBLIC struct rocpart_model *rocpart_model_free(struct rocpart_model *model)
{
	if (model)
		rp_model_desc_done(&model->d);
	free(model);
	return NULL;
}

ROCPART_PUBLIC const char *rocpart_model_get_name(const struct rocpart_model *model)
{
	return model->d.name;
}

ROCPART_PUBLIC const char *rocpart_model_get_source(const struct rocpart_model *model)
{
	return model->d.source;
}

ROCPART_PUBLIC const char *rocpart_model_get_architecture(const struct rocpart_model *model)
{
	struct rp_layout l;

	if (!model->d.has_config || rp_layout_make(&model->d.config, model->d.name, &l, NULL) < 0)
		return "unknown";
	return l.family;
}

ROCPART_PUBLIC int rocpart_model_get_max_context(const struct rocpart_model *model,
						 uint64_t *ret_tokens)
{
	struct rp_layout l;
	uint32_t n = model->d.config.max_context;

	if (model->d.has_config && rp_layout_make(&model->d.config, model->d.name, &l, NULL) == 0)
		n = l.c.max_context;
	if (!n)
		return -ENODATA;
	*ret_tokens = n;
	return 0;
}

ROCPART_PUBLIC int rocpart_size_options_new(struct rocpart_size_options **ret_options)
{
	struct rocpart_size_options *o = rp_new0(struct rocpart_size_options, 1);

	if (!o)
		return -ENOMEM;
	*ret_options = o;
	return 0;
}

ROCPART_PUBLIC struct rocpart_size_options *
rocpart_size_options_free(struct rocpart_size_options *options)
{
	if (options) {
		free(options->dtype);
		free(options->kv_dtype);
		free(options->engine);
	}
	free(options);
	return NULL;
}

static int replace(char **at, const char *word, const char **ret_borrowed,
		   struct rocpart_error *reterr)
{
	char *copy = NULL;

	if (word) {
		copy = rp_strndup(word, strlen(word));
		if (!copy)
			return rp_error_nomem(reterr);
	}
	free(*at);
	*at = copy;
	*ret_borrowed = copy;
	return 0;
}

/* allowed: the words that there are, separated by blanks. */
static int refuse_word(struct rocpart_error *reterr, const char *what, const char *word,
		       const char *allowed)
{
	(void)rp_error_set(reterr, -EINVAL, ROCPART_ERR_INVALID_ARGUMENT, word,
			   "unknown %s '%.60s'", what, word);
	return rp_error_hint(reterr, "use one of: %s", allowed);
}

ROCPART_PUBLIC int rocpart_size_options_set_dtype(struct rocpart_size_options *options,
						  const char *word, struct rocpart_error *reterr)
{
	struct rp_weight_spec spec;

	if (word && rp_weight_spec_parse(word, &spec) < 0)
		return refuse_word(reterr, "dtype", word, rp_weight_words);
	return replace(&options->dtype, word, &options->q.dtype, reterr);
}

ROCPART_PUBLIC int rocpart_size_options_set_kv_dtype(struct rocpart_size_options *options,
						     const char *word, struct rocpart_error *reterr)
{
	if (word && !rp_kv_dtype_find(word))
		return refuse_word(reterr, "kv-dtype", word, rp_kv_dtype_words);
	return replace(&options->kv_dtype, word, &options->q.kv_dtype, reterr);
}

ROCPART_PUBLIC int rocpart_size_options_set_engine(struct rocpart_size_options *options,
						   const char *word, struct rocpart_error *reterr)
{
	struct rp_engine_version v;

	if (word && rp_engine_parse(word, &v) < 0)
		return refuse_word(reterr, "engine", word, rp_engine_words);
	return replace(&options->engine, word, &options->q.engine, reterr);
}

ROCPART_PUBLIC void rocpart_size_options_set_context(struct rocpart_size_options *options,
						     uint64_t tokens)
{
	options->q.context = tokens;
}

ROCPART_PUBLIC void rocpart_size_options_set_max_seqs(struct rocpart_size_options *options,
						      uint64_t requests)
{
	options->q.max_seqs = requests;
}

ROCPART_PUBLIC void
rocpart_size_options_set_max_batched_tokens(struct rocpart_size_options *options, uint64_t tokens)
{
	options->q.max_batched = tokens;
}

ROCPART_PUBLIC void rocpart_size_options_set_tensor_parallel(struct rocpart_size_options *options,
							     uint32_t ranks)
{
	options->q.tp = ranks;
}

ROCPART_PUBLIC void rocpart_size_options_set_eager(struct rocpart_size_options *options, bool eager)
{
	options->q.eager = eager;
}

ROCPART_PUBLIC void rocpart_size_options_set_lenient(struct rocpart_size_options *options,
						     bool lenient)
{
	options->q.lenient = lenient;
}

ROCPART_PUBLIC int rocpart_footprint_new(const struct rocpart_model *model,
					 const struct rocpart_size_options *options,
					 struct rocpart_footprint **ret_footprint,
					 struct rocpart_error *reterr)
{
	static const struct rp_size_request nothing;
	RP_AUTO_FREE struct rocpart_footprint *f = rp_new0(struct rocpart_footprint, 1);
	int r;

	if (!f)
		return rp_error_nomem(reterr);
	r = rp_size(&model->d, options ? &options->q : &nothing, &f->f, reterr);
	if (r < 0)
		return r;
	if (rp_fmt(f->model, sizeof(f->model), "%s", model->d.name) < 0)
		*f->model = '\0';
	*ret_footprint = rp_steal(&f);
	return 0;
}
