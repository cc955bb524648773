/* SPDX-License-Identifier: MIT */
/* Any text as the properties of a KFD node and, behind an empty line, of its memory bank. */
#include "fuzz_tree.h"

#define TOPO "sys/class/kfd/kfd/topology/"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	const char *blank = size ? memmem(data, size, "\n\n", 2) : NULL;
	size_t first = blank ? (size_t)(blank - (const char *)data) + 1 : size;
	struct text_tree tree;

	rp_strbuf_add(&text, "=" TOPO "generation_id\n1\n=" TOPO "nodes/1/gpu_id\n28851\n"
			     "=" TOPO "nodes/1/properties\n");
	rp_strbuf_add_mem(&text, data, first);
	if (blank) {
		rp_strbuf_add(&text, "=" TOPO "nodes/1/mem_banks/0/properties\n");
		rp_strbuf_add_mem(&text, data + first + 1, size - first - 1);
	}
	tree = (struct text_tree){rp_strbuf_str(&text), text.len};
	look_at_tree(&tree);
	return 0;
}
