/* SPDX-License-Identifier: MIT */
/* What a check found: the worst of its findings is its state, with the first advice on that. */
#include "doctor/doctor.h"

#include <stdarg.h>

#define FINDINGS_MAX 4096

/* An empty finding at the end; NULL: no memory. */
static struct rp_finding *append(struct rp_verdict *v, enum rocpart_check_state state)
{
	struct rp_finding *f;

	v->state = state > v->state ? state : v->state;
	v->last = state;
	if (v->n >= FINDINGS_MAX ||
	    rp_grow(&v->findings, &v->cap, v->n + 1, sizeof(*v->findings)) < 0) {
		v->is_out_of_memory = true;
		return NULL;
	}
	f = &v->findings[v->n++];
	memset(f, 0, sizeof(*f));
	f->state = state;
	return f;
}

void rp_verdict_add(struct rp_verdict *v, enum rocpart_check_state state, const char *fmt, ...)
{
	struct rp_finding *f = append(v, state);
	va_list ap;

	if (!f)
		return;
	va_start(ap, fmt);
	rp_strbuf_vaddf(&f->text, fmt, ap);
	va_end(ap);
}

void rp_verdict_add_failure(struct rp_verdict *v, int errnum, const char *what, const char *why)
{
	if (errnum == -ENOMEM)
		v->is_out_of_memory = true;
	else
		rp_verdict_add(v, ROCPART_CHECK_WARN, "%s: %s", what, why);
}

static void end_range(struct rp_finding *f)
{
	rp_strbuf_addf(&f->ranges, "%s%zu", f->ranges.len ? ", " : "", f->first);
	if (f->last > f->first)
		rp_strbuf_addf(&f->ranges, "%s%zu", f->last == f->first + 1 ? ", " : "-", f->last);
}

static void add_index(struct rp_finding *f, const struct rocpart_gpu *gpu)
{
	if (f->n_gpus++ == 0) {
		f->first = gpu->index;
		(void)rp_fmt(f->bdf, sizeof(f->bdf), "%s", gpu->bdf);
	} else if (gpu->index != f->last + 1) {
		end_range(f);
		f->first = gpu->index;
	}
	f->last = gpu->index;
}

void rp_verdict_add_gpu(struct rp_verdict *v, enum rocpart_check_state state,
			const struct rocpart_gpu *gpu, const char *fmt, ...)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	struct rp_finding *f = NULL;
	va_list ap;

	va_start(ap, fmt);
	rp_strbuf_vaddf(&text, fmt, ap);
	va_end(ap);
	v->last = state;
	for (size_t i = 0; !f && i < v->n; i++)
		if (v->findings[i].n_gpus && v->findings[i].state == state &&
		    rp_str_eq(rp_strbuf_str(&v->findings[i].text), rp_strbuf_str(&text)))
			f = &v->findings[i];
	if (!f) {
		f = append(v, state);
		if (f)
			rp_strbuf_add(&f->text, rp_strbuf_str(&text));
	}
	v->is_out_of_memory |= rp_strbuf_failed(&text);
	if (f)
		add_index(f, gpu);
}

void rp_verdict_advise(struct rp_verdict *v, const char *fmt, ...)
{
	va_list ap;

	if (v->advice.len && v->advised >= v->last)
		return;
	v->advised = v->last;
	rp_strbuf_reset(&v->advice);
	va_start(ap, fmt);
	rp_strbuf_vaddf(&v->advice, fmt, ap);
	va_end(ap);
}

static void write_finding(struct rp_finding *f, struct rp_strbuf *ret)
{
	const char *text = rp_strbuf_str(&f->text), *at = strchr(text, *RP_GPUS);

	if (!f->n_gpus || !at) {
		rp_strbuf_add(ret, text);
		return;
	}
	end_range(f);
	rp_strbuf_add_mem(ret, text, (size_t)(at - text));
	if (f->n_gpus == 1)
		rp_strbuf_addf(ret, "GPU %zu (%s)", f->first, f->bdf);
	else
		rp_strbuf_addf(ret, "GPUs %s", rp_strbuf_str(&f->ranges));
	rp_strbuf_add(ret, at + 1);
}

int rp_verdict_finish(struct rp_verdict *v)
{
	for (size_t i = 0; i < v->n; i++) {
		struct rp_finding *f = &v->findings[i];

		if (i)
			rp_strbuf_add(&v->seen, "; ");
		write_finding(f, &v->seen);
		v->is_out_of_memory |= rp_strbuf_failed(&f->text) || rp_strbuf_failed(&f->ranges);
	}
	return v->is_out_of_memory || rp_strbuf_failed(&v->seen) || rp_strbuf_failed(&v->advice)
		       ? -ENOMEM
		       : 0;
}

void rp_verdict_done(struct rp_verdict *v)
{
	for (size_t i = 0; i < v->n; i++) {
		rp_strbuf_done(&v->findings[i].text);
		rp_strbuf_done(&v->findings[i].ranges);
	}
	free(v->findings);
	rp_strbuf_done(&v->seen);
	rp_strbuf_done(&v->advice);
	memset(v, 0, sizeof(*v));
}
