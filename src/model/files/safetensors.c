/* SPDX-License-Identifier: MIT */
#include "model/files/safetensors.h"

#include "base/num.h"
#include "base/strbuf.h"
#include "model/files/file.h"
#include "model/files/pull.h"

#define NAME_SIZE 160u /* of names in messages */

/* The header, wherever it is: it is read again to name the tensor of a failure. */
struct source {
	int fd;
	const char *text; /* in memory, when fd < 0 */
	uint64_t header_size, data_size;
	const char *name;
	struct rocpart_error *reterr;
};

struct entry {
	char name[NAME_SIZE];
	uint64_t hash;
	uint64_t begin, end, elements;
	uint32_t bits;
	bool float32, plain; /* plain: one element is one weight */
	bool is_head, is_embed, is_lora, skipped;
	uint64_t index;
};

typedef int (*entry_fn)(void *userdata, const struct entry *e, struct rp_pull *p);

/* bits of an element; plain when it is a floating-point weight by itself */
static const struct dtype {
	char name[12];
	uint8_t bits;
	bool plain;
} dtypes[] = {
	{"BF16", 16, true},	   {"F16", 16, true},	      {"F32", 32, true},
	{"U8", 8, false},	   {"I8", 8, false},	      {"F8_E4M3", 8, false},
	{"F8_E5M2", 8, false},	   {"F8_E8M0", 8, false},     {"I32", 32, false},
	{"I64", 64, true},	   {"F64", 64, true},	      {"BOOL", 8, true},
	{"F8_E4M3FNUZ", 8, false}, {"F8_E5M2FNUZ", 8, false}, {"U16", 16, false},
	{"I16", 16, false},	   {"U32", 32, false},	      {"U64", 64, true},
	{"C64", 64, true},	   {"F4", 4, false},	      {"F6_E2M3", 6, false},
	{"F6_E3M2", 6, false},
};

/* Multiplies and folds 8 bytes at a time; strong enough that equal means the same name. */
static uint64_t mix(uint64_t a, uint64_t b)
{
	__extension__ typedef unsigned __int128 u128;
	u128 v = (u128)(a ^ UINT64_C(0x9e3779b97f4a7c15)) * (b ^ UINT64_C(0xe7037ed1a0b428db));

	return (uint64_t)v ^ (uint64_t)(v >> 64);
}

uint64_t rp_st_name_hash(const char *s, size_t len)
{
	uint64_t h = mix(len, UINT64_C(0x8ebc6af09c88c6e3)), w;

	for (; len >= 8; s += 8, len -= 8) {
		memcpy(&w, s, 8);
		h = mix(h ^ w, UINT64_C(0x589965cc75374cc3));
	}
	w = 0;
	memcpy(&w, s, len);
	return mix(h ^ w, UINT64_C(0x1d8e4e27c47d124f));
}

uint64_t rp_st_name_share(const char *s, size_t len)
{
	return mix(rp_st_name_hash(s, len), 3);
}

static int field_error(struct rp_pull *p, const struct entry *e, const char *field,
		       const char *what)
{
	return rp_pull_error(p, "tensor '%s': '%s' %s", e->name, field, what);
}

static int read_dtype(struct rp_pull *p, struct entry *e)
{
	int t = rp_pull_next(p);

	if (t < 0)
		return t;
	if (t != RP_PULL_STRING)
		return field_error(p, e, "dtype", "is not a string");
	for (size_t i = 0; i < RP_ARRAY_LEN(dtypes); i++) {
		if (rp_pull_is(p, dtypes[i].name)) {
			e->bits = dtypes[i].bits;
			e->plain = dtypes[i].plain;
			e->float32 = dtypes[i].plain && dtypes[i].bits == 32;
			return 0;
		}
	}
	return field_error(p, e, "dtype", "is not a type of safetensors");
}

