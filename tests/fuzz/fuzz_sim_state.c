/* SPDX-License-Identifier: MIT */
/* Any text as the state file of a machine: refused, or a state in which nothing is out of range. */
#include "base/json.h"
#include "sim/delay.h"
#include "sim/machine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char profile[] =
	"version: v1\n"
	"cpu_clock_mhz: 2000\n"
	"mem_alloc_mode: true\n"
	"srcversion: ABC\n"
	"cpus: [{cores: 8, core_id_base: 0, memory_bytes: 1000000000}]\n"
	"products:\n"
	"  p: {device: 0x74a1, xcc: 8, gfx_version: 90402, vram_bytes: 206141652992, nps: [1, 4],\n"
	"      dma: 16, dec: 4, jpeg: 4, cu_masks: [0x3ff, 0x1ff], clock_mhz: 1, fw_version: 1,\n"
	"      sdma_fw_version: 1, capability: 1, bank_width: 1, bank_clock_mhz: 1,\n"
	"      power_cap_w: 1}\n"
	"gpus:\n"
	"  - {bdf: \"0000:05:00.0\", product: p, unique_id: 1}\n"
	"  - {bdf: \"0000:06:00.0\", product: p, unique_id: 2}\n";

/* Every file of the tree, as deep as it goes. */
static void read_all(struct rp_sim *sim, const char *path, unsigned depth)
{
	const struct rp_tree_ops *ops = rp_sim_tree_ops();
	RP_AUTO_NAMES struct rp_names names = RP_NAMES_INIT;
	RP_AUTO_STRBUF struct rp_strbuf link = RP_STRBUF_INIT;
	char buf[RP_ATTR_MAX];
	struct rp_stat st;
	size_t len;

	if (depth > 16 || ops->stat(sim, path, &st) < 0)
		abort(); /* it was listed a moment ago */
	if (st.type == RP_FILE_LINK) {
		if (ops->readlink(sim, path, &link) < 0)
			abort();
		return;
	}
	if (st.type != RP_FILE_DIR) {
		(void)ops->read(sim, path, buf, sizeof(buf), &len);
		return;
	}
	if (ops->list(sim, path, &names) < 0)
		abort();
	for (size_t i = 0; i < names.n; i++) {
		RP_AUTO_FREE char *child = rp_strdupf("%s/%s", path, names.v[i]);

		if (child)
			read_all(sim, child, depth + 1);
	}
}

/* What comes of it with time can be written and read again. */
static void let_time_pass(struct rp_sim *sim)
{
	RP_AUTO_JSON struct rp_json *j = NULL;
	struct rp_sim_state again = {0};
	int64_t day_us = INT64_C(86400) * 1000000;

	if (rp_sim_settle_at(sim, rp_sim_time(sim) + day_us, rp_sim_host_us()) < 0)
		abort();
	j = rp_sim_state_to_json(sim);
	if (!j || rp_sim_state_from_json(sim, j, &again) < 0)
		abort();
	rp_sim_state_done(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	RP_AUTO_SIM struct rp_sim *sim = NULL;
	RP_AUTO_JSON struct rp_json *j = NULL;
	struct rp_sim_state state = {0};

	if (rp_json_parse((const char *)data, size, "state", &j, NULL) < 0 ||
	    rp_sim_new(profile, sizeof(profile) - 1, "p", &sim, NULL) < 0)
		return 0;
	if (rp_sim_state_from_json(sim, j, &state) < 0) {
		rp_sim_state_done(&state);
		return 0;
	}
	rp_sim_state_done(&sim->state);
	sim->state = state;
	rp_sim_layout(sim);
	rp_sim_set_defers(sim, true); /* whatever takes time */
	read_all(sim, "sys", 0);
	read_all(sim, "proc", 0);
	read_all(sim, "dev", 0);
	let_time_pass(sim);
	return 0;
}
