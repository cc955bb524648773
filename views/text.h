/* SPDX-License-Identifier: MIT */
/*
 * Text for people. Names come from strangers (leases, processes, files, labels): each of them goes
 * through rp_printable_add(), which view_addf() and the tables do for whoever prints with them.
 */
#ifndef RP_VIEWS_TEXT_H
#define RP_VIEWS_TEXT_H

#include <stdarg.h>

#include "base/strbuf.h"
#include <rocpart/rocpart.h>

/*
 * As printf() with %s %d %u %f %g %c, '-', '*', widths and precisions, but each %s is escaped and
 * padded by the columns that it takes on a terminal. A tab in the format, which prints nothing,
 * marks where further lines begin when view_wrap() breaks this one.
 */
void view_addf(struct rp_strbuf *ret, const char *fmt, ...) RP_PRINTF(2, 3);
void view_vaddf(struct rp_strbuf *ret, const char *fmt, va_list ap) RP_PRINTF(2, 0);

/* Columns that escaped text takes on a terminal; colours take none. */
size_t view_width(const char *s);
/* The first characters of escaped text and "…", together no more than width columns. */
void view_cut(const char *s, size_t width, struct rp_strbuf *ret);
/*
 * One line of view_addf(), broken between words where it is wider than width; 0: never. A word that
 * is wider stays whole, so that a path can be copied from a terminal.
 */
void view_wrap(const char *line, size_t width, struct rp_strbuf *ret);

/* "8.03 B": at most three digits. */
#define VIEW_COUNT_TEXT_SIZE 32
char *view_format_count(uint64_t n, char buf[VIEW_COUNT_TEXT_SIZE]);

/* "0/6", or "0000:05:00.0/6" where the snapshot (or NULL) does not have the GPU. */
#define VIEW_PARTITION_TEXT_SIZE 64
char *view_format_partition(const struct rocpart_snapshot *s, const char *bdf, uint32_t partition,
			    char buf[VIEW_PARTITION_TEXT_SIZE]);

/* What a state means to whoever looks, and its colour: the same in all output. */
enum view_tone {
	VIEW_TONE_PLAIN,
	VIEW_TONE_OK,	     /* green */
	VIEW_TONE_ATTENTION, /* yellow */
	VIEW_TONE_FAILED,    /* red */
};
enum view_tone view_tone_of(const char *state);
const char *view_tone_begin(enum view_tone tone); /* an escape sequence, or "" */
const char *view_tone_end(enum view_tone tone);

#endif