static int read_shape(struct rp_pull *p, struct entry *e)
{
	uint64_t n = 1;
	unsigned rank = 0;
	int t = rp_pull_next(p);

	if (t < 0)
		return t;
	if (t != RP_PULL_ARRAY)
		return field_error(p, e, "shape", "is not a list");
	for (;;) {
		t = rp_pull_next(p);
		if (t < 0)
			return t;
		if (t == RP_PULL_ARRAY_END)
			break;
		if (t != RP_PULL_INT || p->negative)
			return field_error(p, e, "shape", "has an entry that is not a size");
		if (++rank > RP_ST_MAX_RANK)
			return field_error(p, e, "shape", "has more than 8 dimensions");
		if (rp_mul_u64(n, p->u, &n) < 0)
			return field_error(p, e, "shape",
					   "has a product that does not fit in 64 bits");
	}
	e->elements = n;
	return 0;
}

static int read_offsets(struct rp_pull *p, struct entry *e)
{
	uint64_t *const at[] = {&e->begin, &e->end};
	int t = rp_pull_next(p);

	if (t < 0)
		return t;
	if (t != RP_PULL_ARRAY)
		return field_error(p, e, "data_offsets", "is not a list");
	for (size_t i = 0; i < 2; i++) {
		t = rp_pull_next(p);
		if (t < 0)
			return t;
		if (t != RP_PULL_INT || p->negative)
			return field_error(p, e, "data_offsets", "does not have two offsets");
		*at[i] = p->u;
	}
	t = rp_pull_next(p);
	if (t < 0)
		return t;
	return t == RP_PULL_ARRAY_END
		       ? 0
		       : field_error(p, e, "data_offsets", "has more than two offsets");
}

#define SEEN_DTYPE   1u
#define SEEN_SHAPE   2u
#define SEEN_OFFSETS 4u

static int read_field(struct rp_pull *p, struct entry *e, unsigned *seen)
{
	unsigned bit;
	const char *name;
	int r;

	if (rp_pull_is(p, "dtype")) {
		bit = SEEN_DTYPE;
		name = "dtype";
		r = read_dtype(p, e);
	} else if (rp_pull_is(p, "shape")) {
		bit = SEEN_SHAPE;
		name = "shape";
		r = read_shape(p, e);
	} else if (rp_pull_is(p, "data_offsets")) {
		bit = SEEN_OFFSETS;
		name = "data_offsets";
		r = read_offsets(p, e);
	} else {
		int t = rp_pull_next(p);

		return t < 0 ? t : rp_pull_skip(p, t);
	}
	if (r < 0)
		return r;
	if (*seen & bit)
		return field_error(p, e, name, "is given twice");
	*seen |= bit;
	return 0;
}

static int check_entry(struct rp_pull *p, const struct entry *e, unsigned seen, uint64_t data_size)
{
	uint64_t bits;

	if (!(seen & SEEN_DTYPE))
		return field_error(p, e, "dtype", "is missing");
	if (!(seen & SEEN_SHAPE))
		return field_error(p, e, "shape", "is missing");
	if (!(seen & SEEN_OFFSETS))
		return field_error(p, e, "data_offsets", "is missing");
	if (rp_mul_u64(e->elements, e->bits, &bits) < 0)
		return field_error(p, e, "shape", "has a size that does not fit in 64 bits");
	if (bits % 8)
		return field_error(p, e, "shape", "has a size that is no multiple of a byte");
	if (e->begin > e->end || e->end > data_size)
		return field_error(p, e, "data_offsets", "lie outside the file");
	if (e->end - e->begin != bits / 8)
		return field_error(p, e, "data_offsets", "do not agree with the size of the shape");
	return 0;
}

static bool ends_with(const char *s, size_t len, const char *suffix)
{
	size_t n = strlen(suffix);

	return len >= n && memcmp(s + len - n, suffix, n) == 0;
}

/* Layers for drafts: "mtp." or a number behind "layers." that the model does not count. */
static bool is_draft(const char *s, size_t len, uint32_t from)
{
	const char *at;
	uint64_t n = 0;

	if (len > 4 && memcmp(s, "mtp.", 4) == 0)
		return true;
	at = from ? memmem(s, len, "layers.", 7) : NULL;
	if (!at)
		return false;
	for (at += 7; at < s + len && *at >= '0' && *at <= '9' && n < 100000; at++)
		n = n * 10 + (uint64_t)(*at - '0');
	return n >= from && at < s + len && *at == '.' && at[-1] != '.';
}

