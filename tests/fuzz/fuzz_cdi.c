/* SPDX-License-Identifier: MIT */
/* A CDI spec that is read back, whoever edited it: each of its devices gets a state, or none. */
#include <assert.h>

#include "run/text/cdi.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char now_text[] =
	"{\"cdiVersion\":\"0.3.0\",\"kind\":\"rocpart.dev/partition\",\"devices\":["
	"{\"name\":\"gpu-0000-05-00.0-part0\",\"containerEdits\":{\"deviceNodes\":["
	"{\"path\":\"/dev/dri/renderD128\",\"permissions\":\"rw\"}],\"env\":[\"A=b\"]}},"
	"{\"name\":\"gpu-0000-05-00.0-part1\",\"containerEdits\":{\"deviceNodes\":["
	"{\"path\":\"/dev/dri/renderD129\",\"permissions\":\"rw\"}]}}]}";

struct seen {
	size_t n, n_known;
};

static int see(void *userdata, const char *name, enum rp_cdi_state state)
{
	struct seen *seen = userdata;

	assert(name && state <= RP_CDI_MISSING);
	seen->n++;
	seen->n_known += state != RP_CDI_GONE;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	RP_AUTO_JSON struct rp_json *old = NULL, *now = NULL;
	struct rocpart_error err = {0};
	struct seen seen = {0};
	int r = rp_json_parse((const char *)data, size, "spec", &old, &err);

	if (r < 0) {
		assert(*err.message && *err.object);
		return 0;
	}
	if (rp_json_parse(now_text, sizeof(now_text) - 1, "now", &now, NULL) < 0)
		return 0;
	r = rp_cdi_compare(old, now, see, &seen);
	assert(r == -EINVAL ||
	       (r == 0 && seen.n >= rp_json_len(rp_json_get(old, "devices")) && seen.n_known >= 2));
	return 0;
}
