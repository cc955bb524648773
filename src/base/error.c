/* SPDX-License-Identifier: MIT */
#include "base/error.h"
#include "base/printable.h"
#include "base/strbuf.h"

#include <stdarg.h>
#include <stdio.h>

/* One table: name for --json and exit status of the command (tests/unit/test_error checks it). */
static const struct {
	enum rocpart_errcode code;
	const char *name;
	int exit_status;
} codes[] = {
	{ROCPART_ERR_NONE, "NONE", 0},
	{ROCPART_ERR_FAILED, "FAILED", 1},
	{ROCPART_ERR_INVALID_ARGUMENT, "INVALID_ARGUMENT", 2},
	{ROCPART_ERR_NO_MEMORY, "NO_MEMORY", 1},
	{ROCPART_ERR_NO_HARDWARE, "NO_HARDWARE", 5},
	{ROCPART_ERR_NOT_FOUND, "NOT_FOUND", 2},
	{ROCPART_ERR_BAD_ATTRIBUTE, "BAD_ATTRIBUTE", 1},
	{ROCPART_ERR_CONFIG_SYNTAX, "CONFIG_SYNTAX", 2},
	{ROCPART_ERR_PERMISSION, "PERMISSION", 1},
	{ROCPART_ERR_BUSY_PROCESS, "BUSY_PROCESS", 3},
	{ROCPART_ERR_MODE_UNSUPPORTED, "MODE_UNSUPPORTED", 3},
	{ROCPART_ERR_NPS_NEEDS_COMPUTE, "NPS_NEEDS_COMPUTE", 3},
	{ROCPART_ERR_NOT_VALIDATED, "NOT_VALIDATED", 3},
	{ROCPART_ERR_NPS_NEEDS_RELOAD, "NPS_NEEDS_RELOAD", 6},
	{ROCPART_ERR_READBACK_MISMATCH, "READBACK_MISMATCH", 1},
	{ROCPART_ERR_STALE_SNAPSHOT, "STALE_SNAPSHOT", 1},
	{ROCPART_ERR_READ_ONLY, "READ_ONLY", 3},
	{ROCPART_ERR_LOCKED, "LOCKED", 3},
	{ROCPART_ERR_UNFINISHED_CHANGE, "UNFINISHED_CHANGE", 6},
	{ROCPART_ERR_DRIVER_IN_USE, "DRIVER_IN_USE", 3},
	{ROCPART_ERR_DRIVER_RELOAD, "DRIVER_RELOAD", 1},
	{ROCPART_ERR_GPU_LOST, "GPU_LOST", 4},
	{ROCPART_ERR_PARTITION_MISSING, "PARTITION_MISSING", 4},
	{ROCPART_ERR_CORDONED, "CORDONED", 3},
	{ROCPART_ERR_SIM_ONLY, "SIM_ONLY", 2},
	{ROCPART_ERR_NEEDS_CONFIRMATION, "NEEDS_CONFIRMATION", 3},
	{ROCPART_ERR_RETRY, "RETRY", 1},
	{ROCPART_ERR_UNSUPPORTED, "UNSUPPORTED", 3},
	{ROCPART_ERR_MODEL_UNKNOWN, "MODEL_UNKNOWN", 2},
	{ROCPART_ERR_MODEL_FORMAT, "MODEL_FORMAT", 1},
	{ROCPART_ERR_MODEL_TOO_LARGE, "MODEL_TOO_LARGE", 3},
	{ROCPART_ERR_PARTLY_DONE, "PARTLY_DONE", 4},
	{ROCPART_ERR_LEASED, "LEASED", 3},
	{ROCPART_ERR_NO_ROOM, "NO_ROOM", 3},
	{ROCPART_ERR_OTHER_ALLOCATOR, "OTHER_ALLOCATOR", 3},
	{ROCPART_ERR_BAD_RECORDS, "BAD_RECORDS", 1},
	{ROCPART_ERR_INTERRUPTED, "INTERRUPTED", 1},
	{ROCPART_ERR_GPU_REPLACED, "GPU_REPLACED", 3},
	{ROCPART_ERR_NOT_NAMED, "NOT_NAMED", 3},
	{ROCPART_ERR_ON_HOLD, "ON_HOLD", 3},
	{ROCPART_ERR_DESIRED_LOST, "DESIRED_LOST", 3},
};

ROCPART_PUBLIC const char *rocpart_errcode_to_string(enum rocpart_errcode code)
{
	for (size_t i = 0; i < RP_ARRAY_LEN(codes); i++)
		if (codes[i].code == code)
			return codes[i].name;
	return "UNKNOWN";
}

