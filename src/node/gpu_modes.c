/* SPDX-License-Identifier: MIT */
/*
 * The modes of a GPU by its files, and what keeps one GPU from being known. A file that fails, or
 * a word that is not known, concerns its GPU alone: it gets a code and the reason, and the others
 * are as they are (docs/design/odd-gpus.md).
 */
#include <stdarg.h>

#include "base/num.h"
#include "base/strbuf.h"
#include "facts/mode_name.h"
#include "node/build.h"

#define COMPUTE_FILE "current_compute_partition"
#define MEMORY_FILE  "current_memory_partition"

void rp_build_odd(struct rocpart_gpu *gpu, enum rp_degraded code, const char *fmt, ...)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	va_list ap;

	gpu->degraded |= 1U << code;
	if (*gpu->reason)
		return;
	va_start(ap, fmt);
	rp_strbuf_vaddf(&text, fmt, ap);
	va_end(ap);
	(void)rp_fmt(gpu->reason, sizeof(gpu->reason), "%s",
		     rp_strbuf_failed(&text) ? "a file of the GPU is odd" : rp_strbuf_str(&text));
}

static void set_failed(struct rocpart_gpu *gpu, enum rp_degraded code, const char *file, int r)
{
	if (r == -EBADMSG || r == -E2BIG)
		rp_build_odd(gpu, RP_DEGRADED_UNKNOWN_WORD,
			     "%s is not in the form that the kernel writes", file);
	else if (r == -ESTALE)
		rp_build_odd(gpu, code, "reads of %s give different values", file);
	else
		rp_build_odd(gpu, code, "%s cannot be read: %s", file, rocpart_strerror(r));
}

static void set_unknown_word(struct rocpart_gpu *gpu, const char *file, const char *text)
{
	rp_build_odd(gpu, RP_DEGRADED_UNKNOWN_WORD, "%s has '%.40s', which is no known value", file,
		     text);
}

static const struct rp_attr *compute_of(const struct rp_scan_pci *pci)
{
	return &pci->compute;
}

static const struct rp_attr *memory_of(const struct rp_scan_pci *pci)
{
	return &pci->memory;
}

/* A driver gives all GPUs of a kind the file, or none (amdgpu_gfx.c): one without lost it. */
static bool is_lost(const struct rocpart_gpu *gpu, const struct rp_scan *scan,
		    const struct rp_attr *(*attr)(const struct rp_scan_pci *))
{
	for (size_t i = 0; i < scan->n_pci; i++)
		if (scan->pci[i].device_id == gpu->device_id && attr(&scan->pci[i])->text)
			return true;
	return false;
}

/* Text of a mode file; NULL: none, which has been recorded if it is odd. */
static const char *mode_text(struct rocpart_gpu *gpu, const struct rp_scan_pci *pci,
			     const struct rp_scan *scan, const char *file,
			     const struct rp_attr *(*get)(const struct rp_scan_pci *))
{
	const struct rp_attr *attr = get(pci);

	if (attr->text && rp_str_eq(attr->text, "UNKNOWN")) {
		rp_build_odd(gpu, RP_DEGRADED_MODE_UNKNOWN,
			     "the driver does not know the mode: %s is UNKNOWN", file);
		return NULL;
	}
	if (attr->text || (rp_is_absent(attr->err) && !is_lost(gpu, scan, get)))
		return attr->text;
	if (attr->err == -EPERM)
		rp_build_odd(gpu, RP_DEGRADED_IN_RESET,
			     "%s cannot be read while the GPU is reset or suspended: %s", file,
			     rocpart_strerror(attr->err));
	else if (attr->err)
		set_failed(gpu, RP_DEGRADED_MODE_UNREADABLE, file, attr->err);
	return NULL;
}

