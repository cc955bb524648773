/* SPDX-License-Identifier: MIT */
/* Small captured trees, written by the test, and pictures of them and of simulated machines. */
#ifndef TEST_NODE_TREE_H
#define TEST_NODE_TREE_H

#include "fault/fault_machine.h"

#include "hw/hw.h"
#include "node/snapshot.h"

#define TOPO "sys/class/kfd/kfd/topology/"
#define DEV  "sys/bus/pci/devices/0000:05:00.0/"

/* One MI300X in SPX/NPS1 with the values of ABI study F.1, and a CPU node. Caller: remove_dir(). */
char *make_tree(void);
/* Node n of that GPU's partition id, with the values of F.2 (T300) and that many XCDs. */
void put_gpu_node(const char *dir, unsigned n, unsigned id, unsigned xcds, uint64_t bytes);
void put(const char *dir, const char *path, const char *text);
void put_bytes(const char *dir, const char *path, const void *data, size_t len);
void drop(const char *dir, const char *path);

int try_look(const char *dir, struct rocpart_snapshot **ret, struct rocpart_error *err);
struct rocpart_snapshot *look(const char *dir); /* a failure fails the test */
struct rocpart_snapshot *look_at_sim(struct rp_sim *sim);
bool has_degraded(const struct rocpart_gpu *gpu, const char *code);
bool has_note(const struct rocpart_gpu *gpu, const char *code);

#endif
