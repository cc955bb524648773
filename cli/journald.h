/* SPDX-License-Identifier: MIT */
/*
 * Entries of the history in the log of systemd: one datagram in its native format
 * (systemd.io/JOURNAL_NATIVE_PROTOCOL). A log that is not there, or full, is no error.
 */
#ifndef RP_CLI_JOURNALD_H
#define RP_CLI_JOURNALD_H

#include "base/strbuf.h"
#include <rocpart/rocpart.h>

#define JOURNALD_SOCKET "/run/systemd/journal/socket"

/* The fields of an entry, as the datagram. */
void journald_print(const struct rocpart_history_entry *e, struct rp_strbuf *ret);
/* Send a datagram to a socket; never waits. 0 or a negative errno. */
int journald_send(const char *socket_path, const struct rp_strbuf *datagram);

#endif
