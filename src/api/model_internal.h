/* SPDX-License-Identifier: MIT */
/* Shared by the files that stand behind rocpart/model.h, and with those that place models. */
#ifndef RP_API_MODEL_INTERNAL_H
#define RP_API_MODEL_INTERNAL_H

#include "model/size.h"

struct rocpart_footprint {
	struct rp_footprint f;
};

#endif
