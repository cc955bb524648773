/* SPDX-License-Identifier: MIT */
/*
 * What is asked of /dev/kfd: enough to start, to create events and to allocate within the memory of
 * a partition. Numbers and structures are those of <linux/kfd_ioctl.h>.
 */
#include <errno.h>
#include <linux/kfd_ioctl.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <time.h>

#include "simfs/ioctl/ioctl.h"

#define GPUS_MAX     IOCTL_GPUS_MAX
#define PAGE	     4096
#define BUFFERS_MAX  4096	  /* live allocations of one process */
#define LDS_BASE     (1ULL << 60) /* apertures of GC 9, kfd_flat_memory.c */
#define SCRATCH_BASE (2ULL << 60)
#define GPUVM_BASE   (1ULL << 16)
#define GPUVM_LIMIT  ((1ULL << 47) - 1)
#define WAIT_MAX_MS  20

struct gpu {
	uint32_t id;
	uint64_t memory_bytes, used_bytes;
};

/* Since minor version 9; not in each kfd_ioctl.h. */
#define NR_AVAILABLE_MEMORY 0x23
struct available_memory {
	uint64_t available;
	uint32_t gpu_id, pad;
};

struct buffer {
	struct gpu *gpu; /* NULL: not in the memory of a GPU */
	uint64_t bytes;
	bool taken;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct gpu gpus[GPUS_MAX];
static struct ioctl_gpu found[GPUS_MAX]; /* the same, as the tree tells of them */
static uint32_t n_gpus;
static struct buffer buffers[BUFFERS_MAX];
static uint64_t next_offset; /* where a buffer is mapped: no two of them share memory */
static uint32_t n_events;
static int32_t xnack_mode;

/* ---- the GPUs, as their topology says ---- */

static void load_gpus(void)
{
	n_gpus = (uint32_t)ioctl_read_gpus(found, GPUS_MAX);
	memset(buffers, 0, sizeof(buffers));
	for (uint32_t i = 0; i < n_gpus; i++)
		gpus[i] =
			(struct gpu){.id = found[i].gpu_id, .memory_bytes = found[i].memory_bytes};
}

static struct gpu *find_gpu(uint32_t id)
{
	for (uint32_t i = 0; i < n_gpus; i++) {
		if (gpus[i].id == id)
			return &gpus[i];
	}
	return NULL;
}

/* ---- ioctls: 0 or an errno ---- */

static int get_version(struct kfd_ioctl_get_version_args *a)
{
	a->major_version = 1;
	a->minor_version = 10; /* what version 5.2 of the user space expects at most */
	return 0;
}

static int get_clocks(struct kfd_ioctl_get_clock_counters_args *a)
{
	struct timespec ts;
	uint64_t ns;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	ns = (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
	a->gpu_clock_counter = a->cpu_clock_counter = a->system_clock_counter = ns;
	a->system_clock_freq = 1000000000;
	return 0;
}

static int create_event(struct kfd_ioctl_create_event_args *a)
{
	a->event_id = a->event_slot_index = a->event_trigger_data = n_events++;
	return n_events > KFD_SIGNAL_EVENT_LIMIT ? ENOSPC : 0;
}

/* Nothing ever happens. */
static int wait_events(struct kfd_ioctl_wait_events_args *a)
{
	uint32_t ms = a->timeout < WAIT_MAX_MS ? a->timeout : WAIT_MAX_MS;

	nanosleep(&(struct timespec){.tv_nsec = (long)ms * 1000000}, NULL);
	a->wait_result = KFD_IOC_WAIT_RESULT_TIMEOUT;
	return 0;
}

static int get_apertures(struct kfd_ioctl_get_process_apertures_new_args *a)
{
	struct kfd_process_device_apertures *to = (struct kfd_process_device_apertures *)(uintptr_t)
							  a->kfd_process_device_apertures_ptr;

	load_gpus();
	if (to && a->num_of_nodes < n_gpus)
		return EINVAL;
	for (uint32_t i = 0; to && i < n_gpus; i++) {
		to[i] = (struct kfd_process_device_apertures){
			.lds_base = LDS_BASE,
			.lds_limit = LDS_BASE + UINT32_MAX,
			.scratch_base = SCRATCH_BASE,
			.scratch_limit = SCRATCH_BASE + UINT32_MAX,
			.gpuvm_base = GPUVM_BASE,
			.gpuvm_limit = GPUVM_LIMIT,
			.gpu_id = gpus[i].id,
		};
	}
	a->num_of_nodes = n_gpus;
	return 0;
}

/* As in amdgpu_amdkfd_gpuvm.c: what does not fit into the partition is ENOMEM. */
static int alloc_memory(struct kfd_ioctl_alloc_memory_of_gpu_args *a)
{
	struct gpu *gpu = find_gpu(a->gpu_id);
	uint64_t bytes = a->size < IOCTL_WINDOW ? (a->size + PAGE - 1) / PAGE * PAGE : a->size;
	uint32_t slot = 0;

	if (!gpu)
		return EINVAL;
	while (slot < BUFFERS_MAX && buffers[slot].taken)
		slot++;
	if (slot == BUFFERS_MAX || bytes > IOCTL_WINDOW - next_offset)
		return ENOMEM;
	if (!(a->flags & KFD_IOC_ALLOC_MEM_FLAGS_VRAM))
		gpu = NULL;
	else if (a->size > gpu->memory_bytes - gpu->used_bytes)
		return ENOMEM;
	else
		gpu->used_bytes += a->size;
	buffers[slot] = (struct buffer){.gpu = gpu, .bytes = a->size, .taken = true};
	a->handle = slot + 1;
	a->mmap_offset = next_offset;
	next_offset += bytes;
	return 0;
}

static int free_memory(const struct kfd_ioctl_free_memory_of_gpu_args *a)
{
	struct buffer *b;

	if (a->handle == 0 || a->handle > BUFFERS_MAX || !buffers[a->handle - 1].taken)
		return EINVAL;
	b = &buffers[a->handle - 1];
	if (b->gpu)
		b->gpu->used_bytes -= b->bytes;
	*b = (struct buffer){0};
	return 0;
}

static int map_memory(struct kfd_ioctl_map_memory_to_gpu_args *a)
{
	a->n_success = a->n_devices;
	return 0;
}

static int unmap_memory(struct kfd_ioctl_unmap_memory_from_gpu_args *a)
{
	a->n_success = a->n_devices;
	return 0;
}

/* What processes of the machine use is not there for this one. */
static int available_memory(struct available_memory *a)
{
	const struct gpu *gpu = find_gpu(a->gpu_id);
	uint64_t used;

	if (!gpu)
		return EINVAL;
	used = gpu->used_bytes + ioctl_used_bytes(&found[gpu - gpus]);
	a->available = gpu->memory_bytes - (used < gpu->memory_bytes ? used : gpu->memory_bytes);
	return 0;
}

/* Below 0 it is asked for. MI300 can retry page faults, and does not unless it is told to. */
static int set_xnack(struct kfd_ioctl_set_xnack_mode_args *a)
{
	if (a->xnack_enabled < 0)
		a->xnack_enabled = xnack_mode;
	else
		xnack_mode = a->xnack_enabled;
	return 0;
}

/* Nothing is ever to be read from it. */
static int smi_events(struct kfd_ioctl_smi_events_args *a)
{
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	a->anon_fd = (uint32_t)fd;
	return fd < 0 ? errno : 0;
}

static int answer(unsigned int nr, void *args)
{
	switch (nr) {
	case _IOC_NR(AMDKFD_IOC_GET_VERSION):
		return get_version(args);
	case _IOC_NR(AMDKFD_IOC_GET_CLOCK_COUNTERS):
		return get_clocks(args);
	case _IOC_NR(AMDKFD_IOC_CREATE_EVENT):
		return create_event(args);
	case _IOC_NR(AMDKFD_IOC_GET_PROCESS_APERTURES_NEW):
		return get_apertures(args);
	case _IOC_NR(AMDKFD_IOC_ALLOC_MEMORY_OF_GPU):
		return alloc_memory(args);
	case _IOC_NR(AMDKFD_IOC_FREE_MEMORY_OF_GPU):
		return free_memory(args);
	case _IOC_NR(AMDKFD_IOC_MAP_MEMORY_TO_GPU):
		return map_memory(args);
	case _IOC_NR(AMDKFD_IOC_UNMAP_MEMORY_FROM_GPU):
		return unmap_memory(args);
	case _IOC_NR(AMDKFD_IOC_SET_XNACK_MODE):
		return set_xnack(args);
	case _IOC_NR(AMDKFD_IOC_SMI_EVENTS):
		return smi_events(args);
	case NR_AVAILABLE_MEMORY:
		return available_memory(args);
	default:
		return 0; /* policies, handlers, queues: nothing to say */
	}
}

int ioctl_answer_kfd(unsigned long request, void *args)
{
	int r;

	if (_IOC_TYPE(request) != AMDKFD_IOCTL_BASE)
		return ENOTTY;
	if (_IOC_NR(request) == _IOC_NR(AMDKFD_IOC_WAIT_EVENTS))
		return wait_events(args); /* others go on meanwhile */
	pthread_mutex_lock(&lock);
	r = answer(_IOC_NR(request), args);
	pthread_mutex_unlock(&lock);
	return r;
}
