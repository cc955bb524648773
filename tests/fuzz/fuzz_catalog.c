/* SPDX-License-Identifier: MIT */
/* Any text as a catalog: a mistake with its place, or models that are found and sized by name. */
#include <assert.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/strbuf.h"
#include "model/files/catalog.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void use(const struct rp_catalog *c, const struct rp_catalog_entry *e)
{
	RP_AUTO_FREE struct rp_model_desc *d = rp_new0(struct rp_model_desc, 1);
	const struct rp_size_request q = {.tp = 1};
	struct rocpart_error err = {0};
	struct rp_footprint f;
	bool is_ambiguous;

	assert(rp_catalog_find(c, e->name, &is_ambiguous) || is_ambiguous);
	if (!d || e->path) /* files of this computer are not the matter */
		return;
	if (rp_catalog_describe(e, d, &err) < 0 || rp_size(d, &q, &f, &err) < 0)
		assert(*err.message);
	rp_model_desc_done(d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	RP_AUTO_CATALOG struct rp_catalog c = {0};
	RP_AUTO_CLOSE int fd = memfd_create("catalog.yaml", MFD_CLOEXEC);
	struct rocpart_error err = {0};
	char path[32];

	if (fd < 0 || (size && write(fd, data, size) != (ssize_t)size) ||
	    rp_fmt(path, sizeof(path), "/proc/self/fd/%d", fd) < 0)
		return 0;
	if (rp_catalog_load(&c, path, &err) < 0)
		assert(*err.message && *err.object);
	for (size_t i = 0; i < c.n; i++)
		use(&c, &c.v[i]);
	assert(rp_catalog_refuse(&c, "nope", &err) == -ENOENT);
	return 0;
}
