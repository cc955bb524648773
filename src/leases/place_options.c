/* SPDX-License-Identifier: MIT */
#include "leases/place_options.h"
#include "base/name.h"
#include "base/num.h"

#define MAX_REPLICAS 4096
#define MAX_SHARE    64

static int refuse_option(struct rocpart_error *reterr, const char *object, const char *why)
{
	return rp_error_set(reterr, -EINVAL, ROCPART_ERR_INVALID_ARGUMENT, object, "%s", why);
}

ROCPART_PUBLIC int rocpart_place_options_new(const char *name, uint64_t bytes,
					     struct rocpart_place_options **ret_options,
					     struct rocpart_error *reterr)
{
	struct rocpart_place_options *o;

	if (!name || !*name)
		return refuse_option(reterr, name, "the name of the lease is empty");
	if (rp_name_check(RP_NAME_LEASE, name, reterr) < 0)
		return -EINVAL;
	if (bytes > INT64_MAX)
		return refuse_option(reterr, name, "a lease must be smaller than 8 EiB");
	o = rp_new0(struct rocpart_place_options, 1);
	if (!o || !(o->name = strdup(name))) {
		rocpart_place_options_free(o);
		return rp_error_nomem(reterr);
	}
	o->bytes = bytes;
	o->replicas = 1;
	o->share = 1;
	o->replica = RP_REPLICA_ANY;
	*ret_options = o;
	return 0;
}

ROCPART_PUBLIC struct rocpart_place_options *
rocpart_place_options_free(struct rocpart_place_options *options)
{
	if (!options)
		return NULL;
	free(options->name);
	free(options->partition);
	free(options->footprint);
	free(options->file);
	rp_json_free(options->labels);
	free(options);
	return NULL;
}

ROCPART_PUBLIC int rocpart_place_options_set_owner(struct rocpart_place_options *options,
						   const char *owner, struct rocpart_error *reterr)
{
	int r = rp_owner_parse(owner, &options->owner, reterr);

	options->has_owner |= r == 0;
	return r;
}

ROCPART_PUBLIC int rocpart_place_options_set_partition(struct rocpart_place_options *options,
						       const char *partition,
						       struct rocpart_error *reterr)
{
	char *copy;

	if (partition && !*partition)
		return refuse_option(
			reterr, NULL,
			"the name of the partition is empty: give GPU/ID, such as 0/3");
	copy = partition ? strdup(partition) : NULL;
	if (partition && !copy)
		return rp_error_nomem(reterr);
	free(options->partition);
	options->partition = copy;
	return 0;
}

ROCPART_PUBLIC int rocpart_place_options_set_replicas(struct rocpart_place_options *options,
						      uint32_t replicas,
						      struct rocpart_error *reterr)
{
	if (replicas < 1 || replicas > MAX_REPLICAS)
		return refuse_option(reterr, options->name,
				     "the number of replicas must be from 1 to 4096");
	options->replicas = replicas;
	return 0;
}

ROCPART_PUBLIC int rocpart_place_options_set_share(struct rocpart_place_options *options,
						   uint32_t share, struct rocpart_error *reterr)
{
	if (share < 1 || share > MAX_SHARE)
		return refuse_option(reterr, options->name,
				     "a partition can be shared by 1 to 64 leases");
	options->share = share;
	return 0;
}

ROCPART_PUBLIC void rocpart_place_options_set_priority(struct rocpart_place_options *options,
						       int32_t priority)
{
	options->priority = priority;
}

ROCPART_PUBLIC void rocpart_place_options_set_switch(struct rocpart_place_options *options,
						     bool may_switch)
{
	options->may_switch = may_switch;
}

ROCPART_PUBLIC void
rocpart_place_options_set_allow_unvalidated(struct rocpart_place_options *options, bool allow)
{
	options->allow_unvalidated = allow;
}

ROCPART_PUBLIC int rocpart_place_options_set_label(struct rocpart_place_options *options,
						   const char *key, const char *value,
						   struct rocpart_error *reterr)
{
	struct rp_json *text;

