/* SPDX-License-Identifier: MIT */
/* Characters of JSON strings: UTF-8 and escapes. */
#ifndef RP_MODEL_FILES_TEXT_H
#define RP_MODEL_FILES_TEXT_H

#include "base/base.h"

/* Length of one well-formed UTF-8 sequence at s, 0 when malformed. */
size_t rp_utf8_length(const unsigned char *s, size_t len);
/*
 * One escape behind its backslash: up to 4 bytes into out. Bytes used of s, 0 when malformed.
 */
size_t rp_json_unescape_one(const char *s, size_t len, char *out, size_t *ret_out);

#endif
