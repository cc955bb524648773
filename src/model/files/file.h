/* SPDX-License-Identifier: MIT */
/* Opening files that strangers made: regular files only, and links only inside their folder. */
#ifndef RP_MODEL_FILES_FILE_H
#define RP_MODEL_FILES_FILE_H

#include "base/base.h"
#include "base/error.h"
#include "base/strbuf.h"

/*
 * Open name in the folder dirfd for reading. A symbolic link must stay inside the folder; the one
 * exception is what the Hugging Face cache makes, "../../blobs/HEX" with a plain file behind it.
 * 0; -ENOENT; -EXDEV a link out of the folder; -EINVAL not a regular file; other errno of open.
 */
int rp_model_file_open(int dirfd, const char *name, int *ret_fd, uint64_t *ret_size,
		       struct rocpart_error *reterr) RP_MUST_CHECK;
int rp_model_folder_open(const char *path, int *ret_fd, struct rocpart_error *reterr) RP_MUST_CHECK;
/* Names in the folder, sorted. */
int rp_model_folder_list(int dirfd, struct rp_names *ret,
			 struct rocpart_error *reterr) RP_MUST_CHECK;
/* len bytes at offset, all of them. -EIO when the file ends before. */
int rp_pread_all(int fd, void *buf, size_t len, uint64_t offset) RP_MUST_CHECK;

#endif