	if (!key || !*key || !value)
		return refuse_option(reterr, key, "a label must be KEY=VALUE, with a KEY");
	text = rp_json_string(value);
	if (!text)
		return refuse_option(reterr, key, "the value of a label must be valid UTF-8");
	if (!options->labels)
		options->labels = rp_json_object();
	return rp_json_set(options->labels, key, text) < 0 ? rp_error_nomem(reterr) : 0;
}

ROCPART_PUBLIC int rocpart_place_options_set_footprint(struct rocpart_place_options *options,
						       const struct rocpart_footprint *footprint,
						       struct rocpart_error *reterr)
{
	static const struct {
		enum rocpart_footprint_value value;
		const char *key;
	} parts[] = {
		{ROCPART_FOOTPRINT_WEIGHTS_BYTES, "weights_bytes"},
		{ROCPART_FOOTPRINT_KV_BYTES, "kv_bytes"},
		{ROCPART_FOOTPRINT_ACTIVATION_BYTES, "activation_bytes"},
		{ROCPART_FOOTPRINT_PROCESS_BYTES, "process_bytes"},
		{ROCPART_FOOTPRINT_COLLECTIVE_BYTES, "collective_bytes"},
		{ROCPART_FOOTPRINT_GRAPH_BYTES, "graph_bytes"},
		{ROCPART_FOOTPRINT_MARGIN_BYTES, "margin_bytes"},
		{ROCPART_FOOTPRINT_TOTAL_BYTES, "total_bytes"},
		{ROCPART_FOOTPRINT_CONTEXT, "context"},
		{ROCPART_FOOTPRINT_MAX_SEQS, "max_seqs"},
		{ROCPART_FOOTPRINT_MAX_BATCHED_TOKENS, "max_batched_tokens"},
		{ROCPART_FOOTPRINT_RANKS, "ranks"},
	};
	static const char *const words[] = {"model", "dtype", "kv_dtype", "engine"};
	RP_AUTO_JSON struct rp_json *j = rp_json_object();
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	uint64_t v;
	int r = j ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < RP_ARRAY_LEN(parts); i++)
		if (rocpart_footprint_get(footprint, parts[i].value, &v) == 0)
			r = rp_json_set_u64(j, parts[i].key, v);
	for (size_t i = 0; r == 0 && i < RP_ARRAY_LEN(words); i++)
		r = rp_json_set_string(j, words[i],
				       rocpart_footprint_get_text(footprint, words[i]));
	if (r == 0)
		r = rp_json_set_string(
			j, "confidence",
			rocpart_footprint_get_confidence(footprint, ROCPART_FOOTPRINT_TOTAL_BYTES));
	if (r == 0)
		r = rp_json_print(j, false, &text);
	if (r < 0)
		return rp_error_nomem(reterr);
	free(options->footprint);
	options->footprint = rp_strbuf_steal(&text);
	return options->footprint ? 0 : rp_error_nomem(reterr);
}

static int copy_text(char **ret, const char *text)
{
	*ret = text ? strdup(text) : NULL;
	return text && !*ret ? -ENOMEM : 0;
}

int rp_place_describe(const struct rocpart_place_options *o, const struct rp_owner *owner,
		      struct rp_lease *l)
{
	RP_AUTO_STRBUF struct rp_strbuf labels = RP_STRBUF_INIT;

	l->bytes = o->bytes;
	l->share = o->share;
	l->priority = o->priority;
	l->owner = *owner;
	l->replica = o->replica;
	if (o->labels && rp_json_print(o->labels, false, &labels) < 0)
		return -ENOMEM;
	return copy_text(&l->name, o->name) < 0 ||
			       copy_text(&l->file, o->file ? o->file : "") < 0 ||
			       copy_text(&l->footprint, o->footprint) < 0 ||
			       copy_text(&l->labels, o->labels ? rp_strbuf_str(&labels) : NULL) < 0
		       ? -ENOMEM
		       : 0;
}
