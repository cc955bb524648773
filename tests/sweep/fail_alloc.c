/* SPDX-License-Identifier: MIT */
/*
 * Preloaded into a program: its Nth allocation fails. strdup, asprintf, fopen, opendir and qsort of
 * the C library allocate by malloc too, so they are counted with it.
 *
 * ROCPART_FAIL_ALLOC=N      the Nth allocation fails (0: none)
 * ROCPART_FAIL_ALLOC_FROM   ... and all that follow
 * ROCPART_FAIL_ALLOC_COUNT  file into which the number of allocations is written at the end
 * ROCPART_FAIL_ALLOC_TRACE  the failed allocation is shown on standard error, as a back trace
 *
 * Only the process that was started counts: its children allocate as usual.
 */
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

static struct {
	_Atomic unsigned long n;
	unsigned long at;
	bool from_on, traced;
	const char *count_file;
	pid_t pid; /* 0: not counting yet */
} state;

static unsigned long number_of(const char *name)
{
	const char *text = getenv(name);

	return text ? strtoul(text, NULL, 10) : 0;
}

__attribute__((constructor)) static void begin(void)
{
	void *frames[1];

	state.at = number_of("ROCPART_FAIL_ALLOC");
	state.from_on = getenv("ROCPART_FAIL_ALLOC_FROM");
	state.traced = getenv("ROCPART_FAIL_ALLOC_TRACE");
	state.count_file = getenv("ROCPART_FAIL_ALLOC_COUNT");
	unsetenv("LD_PRELOAD"); /* what the program starts is not counted */
	if (state.traced)
		(void)backtrace(frames, 1); /* it loads a library, once */
	state.pid = getpid();
}

__attribute__((destructor)) static void end(void)
{
	int fd = state.count_file && getpid() == state.pid
			 ? open(state.count_file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)
			 : -1;
	char text[24];
	int len = snprintf(text, sizeof(text), "%lu", state.n);

	if (fd < 0)
		return;
	if (write(fd, text, (size_t)len) != len)
		_exit(99);
	close(fd);
}

static void trace(void)
{
	void *frames[32];
	pid_t pid = state.pid;
	int n;

	state.pid = 0; /* the trace allocates too */
	n = backtrace(frames, 32);
	backtrace_symbols_fd(frames, n, STDERR_FILENO);
	state.pid = pid;
}

static bool fails(void)
{
	unsigned long n;

	if (!state.pid)
		return false;
	n = ++state.n;
	if (!state.at || n < state.at || (n > state.at && !state.from_on) || getpid() != state.pid)
		return false;
	if (state.traced && n == state.at)
		trace();
	errno = ENOMEM;
	return true;
}

void *malloc(size_t size)
{
	return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	return fails() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t size)
{
	return fails() ? NULL : __libc_realloc(p, size);
}

void *reallocarray(void *p, size_t n, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes)) {
		errno = ENOMEM;
		return NULL;
	}
	return realloc(p, bytes);
}

void *aligned_alloc(size_t alignment, size_t size)
{
	return fails() ? NULL : __libc_memalign(alignment, size);
}

int posix_memalign(void **ret, size_t alignment, size_t size)
{
	void *p = aligned_alloc(alignment, size);

	if (!p)
		return ENOMEM;
	*ret = p;
	return 0;
}
