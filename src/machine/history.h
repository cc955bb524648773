/* SPDX-License-Identifier: MIT */
/*
 * The history: what was done to the machine, one sealed JSON object a line. It is for people and
 * decides nothing, so no command fails for it, and it is not synced: a power cut may take the last
 * seconds. Each line begins with its newline: a line that a full disk or a kill tore ends where the
 * next one begins. Two files, "history" and the older "history.old", of up to a MiB each; a line
 * has at most a KiB, so at least the last 1000 entries are kept.
 */
#ifndef RP_MACHINE_HISTORY_H
#define RP_MACHINE_HISTORY_H

#include "machine/machine.h"
#include "rocpart/history.h"

#define RP_HISTORY_TEXT_SIZE	240
#define RP_HISTORY_COMMAND_SIZE 121

/* Add an entry: kind, outcome, text, change, lease and milliseconds are taken from e. */
void rp_history_add(struct rocpart_machine *m, const struct rocpart_history_entry *e);
/* The largest number of a change that the history has; 0: none, or it cannot be read. */
uint64_t rp_history_last_change(struct rocpart_machine *m);

#endif