static void take_modes(struct rocpart_gpu *gpu, const struct rp_scan_pci *pci,
		       const struct rp_scan *scan)
{
	const char *compute = mode_text(gpu, pci, scan, COMPUTE_FILE, compute_of);
	const char *memory = mode_text(gpu, pci, scan, MEMORY_FILE, memory_of);

	if (compute && rocpart_compute_mode_from_string(compute, &gpu->compute) < 0)
		set_unknown_word(gpu, COMPUTE_FILE, compute);
	if (memory && rocpart_memory_mode_from_string(memory, &gpu->memory) < 0)
		set_unknown_word(gpu, MEMORY_FILE, memory);
	/* Of a file that cannot be read it is not known whether it can be written. */
	gpu->partitionable = pci->compute.text ? pci->compute.writable
			     : pci->compute.err && !compute && gpu->degraded & RP_DEGRADED_ODD
				     ? RP_UNKNOWN
				     : RP_NO;
	gpu->memory_writable = pci->memory.text && pci->memory.writable;
	if (pci->compute.text && !pci->compute.writable)
		gpu->notes |= 1U << RP_NOTE_READ_ONLY_FILES;
	/* The host switches; what a virtual function shows of its mode need not be what is so. */
	if (gpu->is_guest && (compute || memory))
		gpu->notes |= 1U << RP_NOTE_MODE_OF_HOST;
}

static void take_sets(struct rocpart_gpu *gpu, const struct rp_scan_pci *pci)
{
	const struct {
		const char *file;
		const struct rp_attr *attr;
		int (*parse)(const char *text, uint32_t *ret_set);
		uint32_t *set;
	} sets[] = {
		{"available_compute_partition", &pci->compute_available, rp_compute_set_parse,
		 &gpu->compute_available},
		{"compute_partition_config/supported_xcp_configs", &pci->compute_supported,
		 rp_compute_set_parse, &gpu->compute_supported},
		{"available_memory_partition", &pci->memory_available, rp_memory_set_parse,
		 &gpu->memory_available},
	};

	gpu->has_compute_available = pci->compute_available.text;
	gpu->has_compute_supported = pci->compute_supported.text;
	gpu->has_memory_available = pci->memory_available.text;
	for (size_t i = 0; i < RP_ARRAY_LEN(sets); i++) {
		const struct rp_attr *a = sets[i].attr;

		if (a->text && sets[i].parse(a->text, sets[i].set) < 0)
			set_unknown_word(gpu, sets[i].file, a->text);
		else if (a->err == -EPERM)
			rp_build_odd(gpu, RP_DEGRADED_IN_RESET,
				     "%s cannot be read while the GPU is reset or suspended: %s",
				     sets[i].file, rocpart_strerror(a->err));
		else if (a->err && !rp_is_absent(a->err))
			set_failed(gpu, RP_DEGRADED_FILE_UNREADABLE, sets[i].file, a->err);
	}
}

void rp_build_modes(struct rocpart_gpu *gpu, const struct rp_scan_pci *pci,
		    const struct rp_scan *scan)
{
	take_modes(gpu, pci, scan);
	take_sets(gpu, pci);
}

/* What the driver refuses to say of a block that a GPU lacks, or while it resets, is no fault. */
static bool is_refusal(int r)
{
	return r == -EPERM || r == -EOPNOTSUPP || r == -EINVAL || r == -ENODATA;
}

void rp_build_faults(struct rocpart_gpu *gpu, const struct rp_scan_pci *pci)
{
	const struct {
		const char *file;
		const struct rp_attr *attr;
	} others[] = {
		{"unique_id", &pci->unique_id},
		{"compute_partition_mem_alloc_mode", &pci->mem_alloc_mode},
		{"vbios_version", &pci->vbios},
		{"ras/umc_err_count", &pci->ras_umc},
	};

	uint64_t id;

	for (size_t i = 0; i < RP_ARRAY_LEN(others); i++) {
		int r = others[i].attr->err;

		if (r && !rp_is_absent(r) && !is_refusal(r))
			set_failed(gpu, RP_DEGRADED_FILE_UNREADABLE, others[i].file, r);
	}
	if (pci->unique_id.text && rp_parse_u64(pci->unique_id.text, 16, &id) < 0 &&
	    *pci->unique_id.text)
		set_unknown_word(gpu, "unique_id", pci->unique_id.text);
	if (pci->fault.err)
		set_failed(gpu, RP_DEGRADED_FILE_UNREADABLE, pci->fault.file, pci->fault.err);
}

/* The GPU lists no mode that its number of XCDs would have: 8, 6, 4 or 2, or 0 (ABI study A.1). */
static unsigned listed_xcds(const struct rocpart_gpu *gpu)
{
	return rp_compute_set_xcds(gpu->has_compute_supported ? gpu->compute_supported
							      : gpu->compute_available);
}

