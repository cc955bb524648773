/* SPDX-License-Identifier: MIT */
#include "base/suggest.h"

#include <ctype.h>

#define LONGEST 96 /* no verb, option, column, key or name of a model is longer */

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

static bool is_same(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* row[k][j]: distance of the first i - k letters of a and the first j of b. */
unsigned rp_edit_distance(const char *a, const char *b)
{
	unsigned row[3][LONGEST + 1] = {{0}};
	size_t len_a = strlen(a), len_b = strlen(b);

	if (len_a > LONGEST || len_b > LONGEST)
		return UINT32_MAX;
	for (size_t j = 0; j <= len_b; j++)
		row[0][j] = (unsigned)j;
	for (size_t i = 1; i <= len_a; i++) {
		memcpy(row[2], row[1], sizeof(row[2]));
		memcpy(row[1], row[0], sizeof(row[1]));
		row[0][0] = (unsigned)i;
		for (size_t j = 1; j <= len_b; j++) {
			unsigned replaced = row[1][j - 1] + !is_same(a[i - 1], b[j - 1]);

			row[0][j] = least(replaced, least(row[1][j], row[0][j - 1]) + 1);
			if (i > 1 && j > 1 && is_same(a[i - 1], b[j - 2]) &&
			    is_same(a[i - 2], b[j - 1]))
				row[0][j] = least(row[0][j], row[2][j - 2] + 1);
		}
	}
	return row[0][len_b];
}

/* Whether known begins with word, letters of both cases being equal. */
static bool is_begun(const char *word, const char *known)
{
	while (*word && *known && is_same(*word, *known)) {
		word++;
		known++;
	}
	return !*word;
}

/* The only known word that begins with word; NULL when there are several, or none. */
static const char *complete(const char *word, rp_word_at_fn at, const void *list)
{
	const char *found = NULL, *known;

	if (strlen(word) < 3)
		return NULL;
	for (size_t i = 0; (known = at(list, i)); i++) {
		if (!is_begun(word, known))
			continue;
		if (found)
			return NULL;
		found = known;
	}
	return found;
}

const char *rp_suggest(const char *word, rp_word_at_fn at, const void *list)
{
	size_t len = strlen(word);
	unsigned best = (unsigned)(len < 6 ? 1 : len / 3) + 1;
	const char *nearest = NULL, *known;

	for (size_t i = 0; (known = at(list, i)); i++) {
		unsigned d = rp_edit_distance(word, known);

		if (d >= best)
			continue;
		best = d;
		nearest = known;
	}
	return nearest ? nearest : complete(word, at, list);
}

struct array {
	const char *const *words;
	size_t n;
};

static const char *word_at(const void *list, size_t index)
{
	const struct array *a = list;

	return index < a->n ? a->words[index] : NULL;
}

const char *rp_suggest_of(const char *word, const char *const *words, size_t n)
{
	const struct array a = {words, n};

	return rp_suggest(word, word_at, &a);
}
