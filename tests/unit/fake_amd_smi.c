/* SPDX-License-Identifier: MIT */
/*
 * A stand-in for libamd_smi: two GPUs, the first in DPX, with the symbols of the version FAKE (246,
 * 247, 271; 0: of none), WITHOUT_DEPRECATED without those that ROCm 10.0 deprecates. FAKE_DOES in
 * the environment says what is wrong with it; what is set is written to the file FAKE_LOG.
 * Prototypes as AMD's headers have them.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXPORT	  __attribute__((visibility("default")))
#define MAX_COUNT 0xffffffffU

static int does(const char *what)
{
	const char *v = getenv("FAKE_DOES");

	return v && strcmp(v, what) == 0;
}

static const struct {
	uint64_t bdf_id;
	uint64_t kfd_id;
	uint32_t node_id, partition, render, card;
	const char *compute, *memory;
} gpus[] = {
	{0x0000000000000500, 1111, 2, 0, 128, 1, "DPX", "NPS1"},
	{0x0000000010000500, 2222, 3, 1, 129, 2, NULL, NULL},
	{0x0000000100002700, 3333, 4, 0, 136, 9, "SPX", "NPS1"},
};
static const int sockets[] = {0, 2, 3}; /* where each begins */

typedef const void *handle;

static uint32_t index_of(handle h)
{
	return (uint32_t)((const unsigned char *)h - (const unsigned char *)gpus) / sizeof(gpus[0]);
}

EXPORT uint32_t amdsmi_init(uint64_t flags);
EXPORT uint32_t amdsmi_init(uint64_t flags)
{
	if (does("crash"))
		raise(SIGSEGV);
	if (does("hang"))
		for (;;)
			pause();
	if (does("exit"))
		_exit(3);
	if (does("write"))
		for (int fd = 0; fd < 3; fd++) /* its noise must not reach our output */
			(void)!write(fd, "noise\n", 6);
	if (does("forge"))
		(void)!write(3, "no answer", 9);
	if (does("no-driver"))
		return 34;
	return flags == 2 ? 0 : 1;
}

EXPORT uint32_t amdsmi_shut_down(void);
EXPORT uint32_t amdsmi_shut_down(void)
{
	if (does("crash-late"))
		raise(SIGABRT);
	return 0;
}

EXPORT uint32_t amdsmi_get_lib_version(uint32_t *v);
EXPORT uint32_t amdsmi_get_lib_version(uint32_t *v)
{
	static const uint32_t versions[][4] = {
		{24, 6, 3, 0}, {24, 7, 1, 0}, {27, 1, 0, 0}, {28, 0, 0, 0}};

	memcpy(v, versions[does("newer") ? 3 : FAKE == 246 ? 0 : FAKE == 247 ? 1 : 2], 16);
	return 0;
}

EXPORT uint32_t amdsmi_get_socket_handles(uint32_t *n, handle *handles);
EXPORT uint32_t amdsmi_get_socket_handles(uint32_t *n, handle *handles)
{
	if (!handles)
		*n = does("many-sockets") ? MAX_COUNT : 2;
	for (uint32_t i = 0; handles && i < *n; i++)
		handles[i] = &sockets[i];
	return 0;
}

EXPORT uint32_t amdsmi_get_processor_handles(const int *socket, uint32_t *n, handle *handles);
EXPORT uint32_t amdsmi_get_processor_handles(const int *socket, uint32_t *n, handle *handles)
{
	if (!handles)
		*n = does("many-gpus") ? MAX_COUNT : (uint32_t)(socket[1] - socket[0]);
	for (uint32_t i = 0; handles && i < *n; i++)
		handles[i] = &gpus[(uint32_t)socket[0] + i];
	return 0;
}

EXPORT uint32_t amdsmi_get_processor_type(handle h, uint32_t *type);
EXPORT uint32_t amdsmi_get_processor_type(handle h, uint32_t *type)
{
	*type = does("cpu") && index_of(h) == 2 ? 2 : 1;
	return 0;
}

EXPORT uint32_t amdsmi_get_gpu_bdf_id(handle h, uint64_t *id);
EXPORT uint32_t amdsmi_get_gpu_bdf_id(handle h, uint64_t *id)
{
	*id = gpus[index_of(h)].bdf_id;
	return 0;
}

static uint32_t text_of(const char *text, char *ret, uint32_t size)
{
	if (!text)
		return 2;
	snprintf(ret, size, "%s", does("words") ? "N/A" : text);
	return 0;
}

#ifndef WITHOUT_DEPRECATED
EXPORT uint32_t amdsmi_get_gpu_compute_partition(handle h, char *text, uint32_t size);
EXPORT uint32_t amdsmi_get_gpu_compute_partition(handle h, char *text, uint32_t size)
{
	return text_of(gpus[index_of(h)].compute, text, size);
}
#endif

EXPORT uint32_t amdsmi_get_gpu_memory_partition(handle h, char *text, uint32_t size);
EXPORT uint32_t amdsmi_get_gpu_memory_partition(handle h, char *text, uint32_t size)
{
	return text_of(gpus[index_of(h)].memory, text, size);
}

