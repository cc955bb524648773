/* SPDX-License-Identifier: MIT */
/* The checklist and the parts that fill it; used inside doctor/ only. */
#ifndef RP_DOCTOR_DOCTOR_H
#define RP_DOCTOR_DOCTOR_H

#include "machine/machine.h"
#include "node/snapshot.h"
#include "rocpart/doctor.h"
#include "run/text/values.h"

#define RP_N_VARIABLES RP_N_FILTERS

/* What one command repairs without a decision of the operator; fix.c has the command of each. */
enum rp_fix { RP_FIX_NONE, RP_FIX_RESUME, RP_FIX_LOAD_DRIVER, RP_FIX_REFRESH_CDI, RP_N_FIXES };

/* Stands in a text for the GPUs of which it is true: "GPU 3 (0000:27:00.0)" or "GPUs 0-2, 5". */
#define RP_GPUS "\001"

/* A text, and the GPUs of which it is true, given by rising index. */
struct rp_finding {
	struct rp_strbuf text, ranges; /* ranges: those that are complete */
	enum rocpart_check_state state;
	size_t n_gpus, first, last; /* first to last: the range at the end */
	char bdf[RP_BDF_SIZE];	    /* of the first GPU */
};

/*
 * What a check found. Its state is that of the worst finding; it has one advice, the first on that.
 * Text of strangers is printed by views and the command, which escape it.
 */
struct rp_verdict {
	enum rocpart_check_state state;
	enum rocpart_check_state last, advised; /* of what was seen last, and is advised on */
	enum rp_fix fix;
	struct rp_finding *findings;
	size_t n, cap;
	struct rp_strbuf seen, advice;
	bool is_out_of_memory;
};

struct rp_check {
	struct rocpart_check pub;
	struct rp_verdict verdict;
};

struct rocpart_doctor {
	struct rocpart_machine *machine;
	struct rocpart_snapshot *snapshot;  /* NULL: it cannot be read */
	struct rocpart_error observe_error; /* then */
	char *variables[RP_N_VARIABLES];    /* NULL: not set */
	uint32_t uid;
	uint32_t *gids;
	size_t n_gids;
	struct rp_check *checks;
	size_t n_checks;
};

/* Add a finding; the state only gets worse. */
void rp_verdict_add(struct rp_verdict *v, enum rocpart_check_state state, const char *fmt, ...)
	RP_PRINTF(3, 4);
/*
 * Something cannot be looked at: a warning with the reason, which is no finding about the machine.
 * Out of memory ends the whole checklist instead.
 */
void rp_verdict_add_failure(struct rp_verdict *v, int errnum, const char *what, const char *why);
/*
 * Add a finding about a GPU. fmt has RP_GPUS once, and its words fit one GPU and several: findings
 * with the same text become one.
 */
void rp_verdict_add_gpu(struct rp_verdict *v, enum rocpart_check_state state,
			const struct rocpart_gpu *gpu, const char *fmt, ...) RP_PRINTF(4, 5);
/* On what was seen last. */
void rp_verdict_advise(struct rp_verdict *v, const char *fmt, ...) RP_PRINTF(2, 3);
/* Write the findings into seen, "; " between. 0 or -ENOMEM. */
int rp_verdict_finish(struct rp_verdict *v) RP_MUST_CHECK;
void rp_verdict_done(struct rp_verdict *v);

const char *rp_fix_command(enum rp_fix fix); /* "" for NONE */

typedef void (*rp_check_fn)(struct rocpart_doctor *d, struct rp_verdict *v);

/* check_driver.c: what must be installed and loaded. */
void rp_check_change(struct rocpart_doctor *d, struct rp_verdict *v);
void rp_check_driver(struct rocpart_doctor *d, struct rp_verdict *v);
void rp_check_kfd(struct rocpart_doctor *d, struct rp_verdict *v);
void rp_check_rocm(struct rocpart_doctor *d, struct rp_verdict *v);

/* check_backends.c: AMD's library and command, and whether they tell what the kernel tells. */
void rp_check_libamd_smi(struct rocpart_doctor *d, struct rp_verdict *v);
void rp_check_amd_smi(struct rocpart_doctor *d, struct rp_verdict *v);

/* check_gpus.c: what the snapshot says of the GPUs. */
void rp_check_model(struct rocpart_doctor *d, struct rp_verdict *v);
void rp_check_expected(struct rocpart_doctor *d, struct rp_verdict *v);
void rp_check_vbios(struct rocpart_doctor *d, struct rp_verdict *v);
void rp_check_reads(struct rocpart_doctor *d, struct rp_verdict *v);
void rp_check_devices(struct rocpart_doctor *d, struct rp_verdict *v);
void rp_check_minors(struct rocpart_doctor *d, struct rp_verdict *v);
void rp_check_pending(struct rocpart_doctor *d, struct rp_verdict *v);
void rp_check_health(struct rocpart_doctor *d, struct rp_verdict *v);

/* check_modes.c: whether modes can be switched. */
void rp_check_files(struct rocpart_doctor *d, struct rp_verdict *v);
void rp_check_modes(struct rocpart_doctor *d, struct rp_verdict *v);

/* check_use.c: who uses them and who may. */
void rp_check_holders(struct rocpart_doctor *d, struct rp_verdict *v);
void rp_check_render(struct rocpart_doctor *d, struct rp_verdict *v);
void rp_check_permissions(struct rocpart_doctor *d, struct rp_verdict *v);
void rp_check_variables(struct rocpart_doctor *d, struct rp_verdict *v);

/* check_containers.c: how containers get partitions. */
void rp_check_cdi(struct rocpart_doctor *d, struct rp_verdict *v);
void rp_check_containers(struct rocpart_doctor *d, struct rp_verdict *v);

/* check_kernel_log.c */
void rp_check_kernel_log(struct rocpart_doctor *d, struct rp_verdict *v);

/* check_allocators.c: who else hands them out. */
void rp_check_allocators(struct rocpart_doctor *d, struct rp_verdict *v);

#define RP_EACH_GPU(gpu, d)                                       \
	for (const struct rocpart_gpu *gpu = (d)->snapshot->gpus; \
	     gpu < (d)->snapshot->gpus + (d)->snapshot->n_gpus; gpu++)

#endif
