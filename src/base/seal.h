/* SPDX-License-Identifier: MIT */
/*
 * A seal: the checksum of a JSON object as the last key of its text, {"a":1,"crc32c":"8a9136aa"}.
 * It covers all bytes before the key. Readers that do not know it see one more key.
 */
#ifndef RP_BASE_SEAL_H
#define RP_BASE_SEAL_H

#include "base/strbuf.h"

/* CRC-32C (Castagnoli) of the bytes; every change of one to three bits of a line changes it. */
uint32_t rp_crc32c(const void *data, size_t len);

/* Seal a text that ends with the "}" of its object. 0; -EINVAL: it does not; -ENOMEM. */
int rp_seal_add(struct rp_strbuf *text) RP_MUST_CHECK;

/* 0: the seal is right; -ENODATA: there is none; -EBADMSG: it is that of another text. */
int rp_seal_check(const char *text, size_t len) RP_MUST_CHECK;

/* Remove a seal that is there. */
void rp_seal_remove(struct rp_strbuf *text);

#endif
