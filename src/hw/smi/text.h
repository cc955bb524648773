/* SPDX-License-Identifier: MIT */
/*
 * What the amd-smi command says, of all its versions (6.1 to 10.1), as values. Text in, values out.
 * Its shapes: amd-smi study 1.3.
 */
#ifndef RP_HW_SMI_TEXT_H
#define RP_HW_SMI_TEXT_H

#include "base/error.h"
#include "base/json.h"
#include "hw/scan.h"
#include "rocpart/mode.h"

/*
 * The answer as a list of documents. Text for people ("GPU: 0", tables) becomes what the same
 * command gives as JSON, with every value a string. What stands around them (warnings, banners,
 * tracebacks) is passed over; an answer without any document is an empty list.
 */
/* JSON; -EBADMSG when a document is cut off or broken. */
int rp_smi_json_docs(const char *text, size_t len, struct rp_json **ret,
		     struct rocpart_error *reterr) RP_MUST_CHECK;
/* Text for people. */
int rp_smi_text_docs(const char *text, size_t len, struct rp_json **ret,
		     struct rocpart_error *reterr) RP_MUST_CHECK;
/* JSON where there is any, else text. */
int rp_smi_docs(const char *text, size_t len, struct rp_json **ret,
		struct rocpart_error *reterr) RP_MUST_CHECK;

/*
 * One logical GPU, that is one partition, as amd-smi numbers them. Of others than the first of a
 * physical GPU it tells no modes. What it does not tell is absent or UNKNOWN.
 */
struct rp_smi_row {
	uint64_t index;
	char bdf[RP_BDF_SIZE]; /* function 0: the physical GPU; "" when not told */
	struct rp_opt_u64 partition_id, kfd_id, node_id, render, card;
	struct rp_opt_u64 vram_bytes; /* by the library only */
	enum rocpart_compute_mode compute;
	enum rocpart_memory_mode memory;
	struct rp_opt_u64 profiles[ROCPART_COMPUTE_CPX + 1]; /* index of each compute mode */
};

struct rp_smi_rows {
	struct rp_smi_row *v; /* in the order told */
	size_t n, cap;
};

void rp_smi_rows_done(struct rp_smi_rows *rows);
#define RP_AUTO_SMI_ROWS RP_AUTO(rp_smi_rows_done)
/* Up to 6.4.0 partitions are told the nodes of the first of their GPU: then they are not told. */
void rp_smi_forget_wrong_nodes(struct rp_smi_rows *rows);

/*
 * Add what documents of list, partition or static tell. -EBADMSG: a value is not what its key
 * promises, or there are more GPUs than machines have.
 */
int rp_smi_read_rows(const struct rp_json *docs, struct rp_smi_rows *rows,
		     struct rocpart_error *reterr) RP_MUST_CHECK;

/* Versions of `amd-smi version`; borrowed, NULL when not told. */
struct rp_smi_version {
	const char *tool, *library;
};
void rp_smi_read_version(const struct rp_json *docs, struct rp_smi_version *ret);

/* What an answer complains about. */
struct rp_smi_failure {
	const char *words; /* by which it is known */
	int status;	   /* AMDSMI_STATUS_ that it stands for, or 0 */
	int errnum;
	enum rocpart_errcode code;
	const char *message, *hint;
};

/*
 * NULL when it does not complain of anything known. The exit code is not asked: up to 10.1 it is 0
 * for most refusals (amd-smi study 1.4).
 */
const struct rp_smi_failure *rp_smi_find_failure(const char *text);
/* Of a number of AMDSMI_STATUS_; NULL when it is none that has a meaning for us. */
const struct rp_smi_failure *rp_smi_status_failure(uint32_t status);

#endif