/*
 * XCDs of a GPU whose mode and partitions agree; 0: they do not, or it is not known. A GPU in CPX
 * that lacks partitions looks like one of fewer dies in CPX: there the lists have to agree too, or
 * the product's row where a driver has no lists.
 */
static unsigned complete_xcds(const struct rocpart_gpu *gpu)
{
	unsigned per = gpu->n_partitions ? gpu->partitions[0].n_xcds : 0;
	unsigned n = per * (unsigned)gpu->n_partitions, listed = listed_xcds(gpu);

	if (!gpu->compute || rp_gpu_is_odd(gpu) ||
	    rp_compute_partitions(gpu->rules, gpu->compute, n) != gpu->n_partitions)
		return 0;
	for (size_t i = 0; i < gpu->n_partitions; i++)
		if (gpu->partitions[i].n_xcds != per || gpu->partitions[i].id != i)
			return 0;
	if (gpu->compute != ROCPART_COMPUTE_CPX)
		return n;
	if (listed)
		return listed == n ? n : 0;
	return gpu->is_guest || !gpu->product || !gpu->product->n_xcds || gpu->product->n_xcds == n
		       ? n
		       : 0;
}

static unsigned all_xcds(const struct rocpart_gpu *gpu)
{
	unsigned n = 0;

	for (size_t i = 0; i < gpu->n_partitions; i++)
		n += gpu->partitions[i].n_xcds;
	return n;
}

/* The most of a number over the GPUs of the same PCI id. */
static unsigned of_kind(const struct rocpart_snapshot *s, const struct rocpart_gpu *gpu,
			unsigned (*count)(const struct rocpart_gpu *))
{
	unsigned most = 0;

	for (size_t i = 0; i < s->n_gpus; i++) {
		unsigned n = s->gpus[i].device_id == gpu->device_id ? count(&s->gpus[i]) : 0;

		most = n > most ? n : most;
	}
	return most;
}

/*
 * The machine wins over the table: dies of a complete GPU, of its lists, of a complete GPU of the
 * same kind, and the product's row when nothing else is known. A virtual function has as many dies
 * as its host gave it, whatever the product has.
 */
static void count_xcds(const struct rocpart_snapshot *s, struct rocpart_gpu *gpu)
{
	unsigned n = complete_xcds(gpu);

	n = n ? n : listed_xcds(gpu);
	n = n ? n : of_kind(s, gpu, complete_xcds);
	n = n || gpu->is_guest || !gpu->product ? n : gpu->product->n_xcds;
	gpu->n_xcds = n ? n : of_kind(s, gpu, all_xcds);
	gpu->is_mode_trusted = !gpu->is_guest || of_kind(s, gpu, complete_xcds);
	if (!gpu->cus_per_xcd && gpu->product)
		gpu->cus_per_xcd = gpu->product->cus_per_xcd;
}

void rp_build_xcds(struct rocpart_snapshot *s)
{
	for (size_t i = 0; i < s->n_gpus; i++)
		count_xcds(s, &s->gpus[i]);
}

/*
 * Without the file, the XCDs of a partition tell the mode; its partitions must agree. Only on a
 * family that has modes: an MI210 or MI25 is in none, and a file that fails is no missing one.
 */
void rp_build_derived_mode(struct rocpart_gpu *gpu)
{
	unsigned per = gpu->n_partitions ? gpu->partitions[0].n_xcds : 0;

	if (gpu->compute != ROCPART_COMPUTE_UNKNOWN || rp_gpu_is_odd(gpu) ||
	    gpu->rules == RP_RULES_UNKNOWN || gpu->n_xcds < 2 || per == 0 || gpu->n_xcds % per)
		return;
	for (size_t i = 1; i < gpu->n_partitions; i++)
		if (gpu->partitions[i].n_xcds != per)
			return;
	for (unsigned m = ROCPART_COMPUTE_CPX; m >= ROCPART_COMPUTE_SPX; m--) {
		if (rp_compute_partitions(gpu->rules, (enum rocpart_compute_mode)m, gpu->n_xcds) ==
		    gpu->n_xcds / per) {
			gpu->compute = (enum rocpart_compute_mode)m;
			gpu->compute_derived = true;
			return;
		}
	}
}
