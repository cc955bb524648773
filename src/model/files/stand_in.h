/* SPDX-License-Identifier: MIT */
/*
 * What lies in the place of a model file that did not arrive, or that is something else: pointers
 * of Git LFS and git-annex, web pages, downloads that did not end, archives of PyTorch.
 */
#ifndef RP_MODEL_FILES_STAND_IN_H
#define RP_MODEL_FILES_STAND_IN_H

#include "base/error.h"

/*
 * Look at the first bytes of a file of size bytes. binary: it should be a safetensors or GGUF file.
 * 0: no stand-in; -EINVAL MODEL_FORMAT says what it is and how to get the file; -EIO.
 */
int rp_stand_in_check(int fd, uint64_t size, const char *name, bool binary,
		      struct rocpart_error *reterr) RP_MUST_CHECK;
/* The name alone tells that a download did not end. */
bool rp_stand_in_is_partial(const char *name);
/*
 * By general.type and general.architecture of a GGUF file ("": not said). -ENOTSUP MODEL_UNKNOWN:
 * an adapter, a projector, an importance matrix, or a vocabulary, which has no tensors.
 */
int rp_stand_in_check_gguf(const char *type, const char *architecture, bool has_tensors,
			   const char *name, struct rocpart_error *reterr) RP_MUST_CHECK;
/* An adapter for the model base; "": not known. Returns -ENOTSUP. */
int rp_stand_in_refuse_adapter(const char *name, const char *base, struct rocpart_error *reterr);

#endif
