/* SPDX-License-Identifier: MIT */
/*
 * Back ends: sysfs, AMD's library, AMD's command. The kernel's files are the base of every scan;
 * what another back end tells is laid over it. A switch is asked of one back end, and what the
 * kernel's files say afterwards is the verdict.
 */
#ifndef RP_HW_SMI_BACKEND_H
#define RP_HW_SMI_BACKEND_H

#include "base/error.h"
#include "base/tree.h"
#include "hw/scan.h"
#include "hw/smi/text.h"
#include "rocpart/backend.h"

/* Whether a back end works on this computer. */
struct rp_backend_info {
	bool available;
	char version[32];  /* "" when not known */
	char path[128];	   /* of what is loaded or run */
	char reason[256];  /* why it does not work */
	const char *quirk; /* known of this version, or NULL; static text */
};

struct rp_backend {
	/* What it is and whether it starts; looks at no GPU. */
	void (*probe)(struct rp_tree *t, struct rp_backend_info *ret);
	/* NULL: the kernel's files tell all that it knows. */
	int (*read)(struct rp_smi_rows *ret, struct rocpart_error *reterr);
	/*
	 * Ask once for a mode. Negative errno, as near to the kernel's as the back end lets it
	 * come, with the reason in reterr. 0 says only that the back end claims success.
	 */
	int (*set_compute)(struct rp_tree *t, const char *bdf, enum rocpart_compute_mode mode,
			   struct rocpart_error *reterr);
	int (*set_memory)(struct rp_tree *t, const char *bdf, enum rocpart_memory_mode mode,
			  struct rocpart_error *reterr);
};

extern const struct rp_backend rp_smi_lib_backend;
extern const struct rp_backend rp_smi_cli_backend;

/* NULL: no such back end; AUTO is none. */
const struct rp_backend *rp_backend_get(enum rocpart_backend backend);

/* rp_hw_scan() with what the back end reads laid over it. */
int rp_backend_scan(struct rp_tree *tree, enum rocpart_backend backend, struct rp_scan *ret,
		    struct rocpart_error *reterr) RP_MUST_CHECK;
/* Values of rows in place of those of the kernel's files; scan->told says which. 0 or -ENOMEM. */
int rp_backend_merge(struct rp_scan *scan, const struct rp_smi_rows *rows,
		     enum rocpart_backend backend) RP_MUST_CHECK;

/* What rows and scan tell of the same; NULL when a scan has none. */
struct rp_scan_pci *rp_backend_find_pci(const struct rp_scan *scan, const char *bdf);
struct rp_scan_node *rp_backend_find_node(const struct rp_scan *scan, const struct rp_smi_row *row);
/* How many values differ, the first of them in words into ret. */
size_t rp_backend_compare(const struct rp_scan *scan, const struct rp_smi_rows *rows,
			  struct rp_strbuf *ret);

/* One mode of one GPU. */
struct rp_mode_request {
	const char *bdf;
	enum rocpart_compute_mode compute; /* UNKNOWN: the memory mode is requested */
	enum rocpart_memory_mode memory;
};

/*
 * Ask the back end for a mode. AUTO: write the kernel's file; when that may not be written (EACCES,
 * EROFS) ask the others in turn, and if none takes it return the first failure. *ret_used: who was
 * asked last.
 */
int rp_backend_set_mode(struct rp_tree *tree, enum rocpart_backend backend,
			const struct rp_mode_request *q, enum rocpart_backend *ret_used,
			struct rocpart_error *reterr);
/* Whether the back end answers: called before a change begins. */
int rp_backend_check(enum rocpart_backend backend, struct rocpart_error *reterr) RP_MUST_CHECK;
/* AMD SMI of ROCm 6.3 and 6.4 reloads the driver inside its setter of memory modes. Probes it. */
bool rp_backend_reloads_itself(struct rp_tree *tree, enum rocpart_backend backend);

#endif
