/* SPDX-License-Identifier: MIT */
/* "Did you mean": the known word that is nearest to one that is not known. */
#ifndef RP_BASE_SUGGEST_H
#define RP_BASE_SUGGEST_H

#include "base/base.h"

/* A word of a list; NULL past the end. */
typedef const char *(*rp_word_at_fn)(const void *list, size_t index);

/*
 * The fewest insertions, deletions, replacements and swaps of neighbours that make b of a (optimal
 * string alignment distance), letters of both cases being equal. UINT32_MAX: one is longer than 96.
 */
unsigned rp_edit_distance(const char *a, const char *b);

/*
 * The word of list with the smallest distance; the first of several.
 * When none is within a third of the length of word, at least 1: the only word that begins with
 * word, of 3 letters at least; else NULL. O(len * len) for each word.
 */
const char *rp_suggest(const char *word, rp_word_at_fn at, const void *list);
/* The same for an array of n words. */
const char *rp_suggest_of(const char *word, const char *const *words, size_t n);

#endif