ROCPART_PUBLIC int rocpart_errcode_exit_status(enum rocpart_errcode code)
{
	for (size_t i = 0; i < RP_ARRAY_LEN(codes); i++)
		if (codes[i].code == code)
			return codes[i].exit_status;
	return 1;
}

ROCPART_PUBLIC const char *rocpart_strerror(int errnum)
{
	const char *text = strerrordesc_np(errnum < 0 ? -errnum : errnum);

	return text ? text : "Unknown error";
}

static enum rocpart_errcode code_of_errno(int errnum)
{
	switch (-errnum) {
	case ENOMEM:
		return ROCPART_ERR_NO_MEMORY;
	case EACCES:
	case EPERM:
		return ROCPART_ERR_PERMISSION;
	case EBUSY:
		return ROCPART_ERR_BUSY_PROCESS;
	case EROFS:
		return ROCPART_ERR_READ_ONLY;
	case ENOENT:
		return ROCPART_ERR_NOT_FOUND;
	case EBADMSG:
	case E2BIG:
		return ROCPART_ERR_BAD_ATTRIBUTE;
	default:
		return ROCPART_ERR_FAILED;
	}
}

/*
 * Names of strangers are part of errors, so each text goes through the filter here: whoever prints
 * an error prints one line. Text that is cut is still a message: truncation is accepted here only.
 */
static void RP_PRINTF(4, 0) add_text(char *buf, size_t size, size_t at, const char *fmt, va_list ap)
{
	char text[sizeof(((struct rocpart_error *)NULL)->message)];
	int n = vsnprintf(text, size - at, fmt, ap);
	uint32_t c;
	size_t last = strlen(text);

	/* a character that was cut in two is no character */
	while (n >= (int)(size - at) && last && (unsigned char)text[last - 1] >= 0x80 &&
	       !rp_utf8_decode(&text[last - 1], &c) && size - at - last < 5)
		text[--last] = '\0';
	rp_printable_fit(buf + at, size - at, text);
}

static void RP_PRINTF(3, 4) add_textf(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_text(buf, size, strlen(buf), fmt, ap);
	va_end(ap);
}

static void RP_PRINTF(5, 0) fill(struct rocpart_error *err, int errnum, enum rocpart_errcode code,
				 const char *object, const char *fmt, va_list ap)
{
	err->errnum = errnum < 0 ? errnum : -EIO;
	err->code = code;
	rp_printable_fit(err->object, sizeof(err->object), object ? object : "");
	add_text(err->message, sizeof(err->message), 0, fmt, ap);
	err->hint[0] = '\0';
}

int rp_error_set(struct rocpart_error *err, int errnum, enum rocpart_errcode code,
		 const char *object, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return errnum < 0 ? errnum : -EIO;
	va_start(ap, fmt);
	fill(err, errnum, code, object, fmt, ap);
	va_end(ap);
	return err->errnum;
}

int rp_error_errno(struct rocpart_error *err, int errnum, const char *object, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return errnum < 0 ? errnum : -EIO;
	va_start(ap, fmt);
	fill(err, errnum, code_of_errno(errnum), object, fmt, ap);
	va_end(ap);
	add_textf(err->message, sizeof(err->message), ": %s", rocpart_strerror(errnum));
	return err->errnum;
}

int rp_error_hint(struct rocpart_error *err, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return -EIO;
	va_start(ap, fmt);
	add_text(err->hint, sizeof(err->hint), 0, fmt, ap);
	va_end(ap);
	return err->errnum;
}

int rp_error_prefix(struct rocpart_error *err, const char *fmt, ...)
{
	char message[sizeof(err->message)];
	va_list ap;

	if (!err)
		return -EIO;
	memcpy(message, err->message, sizeof(message));
	va_start(ap, fmt);
	add_text(err->message, sizeof(err->message), 0, fmt, ap);
	va_end(ap);
	add_textf(err->message, sizeof(err->message), ": %s", message);
	return err->errnum;
}

int rp_error_append(struct rocpart_error *err, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return -EIO;
	va_start(ap, fmt);
	add_text(err->message, sizeof(err->message), strlen(err->message), fmt, ap);
	va_end(ap);
	return err->errnum;
}

int rp_error_nomem(struct rocpart_error *err)
{
	return rp_error_set(err, -ENOMEM, ROCPART_ERR_NO_MEMORY, NULL, "out of memory");
}

int rp_error_copy(struct rocpart_error *err, const struct rocpart_error *from)
{
	if (err)
		*err = *from;
	return from->errnum;
}
