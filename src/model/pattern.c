/* SPDX-License-Identifier: MIT */
#include "model/pattern.h"

#include <limits.h>

/*
 * One pass: the last star is the only one that is tried again, which is enough for a glob. Linear
 * in the length of the text times that of the pattern.
 */
static bool glob(const char *p, const char *s, bool parents)
{
	const char *star = NULL, *back = NULL;

	for (;;) {
		if (*p == '*') {
			star = p++;
			back = s;
		} else if (!*p && (!*s || (parents && *s == '.'))) {
			return true;
		} else if (*s && *p == *s) {
			p++;
			s++;
		} else if (star && *back) {
			p = star + 1;
			s = ++back;
		} else {
			return false;
		}
	}
}

bool rp_glob(const char *pattern, const char *text)
{
	return glob(pattern, text, false);
}

bool rp_glob_covers(const char *pattern, const char *text)
{
	return glob(pattern, text, true);
}

enum op { CHAR, ANY, SET, SPLIT, START, END, EDGE, MATCH };
#define MAX_DEPTH  16u
#define MAX_REPEAT 64u

/* A parser that writes steps in the order of the text: a group is a range of steps. */
struct parser {
	const char *p;
	struct rp_regex *re;
	unsigned depth;
};

static int emit(struct parser *q, enum op op, uint8_t c)
{
	if (q->re->n >= RP_REGEX_STEPS)
		return -E2BIG;
	q->re->steps[q->re->n++] = (struct rp_regex_step){.op = (uint8_t)op, .c = c};
	return 0;
}

/* Make room for one step at a place; jumps behind that place move with their targets. */
static int insert(struct parser *q, uint16_t at)
{
	struct rp_regex *re = q->re;

	if (re->n >= RP_REGEX_STEPS)
		return -E2BIG;
	memmove(&re->steps[at + 1], &re->steps[at], (size_t)(re->n - at) * sizeof(re->steps[0]));
	re->n++;
	for (uint16_t i = (uint16_t)(at + 1); i < re->n; i++) {
		if (re->steps[i].op == SPLIT) {
			re->steps[i].x++;
			re->steps[i].y++;
		}
	}
	return 0;
}

/* Both ways are tried; equal ways make a jump. */
static void split(struct parser *q, uint16_t at, uint16_t x, uint16_t y)
{
	q->re->steps[at] = (struct rp_regex_step){.op = SPLIT, .x = x, .y = y};
}

static void set_range(uint8_t *set, unsigned from, unsigned to)
{
	for (unsigned c = from; c <= to; c++)
		set[c / 8] |= (uint8_t)(1u << (c % 8));
}

/* \d, \w and \s; false: the letter stands for itself. */
static bool add_class(uint8_t *set, char letter)
{
	if (letter != 'd' && letter != 'w' && letter != 's')
		return false;
	if (letter == 's') {
		set_range(set, '\t', '\r');
		set_range(set, ' ', ' ');
		return true;
	}
	set_range(set, '0', '9');
	if (letter == 'w') {
		set_range(set, 'a', 'z');
		set_range(set, 'A', 'Z');
		set_range(set, '_', '_');
	}
	return true;
}

static int new_set(struct parser *q, uint8_t **ret)
{
	if (q->re->n_sets >= RP_REGEX_SETS)
		return -E2BIG;
	*ret = q->re->sets[q->re->n_sets];
	memset(*ret, 0, 32);
	return emit(q, SET, (uint8_t)q->re->n_sets++);
}

static int bracket(struct parser *q)
{
	uint8_t *set = NULL;
	bool negated = *q->p == '^', first = true;
	int r = new_set(q, &set);

	if (r < 0)
		return r;
	q->p += negated;
	for (; *q->p && (first || *q->p != ']'); first = false) {
		unsigned char from = (unsigned char)*q->p++, to = from;

		if (from == '\\') {
			if (!*q->p)
				return -EINVAL;
			if (add_class(set, *q->p)) {
				q->p++;
				continue;
			}
			from = to = (unsigned char)*q->p++;
		}
		if (q->p[0] == '-' && q->p[1] && q->p[1] != ']') {
			to = (unsigned char)q->p[1];
			q->p += 2;
		}
		if (to < from || to == '\\')
			return -EINVAL;
		set_range(set, from, to);
	}
	if (*q->p++ != ']')
		return -EINVAL;
	for (size_t i = 0; negated && i < 32; i++)
		set[i] = (uint8_t)~set[i];
	return 0;
}

