/* SPDX-License-Identifier: MIT */
/* Any bytes as the journal of a change: damaged, closed, or a change that can be gone on with. */
#include "fuzz_tree.h"

#include "change/change.h"

#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *folder;

static void remove_folder(void)
{
	static const char *const made[] = {"journal", "journal.new", "journal.last", ""};

	for (size_t i = 0; i < RP_ARRAY_LEN(made); i++) {
		RP_AUTO_FREE char *path = rp_strdupf("%s/%s", folder, made[i]);

		if (path)
			(void)remove(path);
	}
	free(folder);
}

static char *make_folder(void)
{
	const char *top = secure_getenv("TMPDIR");

	folder = rp_strdupf("%s/rocpart-fuzz-XXXXXX", top ? top : "/tmp");
	if (!folder || !mkdtemp(folder) || atexit(remove_folder) != 0)
		abort();
	return folder;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char machine_text[] =
		"=sys/class/kfd/kfd/topology/nodes/1/properties\nsimd_count 1216\n";
	struct text_tree text = {machine_text, sizeof(machine_text) - 1};
	struct rocpart_machine m = {0};
	struct rocpart_change *c = NULL;
	struct rocpart_error err = {0};
	int r;

	m.state_dir = folder ? folder : make_folder();
	if (rp_tree_open_ops(&text_tree_ops, &text, RP_TREE_SIM, &m.tree) < 0 ||
	    rp_machine_make_state(&m, NULL) < 0 ||
	    rp_tree_replace(m.state, data, size, "journal") < 0)
		abort();
	r = rocpart_change_open_journal(&m, &c, &err);
	if (r < 0 && (r != err.errnum || !*err.message))
		abort();
	rocpart_change_free(c);
	rp_tree_close(m.state);
	rp_tree_close(m.tree);
	return 0;
}
