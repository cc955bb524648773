/* SPDX-License-Identifier: MIT */
/*
 * libamd_smi, loaded when it is needed. Every call of it runs in a child with a deadline: it may
 * crash, hang, and leaves /dev/kfd open, which would hold the GPUs (amd-smi study 4.1, 4.12).
 */
#ifndef RP_HW_SMI_LIB_H
#define RP_HW_SMI_LIB_H

#include "hw/smi/backend.h"

struct rp_smi_lib {
	const char *file; /* NULL: by the names of its versions */
	uint64_t read_ms, set_ms;
	int inherited_fd; /* kept by what sets a mode, see rp_spawn_streams */
};

/* amdsmi_init() is given the 60 s that AMD's own command gives it; 24.7 and 25 reload the driver
 * inside the setter of memory modes, up to 140 s. */
#define RP_SMI_LIB                                 \
	(struct rp_smi_lib)                        \
	{                                          \
		.read_ms = 75000, .set_ms = 200000 \
	}

int rp_smi_lib_probe(const struct rp_smi_lib *lib, struct rp_backend_info *ret,
		     struct rocpart_error *reterr) RP_MUST_CHECK;
/*
 * All logical GPUs. -ENOENT UNSUPPORTED: not installed, a symbol is missing, or its version is not
 * known; -ETIMEDOUT; -EIO: it crashed; -EBADMSG: it told what cannot be.
 */
int rp_smi_lib_read(const struct rp_smi_lib *lib, struct rp_smi_rows *ret,
		    struct rocpart_error *reterr) RP_MUST_CHECK;
int rp_smi_lib_set_compute(const struct rp_smi_lib *lib, const char *bdf,
			   enum rocpart_compute_mode mode,
			   struct rocpart_error *reterr) RP_MUST_CHECK;
int rp_smi_lib_set_memory(const struct rp_smi_lib *lib, const char *bdf,
			  enum rocpart_memory_mode mode,
			  struct rocpart_error *reterr) RP_MUST_CHECK;

#endif
