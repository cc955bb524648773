/* SPDX-License-Identifier: MIT */
/* Column tables of models. */
#ifndef RP_VIEWS_MODEL_FIELDS_H
#define RP_VIEWS_MODEL_FIELDS_H

#include "views/fields.h"

/* The parts of the sum of a footprint, in the order they are printed. */
#define VIEW_N_FOOTPRINT_PARTS 7
extern const struct view_footprint_part {
	enum rocpart_footprint_value value;
	const char *key, *text;
} view_footprint_parts[VIEW_N_FOOTPRINT_PARTS];

/* A row of `model fit`. */
struct view_fit_row {
	const struct rocpart_fit *fit;
	char **flags; /* of the engine there; NULL when it does not fit */
};
extern const struct view_field view_fit_fields[];

/* A row of `model list`. */
struct view_model_row {
	const char *name, *architecture, *source;
	const struct rocpart_footprint *footprint; /* NULL: it cannot be sized */
};
extern const struct view_field view_model_fields[];

/* A number of a footprint, null when it is not known. */
struct rp_json *view_footprint_json(const struct rocpart_footprint *footprint,
				    enum rocpart_footprint_value value);

#endif
