/* SPDX-License-Identifier: MIT */
/* Shared by the files that stand behind rocpart/model.h, and with those that place models. */
#ifndef RP_MODEL_FOOTPRINT_H
#define RP_MODEL_FOOTPRINT_H

#include "model/size.h"

struct rocpart_footprint {
	struct rp_footprint f;
	char model[256]; /* name of the model; "" when it is longer */
};

#endif
