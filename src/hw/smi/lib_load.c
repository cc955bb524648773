/* SPDX-License-Identifier: MIT */
/* Finding libamd_smi and its functions, and which values its enumerations have. */
#include "hw/smi/lib_calls.h"

#include <dlfcn.h>
#include <link.h>
#include <stddef.h>

/*
 * Newest first. Not .so.0, which is Debian's 24.5.2: the unversioned name leads to what the
 * administrator has made the library of this computer.
 */
static const char *const names[] = {
	"libamd_smi.so.27",
	"libamd_smi.so.26",
	"libamd_smi.so.25",
	"libamd_smi.so.24",
	"libamd_smi.so",
	"/opt/rocm/lib/libamd_smi.so.27",
	"/opt/rocm/lib/libamd_smi.so.26",
	"/opt/rocm/lib/libamd_smi.so.25",
	"/opt/rocm/lib/libamd_smi.so.24",
};

static const struct {
	const char *name;
	size_t offset;
	bool optional;
} symbols[] = {
	{"amdsmi_init", offsetof(struct rp_smi_calls, init), false},
	{"amdsmi_shut_down", offsetof(struct rp_smi_calls, shut_down), false},
	{"amdsmi_get_lib_version", offsetof(struct rp_smi_calls, get_lib_version), false},
	{"amdsmi_get_socket_handles", offsetof(struct rp_smi_calls, get_socket_handles), false},
	{"amdsmi_get_processor_handles", offsetof(struct rp_smi_calls, get_processor_handles),
	 false},
	{"amdsmi_get_processor_type", offsetof(struct rp_smi_calls, get_processor_type), false},
	{"amdsmi_get_gpu_bdf_id", offsetof(struct rp_smi_calls, get_bdf_id), false},
	{"amdsmi_get_gpu_memory_partition", offsetof(struct rp_smi_calls, get_memory), false},
	{"amdsmi_get_gpu_accelerator_partition_profile", offsetof(struct rp_smi_calls, get_profile),
	 true},
	{"amdsmi_get_gpu_accelerator_partition_profile_config",
	 offsetof(struct rp_smi_calls, get_profile_config), true},
	{"amdsmi_set_gpu_accelerator_partition_profile", offsetof(struct rp_smi_calls, set_profile),
	 true},
	{"amdsmi_set_gpu_memory_partition_mode", offsetof(struct rp_smi_calls, set_memory_mode),
	 true},
	{"amdsmi_get_gpu_compute_partition", offsetof(struct rp_smi_calls, get_compute), true},
	{"amdsmi_set_gpu_compute_partition", offsetof(struct rp_smi_calls, set_compute), true},
	{"amdsmi_set_gpu_memory_partition", offsetof(struct rp_smi_calls, set_memory), true},
	{"amdsmi_get_gpu_kfd_info", offsetof(struct rp_smi_calls, get_kfd_info), true},
	{"amdsmi_get_gpu_enumeration_info", offsetof(struct rp_smi_calls, get_enumeration_info),
	 true},
	{"amdsmi_get_gpu_memory_total", offsetof(struct rp_smi_calls, get_memory_total), true},
};

/* What dlopen() says of a library that is not there is no reason: another name may be. */
static void *open_any(const char *file, char why[RP_SMI_WHY_SIZE])
{
	(void)rp_fmt(why, RP_SMI_WHY_SIZE, "libamd_smi.so.24 to .27 are not installed");
	for (size_t i = 0; i < (file ? 1 : RP_ARRAY_LEN(names)); i++) {
		const char *name = file ? file : names[i], *said;
		void *lib = dlopen(name, RTLD_NOW | RTLD_LOCAL);

		if (lib)
			return lib;
		said = dlerror();
		if (said && (!rp_str_starts(said, name) || !strstr(said, "No such file")))
			(void)rp_fmt(why, RP_SMI_WHY_SIZE, "%.200s", said);
	}
	return NULL;
}

bool rp_smi_calls_have_profiles(const struct rp_smi_calls *c)
{
	return c->get_profile && c->get_profile_config && c->set_profile && c->set_memory_mode;
}

/* Modes are read and set by the calls of one generation. */
static bool has_modes(const struct rp_smi_calls *c, char why[RP_SMI_WHY_SIZE])
{
	if (rp_smi_calls_have_profiles(c) || (c->get_compute && c->set_compute && c->set_memory))
		return true;
	(void)rp_fmt(why, RP_SMI_WHY_SIZE,
		     "the library has neither amdsmi_set_gpu_accelerator_partition_profile nor "
		     "amdsmi_set_gpu_compute_partition with the calls that belong to it");
	return false;
}

static bool bind(void *lib, struct rp_smi_calls *c, char why[RP_SMI_WHY_SIZE])
{
	for (size_t i = 0; i < RP_ARRAY_LEN(symbols); i++) {
		void *at = dlsym(lib, symbols[i].name);

		if (!at && !symbols[i].optional) {
			(void)rp_fmt(why, RP_SMI_WHY_SIZE, "the library has no %s",
				     symbols[i].name);
			return false;
		}
		memcpy((char *)c + symbols[i].offset, &at, sizeof(at));
	}
	return has_modes(c, why);
}

/* A wrong table sets another mode and says SUCCESS (amd-smi study 0.3): never guess. */
static bool choose_values(void *lib, struct rp_smi_calls *c, char why[RP_SMI_WHY_SIZE])
{
	static const struct {
		const char *symbol;
		enum rp_smi_values values;
	} signs[] = {
		{"amdsmi_set_gpu_memory_partition_mode", RP_SMI_VALUES_25},
		{"amdsmi_get_gpu_kfd_info", RP_SMI_VALUES_24_7},
		{"amdsmi_reset_gpu_compute_partition", RP_SMI_VALUES_24_6},
	};

	for (size_t i = 0; i < RP_ARRAY_LEN(signs); i++) {
		if (!dlsym(lib, signs[i].symbol))
			continue;
		c->values = signs[i].values;
		return true;
	}
	(void)rp_fmt(
		why, RP_SMI_WHY_SIZE,
		"the library is of no known version, so the numbers of its modes are not known");
	return false;
}

bool rp_smi_calls_load(const char *file, struct rp_smi_calls *ret, char path[128],
		       char why[RP_SMI_WHY_SIZE])
{
	void *lib = open_any(file, why);
	struct link_map *map = NULL;

	if (!lib)
		return false;
	if (dlinfo(lib, RTLD_DI_LINKMAP, &map) == 0)
		(void)rp_fmt(path, 128, "%.127s", map->l_name);
	return bind(lib, ret, why) && choose_values(lib, ret, why);
}

/* amd-smi study 2.3, each number seen with the real library. */
uint32_t rp_smi_compute_value(enum rp_smi_values values, enum rocpart_compute_mode mode)
{
	static const uint32_t old[] = {0, 2, 3, 4, 5, 1}, now[] = {0, 1, 2, 3, 4, 5};

	if ((size_t)mode >= RP_ARRAY_LEN(now))
		return 0;
	return values == RP_SMI_VALUES_24_6 ? old[mode] : now[mode];
}

uint32_t rp_smi_memory_value(enum rp_smi_values values, enum rocpart_memory_mode mode)
{
	static const uint32_t old[] = {0, 1, 2, 0, 3, 0, 0, 0, 4},
			      now[] = {0, 1, 2, 0, 4, 0, 0, 0, 8};

	if ((size_t)mode >= RP_ARRAY_LEN(now))
		return 0;
	return values == RP_SMI_VALUES_25 ? now[mode] : old[mode];
}
