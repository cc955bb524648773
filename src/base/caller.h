/* SPDX-License-Identifier: MIT */
/* Who runs this program, for records that name somebody. */
#ifndef RP_BASE_CALLER_H
#define RP_BASE_CALLER_H

#include "base/base.h"

/*
 * The user who logged in, whatever sudo or su made of them since: the kernel's login uid. Without
 * one (a unit of systemd, a kernel without audit) the real uid. The environment is not asked:
 * whoever runs the program writes it.
 */
uint32_t rp_caller_uid(void);

#endif
