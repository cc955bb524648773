/* SPDX-License-Identifier: MIT */
/* Specs of the Container Device Interface, in the folders that container engines read. */
#ifndef RP_RUN_CDI_FILE_H
#define RP_RUN_CDI_FILE_H

#include "base/base.h"
#include "base/strbuf.h"

/* Whole text of a spec; at most 1 MiB. -ENOENT, -EFBIG, other errno. */
int rp_cdi_file_read(const char *dir, const char *file, struct rp_strbuf *ret) RP_MUST_CHECK;
/*
 * Replace it whole: an engine that reads meanwhile sees the old or the new one. The folder is made
 * when it is not there. *ret_unsynced is set after an error, too: the file is there, and a power
 * cut may bring the old one back. no_sync: nothing waits for the disk. 0 or errno.
 */
int rp_cdi_file_write(const char *dir, const char *file, const char *text, size_t len, bool no_sync,
		      bool *ret_unsynced) RP_MUST_CHECK;

#endif
