/* SPDX-License-Identifier: MIT */
/* The partitions of a program, and the variables of its environment. */
#include "run/text/values.h"

void rp_handout_done(struct rp_handout *h)
{
	for (size_t i = 0; i < h->n_devices; i++)
		free(h->devices[i]);
	free(h->devices);
	free(h->parts);
	free(h->gids);
	free(h->sim_name);
	memset(h, 0, sizeof(*h));
}

int rp_handout_add_part(struct rp_handout *h, const struct rocpart_partition *part)
{
	size_t at = h->n_parts;

	for (size_t i = 0; i < h->n_parts; i++)
		if (h->parts[i] == part)
			return -EEXIST;
	if (rp_grow(&h->parts, &h->cap_parts, h->n_parts + 1, sizeof(*h->parts)) < 0)
		return -ENOMEM;
	for (; at > 0 && h->parts[at - 1]->kfd_node > part->kfd_node; at--)
		h->parts[at] = h->parts[at - 1];
	h->parts[at] = part;
	h->n_parts++;
	return 0;
}

int rp_handout_add_device(struct rp_handout *h, const char *path)
{
	char *copy = strdup(path);

	if (!copy ||
	    rp_grow(&h->devices, &h->cap_devices, h->n_devices + 1, sizeof(*h->devices)) < 0) {
		free(copy);
		return -ENOMEM;
	}
	h->devices[h->n_devices++] = copy;
	return 0;
}

int rp_handout_add_group(struct rp_handout *h, uint32_t gid)
{
	for (size_t i = 0; i < h->n_gids; i++)
		if (h->gids[i] == gid)
			return 0;
	if (rp_grow(&h->gids, &h->cap_gids, h->n_gids + 1, sizeof(*h->gids)) < 0)
		return -ENOMEM;
	h->gids[h->n_gids++] = gid;
	return 0;
}

/* ---- variables ---- */

void rp_variables_done(struct rp_variables *vars)
{
	for (size_t i = 0; i < vars->n; i++)
		free(vars->v[i].value);
	free(vars->v);
	memset(vars, 0, sizeof(*vars));
}

/* Text that is not there is not said. */
static int add(struct rp_variables *vars, const char *name, struct rp_strbuf *value)
{
	RP_AUTO_STRBUF struct rp_strbuf text = *value;

	*value = (struct rp_strbuf)RP_STRBUF_INIT;
	if (text.failed)
		return -ENOMEM;
	if (!text.len)
		return 0;
	if (rp_grow(&vars->v, &vars->cap, vars->n + 1, sizeof(*vars->v)) < 0)
		return -ENOMEM;
	vars->v[vars->n] = (struct rp_variable){name, rp_strbuf_steal(&text)};
	if (!vars->v[vars->n].value)
		return -ENOMEM;
	vars->n++;
	return 0;
}

enum rocpart_filter rp_handout_filter(const struct rp_handout *h, enum rocpart_view view)
{
	if (h->filter != ROCPART_FILTER_AUTO)
		return h->filter;
	return view == ROCPART_VIEW_HOST ? ROCPART_FILTER_ROCR : ROCPART_FILTER_NONE;
}

static void comma(struct rp_strbuf *b)
{
	if (b->len)
		rp_strbuf_add_char(b, ',');
}

/*
 * HIP counts what ROCr shows, all of it here, so both filters take the same numbers (ABI study
 * D.3). Where a program sees its own nodes only they are 0 to n-1: another index would hide them.
 */
static int add_filter(const struct rp_handout *h, enum rocpart_view view, struct rp_variables *vars)
{
	enum rocpart_filter filter = rp_handout_filter(h, view);
	struct rp_strbuf value = RP_STRBUF_INIT;

	for (size_t i = 0; filter != ROCPART_FILTER_NONE && i < h->n_parts; i++) {
		comma(&value);
		rp_strbuf_addf(&value, "%llu",
			       view == ROCPART_VIEW_HOST
				       ? (unsigned long long)h->parts[i]->rocr_index.v
				       : (unsigned long long)i);
	}
	return add(vars, rp_filter_variables[filter == ROCPART_FILTER_HIP], &value);
}

static const char *compute_name(const struct rocpart_partition *p)
{
	return p->gpu->compute == ROCPART_COMPUTE_UNKNOWN
		       ? ""
		       : rocpart_compute_mode_to_string(p->gpu->compute);
}

static const char *memory_name(const struct rocpart_partition *p)
{
	return p->gpu->memory == ROCPART_MEMORY_UNKNOWN
		       ? ""
		       : rocpart_memory_mode_to_string(p->gpu->memory);
}

