/* SPDX-License-Identifier: MIT */
/*
 * What every file of ours starts with: attributes, scope-bound cleanup, the errno helper.
 */
#ifndef RP_BASE_BASE_H
#define RP_BASE_BASE_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* On the definition of each function that a public header declares. */
#define ROCPART_PUBLIC __attribute__((visibility("default")))

#define RP_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define RP_MUST_CHECK	     __attribute__((warn_unused_result))
#define RP_UNUSED	     __attribute__((unused))

/* Text of a PCI address, "dddd:bb:dd.f"; domains are 32 bits wide. */
#define RP_BDF_SIZE 20

#define RP_ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* The errno of the system call just made, as a value that is provably negative. */
static inline int rp_neg_errno(void)
{
	int r = -errno;

	return r < 0 ? r : -EIO;
}

/* A system call that a signal interrupted is made again: `fd = rp_retry(openat(...))`. */
#define rp_retry(call)                                 \
	({                                             \
		__typeof__(call) rp_n_;                \
		do                                     \
			rp_n_ = (call);                \
		while (rp_n_ == -1 && errno == EINTR); \
		rp_n_;                                 \
	})

/*
 * An error is not an absence. These say that a file is not there: its name (ENOENT, ENOTDIR), or
 * the device behind the name (ENODEV: kernfs, once the device was removed, fs/kernfs/file.c; ENXIO:
 * a device node without a driver). Every other errno (EMFILE, EIO, ENOMEM, EACCES...) says nothing
 * about the machine: whoever looks has failed, and must not go on as if there were nothing.
 */
static inline bool rp_is_absent(int r)
{
	return r == -ENOENT || r == -ENOTDIR || r == -ENODEV || r == -ENXIO;
}

/* Of files of a process in /proc and in the KFD's folder: it has ended (ESRCH, fs/proc/base.c). */
static inline bool rp_is_ended(int r)
{
	return rp_is_absent(r) || r == -ESRCH;
}

/* The caller may not look: a fact about the caller, which the answer must mention. */
static inline bool rp_is_denied(int r)
{
	return r == -EACCES || r == -EPERM;
}

void rp_cleanup_free(void *pp);	    /* void **, free(3) */
void rp_cleanup_close(int *fd);	    /* close(2) when >= 0 */
void rp_cleanup_fclose(void *pp);   /* FILE ** */
void rp_cleanup_closedir(void *pp); /* DIR ** */

/* Variables given to these must be initialised at their declaration: NULL, or -EBADF for a file. */
#define RP_AUTO_FREE	 __attribute__((cleanup(rp_cleanup_free)))
#define RP_AUTO_CLOSE	 __attribute__((cleanup(rp_cleanup_close)))
#define RP_AUTO_FCLOSE	 __attribute__((cleanup(rp_cleanup_fclose)))
#define RP_AUTO_CLOSEDIR __attribute__((cleanup(rp_cleanup_closedir)))
#define RP_AUTO(fn)	 __attribute__((cleanup(fn)))

/* Give away what a cleanup variable holds: `return rp_steal(&p)`. */
#define rp_steal(pp)                                 \
	({                                           \
		__typeof__(pp) rp_pp_ = (pp);        \
		__typeof__(*rp_pp_) rp_p_ = *rp_pp_; \
		*rp_pp_ = NULL;                      \
		rp_p_;                               \
	})

static inline int rp_steal_fd(int *fd)
{
	int r = *fd;

	*fd = -EBADF;
	return r;
}

/* calloc with n and size multiplied safely; NULL when out of memory. */
#define rp_new0(type, n) ((type *)calloc((n) ? (n) : 1, sizeof(type)))

/*
 * Grow *items, an array with room for *cap elements, so that it has room for at least need.
 * 0 or -ENOMEM; the array is untouched on failure.
 */
int rp_grow(void *items, size_t *cap, size_t need, size_t elem_size) RP_MUST_CHECK;

/* Banned for the reasons in CONTRIBUTING.md; each has a checked replacement in this folder. */
#undef alloca
#pragma GCC poison strcpy strcat sprintf vsprintf strncpy strtok gets atoi atol atof sscanf alloca
#pragma GCC poison system popen usleep localtime strcasecmp strncasecmp strtod

#endif