static void read_name(const struct rp_pull *p, const struct rp_st_skip *skip, struct entry *e)
{
	e->hash = rp_st_name_hash(p->text, p->text_len);
	e->is_head = ends_with(p->text, p->text_len, "lm_head.weight");
	e->is_embed = ends_with(p->text, p->text_len, "embed_tokens.weight");
	e->is_lora = memmem(p->text, p->text_len, "lora_", 5) != NULL;
	e->skipped = skip && is_draft(p->text, p->text_len, skip->mtp_from);
	rp_pull_copy(p, e->name, sizeof(e->name));
}

/* "__metadata__": a map from text to text. */
static int read_metadata(struct rp_pull *p)
{
	int t = rp_pull_expect(p, RP_PULL_OBJECT, "the map of __metadata__");

	while (t >= 0) {
		t = rp_pull_next(p);
		if (t == RP_PULL_OBJECT_END)
			return 0;
		if (t >= 0)
			t = rp_pull_expect(p, RP_PULL_STRING, "a text in __metadata__");
	}
	return t;
}

static int read_entry(struct rp_pull *p, struct entry *e, uint64_t data_size)
{
	unsigned seen = 0;
	int t = rp_pull_next(p);

	if (t < 0)
		return t;
	if (t != RP_PULL_OBJECT)
		return rp_pull_error(p, "tensor '%s' is not an object", e->name);
	for (;;) {
		t = rp_pull_next(p);
		if (t < 0)
			return t;
		if (t == RP_PULL_OBJECT_END)
			return check_entry(p, e, seen, data_size);
		t = read_field(p, e, &seen);
		if (t < 0)
			return t;
	}
}

static int walk(struct rp_pull *p, uint64_t data_size, const struct rp_st_skip *skip, entry_fn fn,
		void *userdata)
{
	struct entry e;
	uint64_t n = 0;
	bool metadata = false;
	int r = rp_pull_expect(p, RP_PULL_OBJECT, "the map of tensors");

	while (r == 0) {
		int t = rp_pull_next(p);

		if (t < 0)
			return t;
		if (t == RP_PULL_OBJECT_END)
			return rp_pull_padding(p);
		if (rp_pull_is(p, "__metadata__")) {
			if (metadata)
				return rp_pull_error(p, "__metadata__ is given twice");
			metadata = true;
			r = read_metadata(p);
			continue;
		}
		read_name(p, skip, &e);
		e.index = n++;
		if (n > RP_ST_MAX_TENSORS)
			return rp_pull_error(p, "the header has more than %u tensors",
					     RP_ST_MAX_TENSORS);
		r = read_entry(p, &e, data_size);
		if (r == 0)
			r = fn(userdata, &e, p);
	}
	return r;
}

static int walk_source(const struct source *s, const struct rp_st_skip *skip, entry_fn fn,
		       void *userdata)
{
	RP_AUTO_PULL struct rp_pull p = {.fd = -EBADF};

	if (s->fd < 0) {
		rp_pull_open_mem(&p, s->text, (size_t)s->header_size, s->name, s->reterr);
	} else {
		int r = rp_pull_open_fd(&p, s->fd, 8, s->header_size, s->name, s->reterr);

		if (r < 0)
			return r;
	}
	return walk(&p, s->data_size, skip, fn, userdata);
}

/* First pass: sums, hashes of names, and a fingerprint of where tensors begin and end. */
struct first {
	struct rp_st_sums sums;
	uint64_t *hashes;
	size_t n, cap;
	uint64_t edge1, edge2;
};

static int first_entry(void *userdata, const struct entry *e, struct rp_pull *p)
{
	struct first *f = userdata;
	uint64_t bytes = e->end - e->begin;

	if (f->n == f->cap && rp_grow(&f->hashes, &f->cap, f->n + 1, sizeof(*f->hashes)) < 0)
		return rp_error_nomem(p->reterr);
	f->hashes[f->n++] = e->hash;
	f->edge1 += mix(e->begin, 1) - mix(e->end, 1);
	f->edge2 += mix(e->begin, 2) - mix(e->end, 2);
	f->sums.name_sum += mix(e->hash, 3);
	/* Each tensor lies in the file and their sum is checked below: no sum can wrap before. */
	if (rp_add_u64(f->sums.bytes, bytes, &f->sums.bytes) < 0 ||
	    rp_add_u64(f->sums.elements, e->elements, &f->sums.elements) < 0)
		return field_error(p, e, "shape", "the sum of all sizes does not fit in 64 bits");
	f->sums.float32_bytes += e->float32 ? bytes : 0;
	f->sums.packed |= !e->plain;
	f->sums.has_embed |= e->is_embed;
	f->sums.n_lora += e->is_lora;
	if (e->skipped) {
		f->sums.skipped_bytes += bytes;
		f->sums.skipped_elements += e->elements;
	} else if (e->is_head) {
		f->sums.head_bytes += bytes;
		f->sums.head_elements += e->elements;
	}
	return 0;
}

