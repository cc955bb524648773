/* SPDX-License-Identifier: MIT */
#include "base/base.h"

#include <dirent.h>
#include <stdio.h>
#include <unistd.h>

/* Cleanup functions keep errno: they run between a failed call and the reader of errno. */
void rp_cleanup_free(void *pp)
{
	int saved = errno;
	void *p;

	memcpy(&p, pp, sizeof(p));
	free(p);
	errno = saved;
}

void rp_cleanup_close(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	errno = saved;
}

void rp_cleanup_fclose(void *pp)
{
	int saved = errno;
	FILE *f;

	memcpy(&f, pp, sizeof(f));
	if (f)
		fclose(f);
	errno = saved;
}

void rp_cleanup_closedir(void *pp)
{
	int saved = errno;
	DIR *d;

	memcpy(&d, pp, sizeof(d));
	if (d)
		closedir(d);
	errno = saved;
}

int rp_grow(void *items, size_t *cap, size_t need, size_t elem_size)
{
	size_t want = *cap ? *cap : 8;
	void *p;

	if (need <= *cap)
		return 0;
	while (want < need) {
		if (want > SIZE_MAX / 2)
			return -ENOMEM;
		want *= 2;
	}
	memcpy(&p, items, sizeof(p));
	p = reallocarray(p, want, elem_size);
	if (!p)
		return -ENOMEM;
	memcpy(items, &p, sizeof(p));
	*cap = want;
	return 0;
}
