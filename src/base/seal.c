/* SPDX-License-Identifier: MIT */
#include "base/seal.h"

#define KEY	"\"crc32c\":\""
#define KEY_LEN (sizeof(KEY) - 1)
#define HEX_LEN 8
#define END_LEN (KEY_LEN + HEX_LEN + 2) /* "crc32c":"01234567"} */

/* RFC 3720, reflected, half a byte at a time. */
uint32_t rp_crc32c(const void *data, size_t len)
{
	static const uint32_t of_half[16] = {
		0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3,
		0x61c69362, 0x7198540d, 0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9,
		0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
	};
	const uint8_t *p = data;
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < len; i++) {
		crc ^= p[i];
		crc = crc >> 4 ^ of_half[crc & 15];
		crc = crc >> 4 ^ of_half[crc & 15];
	}
	return ~crc;
}

int rp_seal_add(struct rp_strbuf *text)
{
	const char *s = rp_strbuf_str(text);

	if (!rp_str_ends(s, "}"))
		return -EINVAL;
	rp_strbuf_truncate(text, text->len - 1);
	rp_strbuf_add(text, rp_str_ends(rp_strbuf_str(text), "{") ? "" : ",");
	if (rp_strbuf_failed(text))
		return -ENOMEM;
	rp_strbuf_addf(text, KEY "%08x\"}", rp_crc32c(text->s, text->len));
	return rp_strbuf_failed(text) ? -ENOMEM : 0;
}

int rp_seal_check(const char *text, size_t len)
{
	size_t body = len - END_LEN;
	char hex[HEX_LEN + 1];

	if (len < END_LEN || memcmp(text + body, KEY, KEY_LEN) != 0 || text[len - 1] != '}' ||
	    text[len - 2] != '"')
		return -ENODATA;
	(void)rp_fmt(hex, sizeof(hex), "%08x", rp_crc32c(text, body));
	return memcmp(text + body + KEY_LEN, hex, HEX_LEN) == 0 ? 0 : -EBADMSG;
}

void rp_seal_remove(struct rp_strbuf *text)
{
	if (rp_seal_check(rp_strbuf_str(text), text->len) == -ENODATA)
		return;
	rp_strbuf_truncate(text, text->len - END_LEN);
	if (rp_str_ends(rp_strbuf_str(text), ","))
		rp_strbuf_truncate(text, text->len - 1);
	rp_strbuf_add_char(text, '}');
}