static uint32_t note(const char *what, handle h, uint32_t value)
{
	char line[64];
	int n = snprintf(line, sizeof(line), "%s %u %u\n", what, index_of(h), value);
	int fd = open(getenv("FAKE_LOG"), O_WRONLY | O_CREAT | O_APPEND, 0600);
	const char *status = getenv("FAKE_STATUS");

	(void)!write(fd, line, (size_t)n);
	close(fd);
	return status ? (uint32_t)strtoul(status, NULL, 0) : 0;
}

#ifndef WITHOUT_DEPRECATED
EXPORT uint32_t amdsmi_set_gpu_compute_partition(handle h, uint32_t mode);
EXPORT uint32_t amdsmi_set_gpu_compute_partition(handle h, uint32_t mode)
{
	return note("compute", h, mode);
}

EXPORT uint32_t amdsmi_set_gpu_memory_partition(handle h, uint32_t mode);
EXPORT uint32_t amdsmi_set_gpu_memory_partition(handle h, uint32_t mode)
{
	return note("memory", h, mode);
}
#endif

EXPORT uint32_t amdsmi_get_gpu_memory_total(handle h, uint32_t type, uint64_t *bytes);
EXPORT uint32_t amdsmi_get_gpu_memory_total(handle h, uint32_t type, uint64_t *bytes)
{
	*bytes = does("words") ? UINT64_MAX : (uint64_t)192 << 30;
	return h && type == 0 ? 0 : 1;
}

#if FAKE == 246
EXPORT uint32_t amdsmi_reset_gpu_compute_partition(handle h);
EXPORT uint32_t amdsmi_reset_gpu_compute_partition(handle h)
{
	return h ? 0 : 1;
}
#endif

#if FAKE >= 247
struct kfd_info {
	uint64_t kfd_id;
	uint32_t node_id, partition, reserved[12];
};
EXPORT uint32_t amdsmi_get_gpu_kfd_info(handle h, struct kfd_info *info);
EXPORT uint32_t amdsmi_get_gpu_kfd_info(handle h, struct kfd_info *info)
{
	uint32_t i = index_of(h);

	*info = (struct kfd_info){gpus[i].kfd_id, gpus[i].node_id, gpus[i].partition, {0}};
	if (does("words"))
		*info = (struct kfd_info){UINT64_MAX, MAX_COUNT, MAX_COUNT, {0}};
	return 0;
}
#endif

#if FAKE == 271
EXPORT uint32_t amdsmi_set_gpu_memory_partition_mode(handle h, uint32_t mode);
EXPORT uint32_t amdsmi_set_gpu_memory_partition_mode(handle h, uint32_t mode)
{
	return note("memory mode", h, mode);
}

struct profile {
	uint32_t type, n_partitions, caps, index, n_resources, resources[8][32];
	uint64_t reserved[13];
};
struct profile_config {
	uint32_t n_profiles, n_resources;
	uint32_t resources[32][16], default_index;
	struct profile profiles[32];
	uint64_t reserved[30];
};
_Static_assert(sizeof(struct profile) == 1152, "as in 24.7 to 27.1");
_Static_assert(sizeof(struct profile_config) == 39168, "as in 25 to 27.1");

#define N_PROFILES 5 /* CPX first: an index is no mode */

EXPORT uint32_t amdsmi_get_gpu_accelerator_partition_profile(handle h, struct profile *p,
							     uint32_t *ids);
EXPORT uint32_t amdsmi_get_gpu_accelerator_partition_profile(handle h, struct profile *p,
							     uint32_t *ids)
{
	const char *mode = gpus[index_of(h)].compute;

	if (!mode || does("no-profile"))
		return 2;
	memset(p, 0, sizeof(*p));
	memset(ids, 0, 8 * sizeof(*ids));
	p->type = does("words") ? MAX_COUNT : strcmp(mode, "DPX") == 0 ? 2 : 1;
	return 0;
}

/* The real one writes xcp_config for each profile: whoever only looks must not call it. */
EXPORT uint32_t amdsmi_get_gpu_accelerator_partition_profile_config(handle h,
								    struct profile_config *c);
EXPORT uint32_t amdsmi_get_gpu_accelerator_partition_profile_config(handle h,
								    struct profile_config *c)
{
	note("config", h, 0);
	if (does("no-config"))
		return 2;
	memset(c, 0, sizeof(*c));
	c->n_profiles = does("no-cpx") ? N_PROFILES - 1 : N_PROFILES;
	for (uint32_t i = 0; i < c->n_profiles; i++) {
		struct profile *p = &c->profiles[i];

		p->index = i;
		p->type = c->n_profiles - i;
	}
	return 0;
}

#ifndef WITHOUT_SETTER
EXPORT uint32_t amdsmi_set_gpu_accelerator_partition_profile(handle h, uint32_t index);
EXPORT uint32_t amdsmi_set_gpu_accelerator_partition_profile(handle h, uint32_t index)
{
	return note("profile", h, index);
}
#endif

struct enumeration {
	uint32_t render, card, hsa, hip;
	char uuid[256];
	uint32_t reserved[2];
};
EXPORT uint32_t amdsmi_get_gpu_enumeration_info(handle h, struct enumeration *e);
EXPORT uint32_t amdsmi_get_gpu_enumeration_info(handle h, struct enumeration *e)
{
	uint32_t i = index_of(h);

	*e = (struct enumeration){gpus[i].render, gpus[i].card, 1, i, "GPU-x", {0}};
	return 0;
}
#endif
