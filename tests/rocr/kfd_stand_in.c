/* SPDX-License-Identifier: MIT */
/*
 * A stand-in for the KFD, preloaded into AMD's user space, which runs on the tree of `sim exec`.
 * What it sees (sysfs, device nodes and who may open them) is untouched; here is only what is asked
 * by ioctl: enough to start, to create events and to allocate within the memory of a partition.
 * Nothing is executed. Numbers and structures are those of <linux/kfd_ioctl.h>.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kfd_ioctl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define TOPOLOGY     "/sys/devices/virtual/kfd/kfd/topology/nodes"
#define GPUS_MAX     128	  /* render minors 128 to 255 */
#define BUFFERS_MAX  4096	  /* live allocations of one process */
#define WINDOW	     (1ULL << 46) /* of a device node, for those who map it; sparse */
#define LDS_BASE     (1ULL << 60) /* apertures of GC 9, kfd_flat_memory.c */
#define SCRATCH_BASE (2ULL << 60)
#define GPUVM_BASE   (1ULL << 16)
#define GPUVM_LIMIT  ((1ULL << 47) - 1)
#define WAIT_MAX_MS  20

struct gpu {
	uint32_t id;
	uint64_t memory_bytes, used_bytes;
};

struct buffer {
	struct gpu *gpu; /* NULL: not in the memory of a GPU */
	uint64_t bytes;
	bool taken;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct gpu gpus[GPUS_MAX];
static uint32_t n_gpus;
static struct buffer buffers[BUFFERS_MAX];
static uint32_t n_events;

/* ---- device nodes ---- */

static bool is_device(const char *path)
{
	return strcmp(path, "/dev/kfd") == 0 || strncmp(path, "/dev/dri/renderD", 16) == 0;
}

/*
 * The tree is mounted nodev, which is EACCES for everybody. Who may open is asked instead: ENOENT,
 * EACCES by the mode and EPERM by the device cgroup are answers of the kernel.
 */
static int open_device(const char *path)
{
	int fd;

	if (access(path, R_OK | W_OK) < 0)
		return -1;
	fd = memfd_create("kfd-stand-in", MFD_CLOEXEC);
	if (fd >= 0 && ftruncate(fd, (off_t)WINDOW) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

int open(const char *path, int flags, ...)
{
	int (*real)(const char *, int, ...) = NULL;
	mode_t mode = 0;
	va_list ap;

	if (is_device(path) && !(flags & (O_PATH | O_CREAT)))
		return open_device(path);
	if ((flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE) {
		va_start(ap, flags);
		mode = va_arg(ap, mode_t);
		va_end(ap);
	}
	*(void **)&real = dlsym(RTLD_NEXT, "open");
	return real(path, flags, mode);
}

/* On 64 bits the same. */
int open64(const char *path, int flags, ...) __attribute__((alias("open")));

/* ---- the GPUs, as their topology says ---- */

/* Sum of the numbers behind a key in a file of lines `key value`, or of its only number. */
static uint64_t number_in(const char *path, const char *key)
{
	FILE *f = fopen(path, "re");
	char line[256];
	uint64_t sum = 0;

	while (f && fgets(line, sizeof(line), f)) {
		if (strncmp(line, key, strlen(key)) == 0)
			sum += strtoull(line + strlen(key), NULL, 10);
	}
	if (f)
		fclose(f);
	return sum;
}

static uint64_t memory_of(int node)
{
	char path[128];
	uint64_t sum = 0;

	for (int i = 0;; i++) {
		(void)snprintf(path, sizeof(path), TOPOLOGY "/%d/mem_banks/%d/properties", node, i);
		if (access(path, F_OK) < 0)
			return sum;
		sum += number_in(path, "size_in_bytes ");
	}
}

static void load_gpus(void)
{
	char path[128];

	n_gpus = 0;
	memset(buffers, 0, sizeof(buffers));
	for (int i = 0; n_gpus < GPUS_MAX; i++) {
		uint32_t id;

		(void)snprintf(path, sizeof(path), TOPOLOGY "/%d/gpu_id", i);
		if (access(path, F_OK) < 0)
			return;
		id = (uint32_t)number_in(path, "");
		if (id != 0)
			gpus[n_gpus++] = (struct gpu){.id = id, .memory_bytes = memory_of(i)};
	}
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
	uint32_t slot = 0;

	if (!gpu)
		return EINVAL;
	while (slot < BUFFERS_MAX && buffers[slot].taken)
		slot++;
	if (slot == BUFFERS_MAX)
		return ENOMEM;
	if (!(a->flags & KFD_IOC_ALLOC_MEM_FLAGS_VRAM))
		gpu = NULL;
	else if (a->size > gpu->memory_bytes - gpu->used_bytes)
		return ENOMEM;
	else
		gpu->used_bytes += a->size;
	buffers[slot] = (struct buffer){.gpu = gpu, .bytes = a->size, .taken = true};
	a->handle = slot + 1;
	a->mmap_offset = 0;
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

static int answer(unsigned long request, void *args)
{
	switch (request) {
	case AMDKFD_IOC_GET_VERSION:
		return get_version(args);
	case AMDKFD_IOC_GET_CLOCK_COUNTERS:
		return get_clocks(args);
	case AMDKFD_IOC_CREATE_EVENT:
		return create_event(args);
	case AMDKFD_IOC_GET_PROCESS_APERTURES_NEW:
		return get_apertures(args);
	case AMDKFD_IOC_ALLOC_MEMORY_OF_GPU:
		return alloc_memory(args);
	case AMDKFD_IOC_FREE_MEMORY_OF_GPU:
		return free_memory(args);
	case AMDKFD_IOC_MAP_MEMORY_TO_GPU:
		return map_memory(args);
	case AMDKFD_IOC_UNMAP_MEMORY_FROM_GPU:
		return unmap_memory(args);
	default:
		return 0; /* policies, handlers, queues: nothing to say */
	}
}

int ioctl(int fd, unsigned long request, ...)
{
	int (*real)(int, unsigned long, ...) = NULL;
	va_list ap;
	void *args;
	int r;

	va_start(ap, request);
	args = va_arg(ap, void *);
	va_end(ap);
	if (_IOC_TYPE(request) != AMDKFD_IOCTL_BASE || _IOC_SIZE(request) == 0) {
		*(void **)&real = dlsym(RTLD_NEXT, "ioctl");
		return real(fd, request, args);
	}
	if (request == AMDKFD_IOC_WAIT_EVENTS)
		return wait_events(args); /* others go on meanwhile */
	pthread_mutex_lock(&lock);
	r = answer(request, args);
	pthread_mutex_unlock(&lock);
	errno = r ? r : errno;
	return r ? -1 : 0;
}
