/* SPDX-License-Identifier: MIT */
#include "model/files/hash_set.h"

#define MAX_PROBES 1024u

int rp_hash_set_open(struct rp_hash_set *s, uint64_t n)
{
	size_t size = 16;

	while (size < n * 2)
		size *= 2;
	free(s->v);
	s->v = rp_new0(uint64_t, size);
	s->mask = size - 1;
	return s->v ? 0 : -ENOMEM;
}

int rp_hash_set_add(struct rp_hash_set *s, uint64_t hash)
{
	size_t i = (size_t)hash & s->mask;

	hash |= 1; /* zero is the empty place */
	for (unsigned n = 0; n < MAX_PROBES; n++, i = (i + 1) & s->mask) {
		if (!s->v[i]) {
			s->v[i] = hash;
			return 0;
		}
		if (s->v[i] == hash)
			return -EEXIST;
	}
	return -E2BIG;
}
