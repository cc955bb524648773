/* SPDX-License-Identifier: MIT */
/* Names of modes in the kernel's lists: "SPX, DPX, QPX, CPX". */
#ifndef RP_FACTS_MODE_NAME_H
#define RP_FACTS_MODE_NAME_H

#include "base/base.h"
#include "facts/product.h"
#include "rocpart/mode.h"

/* Sets of modes are bit masks. */
static inline uint32_t rp_compute_bit(enum rocpart_compute_mode m)
{
	return UINT32_C(1) << (unsigned)m;
}

static inline uint32_t rp_memory_bit(enum rocpart_memory_mode m)
{
	return UINT32_C(1) << (unsigned)m;
}

/*
 * The kernel's list form; "Not supported" is the empty set. The set has the names that are known.
 * 0; -EBADMSG when some name is unknown.
 */
int rp_compute_set_parse(const char *text, uint32_t *ret_set);
int rp_memory_set_parse(const char *text, uint32_t *ret_set);

/* "SPX, QPX and CPX", with that word before the last; "none" for the empty set. Returns buf. */
#define RP_MODES_TEXT_SIZE 64
const char *rp_compute_modes_text(uint32_t set, const char *word, char buf[RP_MODES_TEXT_SIZE]);
const char *rp_memory_modes_text(uint32_t set, const char *word, char buf[RP_MODES_TEXT_SIZE]);
/* Every compute mode; the memory modes that some product of the table has. */
uint32_t rp_known_compute_modes(void);
uint32_t rp_known_memory_modes(void);

/*
 * Number of partitions that a compute mode makes of a GPU with that many XCDs, or 0 when it cannot
 * (Linux aqua_vanjaram.c: DPX needs a multiple of 4, TPX exactly 6, QPX exactly 8; odd never).
 * Families of other rules divide by what the name says: which modes there are, their lists say.
 */
unsigned rp_compute_partitions(enum rp_mode_rules rules, enum rocpart_compute_mode mode,
			       unsigned n_xcds);

/* XCDs of the GPU whose supported_xcp_configs is that set (ABI A.1: 8, 6, 4 or 2), or 0. */
unsigned rp_compute_set_xcds(uint32_t set);

#endif
