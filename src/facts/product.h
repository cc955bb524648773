/* SPDX-License-Identifier: MIT */
/*
 * What is known of AMD Instinct products by their PCI id. A machine's own answers come first: an
 * unknown id works from what the driver reports.
 */
#ifndef RP_FACTS_PRODUCT_H
#define RP_FACTS_PRODUCT_H

#include "base/base.h"
#include "rocpart/mode.h"

/* Which validator of the kernel judges a pair of modes (modes/pair.c has the rules). */
enum rp_mode_rules {
	RP_RULES_UNKNOWN, /* the machine's own lists decide */
	RP_RULES_GFX942,  /* aqua_vanjaram.c */
	RP_RULES_GFX950,  /* aqua_vanjaram.c, with NPS2 for QPX and CPX */
	RP_RULES_GFX1250, /* soc_v1_0.c */
};

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
	enum rp_mode_rules rules;
	/*
	 * Memory modes that need a firmware: those modes, and its version as AMD names it with the
	 * month in which this was seen; NULL: none is known.
	 */
	uint32_t firmware_modes;
	const char *firmware;
	/* Part number of a VBIOS that lists a mode which it cannot complete, and the mode. */
	const char *bad_vbios;
	enum rocpart_memory_mode bad_vbios_mode;
};

/* Row of a PCI device id, physical or virtual function; NULL when unknown. */
const struct rp_product *rp_product_by_device_id(uint32_t device_id);
/* Row of a market name in any case ("mi300x"); NULL when unknown. */
const struct rp_product *rp_product_by_name(const char *name);
/* All rows, in the order of the table. */
const struct rp_product *rp_product_at(size_t i); /* NULL past the end */

/* The rules of a gfx_target_version of KFD (90402 is gfx942); UNKNOWN: none that we know. */
enum rp_mode_rules rp_mode_rules_of(uint32_t gfx_target_version);

#endif
