/* SPDX-License-Identifier: MIT */
/* From a path to a described model: which files of a folder count, best first. */
#ifndef RP_MODEL_FILES_FOLDER_H
#define RP_MODEL_FILES_FOLDER_H

#include "model/size.h"

/*
 * path: a folder, or a file: *.safetensors, model.safetensors.index.json, *.gguf, config.json.
 * Links must stay inside the folder. 0; -ENOENT; -EINVAL MODEL_FORMAT naming file, tensor and
 * field; -EXDEV; -ENOTSUP nothing in the folder says what the model is.
 */
int rp_model_read(const char *path, struct rp_model_desc *ret,
		  struct rocpart_error *reterr) RP_MUST_CHECK;
/* The same with the folder already open; name is a file in it, or NULL for the folder itself. */
int rp_model_read_at(int dirfd, const char *name, const char *label, struct rp_model_desc *ret,
		     struct rocpart_error *reterr) RP_MUST_CHECK;

#endif
