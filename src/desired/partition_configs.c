/* SPDX-License-Identifier: MIT */
/* Named configurations in the form of mig-parted (partition-configs). */
#include "base/num.h"
#include "base/strbuf.h"
#include "desired/node_file.h"

#define VENDOR_AMD 0x1002

int rp_node_choose(struct rp_node_file *f, const struct rp_yaml *map, const struct rp_yaml **ret)
{
	RP_AUTO_STRBUF struct rp_strbuf names = RP_STRBUF_INIT;

	if (map->kind != RP_YAML_MAP || map->n == 0)
		return rp_yaml_must_be(map, f->name, f->reterr, "a map of named configurations");
	*ret = f->config ? rp_yaml_get(map, f->config) : map->n == 1 ? map->items[0] : NULL;
	if (*ret)
		return 0;
	for (size_t i = 0; i < map->n && i < 16; i++)
		rp_strbuf_addf(&names, "%s%s", i ? ", " : "", map->keys[i]);
	if (f->config)
		return rp_yaml_error(map, f->name, f->reterr,
				     "the file has no configuration '%s'; it has %s", f->config,
				     rp_strbuf_str(&names));
	(void)rp_yaml_error(map, f->name, f->reterr, "the file has several configurations: %s",
			    rp_strbuf_str(&names));
	return rp_error_hint(f->reterr, "choose one with --config NAME");
}

/* "0x74A1", or with the vendor below it as mig-parted writes it: "0x74A11002". */
static int filter_one(struct rp_node_file *f, const struct rp_yaml *at, uint32_t device_id,
		      bool *ret)
{
	const char *text;
	uint32_t id;
	int r = rp_yaml_text(at, f->name, &text, f->reterr);

	if (r < 0)
		return r;
	if (rp_parse_u32(text, 0, &id) < 0)
		return rp_yaml_must_be(at, f->name, f->reterr, "a PCI device id such as 0x74a1");
	*ret |= id == device_id || id == (device_id << 16 | VENDOR_AMD);
	return 0;
}

static int filter(struct rp_node_file *f, const struct rp_yaml *at, bool *gpus)
{
	for (size_t i = 0; i < f->snapshot->n_gpus; i++) {
		uint32_t id = f->snapshot->gpus[i].device_id;
		bool passes = false;
		int r = at->kind == RP_YAML_LIST ? 0 : filter_one(f, at, id, &passes);

		for (size_t k = 0; r == 0 && at->kind == RP_YAML_LIST && k < at->n; k++)
			r = filter_one(f, at->items[k], id, &passes);
		if (r < 0)
			return r;
		gpus[i] = gpus[i] && passes;
	}
	return 0;
}

/* all, or a list of indices and other names of GPUs. */
static int read_devices(struct rp_node_file *f, const struct rp_yaml *devices, bool *ret_gpus)
{
	RP_AUTO_FREE bool *some = rp_new0(bool, f->snapshot->n_gpus);
	const char *word;
	int r = some ? 0 : rp_error_nomem(f->reterr);

	if (r == 0 && devices->kind != RP_YAML_LIST) {
		r = rp_yaml_text(devices, f->name, &word, f->reterr);
		return r < 0 ? r : rp_node_find_gpus(f, word, devices, ret_gpus);
	}
	for (size_t i = 0; r == 0 && i < devices->n; i++) {
		r = rp_yaml_text(devices->items[i], f->name, &word, f->reterr);
		if (r == 0)
			r = rp_node_find_gpus(f, word, devices->items[i], some);
		for (size_t k = 0; r == 0 && k < f->snapshot->n_gpus; k++)
			ret_gpus[k] |= some[k];
	}
	return r;
}

static int read_entry(struct rp_node_file *f, const struct rp_yaml *entry)
{
	static const char *const known[] = {"devices", "device-filter", "compute", "memory"};
	struct rp_mode_pair modes = {ROCPART_COMPUTE_UNKNOWN, ROCPART_MEMORY_UNKNOWN};
	RP_AUTO_FREE bool *gpus = rp_new0(bool, f->snapshot->n_gpus);
	const struct rp_yaml *v, *devices;
	int r = gpus ? 0 : rp_error_nomem(f->reterr);

	if (r == 0)
		r = rp_yaml_only_keys(entry, f->name, known, RP_ARRAY_LEN(known), f->reterr);
	if (r < 0)
		return r;
	devices = rp_yaml_get(entry, "devices");
	if (!devices)
		return rp_yaml_error(entry, f->name, f->reterr, "'devices' is missing");
	r = read_devices(f, devices, gpus);
	if (r == 0 && (v = rp_yaml_get(entry, "device-filter")))
		r = filter(f, v, gpus);
	if (r == 0 && (v = rp_yaml_get(entry, "compute")))
		r = rp_node_read_compute(f, v, &modes.compute);
	if (r == 0 && (v = rp_yaml_get(entry, "memory")))
		r = rp_node_read_memory(f, v, &modes.memory);
	for (size_t i = 0; r == 0 && i < f->snapshot->n_gpus; i++)
		if (gpus[i])
			r = rp_node_set_gpu(f, i, modes, entry);
	return r;
}

int rp_node_read_configs(struct rp_node_file *f, const struct rp_yaml *configs)
{
	const struct rp_yaml *list = NULL;
	int r = rp_node_choose(f, configs, &list);

	if (r == 0 && list->kind != RP_YAML_LIST)
		return rp_yaml_must_be(list, f->name, f->reterr,
				       "a list of maps with 'devices', 'compute' and 'memory'");
	for (size_t i = 0; r == 0 && i < list->n; i++)
		r = read_entry(f, list->items[i]);
	return r;
}
