/* SPDX-License-Identifier: MIT */
/*
 * Patterns that name modules in quantisation configs: globs, and the regular expressions of Python
 * that such files contain. Both come from strangers: the work of a match is bounded by the length
 * of the pattern times the length of the text.
 */
#ifndef RP_MODEL_PATTERN_H
#define RP_MODEL_PATTERN_H

#include "base/base.h"

#define RP_REGEX_STEPS 512u /* instructions of one expression */
#define RP_REGEX_SETS  16u

/* '*' stands for any text. */
bool rp_glob(const char *pattern, const char *text);
/* The same, and also true when the pattern names a parent: "self_attn" covers "self_attn.q_proj".
 */
bool rp_glob_covers(const char *pattern, const char *text);

struct rp_regex {
	struct rp_regex_step {
		uint8_t op;
		uint8_t c;
		uint16_t x, y;
	} steps[RP_REGEX_STEPS];
	uint8_t sets[RP_REGEX_SETS][32]; /* one bit per byte value */
	uint16_t n, n_sets;
};

/*
 * Literals, ".", classes, groups, "|", "*", "+", "?", "{n,m}", "^", "$", "\b", "\d", "\w".
 * -ENOTSUP for what is none of these (look-ahead, back references), -EINVAL malformed, -E2BIG.
 */
int rp_regex_compile(const char *pattern, struct rp_regex *ret) RP_MUST_CHECK;
/*
 * As re.match(): from the start of the text, not to its end. The steps that were taken are added
 * to work.
 */
bool rp_regex_match(const struct rp_regex *re, const char *text, uint64_t *work);

#endif
