/* SPDX-License-Identifier: MIT */
/*
 * A GPU is a bar of a fixed width, which its partitions divide. Where their texts need more room, a
 * bar is broken into two or four rows. Partitions beside each other that are free are one cell.
 */
#include "views/picture.h"

#include "base/num.h"
#include "base/printable.h"
#include "views/text.h"

#define PREFIX	   8 /* "before |" */
#define LEAST_BAR  32
#define MOST_BAR   120
#define MOST_LINES 4 /* of a partition that is shared: names, then how many more */

struct tenant {
	char *kind, *text;
	uint64_t bytes;
};

struct part {
	struct tenant *v;
	size_t n, cap;
};

struct state {
	struct view_picture_state s;
	struct part *parts;
};

struct gpu {
	size_t index;
	char *name;
	struct state at[2];
	bool is_drawn;
};

struct view_picture {
	struct gpu *v;
	size_t n, cap;
};

struct view_picture *view_picture_new(void)
{
	return rp_new0(struct view_picture, 1);
}

static void state_done(struct state *s)
{
	for (uint32_t i = 0; s->parts && i < s->s.n; i++) {
		for (size_t k = 0; k < s->parts[i].n; k++) {
			free(s->parts[i].v[k].kind);
			free(s->parts[i].v[k].text);
		}
		free(s->parts[i].v);
	}
	free(s->parts);
}

static void gpu_done(struct gpu *g)
{
	state_done(&g->at[VIEW_BEFORE]);
	state_done(&g->at[VIEW_AFTER]);
	free(g->name);
}

struct view_picture *view_picture_free(struct view_picture *p)
{
	for (size_t i = 0; p && i < p->n; i++)
		gpu_done(&p->v[i]);
	if (p)
		free(p->v);
	free(p);
	return NULL;
}

static int set_state(struct state *ret, const struct view_picture_state *s)
{
	ret->s = *s;
	ret->parts = rp_new0(struct part, s->n);
	return ret->parts ? 0 : -ENOMEM;
}

int view_picture_add_gpu(struct view_picture *p, size_t index, const char *name,
			 const struct view_picture_state *before,
			 const struct view_picture_state *after)
{
	struct gpu g = {.index = index};

	if (!p || rp_grow(&p->v, &p->cap, p->n + 1, sizeof(g)) < 0)
		return -ENOMEM;
	g.name = strdup(name);
	if (!g.name || set_state(&g.at[VIEW_BEFORE], before) < 0 ||
	    set_state(&g.at[VIEW_AFTER], after) < 0) {
		gpu_done(&g);
		return -ENOMEM;
	}
	p->v[p->n++] = g;
	return 0;
}

static struct part *find_part(struct view_picture *p, const char *gpu, enum view_when when,
			      uint32_t partition)
{
	for (size_t i = 0; p && i < p->n; i++)
		if (rp_str_eq(p->v[i].name, gpu))
			return partition < p->v[i].at[when].s.n ? &p->v[i].at[when].parts[partition]
								: NULL;
	return NULL;
}

int view_picture_add(struct view_picture *p, const char *gpu, enum view_when when,
		     uint32_t partition, const char *kind, const char *text, uint64_t bytes)
{
	struct part *part = find_part(p, gpu, when, partition);
	struct tenant t = {.bytes = bytes};

	if (!part)
		return p ? 0 : -ENOMEM;
	t.kind = strdup(kind);
	t.text = strdup(text);
	if (!t.kind || !t.text || rp_grow(&part->v, &part->cap, part->n + 1, sizeof(t)) < 0) {
		free(t.kind);
		free(t.text);
		return -ENOMEM;
	}
	part->v[part->n++] = t;
	return 0;
}

/* ---- which are alike ---- */

static bool is_same_state(const struct state *a, const struct state *b, bool by_text)
{
	if (!rp_str_eq(a->s.mode, b->s.mode) || a->s.n != b->s.n || a->s.bytes != b->s.bytes)
		return false;
	for (uint32_t i = 0; i < a->s.n; i++) {
		const struct part *x = &a->parts[i], *y = &b->parts[i];

		if (x->n != y->n)
			return false;
		for (size_t k = 0; k < x->n; k++)
			if (x->v[k].bytes != y->v[k].bytes ||
			    !rp_str_eq(by_text ? x->v[k].text : x->v[k].kind,
				       by_text ? y->v[k].text : y->v[k].kind))
				return false;
	}
	return true;
}

static bool is_alike(const struct gpu *a, const struct gpu *b, bool by_text)
{
	return is_same_state(&a->at[VIEW_BEFORE], &b->at[VIEW_BEFORE], by_text) &&
	       is_same_state(&a->at[VIEW_AFTER], &b->at[VIEW_AFTER], by_text);
}