/* Sort by eight bits at a time: linear whatever the names are. */
static int sort_u64(uint64_t *v, size_t n)
{
	RP_AUTO_FREE uint64_t *other = rp_new0(uint64_t, n);
	uint64_t *from = v, *to = other;

	if (!other)
		return -ENOMEM;
	for (unsigned shift = 0; shift < 64; shift += 8) {
		uint32_t count[256] = {0};
		uint32_t sum = 0;
		uint64_t *swap;

		for (size_t i = 0; i < n; i++)
			count[(from[i] >> shift) & 255]++;
		for (size_t i = 0; i < 256; i++) {
			uint32_t c = count[i];

			count[i] = sum;
			sum += c;
		}
		for (size_t i = 0; i < n; i++)
			to[count[(from[i] >> shift) & 255]++] = from[i];
		swap = from;
		from = to;
		to = swap;
	}
	return 0; /* eight passes: the result is in v again */
}

struct find_hash {
	uint64_t hash;
	bool seen;
};

static int find_second(void *userdata, const struct entry *e, struct rp_pull *p)
{
	struct find_hash *f = userdata;

	if (e->hash != f->hash)
		return 0;
	if (f->seen)
		return rp_pull_error(p, "tensor '%s' is given twice", e->name);
	f->seen = true;
	return 0;
}

static int check_names(const struct source *s, struct first *f)
{
	if (sort_u64(f->hashes, f->n) < 0)
		return rp_error_nomem(s->reterr);
	for (size_t i = 1; i < f->n; i++) {
		if (f->hashes[i] == f->hashes[i - 1]) {
			struct find_hash find = {f->hashes[i], false};

			return walk_source(s, NULL, find_second, &find);
		}
	}
	return 0;
}

/* Which tensor breaks the tiling: only asked when one does. */
struct span {
	uint64_t begin, end, index;
};

struct spans {
	struct span *v;
	size_t n, cap;
	uint64_t wanted;
	const char *what;
};

static int collect_span(void *userdata, const struct entry *e, struct rp_pull *p)
{
	struct spans *s = userdata;

	if (rp_grow(&s->v, &s->cap, s->n + 1, sizeof(*s->v)) < 0)
		return rp_error_nomem(p->reterr);
	s->v[s->n++] = (struct span){e->begin, e->end, e->index};
	return 0;
}

static int report_span(void *userdata, const struct entry *e, struct rp_pull *p)
{
	const struct spans *s = userdata;

	return e->index == s->wanted ? field_error(p, e, "data_offsets", s->what) : 0;
}

static int span_order(const void *a, const void *b)
{
	const struct span *x = a, *y = b;

	if (x->begin != y->begin)
		return x->begin < y->begin ? -1 : 1;
	return (x->end > y->end) - (x->end < y->end);
}

static int report_tiling(const struct source *src)
{
	struct spans s = {0};
	uint64_t at = 0;
	int r = walk_source(src, NULL, collect_span, &s);

	if (r == 0 && s.n)
		qsort(s.v, s.n, sizeof(*s.v), span_order);
	for (size_t i = 0; r == 0 && i < s.n; i++) {
		if (s.v[i].begin != at) {
			s.wanted = s.v[i].index;
			s.what = s.v[i].begin < at ? "overlap the tensor before"
						   : "leave a gap after the tensor before";
			r = walk_source(src, NULL, report_span, &s);
		}
		at = s.v[i].end;
	}
	free(s.v);
	if (r < 0)
		return r;
	return rp_error_set(src->reterr, -EINVAL, ROCPART_ERR_MODEL_FORMAT, src->name,
			    "the tensors end at byte %llu of the %llu bytes of data",
			    (unsigned long long)at, (unsigned long long)src->data_size);
}