static int escape(struct parser *q)
{
	char c = *q->p;
	uint8_t *set = NULL;
	int r;

	if (!c)
		return -EINVAL;
	q->p++;
	if (c == 'b')
		return emit(q, EDGE, 0);
	if (c == 'd' || c == 'w' || c == 's') {
		r = new_set(q, &set);
		if (r == 0)
			(void)add_class(set, c);
		return r;
	}
	if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
		return -ENOTSUP;
	return emit(q, CHAR, (uint8_t)c);
}

static int alternatives(struct parser *q);

static int group(struct parser *q)
{
	int r;

	if (++q->depth > MAX_DEPTH)
		return -E2BIG;
	if (*q->p == '?') {
		if (q->p[1] != ':')
			return -ENOTSUP;
		q->p += 2;
	}
	r = alternatives(q);
	if (r < 0)
		return r;
	if (*q->p != ')')
		return -EINVAL;
	q->p++;
	q->depth--;
	return 0;
}

static int atom(struct parser *q)
{
	char c = *q->p++;

	switch (c) {
	case '(':
		return group(q);
	case '[':
		return bracket(q);
	case '\\':
		return escape(q);
	case '.':
		return emit(q, ANY, 0);
	case '^':
		return emit(q, START, 0);
	case '$':
		return emit(q, END, 0);
	case '*':
	case '+':
	case '?':
		return -EINVAL;
	default:
		return emit(q, CHAR, (uint8_t)c);
	}
}

static int repeat_numbers(struct parser *q, unsigned *ret_least, unsigned *ret_most)
{
	unsigned v[2] = {0, 0};
	bool comma = false, any[2] = {false, false};

	for (q->p++; *q->p && *q->p != '}'; q->p++) {
		if (*q->p == ',' && !comma) {
			comma = true;
		} else if (*q->p >= '0' && *q->p <= '9') {
			v[comma] = v[comma] * 10 + (unsigned)(*q->p - '0');
			any[comma] = true;
			if (v[comma] > MAX_REPEAT)
				return -E2BIG;
		} else {
			return -EINVAL;
		}
	}
	if (*q->p++ != '}' || !any[0])
		return -EINVAL;
	*ret_least = v[0];
	*ret_most = !comma ? v[0] : any[1] ? v[1] : UINT_MAX;
	return *ret_most < *ret_least ? -EINVAL : 0;
}

/* The steps from `from` on once more. */
static int copy_steps(struct parser *q, uint16_t from, uint16_t count)
{
	struct rp_regex *re = q->re;
	uint16_t shift = (uint16_t)(re->n - from);

	if ((unsigned)re->n + count > RP_REGEX_STEPS)
		return -E2BIG;
	for (uint16_t i = 0; i < count; i++) {
		struct rp_regex_step s = re->steps[from + i];

		if (s.op == SPLIT) {
			s.x = (uint16_t)(s.x + shift);
			s.y = (uint16_t)(s.y + shift);
		}
		re->steps[re->n++] = s;
	}
	return 0;
}

/* x? is split(x, end); x* is split(x, end) and a jump back behind x. */
static int make_optional(struct parser *q, uint16_t from, bool again)
{
	int r = insert(q, from);

	if (r == 0 && again) {
		r = emit(q, SPLIT, 0);
		if (r == 0)
			split(q, (uint16_t)(q->re->n - 1), from, from);
	}
	if (r == 0)
		split(q, from, (uint16_t)(from + 1), q->re->n);
	return r;
}

static int repeat(struct parser *q, uint16_t from, unsigned least, unsigned most)
{
	uint16_t count = (uint16_t)(q->re->n - from), at = from;
	int r = 0;

	for (unsigned i = 1; i < least && r == 0; i++) {
		at = q->re->n;
		r = copy_steps(q, from, count);
	}
	if (r < 0 || most == least)
		return least == 0 && r == 0 ? -ENOTSUP : r; /* x{0} */
	if (least == 0) {
		r = make_optional(q, from, most == UINT_MAX);
		from++;
		least = 1;
	} else if (most == UINT_MAX) {
		r = emit(q, SPLIT, 0);
		if (r == 0)
			split(q, (uint16_t)(q->re->n - 1), at, q->re->n);
	}
	for (unsigned i = least; most != UINT_MAX && i < most && r == 0; i++) {
		at = q->re->n;
		r = copy_steps(q, from, count);
		r = r < 0 ? r : make_optional(q, at, false);
	}
	return r;
}

