/* SPDX-License-Identifier: MIT */
#ifndef ROCPART_TRACE_H
#define ROCPART_TRACE_H

#include <stdint.h>

#include <rocpart/node.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * enum rocpart_trace_kind - What a line of the trace is about. Append-only.
 */
enum rocpart_trace_kind {
	ROCPART_TRACE_READ = 0,	    /* a read that failed, or that a decision rests on */
	ROCPART_TRACE_WRITE = 1,    /* a write to the machine or to rocpart's records */
	ROCPART_TRACE_DRIVER = 2,   /* the driver is unloaded or loaded */
	ROCPART_TRACE_PROGRAM = 3,  /* a program or AMD's library was called */
	ROCPART_TRACE_STEP = 4,	    /* a step of a change begins */
	ROCPART_TRACE_DECISION = 5, /* what was decided, and from what */
};

/**
 * struct rocpart_trace - One event. Texts are valid during the call only.
 * @kind: what it is about.
 * @at_ns: CLOCK_MONOTONIC when it began, in nanoseconds.
 * @duration_ns: how long it took; 0 for steps and decisions.
 * @result: 0 or a negative errno.
 * @object: path without the leading slash, program, or PCI address; never NULL.
 * @text: what was written or decided; "" when there is nothing more to say.
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
 * typedef rocpart_trace_fn - Receives events in their order, on the thread that called the library.
 * @userdata: as given to rocpart_machine_set_trace().
 * @trace: the event; must not be kept.
 */
typedef void (*rocpart_trace_fn)(void *userdata, const struct rocpart_trace *trace);

/**
 * rocpart_machine_set_trace() - Observe what the library does with a machine.
 * @machine: the machine.
 * @fn: called for each event; NULL turns the trace off.
 * @userdata: passed to @fn.
 *
 * Events are reads that failed or decided, every write with its result, every step of a change and
 * every call of AMD's software or of a program. @fn must not call the library. Without it nothing
 * is collected. Thread: as the machine. Since 0.1.
 */
void rocpart_machine_set_trace(struct rocpart_machine *machine, rocpart_trace_fn fn,
			       void *userdata);

/**
 * rocpart_trace_kind_to_string() - Name of a kind, such as "write".
 * @kind: the kind.
 *
 * Since 0.1.
 * Return: a static text; "unknown" for a kind that this version does not have.
 */
const char *rocpart_trace_kind_to_string(enum rocpart_trace_kind kind);

#ifdef __cplusplus
}
#endif

#endif
