/* SPDX-License-Identifier: MIT */
/* The amdgpu driver as a module: can it be unloaded, unload it, load it. */
#ifndef RP_HW_DRIVER_H
#define RP_HW_DRIVER_H

#include "hw/hw.h"

/* 1: the driver is loaded; 0: it is not; errno of looking. */
int rp_driver_is_loaded(struct rp_tree *t, struct rocpart_error *reterr) RP_MUST_CHECK;

/* A number that differs after each load of the driver; 0 when it is not loaded. Or an errno. */
int rp_driver_read_epoch(struct rp_tree *t, uint64_t *ret,
			 struct rocpart_error *reterr) RP_MUST_CHECK;

/*
 * Prove that the driver can be unloaded and that what would be loaded is the same build: it is a
 * module, its reference count is 0, nothing depends on it, srcversion on disk equals the loaded
 * one. Asked before a memory mode is requested, because the kernel cannot take a request back.
 * 0; -EBUSY DRIVER_IN_USE; -EROFS on a capture.
 */
int rp_driver_check_unloadable(struct rp_tree *t, struct rocpart_error *reterr) RP_MUST_CHECK;

/* modprobe by argv on hardware; the simulated driver on a simulated machine. DRIVER_RELOAD. */
int rp_driver_unload(struct rp_tree *t, struct rocpart_error *reterr) RP_MUST_CHECK;
int rp_driver_load(struct rp_tree *t, struct rocpart_error *reterr) RP_MUST_CHECK;

#endif
