/* SPDX-License-Identifier: MIT */
/*
 * Calls into libamd_smi; used inside the child only. Prototypes and layouts are facts of AMD's
 * headers, compared from 24.5.2 to 27.1 (amd-smi study 2.1 to 2.4). Buffers are far larger than any
 * version's struct, and zeroed.
 */
#ifndef RP_HW_SMI_LIB_CALLS_H
#define RP_HW_SMI_LIB_CALLS_H

#include "hw/smi/text.h"

typedef void *rp_smi_handle;

/* Which values its enumerations have; told by the symbols, not by the name of the file. */
enum rp_smi_values {
	RP_SMI_VALUES_24_6, /* CPX is 1, NPS4 is 3 */
	RP_SMI_VALUES_24_7, /* CPX is 5, NPS4 is 3 */
	RP_SMI_VALUES_25,   /* CPX is 5, NPS4 is 4 */
};

struct rp_smi_calls {
	uint32_t (*init)(uint64_t flags);
	uint32_t (*shut_down)(void);
	uint32_t (*get_lib_version)(void *version);
	uint32_t (*get_socket_handles)(uint32_t *n, rp_smi_handle *handles);
	uint32_t (*get_processor_handles)(rp_smi_handle socket, uint32_t *n,
					  rp_smi_handle *handles);
	uint32_t (*get_processor_type)(rp_smi_handle h, uint32_t *type);
	uint32_t (*get_bdf_id)(rp_smi_handle h, uint64_t *id);
	uint32_t (*get_memory)(rp_smi_handle h, char *text, uint32_t size);
	/*
	 * From 25 on, all four. profile: amdsmi_accelerator_partition_profile_t; ids: 8 words;
	 * config: amdsmi_accelerator_partition_profile_config_t.
	 */
	uint32_t (*get_profile)(rp_smi_handle h, void *profile, uint32_t *ids);
	uint32_t (*get_profile_config)(rp_smi_handle h, void *config);
	uint32_t (*set_profile)(rp_smi_handle h, uint32_t index);
	uint32_t (*set_memory_mode)(rp_smi_handle h, uint32_t mode);
	/*
	 * Deprecated since ROCm 10.0 (amd-smi changelog 27.0), to be removed after 27: called only
	 * where those above are missing or answer nothing. NULL: removed.
	 */
	uint32_t (*get_compute)(rp_smi_handle h, char *text, uint32_t size);
	uint32_t (*set_compute)(rp_smi_handle h, uint32_t mode);
	uint32_t (*set_memory)(rp_smi_handle h, uint32_t mode);
	/* NULL where the version has none */
	uint32_t (*get_kfd_info)(rp_smi_handle h, void *info);
	uint32_t (*get_enumeration_info)(rp_smi_handle h, void *info);
	uint32_t (*get_memory_total)(rp_smi_handle h, uint32_t type, uint64_t *bytes);
	enum rp_smi_values values;
};

#define RP_SMI_WHY_SIZE 256

/* file NULL: by the names of its versions. False with the reason in why. path: what was loaded. */
bool rp_smi_calls_load(const char *file, struct rp_smi_calls *ret, char path[128],
		       char why[RP_SMI_WHY_SIZE]);
/* All four calls of accelerator partition profiles and memory partition modes are there. */
bool rp_smi_calls_have_profiles(const struct rp_smi_calls *c);
/* The number of a mode in this version; 0: it has none. */
uint32_t rp_smi_compute_value(enum rp_smi_values values, enum rocpart_compute_mode mode);
uint32_t rp_smi_memory_value(enum rp_smi_values values, enum rocpart_memory_mode mode);

/* "27.1.0"; up to 25 after init only. The major version, 0: it does not tell. */
uint32_t rp_smi_calls_version(const struct rp_smi_calls *c, char version[32]);
/* 0 or a status; of the rows, or, with bdf, of the first partition of that GPU. */
#define RP_SMI_NOT_FOUND 31
#define RP_SMI_ABSURD	 0xfffffffeU /* it told more GPUs than machines have */
uint32_t rp_smi_calls_read(const struct rp_smi_calls *c, struct rp_smi_rows *rows);
uint32_t rp_smi_calls_find(const struct rp_smi_calls *c, const char *bdf, rp_smi_handle *ret);
/* Set a mode by its number in this version. 0 or a status. */
uint32_t rp_smi_calls_set_compute(const struct rp_smi_calls *c, rp_smi_handle h, uint32_t value);
uint32_t rp_smi_calls_set_memory(const struct rp_smi_calls *c, rp_smi_handle h, uint32_t value);

#endif
