/* SPDX-License-Identifier: MIT */
/* Numbers: parsing without surprises, arithmetic that fails instead of wrapping. */
#ifndef RP_BASE_NUM_H
#define RP_BASE_NUM_H

#include "base/base.h"

#define RP_KIB (UINT64_C(1) << 10)
#define RP_MIB (UINT64_C(1) << 20)
#define RP_GIB (UINT64_C(1) << 30)

/*
 * Whole string, no sign, no white space; base 10, 16 (without 0x) or 0 (0x allowed, no octal).
 * 0, -EINVAL, -ERANGE.
 */
int rp_parse_u64(const char *s, int base, uint64_t *ret) RP_MUST_CHECK;
/* The same of the first len characters. */
int rp_parse_u64_part(const char *s, size_t len, int base, uint64_t *ret) RP_MUST_CHECK;
int rp_parse_u32(const char *s, int base, uint32_t *ret) RP_MUST_CHECK;
/* Decimal with an optional fraction and sign, no exponent, no inf, no nan. 0, -EINVAL, -ERANGE. */
int rp_parse_double(const char *s, double *ret) RP_MUST_CHECK;
/* The same with an exponent, "1.5e-3"; the caller has looked at the characters. Too small is 0. */
int rp_parse_real(const char *s, double *ret) RP_MUST_CHECK;
/*
 * A size: "24GiB" "24G" "512MiB" "1.5GiB" "1024" (bytes). Suffixes K M G T are powers of 1024,
 * with or without iB; kB MB GB TB are powers of 1000. 0, -EINVAL, -ERANGE.
 */
int rp_parse_bytes(const char *s, uint64_t *ret) RP_MUST_CHECK;

/*
 * Tokens of a context: "32768", or "32k" for 32 x 1024. 0; -ENOMEM; -EINVAL with what is wrong in
 * why, which continues the name of the value: "must be ...". So few tokens that a k was left out
 * are refused.
 */
#define RP_TOKENS_WHY_SIZE 160
int rp_parse_tokens(const char *s, uint64_t *ret, char why[RP_TOKENS_WHY_SIZE]) RP_MUST_CHECK;

/* A time in whole seconds, minutes, hours or days: "90s", "10m", "2h", "1d". 0, -EINVAL, -ERANGE.
 */
int rp_parse_duration(const char *s, uint64_t *ret_s) RP_MUST_CHECK;

/* 0 or -EOVERFLOW; *ret is written only on success. */
static inline int rp_add_u64(uint64_t a, uint64_t b, uint64_t *ret)
{
	uint64_t r;

	if (__builtin_add_overflow(a, b, &r))
		return -EOVERFLOW;
	*ret = r;
	return 0;
}

static inline int rp_mul_u64(uint64_t a, uint64_t b, uint64_t *ret)
{
	uint64_t r;

	if (__builtin_mul_overflow(a, b, &r))
		return -EOVERFLOW;
	*ret = r;
	return 0;
}

/* Up to the next multiple of align (> 0, need not be a power of two). 0 or -EOVERFLOW. */
int rp_align_up_u64(uint64_t v, uint64_t align, uint64_t *ret) RP_MUST_CHECK;

/* "24.0 GiB", "512 MiB", "17 B": IEC units, at most three digits. buf holds at least 32 bytes. */
#define RP_BYTES_TEXT_SIZE 32
char *rp_format_bytes(uint64_t bytes, char buf[RP_BYTES_TEXT_SIZE]);

#endif
