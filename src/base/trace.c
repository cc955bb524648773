/* SPDX-License-Identifier: MIT */
#include "base/trace.h"
#include "base/spawn.h"
#include "base/strbuf.h"

#include <stdarg.h>

uint64_t rp_trace_clock(const struct rp_trace *t)
{
	return rp_trace_is_on(t) ? rp_now_ns() : 0;
}

void rp_trace(const struct rp_trace *t, enum rocpart_trace_kind kind, uint64_t begin_ns, int result,
	      const char *object, const char *text)
{
	struct rocpart_trace event = {.kind = kind,
				      .at_ns = begin_ns,
				      .result = result,
				      .object = object ? object : "",
				      .text = text ? text : ""};

	if (!rp_trace_is_on(t))
		return;
	event.duration_ns = rp_now_ns() - begin_ns;
	t->fn(t->userdata, &event);
}

void rp_trace_note(const struct rp_trace *t, enum rocpart_trace_kind kind, const char *object,
		   const char *fmt, ...)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	struct rocpart_trace event = {.kind = kind, .object = object ? object : ""};
	va_list ap;

	if (!rp_trace_is_on(t))
		return;
	va_start(ap, fmt);
	rp_strbuf_vaddf(&text, fmt, ap);
	va_end(ap);
	event.at_ns = rp_now_ns();
	event.text = rp_strbuf_str(&text);
	t->fn(t->userdata, &event);
}

ROCPART_PUBLIC const char *rocpart_trace_kind_to_string(enum rocpart_trace_kind kind)
{
	static const char *const names[] = {"read",    "write", "driver",
					    "program", "step",	"decision"};

	return (size_t)kind < RP_ARRAY_LEN(names) ? names[kind] : "unknown";
}