/*
 * Every tensor runs forward. When the multiset of beginnings and {end of data} equals that of ends
 * and {0}, they form one chain from 0 to the end: a tiling. Equality is told by two sums of hashes.
 */
static int check_tiling(const struct source *s, const struct first *f)
{
	uint64_t want1 = mix(0, 1) - mix(s->data_size, 1), want2 = mix(0, 2) - mix(s->data_size, 2);

	if (f->edge1 == want1 && f->edge2 == want2 && f->sums.bytes == s->data_size)
		return 0;
	return report_tiling(s);
}

static void add_sums(struct rp_st_sums *to, const struct rp_st_sums *from)
{
	to->n_tensors += from->n_tensors;
	to->bytes += from->bytes;
	to->elements += from->elements;
	to->float32_bytes += from->float32_bytes;
	to->skipped_bytes += from->skipped_bytes;
	to->skipped_elements += from->skipped_elements;
	to->head_bytes += from->head_bytes;
	to->head_elements += from->head_elements;
	to->n_lora += from->n_lora;
	to->packed |= from->packed;
	to->has_embed |= from->has_embed;
	to->name_sum += from->name_sum;
}

static int read_source(const struct source *s, const struct rp_st_skip *skip,
		       struct rp_st_sums *sums)
{
	struct first f = {0};
	uint64_t probe;
	int r = walk_source(s, skip, first_entry, &f);

	r = r < 0 ? r : check_names(s, &f);
	r = r < 0 ? r : check_tiling(s, &f);
	free(f.hashes);
	if (r < 0)
		return r;
	if (rp_add_u64(sums->bytes, f.sums.bytes, &probe) < 0 ||
	    rp_add_u64(sums->elements, f.sums.elements, &probe) < 0)
		return rp_error_set(s->reterr, -EOVERFLOW, ROCPART_ERR_MODEL_FORMAT, s->name,
				    "the sum of all sizes does not fit in 64 bits");
	f.sums.n_tensors = f.n;
	add_sums(sums, &f.sums);
	return 0;
}

int rp_safetensors_parse(const char *header, size_t len, uint64_t data_size, const char *name,
			 const struct rp_st_skip *skip, struct rp_st_sums *sums,
			 struct rocpart_error *reterr)
{
	struct source s = {-EBADF, header, len, data_size, name, reterr};

	if (len > RP_ST_MAX_HEADER)
		return rp_error_set(reterr, -EINVAL, ROCPART_ERR_MODEL_FORMAT, name,
				    "the header has more than %u bytes", RP_ST_MAX_HEADER);
	return read_source(&s, skip, sums);
}

int rp_safetensors_read(int fd, uint64_t size, const char *name, const struct rp_st_skip *skip,
			struct rp_st_sums *sums, struct rocpart_error *reterr)
{
	struct source s = {fd, NULL, 0, 0, name, reterr};
	unsigned char raw[8];
	int r;

	if (size < sizeof(raw))
		return rp_error_set(reterr, -EINVAL, ROCPART_ERR_MODEL_FORMAT, name,
				    "the file is too short for a header");
	r = rp_pread_all(fd, raw, sizeof(raw), 0);
	if (r < 0)
		return rp_error_errno(reterr, r, name, "cannot read the file");
	for (size_t i = 0; i < sizeof(raw); i++)
		s.header_size |= (uint64_t)raw[i] << (8 * i);
	if (s.header_size > RP_ST_MAX_HEADER)
		return rp_error_set(reterr, -EINVAL, ROCPART_ERR_MODEL_FORMAT, name,
				    "the header length is %llu, larger than the limit of %u",
				    (unsigned long long)s.header_size, RP_ST_MAX_HEADER);
	if (s.header_size > size - sizeof(raw))
		return rp_error_set(reterr, -EINVAL, ROCPART_ERR_MODEL_FORMAT, name,
				    "the header length is %llu, beyond the end of the file",
				    (unsigned long long)s.header_size);
	s.data_size = size - sizeof(raw) - s.header_size;
	return read_source(&s, skip, sums);
}
