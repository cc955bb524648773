/* SPDX-License-Identifier: MIT */
/* The lines of the kernel log that say something about partitions. */
#ifndef RP_DOCTOR_KERNEL_LOG_H
#define RP_DOCTOR_KERNEL_LOG_H

#include "machine/machine.h"

/* In a capture: those lines, as rp_kernel_log_filter() leaves them. */
#define RP_KERNEL_LOG "kernel-log.txt"

enum rp_log_kind {
	RP_LOG_DRIVER_LOADED, /* what was logged before is of an earlier load */
	RP_LOG_SKIPPED_PARTITION,
	RP_LOG_NODE_NOT_ADDED,
	RP_LOG_CACHED_MODE,
	RP_LOG_NPS_REQUESTED,
	RP_LOG_LOST,
	RP_LOG_NOT_STARTED,
	RP_LOG_OVERHEATED,
	RP_LOG_RESET,
	RP_LOG_UNCORRECTABLE,
	RP_LOG_BAD_PAGES,
	RP_N_LOG_KINDS,
};

/* The kind of a line of n bytes; RP_N_LOG_KINDS: none. bdf: of its GPU, or "". */
enum rp_log_kind rp_kernel_log_kind(const char *line, size_t n, char bdf[RP_BDF_SIZE]);

/*
 * The whole log, as dmesg or journalctl print it, or the file of a capture. 0; -ENODATA: this
 * machine has none; -EACCES: this user may not read it, or its program is missing; -ENOMEM; errno.
 */
int rp_kernel_log_read(struct rocpart_machine *m, struct rp_strbuf *ret) RP_MUST_CHECK;

/* Keep the lines that have a kind. */
void rp_kernel_log_filter(const char *text, struct rp_strbuf *ret);

#endif
