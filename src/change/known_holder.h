/* SPDX-License-Identifier: MIT */
/* What usually holds a GPU without computing, by name; and how to stop what holds one. */
#ifndef RP_CHANGE_KNOWN_HOLDER_H
#define RP_CHANGE_KNOWN_HOLDER_H

#include "rocpart/change.h"

/* What a process of that name or unit is; NULL: not known. */
const char *rp_known_holder(const char *command, const char *unit);

/* "AMD's metrics exporter; stop it: systemctl stop amd-metrics-exporter.service ..." */
void rp_holder_advice(const struct rocpart_holder *h, char *buf, size_t size);

#endif
