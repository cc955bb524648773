/* SPDX-License-Identifier: MIT */
/*
 * rocpart: partitions AMD Instinct GPUs and places AI models on the partitions.
 *
 * Rules of the whole interface. Functions return 0 or a negative errno unless said otherwise; what
 * they give back through `ret_` pointers is written only on success, `reterr` only on failure, and
 * `reterr` may be NULL. Objects are opaque. The library prints nothing, reads no environment
 * variable, starts no thread, installs no signal handler. One context and what was made from it
 * belong to one thread at a time; snapshots are immutable and may be shared between threads.
 * Until version 1.0 the ABI may change with each minor version (SONAME librocpart.so.0).
 */
#ifndef ROCPART_ROCPART_H
#define ROCPART_ROCPART_H

#include <rocpart/backend.h>
#include <rocpart/cdi.h>
#include <rocpart/change.h>
#include <rocpart/doctor.h>
#include <rocpart/error.h>
#include <rocpart/gather.h>
#include <rocpart/handout.h>
#include <rocpart/lease.h>
#include <rocpart/mode.h>
#include <rocpart/model.h>
#include <rocpart/node.h>
#include <rocpart/place.h>
#include <rocpart/plan.h>
#include <rocpart/run.h>
#include <rocpart/sim.h>
#include <rocpart/trace.h>
#include <rocpart/usage.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * rocpart_version() - Version of the library, "0.1.0".
 *
 * Thread: any. Since 0.1.
 * Return: static text.
 */
const char *rocpart_version(void);

#ifdef __cplusplus
}
#endif
#endif
