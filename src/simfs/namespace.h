/* SPDX-License-Identifier: MIT */
#ifndef RP_SIMFS_NAMESPACE_H
#define RP_SIMFS_NAMESPACE_H

#include "base/error.h"

/*
 * Enter new namespaces (CLONE_NEWNS...), called what in the message. Without the right to do so,
 * the caller becomes root of a new user namespace that owns them.
 */
int rp_namespace_enter(int flags, const char *what, struct rocpart_error *reterr) RP_MUST_CHECK;
/* A new mount namespace, of which nothing is seen outside. flags: other namespaces with it. */
int rp_namespace_enter_mounts(int flags, struct rocpart_error *reterr) RP_MUST_CHECK;

#endif
