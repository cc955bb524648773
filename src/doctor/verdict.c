/* SPDX-License-Identifier: MIT */
/* What a check found: the worst of its findings is its state, with the first advice on that. */
#include "doctor/doctor.h"

#include <stdarg.h>

static void raise_to(struct rp_verdict *v, enum rocpart_check_state state)
{
	v->state = state > v->state ? state : v->state;
}

void rp_verdict_add(struct rp_verdict *v, enum rocpart_check_state state, const char *fmt, ...)
{
	va_list ap;

	raise_to(v, state);
	v->last = state;
	if (v->seen.len)
		rp_strbuf_add(&v->seen, "; ");
	va_start(ap, fmt);
	rp_strbuf_vaddf(&v->seen, fmt, ap);
	va_end(ap);
}

void rp_verdict_add_failure(struct rp_verdict *v, int errnum, const char *what, const char *why)
{
	if (errnum == -ENOMEM)
		v->seen.failed = true;
	else
		rp_verdict_add(v, ROCPART_CHECK_WARN, "%s: %s", what, why);
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
