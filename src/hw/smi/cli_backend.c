/* SPDX-License-Identifier: MIT */
/* The amd-smi command among the back ends. */
#include "hw/smi/backend.h"
#include "hw/smi/cli.h"

/* By the beginning of the library's version; the first that fits (amd-smi study 1.2 to 1.4). */
static const struct {
	const char *version, *text;
} quirks[] = {
	{"24.7", "`set -M` reloads the driver; it ends with 0 on most errors"},
	{"24", "`amd-smi partition` does not exist; it ends with 0 on most errors"},
	{"25.3", "`set -C` takes only the index of a mode (ROCm/amdsmi#132), `list -e` gives wrong "
		 "render nodes, the JSON of `partition` is broken, `set -M` reloads the driver"},
	{"25", "the JSON of `partition` is broken; `set -M` reloads the driver"},
	{"26", "warnings stand before its JSON; it ends with 0 when the kernel refuses `set -M`"},
	{"27", "it ends with 0 when the kernel refuses `set -M`"},
};

static const char *quirk_of(const char *version)
{
	for (size_t i = 0; i < RP_ARRAY_LEN(quirks); i++) {
		size_t len = strlen(quirks[i].version);

		if (rp_str_starts(version, quirks[i].version) &&
		    (version[len] == '.' || version[len] == '\0'))
			return quirks[i].text;
	}
	return NULL;
}

static void probe(struct rp_tree *t RP_UNUSED, struct rp_backend_info *ret)
{
	RP_AUTO_SMI_CLI struct rp_smi_cli cli = {0};
	RP_AUTO_FREE char *version = NULL;
	struct rocpart_error err = {0};
	int r = rp_smi_cli_open(&cli, &err);

	if (r == 0) {
		(void)rp_fmt(ret->path, sizeof(ret->path), "%s", cli.path);
		r = rp_smi_cli_version(&cli, &version, &err);
	}
	ret->available = r == 0;
	if (r < 0) {
		(void)rp_fmt(ret->reason, sizeof(ret->reason), "%s", err.message);
		return;
	}
	(void)rp_fmt(ret->version, sizeof(ret->version), "%s", version);
	ret->quirk = quirk_of(version);
}

static int read_all(struct rp_smi_rows *ret, struct rocpart_error *reterr)
{
	RP_AUTO_SMI_CLI struct rp_smi_cli cli = {0};
	int r = rp_smi_cli_open(&cli, reterr);

	return r < 0 ? r : rp_smi_cli_read(&cli, ret, reterr);
}

static int set_compute(struct rp_tree *t RP_UNUSED, const char *bdf, enum rocpart_compute_mode mode,
		       struct rocpart_error *reterr)
{
	RP_AUTO_SMI_CLI struct rp_smi_cli cli = {0};
	int r = rp_smi_cli_open(&cli, reterr);

	return r < 0 ? r : rp_smi_cli_set_compute(&cli, bdf, mode, reterr);
}

/* It may reload the driver. */
static int set_memory(struct rp_tree *t, const char *bdf, enum rocpart_memory_mode mode,
		      struct rocpart_error *reterr)
{
	RP_AUTO_SMI_CLI struct rp_smi_cli cli = {0};
	int r = rp_smi_cli_open(&cli, reterr);

	cli.inherited_fd = rp_tree_inherited(t);
	return r < 0 ? r : rp_smi_cli_set_memory(&cli, bdf, mode, reterr);
}

const struct rp_backend rp_smi_cli_backend = {
	.probe = probe,
	.read = read_all,
	.set_compute = set_compute,
	.set_memory = set_memory,
};
