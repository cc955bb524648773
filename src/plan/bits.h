/* SPDX-License-Identifier: MIT */
/*
 * A set of numbers below n as a tree of bits: level 0 has a bit for each member, each level above
 * has a bit for each word below that is not zero, and the top level is one word.
 *
 * Invariant: a bit of level l + 1 is set exactly when its word of level l is not zero.
 * Time: one word of each level, at most RP_BITS_LEVELS of them, to add, to remove, and to find the
 * least member or the next one.
 * Source: our own use of a well-known structure. It replaces linked lists, of which each step is a
 * cache miss on a machine of many GPUs; the words of many sets stay in the cache.
 */
#ifndef RP_PLAN_BITS_H
#define RP_PLAN_BITS_H

#include "base/base.h"

#define RP_BITS_LEVELS 6 /* 64^6 is more than 2^32 */
#define RP_BITS_NONE   UINT32_MAX

struct rp_bits {
	uint64_t *level[RP_BITS_LEVELS]; /* [0] has the members; NULL: nothing was allocated */
	uint32_t n_levels;
};

/* Count the words that a set of numbers below n needs on all its levels. */
static inline size_t rp_bits_words(uint32_t n)
{
	size_t total = 0, words = n ? n : 1;

	do {
		words = (words + 63) / 64;
		total += words;
	} while (words > 1);
	return total;
}

/* Make b an empty set. words has rp_bits_words(n) elements, and all are zero. */
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

/* Return the least member. The set must not be empty. */
static inline uint32_t rp_bits_first(const struct rp_bits *b)
{
	uint32_t i = 0;

	for (uint32_t l = b->n_levels; l-- > 0;)
		i = i * 64 + (uint32_t)__builtin_ctzll(b->level[l][i]);
	return i;
}

/* Return the least member above i, or RP_BITS_NONE. */
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