static bool has_tenants(const struct state *s)
{
	for (uint32_t i = 0; i < s->s.n; i++)
		if (s->parts[i].n)
			return true;
	return false;
}

/* Nothing is there, and nothing becomes of it. */
static bool is_idle(const struct gpu *g)
{
	return rp_str_eq(g->at[VIEW_BEFORE].s.mode, g->at[VIEW_AFTER].s.mode) &&
	       !has_tenants(&g->at[VIEW_BEFORE]) && !has_tenants(&g->at[VIEW_AFTER]);
}

/* The first GPU that is drawn for this one. */
static size_t leader_of(const struct view_picture *p, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (is_alike(&p->v[i], &p->v[index], false))
			return i;
	return index;
}

size_t view_picture_count(const struct view_picture *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n; i++)
		n += !is_idle(&p->v[i]) && leader_of(p, i) == i;
	return n;
}

/* ---- rows ---- */

/* Free partitions from one on, within the row that ends before end. */
static uint32_t count_free(const struct state *s, uint32_t first, uint32_t end)
{
	uint32_t n = 0;

	while (first + n < end && !s->parts[first + n].n)
		n++;
	return n;
}

/* Line of a cell: the tenants, the last of those that are shown for the rest, then the bytes. */
static void cell_line(const struct state *s, uint32_t first, uint32_t n_free, size_t line,
		      struct rp_strbuf *ret)
{
	const struct part *part = &s->parts[first];
	size_t names = part->n <= MOST_LINES ? part->n : MOST_LINES;
	char bytes[RP_BYTES_TEXT_SIZE];
	uint64_t sum = 0;

	for (size_t i = 0; i < part->n; i++)
		sum += part->v[i].bytes;
	rp_format_bytes(n_free ? s->s.bytes : sum, bytes);
	if (n_free && line == 0)
		rp_strbuf_add(ret, "free");
	else if (n_free && line == 1 && s->s.bytes && n_free > 1)
		rp_strbuf_addf(ret, "%u x %s", n_free, bytes);
	else if (n_free)
		rp_strbuf_add(ret, line == 1 && s->s.bytes ? bytes : "");
	else if (line < names && part->n > MOST_LINES && line + 1 == names)
		rp_strbuf_addf(ret, "and %zu more", part->n - names + 1);
	else if (line < names)
		view_addf(ret, "%s", part->v[line].text);
	else
		rp_strbuf_add(ret, line == names && sum ? bytes : "");
}

static size_t count_lines(const struct state *s, uint32_t first, uint32_t end)
{
	size_t most = 1;

	for (uint32_t i = first; i < end; i++)
		most = s->parts[i].n > most ? s->parts[i].n : most;
	return (most < MOST_LINES ? most : MOST_LINES) + 1;
}

/* "..." at the end of what does not fit, as any terminal has it. */
static void add_fitting(const char *text, size_t width, struct rp_strbuf *ret)
{
	RP_AUTO_STRBUF struct rp_strbuf cut = RP_STRBUF_INIT;
	size_t has = view_width(text);

	if (has > width) {
		view_cut(text, width > 2 ? width - 1 : 1, &cut);
		if (rp_str_ends(rp_strbuf_str(&cut), "…"))
			rp_strbuf_add_mem(ret, rp_strbuf_str(&cut), cut.len - strlen("…"));
		rp_strbuf_add(ret, "..");
		ret->failed |= rp_strbuf_failed(&cut);
		has = view_width(rp_strbuf_str(&cut)) + 1;
	} else {
		rp_strbuf_add(ret, text);
	}
	rp_strbuf_addf(ret, "%*s", (int)(has < width ? width - has : 0), "");
}

/* One line of the cells from first on, up to end. Each partition has width columns and a "|". */
static void add_row_line(const struct state *s, uint32_t first, uint32_t end, size_t width,
			 size_t line, struct rp_strbuf *ret)
{
	for (uint32_t i = first, n; i < end; i += n) {
		RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
		uint32_t n_free = count_free(s, i, end);

		n = n_free ? n_free : 1;
		cell_line(s, i, n_free, line, &text);
		ret->failed |= rp_strbuf_failed(&text);
		add_fitting(rp_strbuf_str(&text), n * (width + 1) - 1, ret);
		rp_strbuf_add_char(ret, '|');
	}
	rp_strbuf_add_char(ret, '\n');
}

/* Whether all texts of tenants fit in that many columns. */
static bool fits(const struct state *s, size_t width)
{
	for (uint32_t i = 0; i < s->s.n; i++)
		for (size_t k = 0; k < s->parts[i].n; k++) {
			RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;

			rp_printable_add(&text, s->parts[i].v[k].text);
			if (view_width(rp_strbuf_str(&text)) > width)
				return false;
		}
	return true;
}

