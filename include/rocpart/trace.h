/* SPDX-License-Identifier: MIT */
#ifndef ROCPART_TRACE_H
#define ROCPART_TRACE_H

#include <stdint.h>

#include <rocpart/node.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * enum rocpart_trace_kind - The kind of a trace event. Append-only.
 */
enum rocpart_trace_kind {
	ROCPART_TRACE_READ = 0,	    /* a read that failed, or that a decision is based on */
	ROCPART_TRACE_WRITE = 1,    /* a write to the machine or to rocpart's records */
	ROCPART_TRACE_DRIVER = 2,   /* the driver is unloaded or loaded */
	ROCPART_TRACE_PROGRAM = 3,  /* a call of a program or of AMD's library */
	ROCPART_TRACE_STEP = 4,	    /* a step of a change begins */
	ROCPART_TRACE_DECISION = 5, /* a decision, with the values that it is based on */
};

/**
 * struct rocpart_trace - One trace event. The texts are valid during the call only.
 * @kind: kind of the event.
 * @at_ns: CLOCK_MONOTONIC at the start of the event, in nanoseconds.
 * @duration_ns: duration in nanoseconds; 0 for steps and decisions.
 * @result: 0 or a negative errno.
 * @object: path without the leading slash, name of a program, or PCI address; never NULL.
 * @text: text that was written or decided; "" when the event has no text.
 */
struct rocpart_trace {
	enum rocpart_trace_kind kind;
	uint64_t at_ns;
	uint64_t duration_ns;
	int result;
	const char *object;
	const char *text;
};

/**
 * typedef rocpart_trace_fn - Receives events in order, on the thread that called the library.
 * @userdata: pointer that rocpart_machine_set_trace() received.
 * @trace: event; the callback must not keep the pointer.
 */
typedef void (*rocpart_trace_fn)(void *userdata, const struct rocpart_trace *trace);

/**
 * rocpart_machine_set_trace() - Report the actions of the library on a machine to a callback.
 * @machine: machine to trace.
 * @fn: callback for each event; NULL turns the trace off.
 * @userdata: pointer to pass to @fn.
 *
 * The trace reports each read that failed or that a decision is based on, each write with its
 * result, each step of a change, and each call of AMD's software or of a program. @fn must not call
 * the library. Without @fn the library collects no events. Thread: as the machine. Since 0.1.
 */
void rocpart_machine_set_trace(struct rocpart_machine *machine, rocpart_trace_fn fn,
			       void *userdata);

/**
 * rocpart_trace_kind_to_string() - Return the name of a kind of trace event, e.g. "write".
 * @kind: any value.
 *
 * Since 0.1.
 * Return: static text; "unknown" for a kind that this version does not know.
 */
const char *rocpart_trace_kind_to_string(enum rocpart_trace_kind kind);

#ifdef __cplusplus
}
#endif

#endif
