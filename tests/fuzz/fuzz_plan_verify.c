/* SPDX-License-Identifier: MIT */
/* The file of `plan --verify`: whatever it says, an answer. */
#include <stddef.h>
#include <stdint.h>

#include "base/json.h"
#include "plan/verify/verify.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	RP_AUTO_JSON struct rp_json *json = NULL;
	struct rocpart_error err = {0};

	if (rp_json_parse((const char *)data, size, "fuzz", &json, NULL) == 0 &&
	    rp_plan_verify(json, &err) < 0 && err.message[0] == 0)
		abort();
	return 0;
}
