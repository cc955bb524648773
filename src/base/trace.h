/* SPDX-License-Identifier: MIT */
/* Events for whoever observes the library; without an observer each call is one comparison. */
#ifndef RP_BASE_TRACE_H
#define RP_BASE_TRACE_H

#include "base/base.h"
#include "rocpart/trace.h"

struct rp_trace {
	rocpart_trace_fn fn; /* NULL: off */
	void *userdata;
};

static inline bool rp_trace_is_on(const struct rp_trace *t)
{
	return t && t->fn;
}

/* CLOCK_MONOTONIC where somebody observes, else 0: for begin_ns of rp_trace(). */
uint64_t rp_trace_clock(const struct rp_trace *t);

/* Something that took from begin_ns until now; text may be NULL. */
void rp_trace(const struct rp_trace *t, enum rocpart_trace_kind kind, uint64_t begin_ns, int result,
	      const char *object, const char *text);
/* A step or a decision. */
void rp_trace_note(const struct rp_trace *t, enum rocpart_trace_kind kind, const char *object,
		   const char *fmt, ...) RP_PRINTF(4, 5);

#endif
