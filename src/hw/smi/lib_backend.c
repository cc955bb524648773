/* SPDX-License-Identifier: MIT */
/* libamd_smi among the back ends. */
#include "hw/smi/lib.h"

/* By the beginning of its version; the first that fits (amd-smi study 1.2, 2.1, 2.3). */
static const struct {
	const char *version, *text;
} quirks[] = {
	{"24.7",
	 "reloads the driver itself when a memory mode is set, for products named MI...00X only"},
	{"24", "uses older mode numbers (handled)"},
	{"25", "reloads the driver itself when a memory mode is set"},
	{"27", "its functions that set modes are deprecated; only the kernel refuses a mode that "
	       "the GPU does not list"},
};

static const char *quirk_of(const char *version)
{
	for (size_t i = 0; i < RP_ARRAY_LEN(quirks); i++)
		if (rp_str_starts(version, quirks[i].version))
			return quirks[i].text;
	return NULL;
}

static void lib_probe(struct rp_tree *t RP_UNUSED, struct rp_backend_info *ret)
{
	struct rocpart_error err = {0};

	if (rp_smi_lib_probe(&RP_SMI_LIB, ret, &err) < 0)
		(void)rp_fmt(ret->reason, sizeof(ret->reason), "%.255s", err.message);
	ret->quirk = quirk_of(ret->version);
}

static int lib_read(struct rp_smi_rows *ret, struct rocpart_error *reterr)
{
	return rp_smi_lib_read(&RP_SMI_LIB, ret, reterr);
}

static int lib_set_compute(struct rp_tree *t RP_UNUSED, const char *bdf,
			   enum rocpart_compute_mode mode, struct rocpart_error *reterr)
{
	return rp_smi_lib_set_compute(&RP_SMI_LIB, bdf, mode, reterr);
}

/* It may reload the driver. */
static int lib_set_memory(struct rp_tree *t, const char *bdf, enum rocpart_memory_mode mode,
			  struct rocpart_error *reterr)
{
	struct rp_smi_lib lib = RP_SMI_LIB;

	lib.inherited_fd = rp_tree_inherited(t);
	return rp_smi_lib_set_memory(&lib, bdf, mode, reterr);
}

const struct rp_backend rp_smi_lib_backend = {
	.probe = lib_probe,
	.read = lib_read,
	.set_compute = lib_set_compute,
	.set_memory = lib_set_memory,
};
