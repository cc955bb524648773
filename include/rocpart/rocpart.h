/* SPDX-License-Identifier: MIT */
/*
 * rocpart: partitions AMD Instinct GPUs and places AI models on the partitions.
 *
 * These rules hold for the whole interface. A function returns 0 or a negative errno unless its
 * comment names another result. A function writes to its `ret_` pointers only on success and to
 * `reterr` only on failure; `reterr` may be NULL. Objects are opaque. A comment that names an
 * object "borrowed" means that the caller still owns the object and keeps it alive. The library
 * prints nothing, reads no environment variable, starts no thread and installs no signal handler.
 * One thread at a time may use a machine and the objects made from that machine. Snapshots are
 * immutable, and threads may share them. Until version 1.0 the ABI may change with each minor
 * version (SONAME librocpart.so.0).
 */
#ifndef ROCPART_ROCPART_H
#define ROCPART_ROCPART_H

#include <rocpart/applied.h>
#include <rocpart/backend.h>
#include <rocpart/cdi.h>
#include <rocpart/change.h>
#include <rocpart/desired.h>
#include <rocpart/difference.h>
#include <rocpart/doctor.h>
#include <rocpart/error.h>
#include <rocpart/gather.h>
#include <rocpart/handout.h>
#include <rocpart/history.h>
#include <rocpart/hold.h>
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
 * rocpart_version() - Return the version of the library, "0.1.0".
 *
 * Thread: any. Since 0.1.
 * Return: static text.
 */
const char *rocpart_version(void);

#ifdef __cplusplus
}
#endif
#endif