/* One word when all are alike, which they are on one GPU; nothing when one is not known. */
static int add_modes(const struct rp_handout *h, const char *name,
		     const char *(*word)(const struct rocpart_partition *p),
		     struct rp_variables *vars)
{
	struct rp_strbuf value = RP_STRBUF_INIT;
	bool are_alike = true, are_known = true;

	for (size_t i = 0; i < h->n_parts; i++) {
		are_alike &= rp_str_eq(word(h->parts[i]), word(h->parts[0]));
		are_known &= *word(h->parts[i]) != '\0';
	}
	for (size_t i = 0; are_known && i < (are_alike ? 1 : h->n_parts); i++) {
		comma(&value);
		rp_strbuf_add(&value, word(h->parts[i]));
	}
	return add(vars, name, &value);
}

static int add_identities(const struct rp_handout *h, struct rp_variables *vars)
{
	struct rp_strbuf ids = RP_STRBUF_INIT, xcds = RP_STRBUF_INIT, names = RP_STRBUF_INIT;
	int r;

	for (size_t i = 0; i < h->n_parts; i++) {
		const struct rocpart_partition *p = h->parts[i];

		comma(&ids);
		rp_strbuf_addf(&ids, "%u", p->id);
		comma(&names);
		rp_strbuf_addf(&names, "%s/%u", p->gpu->bdf, p->id);
		for (unsigned x = 0; x < p->n_xcds; x++) {
			comma(&xcds);
			rp_strbuf_addf(&xcds, "%u", p->first_xcd + x);
		}
	}
	r = add(vars, "AIM_PARTITION_ID", &ids);
	r = add_modes(h, "AIM_COMPUTE_MODE", compute_name, vars) < 0 ? -ENOMEM : r;
	r = add_modes(h, "AIM_MEMORY_MODE", memory_name, vars) < 0 ? -ENOMEM : r;
	r = add(vars, "AIM_XCD_ID", &xcds) < 0 ? -ENOMEM : r;
	r = add(vars, "ROCPART_PARTITIONS", &names) < 0 ? -ENOMEM : r;
	return r;
}

/* What the engine of an AIM container is started with; it is vLLM (peers study 1.7). */
static int add_engine_args(const struct rp_handout *h, struct rp_variables *vars)
{
	RP_AUTO_WORDS struct rp_words flags = {0};
	RP_AUTO_STRBUF struct rp_strbuf json = RP_STRBUF_INIT;

	if (!h->has_engine || !h->engine.is_vllm)
		return 0;
	rp_engine_flags(&h->engine, &flags);
	if (flags.failed || rp_engine_flags_json(&flags, &json) < 0)
		return -ENOMEM;
	return add(vars, "AIM_ENGINE_ARGS", &json);
}

int rp_handout_variables(const struct rp_handout *h, enum rocpart_view view,
			 struct rp_variables *ret)
{
	RP_AUTO_VARIABLES struct rp_variables vars = {0};
	struct rp_strbuf count = RP_STRBUF_INIT;
	int r = add_filter(h, view, &vars);

	rp_strbuf_addf(&count, "%zu", h->n_parts);
	r = add(&vars, "AIM_GPU_COUNT", &count) < 0 ? -ENOMEM : r;
	if (r < 0 || add_identities(h, &vars) < 0 || add_engine_args(h, &vars) < 0)
		return -ENOMEM;
	*ret = vars;
	memset(&vars, 0, sizeof(vars));
	return 0;
}

/* ROCr reads the first; HIP the others, on what ROCr left over, renumbered (ABI study D.3). */
const char *const rp_filter_variables[RP_N_FILTERS] = {
	"ROCR_VISIBLE_DEVICES",
	"HIP_VISIBLE_DEVICES",
	"CUDA_VISIBLE_DEVICES",
	"GPU_DEVICE_ORDINAL",
};

static const char *our_variable(const struct rp_handout *h, enum rocpart_view view)
{
	enum rocpart_filter filter = rp_handout_filter(h, view);

	if (filter == ROCPART_FILTER_NONE)
		return NULL;
	return rp_filter_variables[filter == ROCPART_FILTER_HIP];
}

const char *rp_handout_conflict(const struct rp_handout *h, enum rocpart_view view, size_t index)
{
	const char *ours = our_variable(h, view);

	for (size_t i = 0; i < RP_N_FILTERS; i++)
		if (rp_filter_variables[i] != ours && index-- == 0)
			return rp_filter_variables[i];
	return NULL;
}
