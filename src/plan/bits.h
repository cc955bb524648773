/* SPDX-License-Identifier: MIT */
/*
 * A set of small numbers: bits, and above them a bit for each word that is not empty, up to one
 * word. Adding, removing and finding the least touch one word per level, and the words of many
 * sets fit into a cache where linked lists of the same members would not.
 */
#ifndef RP_PLAN_BITS_H
#define RP_PLAN_BITS_H

#include "base/base.h"

#define RP_BITS_LEVELS 6 /* 64^6 is more than 2^32 */
#define RP_BITS_NONE   UINT32_MAX

struct rp_bits {
	uint64_t *level[RP_BITS_LEVELS]; /* [0]: the members; NULL: nothing was allocated */
	uint32_t n_levels;
};

/* Words for a set of numbers below n. */
static inline size_t rp_bits_words(uint32_t n)
{
	size_t total = 0, words = n ? n : 1;

	do {
		words = (words + 63) / 64;
		total += words;
	} while (words > 1);
	return total;
}

/* Lay an empty set into words, which are zero. */
static inline void rp_bits_init(struct rp_bits *b, uint64_t *words, uint32_t n)
{
	size_t here = n ? n : 1;

	b->n_levels = 0;
	do {
		here = (here + 63) / 64;
		b->level[b->n_levels++] = words;
		words += here;
	} while (here > 1);
}

static inline bool rp_bits_empty(const struct rp_bits *b)
{
	return b->level[b->n_levels - 1][0] == 0;
}

static inline void rp_bits_add(struct rp_bits *b, uint32_t i)
{
	for (uint32_t l = 0; l < b->n_levels; l++) {
		uint64_t *word = &b->level[l][i / 64], before = *word;

		*word |= UINT64_C(1) << (i % 64);
		if (before)
			return;
		i /= 64;
	}
}

static inline void rp_bits_remove(struct rp_bits *b, uint32_t i)
{
	for (uint32_t l = 0; l < b->n_levels; l++) {
		uint64_t *word = &b->level[l][i / 64];

		*word &= ~(UINT64_C(1) << (i % 64));
		if (*word)
			return;
		i /= 64;
	}
}

/* The least member; the set is not empty. */
static inline uint32_t rp_bits_first(const struct rp_bits *b)
{
	uint32_t i = 0;

	for (uint32_t l = b->n_levels; l-- > 0;)
		i = i * 64 + (uint32_t)__builtin_ctzll(b->level[l][i]);
	return i;
}

/* The least member above i, or RP_BITS_NONE. */
static inline uint32_t rp_bits_after(const struct rp_bits *b, uint32_t i)
{
	for (uint32_t l = 0; l < b->n_levels; l++) {
		uint64_t above =
			i % 64 == 63 ? 0 : b->level[l][i / 64] & (UINT64_MAX << (i % 64 + 1));

		if (above) {
			i = i / 64 * 64 + (uint32_t)__builtin_ctzll(above);
			while (l-- > 0)
				i = i * 64 + (uint32_t)__builtin_ctzll(b->level[l][i]);
			return i;
		}
		i /= 64;
	}
	return RP_BITS_NONE;
}

#endif
