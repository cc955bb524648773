/* SPDX-License-Identifier: MIT */
/* The checklist and the parts that fill it; used inside api/ only. */
#ifndef RP_DOCTOR_DOCTOR_H
#define RP_DOCTOR_DOCTOR_H

#include "machine/machine.h"
#include "node/snapshot.h"
#include "rocpart/doctor.h"
#include "run/text/values.h"

#define RP_N_VARIABLES RP_N_FILTERS

/* What a check found. The worst of what it saw is its state; it has one advice, the first on that.
 */
struct rp_verdict {
	enum rocpart_check_state state;
	enum rocpart_check_state last, advised; /* of what was seen last, and is advised on */
	struct rp_strbuf seen, advice;
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

/* Add to what was seen, "; " between; the state only gets worse. */
void rp_verdict_add(struct rp_verdict *v, enum rocpart_check_state state, const char *fmt, ...)
	RP_PRINTF(3, 4);
/*
 * Something cannot be looked at: a warning with the reason, which is no finding about the machine.
 * Out of memory ends the whole checklist instead.
 */
void rp_verdict_add_failure(struct rp_verdict *v, int errnum, const char *what, const char *why);
void rp_verdict_advise(struct rp_verdict *v, const char *fmt, ...) RP_PRINTF(2, 3);

typedef void (*rp_check_fn)(struct rocpart_doctor *d, struct rp_verdict *v);

/* doctor_driver.c: what must be installed and loaded. */
void rp_check_driver(struct rocpart_doctor *d, struct rp_verdict *v);
void rp_check_kfd(struct rocpart_doctor *d, struct rp_verdict *v);
void rp_check_rocm(struct rocpart_doctor *d, struct rp_verdict *v);

/* doctor_backends.c: AMD's library and command, and whether they tell what the kernel tells. */
void rp_check_libamd_smi(struct rocpart_doctor *d, struct rp_verdict *v);
void rp_check_amd_smi(struct rocpart_doctor *d, struct rp_verdict *v);

/* doctor_gpus.c: what the snapshot says of the GPUs. */
void rp_check_model(struct rocpart_doctor *d, struct rp_verdict *v);
void rp_check_vbios(struct rocpart_doctor *d, struct rp_verdict *v);
void rp_check_reads(struct rocpart_doctor *d, struct rp_verdict *v);
void rp_check_files(struct rocpart_doctor *d, struct rp_verdict *v);
void rp_check_modes(struct rocpart_doctor *d, struct rp_verdict *v);
void rp_check_devices(struct rocpart_doctor *d, struct rp_verdict *v);
void rp_check_minors(struct rocpart_doctor *d, struct rp_verdict *v);
void rp_check_pending(struct rocpart_doctor *d, struct rp_verdict *v);
void rp_check_health(struct rocpart_doctor *d, struct rp_verdict *v);

/* doctor_use.c: who uses them and who may. */
void rp_check_holders(struct rocpart_doctor *d, struct rp_verdict *v);
void rp_check_render(struct rocpart_doctor *d, struct rp_verdict *v);
void rp_check_permissions(struct rocpart_doctor *d, struct rp_verdict *v);
void rp_check_variables(struct rocpart_doctor *d, struct rp_verdict *v);
void rp_check_cdi(struct rocpart_doctor *d, struct rp_verdict *v);

/* doctor_allocators.c: who else hands them out. */
void rp_check_allocators(struct rocpart_doctor *d, struct rp_verdict *v);

#endif