/* Partitions in a row: as many as have room for their texts, a quarter of them at least. */
static uint32_t choose_columns(const struct state *s, size_t bar)
{
	uint32_t n = s->s.n;

	for (uint32_t rows = 1; rows < 4 && rows < s->s.n; rows *= 2) {
		n = (s->s.n + rows - 1) / rows;
		if (has_tenants(s) ? fits(s, bar / n - 1) : true)
			return n;
	}
	return n;
}

static void add_state(const struct state *s, const char *label, size_t bar, struct rp_strbuf *ret)
{
	uint32_t columns = s->s.n ? choose_columns(s, bar) : 1;
	size_t width = bar / columns - 1;

	for (uint32_t i = 0; i < s->s.n; i += columns) {
		uint32_t end = i + columns < s->s.n ? i + columns : s->s.n;

		for (size_t line = 0; line < count_lines(s, i, end); line++) {
			rp_strbuf_addf(ret, "%-*s|", PREFIX - 1, i || line ? "" : label);
			add_row_line(s, i, end, width, line, ret);
		}
	}
}

/* ---- GPUs ---- */

static void add_head(const struct gpu *g, struct rp_strbuf *ret)
{
	const char *from = g->at[VIEW_BEFORE].s.mode, *to = g->at[VIEW_AFTER].s.mode;

	view_addf(ret, "GPU %zu%s%s%s: %s%s%s\n", g->index, *g->name ? " (" : "", g->name,
		  *g->name ? ")" : "", *from && !rp_str_eq(from, to) ? from : "",
		  *from && !rp_str_eq(from, to) ? " -> " : "", to);
}

static void add_gpu(const struct gpu *g, size_t bar, struct rp_strbuf *ret)
{
	const struct state *before = &g->at[VIEW_BEFORE], *after = &g->at[VIEW_AFTER];

	add_head(g, ret);
	if (is_same_state(before, after, true)) {
		add_state(after, "stays", bar, ret);
		return;
	}
	add_state(before, "before", bar, ret);
	add_state(after, before->s.n ? "after" : "plan", bar, ret);
}

/* "GPU 1-3,5: " of those that want says, which are then drawn. */
struct range {
	size_t first, last, n;
};

static void add_range(struct range *r, struct rp_strbuf *ret)
{
	if (!r->n)
		return;
	rp_strbuf_addf(ret, "%zu", r->first);
	if (r->last > r->first)
		rp_strbuf_addf(ret, "-%zu", r->last);
}

static void extend_range(struct range *r, size_t index, struct rp_strbuf *ret)
{
	if (r->n && index == r->last + 1) {
		r->last = index;
	} else {
		add_range(r, ret);
		rp_strbuf_add(ret, r->n ? "," : "GPU ");
		r->first = r->last = index;
	}
	r->n++;
}

static void add_alike(struct view_picture *p, size_t leader, struct rp_strbuf *ret)
{
	const struct gpu *g = &p->v[leader];
	struct range r = {0};
	bool same_text = true;

	for (size_t i = leader + 1; i < p->n; i++) {
		if (p->v[i].is_drawn || !is_alike(g, &p->v[i], false))
			continue;
		same_text &= is_alike(g, &p->v[i], true);
		extend_range(&r, p->v[i].index, ret);
		p->v[i].is_drawn = true;
	}
	add_range(&r, ret);
	if (r.n)
		rp_strbuf_addf(ret, ": the same%s\n",
			       same_text ? "" : ", with other replicas of the same models");
}

static void add_idle(struct view_picture *p, size_t first, struct rp_strbuf *ret)
{
	const struct state *s = &p->v[first].at[VIEW_AFTER];
	struct range r = {0};

	for (size_t i = first; i < p->n; i++) {
		if (p->v[i].is_drawn || !is_idle(&p->v[i]) ||
		    !is_same_state(s, &p->v[i].at[VIEW_AFTER], false))
			continue;
		extend_range(&r, p->v[i].index, ret);
		p->v[i].is_drawn = true;
	}
	add_range(&r, ret);
	rp_strbuf_addf(ret, ": %s, not used by this plan\n", s->s.mode);
}

void view_picture_text(struct view_picture *p, size_t width, struct rp_strbuf *ret)
{
	size_t bar = width > PREFIX + LEAST_BAR ? width - PREFIX : LEAST_BAR;

	bar = bar < MOST_BAR ? bar : MOST_BAR;
	for (size_t i = 0; i < p->n; i++)
		p->v[i].is_drawn = false;
	for (size_t i = 0; i < p->n; i++) {
		if (p->v[i].is_drawn || is_idle(&p->v[i]))
			continue;
		p->v[i].is_drawn = true;
		add_gpu(&p->v[i], bar, ret);
		add_alike(p, i, ret);
	}
	for (size_t i = 0; i < p->n; i++)
		if (!p->v[i].is_drawn)
			add_idle(p, i, ret);
}