static int repeated_atom(struct parser *q)
{
	uint16_t from = q->re->n;
	unsigned least = 1, most = 1;
	int r = atom(q);

	if (r < 0)
		return r;
	switch (*q->p) {
	case '*':
		least = 0;
		most = UINT_MAX;
		break;
	case '+':
		most = UINT_MAX;
		break;
	case '?':
		least = 0;
		break;
	case '{':
		r = repeat_numbers(q, &least, &most);
		if (r < 0)
			return r;
		q->p--;
		break;
	default:
		return 0;
	}
	q->p++;
	if (*q->p == '?') /* "as few as possible" matches the same texts */
		q->p++;
	return repeat(q, from, least, most);
}

static int alternatives(struct parser *q)
{
	uint16_t from = q->re->n, jumps[32];
	size_t n = 0;
	int r = 0;

	while (r == 0) {
		while (r == 0 && *q->p && *q->p != '|' && *q->p != ')')
			r = repeated_atom(q);
		if (r < 0 || *q->p != '|')
			break;
		q->p++;
		if (n == RP_ARRAY_LEN(jumps))
			return -E2BIG;
		r = insert(q, from);
		for (size_t i = 0; i < n; i++)
			jumps[i] = (uint16_t)(jumps[i] + (jumps[i] >= from));
		if (r == 0)
			r = emit(q, SPLIT, 0); /* to the end, when that is known */
		if (r == 0) {
			jumps[n++] = (uint16_t)(q->re->n - 1);
			split(q, jumps[n - 1], 0, 0);
			split(q, from, (uint16_t)(from + 1), q->re->n);
			from = q->re->n;
		}
	}
	for (size_t i = 0; r == 0 && i < n; i++)
		split(q, jumps[i], q->re->n, q->re->n);
	return r;
}

int rp_regex_compile(const char *pattern, struct rp_regex *ret)
{
	struct parser q = {.p = pattern, .re = ret};
	int r;

	memset(ret, 0, sizeof(*ret));
	r = alternatives(&q);
	if (r == 0 && *q.p)
		r = -EINVAL; /* a ')' of no group */
	return r < 0 ? r : emit(&q, MATCH, 0);
}

/* Steps that are alive at one place of the text, each once. */
struct alive {
	uint16_t v[RP_REGEX_STEPS];
	uint16_t n;
	uint8_t seen[RP_REGEX_STEPS];
};

static bool is_word(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       c == '_';
}

static bool holds(const struct rp_regex_step *s, const char *text, const char *at)
{
	if (s->op == START)
		return at == text;
	if (s->op == END)
		return !*at;
	return (at > text && is_word(at[-1])) != is_word(*at);
}

/* Add a step and all that it reaches without a letter. */
static void enter(const struct rp_regex *re, struct alive *a, uint16_t step, const char *text,
		  const char *at)
{
	uint16_t stack[2 * RP_REGEX_STEPS + 1];
	size_t n = 0;

	stack[n++] = step;
	while (n) {
		uint16_t i = stack[--n];
		const struct rp_regex_step *s = &re->steps[i];

		if (a->seen[i])
			continue;
		a->seen[i] = 1;
		if (s->op == SPLIT) {
			stack[n++] = s->x;
			stack[n++] = s->y;
		} else if (s->op == START || s->op == END || s->op == EDGE) {
			if (holds(s, text, at))
				stack[n++] = (uint16_t)(i + 1);
		} else {
			a->v[a->n++] = i;
		}
	}
}

static bool takes(const struct rp_regex *re, const struct rp_regex_step *s, unsigned char c)
{
	if (s->op == CHAR)
		return s->c == c;
	return s->op == ANY || (re->sets[s->c][c / 8] >> (c % 8) & 1);
}

#define LETTER_WORK 8u /* of a letter, however few steps are alive */

bool rp_regex_match(const struct rp_regex *re, const char *text, uint64_t *work)
{
	struct alive sets[2], *now = &sets[0], *next = &sets[1], *swap;

	now->n = 0;
	memset(now->seen, 0, re->n);
	enter(re, now, 0, text, text);
	for (const char *at = text;; at++) {
		next->n = 0;
		memset(next->seen, 0, re->n);
		*work += now->n + LETTER_WORK;
		for (uint16_t i = 0; i < now->n; i++) {
			const struct rp_regex_step *s = &re->steps[now->v[i]];

			if (s->op == MATCH)
				return true;
			if (*at && takes(re, s, (unsigned char)*at))
				enter(re, next, (uint16_t)(now->v[i] + 1), text, at + 1);
		}
		if (!*at || !next->n)
			return false;
		swap = now;
		now = next;
		next = swap;
	}
}
