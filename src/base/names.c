/* SPDX-License-Identifier: MIT */
#include "base/strbuf.h"

#include <ctype.h>

void rp_names_done(struct rp_names *names)
{
	int saved = errno;

	for (size_t i = 0; i < names->n; i++)
		free(names->v[i]);
	free(names->v);
	*names = (struct rp_names)RP_NAMES_INIT;
	errno = saved;
}

int rp_names_add(struct rp_names *names, const char *name)
{
	char *copy;
	int r = rp_grow(&names->v, &names->cap, names->n + 1, sizeof(*names->v));

	if (r < 0)
		return r;
	copy = strdup(name);
	if (!copy)
		return -ENOMEM;
	names->v[names->n++] = copy;
	return 0;
}

static size_t digits(const char *s)
{
	size_t n = 0;

	while (isdigit((unsigned char)s[n]))
		n++;
	return n;
}

/* Runs of digits by value: leading zeros dropped, then by length, then by text. */
static int digits_cmp(const char **a, const char **b)
{
	size_t na, nb;
	int r;

	while (**a == '0' && isdigit((unsigned char)(*a)[1]))
		(*a)++;
	while (**b == '0' && isdigit((unsigned char)(*b)[1]))
		(*b)++;
	na = digits(*a);
	nb = digits(*b);
	if (na != nb)
		return na < nb ? -1 : 1;
	r = strncmp(*a, *b, na);
	*a += na;
	*b += nb;
	return r;
}

int rp_natural_cmp(const char *a, const char *b)
{
	const char *pa = a, *pb = b;

	while (*pa && *pb) {
		if (isdigit((unsigned char)*pa) && isdigit((unsigned char)*pb)) {
			int r = digits_cmp(&pa, &pb);

			if (r)
				return r;
			continue;
		}
		if (*pa != *pb)
			return (unsigned char)*pa < (unsigned char)*pb ? -1 : 1;
		pa++;
		pb++;
	}
	if (*pa || *pb)
		return *pa ? 1 : -1;
	return strcmp(a, b);
}

static int cmp(const void *a, const void *b)
{
	const char *const *pa = a, *const *pb = b;

	return rp_natural_cmp(*pa, *pb);
}

void rp_names_sort(struct rp_names *names)
{
	if (names->n)
		qsort(names->v, names->n, sizeof(*names->v), cmp);
}
