/* SPDX-License-Identifier: MIT */
/*
 * <linux/kfd_ioctl.h> includes <drm/drm.h>, which Debian does not install beside it, and takes
 * nothing but these from it.
 */
#pragma once
#include <linux/ioctl.h>
#include <linux/types.h>
