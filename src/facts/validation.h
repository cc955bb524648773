/* SPDX-License-Identifier: MIT */
/*
 * What the vendor vouches for: statements about pairs of modes, each with its source and date. A
 * statement ages, and statements disagree, so whoever repeats one says whose it is and of when.
 */
#ifndef RP_FACTS_VALIDATION_H
#define RP_FACTS_VALIDATION_H

#include "facts/product.h"

/* Where the vendor said something. */
struct rp_vendor_source {
	const char *text; /* for messages, with the month: "AMD's matrix of ROCm 10.0 (2026-08)" */
	unsigned month;	  /* the same for comparing: 202608 */
	bool is_whole;	  /* names every pair of the products in it: what it leaves out is not
			     validated */
};

/* One pair of a product that a source lists. */
struct rp_vendor_row {
	const struct rp_vendor_source *source;
	const char *product; /* market name */
	bool is_guest;	     /* in a virtual function; else on the host */
	enum rocpart_compute_mode compute;
	enum rocpart_memory_mode memory;
	bool is_refused; /* the source says that the pair is not validated */
};

/* Rows that a site adds, with the sources that they point to. */
struct rp_vendor_rows {
	struct rp_vendor_row *v; /* product names and texts of sources are owned too */
	size_t n, cap;
	struct rp_vendor_source **sources;
	size_t n_sources, cap_sources;
};

/* Add a row; text without its month, which is appended. 0, -ENOMEM. */
int rp_vendor_rows_add(struct rp_vendor_rows *rows, const struct rp_vendor_row *row,
		       const char *source_text, unsigned month) RP_MUST_CHECK;
void rp_vendor_rows_done(struct rp_vendor_rows *rows);

/* What is known of a pair. Texts are static, or owned by the rows that were passed in. */
struct rp_vendor_word {
	bool is_validated;
	const char *source;  /* who says so, newest first; "" when no source names the product */
	const char *dissent; /* the newest source that says the opposite; "" */
};

/*
 * The newest source that covers the product decides. more: rows that this site adds, or NULL. p
 * may be NULL: nothing is known.
 */
struct rp_vendor_word rp_vendor_word_of(const struct rp_product *p, bool is_guest,
					enum rocpart_compute_mode compute,
					enum rocpart_memory_mode memory,
					const struct rp_vendor_rows *more);

/* All rows of the table, for its tests; NULL past the end. */
const struct rp_vendor_row *rp_vendor_row_at(size_t i);

#endif
