/* SPDX-License-Identifier: MIT */
/* What models need and where that is to be had. NULL: out of memory. */
#ifndef RP_VIEWS_MODEL_H
#define RP_VIEWS_MODEL_H

#include "views/document.h"
#include "views/model_fields.h"
#include "views/table.h"

/* A partition, or only a size, that a model is to run on. */
struct view_size_on {
	const char *name; /* as it was asked for */
	uint64_t partition_bytes, usable_bytes;
	uint64_t bound_millitokens_per_s; /* 0: not known */
};

struct view_size {
	const struct rocpart_model *model;
	const struct rocpart_footprint *footprint;
	const struct view_size_on *on; /* NULL: nowhere in particular */
	char *const *flags;	       /* of its engine */
	bool has_ranks;		       /* it is to be shared by several */
};

/* Rows of `model fit`. All zero: every one. */
struct view_fit_choice {
	const struct rp_names *products; /* NULL: all */
	bool only_usual;		 /* no DPX, TPX or QPX that the vendor has not validated */
	bool only_best; /* where most tokens come out of a GPU, one for each product */
};

/* Documents of model size, fit, list (models: an array of view_model(), taken over), show, add. */
struct rp_json *view_model_size(struct view_machine about, const struct view_size *size);
struct rp_json *view_model_fit(struct view_machine about, const struct rocpart_model *model,
			       const struct rocpart_footprint *footprint,
			       const struct rocpart_fits *fits,
			       const struct view_fit_choice *choice, uint64_t assumed_host_bytes);
struct rp_json *view_model_list(struct view_machine about, struct rp_json *models);
struct rp_json *view_model(const struct view_model_row *row); /* has no head */
struct rp_json *view_model_show(struct view_machine about, const struct view_model_row *row);
struct rp_json *view_model_added(struct view_machine about, const char *name,
				 const struct rocpart_footprint *footprint);

struct view_table *view_fit_table(const struct rocpart_footprint *footprint,
				  const struct rocpart_fits *fits,
				  const struct view_fit_choice *choice,
				  const struct view_layout *layout);

#endif
