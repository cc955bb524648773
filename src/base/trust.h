/* SPDX-License-Identifier: MIT */
/*
 * Who can change a file: only a file that nobody but root, or the effective user, can change may
 * make rocpart act by itself (docs/design/trust.md).
 */
#ifndef RP_BASE_TRUST_H
#define RP_BASE_TRUST_H

#include "base/base.h"
#include "base/error.h"

/*
 * Check the file that was opened as fd by its path: a regular file of root or of the effective user
 * that neither group nor others may write, and each folder in which a name of the path is looked
 * up, symbolic links included, likewise. A sticky folder such as /tmp counts as one that others may
 * write: they can create the name first. 0; -EPERM PERMISSION, with the file or folder, its mode
 * and owner, and the command that mends it; -ESTALE: another file has the name now; -ELOOP;
 * -ENOMEM; errno of looking.
 */
int rp_trust_file(const char *path, int fd, struct rocpart_error *reterr) RP_MUST_CHECK;
/* The same for a folder, whose files are to be trusted: who may write it can remove them. */
int rp_trust_folder(const char *path, int fd, struct rocpart_error *reterr) RP_MUST_CHECK;
/* The same for a program that is about to be executed. Also -ENOENT. */
int rp_trust_program(const char *path, struct rocpart_error *reterr) RP_MUST_CHECK;
/* Return whether an open file has a name in a folder, as a pipe and standard input have none. */
bool rp_trust_has_name(int fd);

#endif
