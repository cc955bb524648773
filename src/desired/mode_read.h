/* SPDX-License-Identifier: MIT */
/* Modes as words of a file; every reader refuses them alike. Defined in node_gpus.c. */
#ifndef RP_DESIRED_MODE_READ_H
#define RP_DESIRED_MODE_READ_H

#include "base/yaml.h"
#include "rocpart/mode.h"

/* 0; -EINVAL CONFIG_SYNTAX with the modes that there are. */
int rp_compute_mode_read(const struct rp_yaml *at, const char *name, enum rocpart_compute_mode *ret,
			 struct rocpart_error *reterr) RP_MUST_CHECK;
int rp_memory_mode_read(const struct rp_yaml *at, const char *name, enum rocpart_memory_mode *ret,
			struct rocpart_error *reterr) RP_MUST_CHECK;
/*
 * A compute mode, or both as COMPUTE/MEMORY, "CPX/NPS4"; without a memory mode *ret_memory stays.
 */
int rp_modes_read(const struct rp_yaml *at, const char *name,
		  enum rocpart_compute_mode *ret_compute, enum rocpart_memory_mode *ret_memory,
		  struct rocpart_error *reterr) RP_MUST_CHECK;

#endif
