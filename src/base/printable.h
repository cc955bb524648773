/* SPDX-License-Identifier: MIT */
/*
 * Text of strangers as text for people. Names of processes, units, containers, files, leases and
 * captures are bytes that anybody may choose: on a terminal they would clear the screen, in a
 * comment of a generated file they would begin a line of their own.
 */
#ifndef RP_BASE_PRINTABLE_H
#define RP_BASE_PRINTABLE_H

#include "base/strbuf.h"

/* Length of the UTF-8 character at s, which is not at its end; 0: the byte begins none. */
size_t rp_utf8_decode(const char *s, uint32_t *ret);

/*
 * Control characters, line separators, what turns the direction of writing or cannot be seen, and
 * bytes that are not UTF-8 are written as \n, \x1b, \u202e. What comes out holds none of them, and
 * comes out of a second pass as it is. Text beyond RP_PRINTABLE_MAX bytes is cut, with "…".
 */
#define RP_PRINTABLE_MAX 8192
void rp_printable_add(struct rp_strbuf *ret, const char *s);
bool rp_is_printable(const char *s); /* rp_printable_add() would not escape a character of it */
/* The same into a buffer: as many whole characters and escapes as it has room for. */
void rp_printable_fit(char *buf, size_t size, const char *s);

#endif
