/* SPDX-License-Identifier: MIT */
/* Errors: their words, and the exit status that is documented for each. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/strbuf.h"

/* EXIT STATUS of rocpart(1). A kind that is missing here is refused by the compiler. */
static int documented_status(enum rocpart_errcode code)
{
	switch (code) {
	case ROCPART_ERR_NONE:
		return 0;
	case ROCPART_ERR_FAILED:
	case ROCPART_ERR_NO_MEMORY:
	case ROCPART_ERR_BAD_ATTRIBUTE:
	case ROCPART_ERR_PERMISSION:
	case ROCPART_ERR_READBACK_MISMATCH:
	case ROCPART_ERR_STALE_SNAPSHOT:
	case ROCPART_ERR_DRIVER_RELOAD:
	case ROCPART_ERR_RETRY:
	case ROCPART_ERR_MODEL_FORMAT:
	case ROCPART_ERR_BAD_RECORDS:
	case ROCPART_ERR_INTERRUPTED:
		return 1;
	case ROCPART_ERR_INVALID_ARGUMENT:
	case ROCPART_ERR_NOT_FOUND:
	case ROCPART_ERR_CONFIG_SYNTAX:
	case ROCPART_ERR_SIM_ONLY:
	case ROCPART_ERR_MODEL_UNKNOWN:
		return 2;
	case ROCPART_ERR_BUSY_PROCESS:
	case ROCPART_ERR_MODE_UNSUPPORTED:
	case ROCPART_ERR_NPS_NEEDS_COMPUTE:
	case ROCPART_ERR_NOT_VALIDATED:
	case ROCPART_ERR_READ_ONLY:
	case ROCPART_ERR_LOCKED:
	case ROCPART_ERR_DRIVER_IN_USE:
	case ROCPART_ERR_CORDONED:
	case ROCPART_ERR_NEEDS_CONFIRMATION:
	case ROCPART_ERR_UNSUPPORTED:
	case ROCPART_ERR_MODEL_TOO_LARGE:
	case ROCPART_ERR_LEASED:
	case ROCPART_ERR_NO_ROOM:
	case ROCPART_ERR_OTHER_ALLOCATOR:
	case ROCPART_ERR_GPU_REPLACED:
	case ROCPART_ERR_ON_HOLD:
	case ROCPART_ERR_NOT_NAMED:
	case ROCPART_ERR_DESIRED_LOST:
		return 3;
	case ROCPART_ERR_GPU_LOST:
	case ROCPART_ERR_PARTITION_MISSING:
	case ROCPART_ERR_PARTLY_DONE:
		return 4;
	case ROCPART_ERR_NO_HARDWARE:
		return 5;
	case ROCPART_ERR_NPS_NEEDS_RELOAD:
	case ROCPART_ERR_UNFINISHED_CHANGE:
		return 6;
	}
	return -1;
}

static void every_errcode_has_a_name_and_its_documented_status(void **state)
{
	unsigned n = 0;

	(void)state;
	for (; documented_status((enum rocpart_errcode)n) >= 0; n++) {
		enum rocpart_errcode code = (enum rocpart_errcode)n;

		assert_string_not_equal(rocpart_errcode_to_string(code), "UNKNOWN");
		assert_int_equal(rocpart_errcode_exit_status(code), documented_status(code));
		for (unsigned k = 0; k < n; k++)
			assert_string_not_equal(rocpart_errcode_to_string(code),
						rocpart_errcode_to_string((enum rocpart_errcode)k));
	}
	assert_int_equal(n, 41); /* without gaps */
	assert_string_equal(rocpart_errcode_to_string((enum rocpart_errcode)9999), "UNKNOWN");
	assert_int_equal(rocpart_errcode_exit_status((enum rocpart_errcode)9999), 1);
}

static void error_text_takes_either_sign(void **state)
{
	(void)state;
	assert_string_equal(rocpart_strerror(ENOENT), rocpart_strerror(-ENOENT));
	assert_non_null(rocpart_strerror(123456));
}

static void error_is_never_success(void **state)
{
	struct rocpart_error err = {0};

	(void)state;
	assert_int_equal(rp_error_set(&err, 0, ROCPART_ERR_FAILED, NULL, "x"), -EIO);
	assert_int_equal(rp_error_set(NULL, 0, ROCPART_ERR_FAILED, NULL, "x"), -EIO);
	errno = 0;
	assert_true(rp_neg_errno() < 0);
	assert_int_equal(rp_error_errno(&err, -EACCES, "o", "cannot %s", "do"), -EACCES);
	assert_string_equal(err.message, "cannot do: Permission denied");
	assert_int_equal(err.code, ROCPART_ERR_PERMISSION);
	assert_int_equal(rp_error_prefix(&err, "node.yaml"), -EACCES);
	assert_string_equal(err.message, "node.yaml: cannot do: Permission denied");
}

static void long_message_is_cut_and_ended(void **state)
{
	struct rocpart_error err = {0};
	char text[2000];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	(void)rp_error_errno(&err, -EIO, text, "%s", text);
	(void)rp_error_prefix(&err, "%s", text);
	(void)rp_error_hint(&err, "%s", text);
	assert_int_equal(strlen(err.object), sizeof(err.object) - 1);
	assert_int_equal(strlen(err.message), sizeof(err.message) - 1);
	assert_int_equal(strlen(err.hint), sizeof(err.hint) - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_errcode_has_a_name_and_its_documented_status),
		cmocka_unit_test(error_text_takes_either_sign),
		cmocka_unit_test(error_is_never_success),
		cmocka_unit_test(long_message_is_cut_and_ended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
