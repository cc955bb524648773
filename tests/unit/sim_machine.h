/* SPDX-License-Identifier: MIT */
/* What the tests of the simulator have in common: machines from profiles, short questions. */
#ifndef TEST_SIM_MACHINE_H
#define TEST_SIM_MACHINE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "sim/sim.h"

#define PCI "sys/bus/pci/devices/"
#define KFD "sys/class/kfd/kfd/topology/"
#define G0  "0000:05:00.0" /* the first GPU of the MI300X machines */
#define G1  "0000:27:00.0" /* the second */

/*
 * The profile profiles/NAME.yaml, with edits "FROM=>TO" separated by ";". An edit whose FROM is
 * not found fails the test. Caller frees.
 */
char *profile_text(const char *name, const char *edits);
struct rp_sim *boot(const char *profile, const char *edits);

int sim_write(struct rp_sim *sim, const char *path, const char *value);
int sim_read(struct rp_sim *sim, const char *path, char *buf, size_t size); /* 0 and text */
bool sim_exists(struct rp_sim *sim, const char *path);
uint32_t sim_mode(struct rp_sim *sim, const char *path); /* permission bits */
int sim_driver(struct rp_sim *sim, enum rp_driver_op op);
size_t sim_count(struct rp_sim *sim, const char *path);	   /* names in a folder */
uint64_t sim_number(struct rp_sim *sim, const char *path); /* a file that is one number */
/* Value of a key in a file of "key value" lines. */
uint64_t sim_property(struct rp_sim *sim, uint32_t node, const char *file, const char *key);
/* Node id of a partition in PCI domain 0; UINT32_MAX when there is none. */
uint32_t sim_node_of(struct rp_sim *sim, uint32_t location_id);
void sim_switch_memory(struct rp_sim *sim, const char *bdf, const char *mode); /* with reload */
void assert_file(struct rp_sim *sim, const char *path, const char *text);

/*
 * Steps separated by ";": "compute MODE", "memory MODE" (of the first GPU, with reload),
 * "request MODE" (without), "kfd" (a process that has the KFD open), "kfd BDF/ID" (allowed only
 * that partition), "render BDF/ID", "fault RULE", "unload", "load".
 */
void sim_setup(struct rp_sim *sim, const char *gpu, const char *steps);

#endif
