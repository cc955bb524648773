/* SPDX-License-Identifier: MIT */
/*
 * A streaming pull parser for JSON that comes with models. It exists because safetensors headers
 * reach 100 MB (a tree of one would take gigabytes) and because real config.json files hold
 * Infinity, which no JSON library accepts in bounded memory. Used in this folder only.
 *
 * Memory: one buffer. Integers are exact 64-bit values. Text is checked for UTF-8 and unescaped.
 */
#ifndef RP_MODEL_FILES_PULL_H
#define RP_MODEL_FILES_PULL_H

#include "base/base.h"
#include "base/error.h"

#define RP_PULL_BUFFER 65536u

enum rp_pull_token {
	RP_PULL_OBJECT,
	RP_PULL_OBJECT_END,
	RP_PULL_ARRAY,
	RP_PULL_ARRAY_END,
	RP_PULL_KEY,
	RP_PULL_STRING,
	RP_PULL_INT,  /* u, negative */
	RP_PULL_REAL, /* text; NaN and Infinity too, when allowed */
	RP_PULL_TRUE,
	RP_PULL_FALSE,
	RP_PULL_NULL,
	RP_PULL_END
};

struct rp_pull {
	int fd;		 /* -EBADF: memory only */
	uint64_t offset; /* in the file of the next byte to read */
	uint64_t left;	 /* bytes still to read from fd */
	char *buf;
	size_t pos, len;
	uint64_t base; /* position of buf[0] in the text */
	bool borrowed; /* buf is the caller's, never written */
	bool nonfinite;
	const char *name; /* for messages */
	unsigned depth, max_depth;
	uint64_t in_object; /* bit per level */
	uint8_t expect;
	/* of the present token */
	const char *text; /* KEY, STRING, REAL: not NUL-terminated, valid until the next call */
	size_t text_len;
	bool cut; /* a string longer than the buffer: text is empty */
	bool negative;
	uint64_t u;
	char *scratch; /* unescaped strings */
	size_t scratch_cap;
	struct rocpart_error *reterr;
};

/* size bytes of fd from offset on. 0 or -ENOMEM. Close with rp_pull_done(); fd stays open. */
int rp_pull_open_fd(struct rp_pull *p, int fd, uint64_t offset, uint64_t size, const char *name,
		    struct rocpart_error *reterr) RP_MUST_CHECK;
/* Text in memory, which must live as long as the parser. */
void rp_pull_open_mem(struct rp_pull *p, const char *text, size_t len, const char *name,
		      struct rocpart_error *reterr);
void rp_pull_done(struct rp_pull *p);
#define RP_AUTO_PULL RP_AUTO(rp_pull_done)

/* The next token; a negative errno with reterr filled: -EINVAL malformed, -EIO short file. */
int rp_pull_next(struct rp_pull *p) RP_MUST_CHECK;
/* Skip one value whose first token was just returned. 0 or a negative errno. */
int rp_pull_skip(struct rp_pull *p, int token) RP_MUST_CHECK;
/* Next token must be this one. 0 or a negative errno. what names it in the message. */
int rp_pull_expect(struct rp_pull *p, enum rp_pull_token token, const char *what) RP_MUST_CHECK;
/* After the last token: nothing may follow but blanks, line ends and NULs. 0 or a negative errno.
 */
int rp_pull_padding(struct rp_pull *p) RP_MUST_CHECK;
/* Is the text of this KEY or STRING this word? */
bool rp_pull_is(const struct rp_pull *p, const char *word);
/* Malformed at the present place. Returns -EINVAL. */
int rp_pull_error(struct rp_pull *p, const char *fmt, ...) RP_PRINTF(2, 3);
/* Copy of the text, cut to size - 1 bytes; for messages and short names. */
void rp_pull_copy(const struct rp_pull *p, char *buf, size_t size);

#endif
