/* SPDX-License-Identifier: MIT */
/*
 * What is known of AMD Instinct products by their PCI id. A machine's own answers come first: an
 * unknown id works from what the driver reports.
 */
#ifndef RP_FACTS_PRODUCT_H
#define RP_FACTS_PRODUCT_H

#include "base/base.h"
#include "rocpart/mode.h"

struct rp_product {
	const char *name; /* market name, "MI300X" */
	uint16_t pf_id;	  /* PCI device id of the physical function */
	uint16_t vf_id;	  /* of its SR-IOV virtual function */
	unsigned n_xcds;  /* 0: not known */
	unsigned cus_per_xcd;
	uint64_t hbm_bytes;		/* nominal, 0 for the MI300A, whose memory is the host's */
	uint64_t vram_bytes;		/* mem_info_vram_total of a real one, 0: not known */
	uint32_t memory_modes;		/* set of rp_memory_bit() */
	uint64_t bandwidth_bytes_per_s; /* HBM peak of the data sheet */
	bool is_gfx950;
};

/* Row of a PCI device id, physical or virtual function; NULL when unknown. */
const struct rp_product *rp_product_by_device_id(uint32_t device_id);
/* Row of a market name in any case ("mi300x"); NULL when unknown. */
const struct rp_product *rp_product_by_name(const char *name);
/* All rows, in the order of the table. */
const struct rp_product *rp_product_at(size_t i); /* NULL past the end */

/* Whether the vendor has validated the pair on the product (p may be NULL: false). */
bool rp_product_is_validated(const struct rp_product *p, enum rocpart_compute_mode compute,
			     enum rocpart_memory_mode memory);

#endif
