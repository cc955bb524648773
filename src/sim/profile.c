/* SPDX-License-Identifier: MIT */
/* Reading a profile: one table of keys per kind of map, every other key is refused. */
#include "sim/profile.h"

#include "base/num.h"
#include "base/strbuf.h"
#include "base/yaml.h"
#include "sim/profile_fields.h"

/* ---- CPUs ---- */

#define CPU(k, t, m, lo, hi, req)                                 \
	{                                                         \
		k, t, offsetof(struct rp_sim_cpu, m), lo, hi, req \
	}

static const struct rp_sim_field cpu_fields[] = {
	CPU("cores", FIELD_U32, cores, 1, 4096, true),
	CPU("core_id_base", FIELD_U32, core_id_base, 0, 65536, true),
	CPU("memory_bytes", FIELD_U64, memory_bytes, 1, UINT64_C(1) << 48, true),
	CPU("bank_width", FIELD_U32, bank_width, 0, UINT32_MAX, false),
	CPU("bank_clock_mhz", FIELD_U32, bank_clock_mhz, 0, UINT32_MAX, false),
};

static int read_cpus(const struct rp_sim_reader *r, const struct rp_yaml *y,
		     struct rp_sim_profile *p)
{
	int ret = rp_sim_want_list(r, y, RP_SIM_MAX_CPUS);

	for (size_t i = 0; ret == 0 && i < y->n; i++)
		ret = rp_sim_read_map(r, y->items[i], cpu_fields, RP_ARRAY_LEN(cpu_fields),
				      &p->cpus[i]);
	if (ret == 0)
		p->n_cpus = y->n;
	return ret;
}

/* ---- products ---- */

#define PRODUCT(k, t, m, lo, hi, req)                                 \
	{                                                             \
		k, t, offsetof(struct rp_sim_product, m), lo, hi, req \
	}
#define U16MAX	 65535
#define VRAM_MAX (UINT64_C(1) << 44)

static const struct rp_sim_field product_fields[] = {
	PRODUCT("product_name", FIELD_TEXT, product_name, 0, 0, false),
	PRODUCT("vbios", FIELD_TEXT, vbios, 0, 0, false),
	PRODUCT("vram_vendor", FIELD_TEXT, vram_vendor, 0, 0, false),
	PRODUCT("device", FIELD_U32, device, 1, U16MAX, true),
	PRODUCT("subsystem_vendor", FIELD_U32, subsystem_vendor, 1, U16MAX, false),
	PRODUCT("subsystem_device", FIELD_U32, subsystem_device, 0, U16MAX, false),
	PRODUCT("revision", FIELD_U32, revision, 0, 255, false),
	PRODUCT("xcc", FIELD_U32, xcc, 1, RP_SIM_MAX_XCC, true),
	PRODUCT("gfx_version", FIELD_U32, gfx_version, 1, UINT32_MAX, true),
	PRODUCT("apu", FIELD_BOOL, apu, 0, 0, false),
	PRODUCT("partitionable", FIELD_BOOL, partitionable, 0, 0, false),
	PRODUCT("vram_bytes", FIELD_U64, vram_bytes, UINT64_C(1) << 30, VRAM_MAX, true),
	PRODUCT("nps", FIELD_OTHER, nps_mask, 0, 0, false),
	PRODUCT("nps_broken", FIELD_OTHER, nps_broken, 0, 0, false),
	PRODUCT("dma", FIELD_U32, dma, 1, 64, true),
	PRODUCT("dec", FIELD_U32, dec, 0, 64, true),
	PRODUCT("jpeg", FIELD_U32, jpeg, 0, 64, true),
	PRODUCT("jpeg_rings", FIELD_U32, jpeg_rings, 1, 64, false),
	PRODUCT("cu_masks", FIELD_OTHER, cu_masks, 0, 0, true),
	PRODUCT("cu_per_sa", FIELD_U32, cu_per_sa, 1, 16, false),
	PRODUCT("lds_kb", FIELD_U32, lds_kb, 1, 1024, false),
	PRODUCT("l2_kb", FIELD_U32, l2_kb, 1, UINT32_MAX, false),
	PRODUCT("l3_kb", FIELD_U32, l3_kb, 0, UINT32_MAX, false),
	PRODUCT("clock_mhz", FIELD_U32, clock_mhz, 1, 10000, true),
	PRODUCT("fw_version", FIELD_U32, fw_version, 0, UINT32_MAX, true),
	PRODUCT("sdma_fw_version", FIELD_U32, sdma_fw_version, 0, UINT32_MAX, true),
	PRODUCT("capability", FIELD_U32, capability, 0, UINT32_MAX, true),
	PRODUCT("debug_prop", FIELD_U32, debug_prop, 0, UINT32_MAX, false),
	PRODUCT("wave_size", FIELD_U32, wave_size, 32, 64, false),
	PRODUCT("waves_per_simd", FIELD_U32, waves_per_simd, 1, 64, false),
	PRODUCT("cp_queues", FIELD_U32, cp_queues, 1, 1024, false),
	PRODUCT("sdma_queues", FIELD_U32, sdma_queues, 1, 64, false),
	PRODUCT("bank_width", FIELD_U32, bank_width, 1, UINT32_MAX, true),
	PRODUCT("bank_clock_mhz", FIELD_U32, bank_clock_mhz, 1, UINT32_MAX, true),
	PRODUCT("pcie_min_mbs", FIELD_U32, pcie_min_mbs, 0, UINT32_MAX, false),
	PRODUCT("pcie_max_mbs", FIELD_U32, pcie_max_mbs, 0, UINT32_MAX, false),
	PRODUCT("power_cap_w", FIELD_U32, power_cap_w, 1, 4000, true),
	PRODUCT("idle_w", FIELD_U32, idle_w, 1, 4000, false),
	PRODUCT("full_w", FIELD_U32, full_w, 1, 4000, false),
	PRODUCT("full_mhz", FIELD_U32, full_mhz, 1, 10000, false),
};

static int read_nps(const struct rp_sim_reader *r, const struct rp_yaml *y, uint32_t *ret_mask)
{
	uint32_t mask = 0;
	int ret = rp_sim_want_list(r, y, 8);

	for (size_t i = 0; ret == 0 && i < y->n; i++) {
		uint64_t v = 0;

		ret = rp_yaml_u64(y->items[i], r->name, &v, r->err);
		if (ret == 0 && v != 1 && v != 2 && v != 4 && v != 8)
			ret = rp_yaml_error(y->items[i], r->name, r->err,
					    "a memory mode must be 1, 2, 4 or 8");
		if (ret == 0)
			mask |= 1U << v;
	}
	if (ret == 0)
		*ret_mask = mask;
	return ret;
}

/* bit m stands for NPSm: a range of memory belongs to one XCC or more */
static int check_nps(const struct rp_sim_reader *r, const struct rp_yaml *y,
		     const struct rp_sim_product *p)
{
	if (!(p->nps_mask & (1U << 1)))
		return rp_yaml_error(y, r->name, r->err, "'nps' must have 1");
	if (p->nps_mask >> p->xcc > 1)
		return rp_yaml_error(y, r->name, r->err,
				     "'nps' has more memory ranges than the product has XCCs (%u)",
				     p->xcc);
	return 0;
}

static int read_memory_modes(const struct rp_sim_reader *r, const struct rp_yaml *y,
			     struct rp_sim_product *p)
{
	const struct rp_yaml *nps = rp_yaml_get(y, "nps"), *broken = rp_yaml_get(y, "nps_broken");
	int ret = nps ? read_nps(r, nps, &p->nps_mask) : 0;

	if (ret == 0 && nps)
		ret = check_nps(r, nps, p);
	if (ret == 0 && broken)
		ret = read_nps(r, broken, &p->nps_broken);
	if (ret == 0 && (p->nps_broken & ~p->nps_mask))
		ret = rp_yaml_error(broken, r->name, r->err, "'nps_broken' is a part of 'nps'");
	if (ret == 0 && p->apu && p->nps_mask != 1U << 1)
		ret = rp_yaml_error(y, r->name, r->err,
				    "an APU has no memory mode other than NPS1");
	return ret;
}

static int read_masks(const struct rp_sim_reader *r, const struct rp_yaml *y, uint32_t *masks,
		      size_t *ret_n)
{
	uint64_t any = 0;
	int ret = rp_sim_want_list(r, y, RP_SIM_MAX_SE);

	for (size_t i = 0; ret == 0 && i < y->n; i++) {
		uint64_t v = 0;

		ret = rp_yaml_u64(y->items[i], r->name, &v, r->err);
		if (ret == 0 && v > 0xffff)
			ret = rp_yaml_error(y->items[i], r->name, r->err,
					    "a mask of compute units has at most 16 bits");
		if (ret == 0)
			masks[i] = (uint32_t)v;
		any |= v;
	}
	if (ret == 0 && !any)
		ret = rp_yaml_error(y, r->name, r->err, "the masks leave no compute unit");
	if (ret == 0)
		*ret_n = y->n;
	return ret;
}

static void product_defaults(struct rp_sim_product *p)
{
	p->subsystem_vendor = 0x1002;
	p->partitionable = true;
	p->nps_mask = 1U << 1;
	p->jpeg_rings = 8;
	p->cu_per_sa = 10;
	p->lds_kb = 64;
	p->l2_kb = 4096;
	p->debug_prop = 1511;
	p->wave_size = 64;
	p->waves_per_simd = 8;
	p->cp_queues = 24;
	p->sdma_queues = 8;
	p->pcie_max_mbs = 64000;
}

/* As measured on a MI300X: 194 and 706 of 750 W, 1290 of 2100 MHz. */
static int load_defaults(const struct rp_sim_reader *r, const struct rp_yaml *y,
			 struct rp_sim_product *p)
{
	if (p->idle_w == 0)
		p->idle_w = p->power_cap_w * 194 / 750;
	if (p->full_w == 0)
		p->full_w = p->power_cap_w * 706 / 750 + (p->power_cap_w < 2);
	if (p->full_mhz == 0)
		p->full_mhz = p->clock_mhz * 1290 / 2100;
	if (p->idle_w >= p->full_w)
		return rp_yaml_error(y, r->name, r->err,
				     "'idle_w' (%u) must be less than 'full_w' (%u)", p->idle_w,
				     p->full_w);
	if (p->full_mhz > p->clock_mhz)
		return rp_yaml_error(y, r->name, r->err,
				     "'full_mhz' (%u) must be at most 'clock_mhz' (%u)",
				     p->full_mhz, p->clock_mhz);
	return 0;
}

static int read_product(const struct rp_sim_reader *r, const struct rp_yaml *y,
			struct rp_sim_product *p)
{
	const struct rp_yaml *masks;
	size_t n_se = 0;
	int ret;

	product_defaults(p);
	ret = rp_sim_read_map(r, y, product_fields, RP_ARRAY_LEN(product_fields), p);
	if (ret < 0)
		return ret;
	if (p->subsystem_device == 0)
		p->subsystem_device = p->device;
	ret = load_defaults(r, y, p);
	masks = rp_yaml_get(y, "cu_masks");
	if (ret == 0)
		ret = read_memory_modes(r, y, p);
	if (ret == 0 && masks)
		ret = read_masks(r, masks, p->cu_masks, &n_se);
	p->n_se = (uint32_t)n_se;
	return ret;
}

static int read_products(const struct rp_sim_reader *r, const struct rp_yaml *y,
			 struct rp_sim_profile *p)
{
	if (y->kind != RP_YAML_MAP || y->n == 0 || y->n > RP_SIM_MAX_PRODUCTS)
		return rp_yaml_must_be(y, r->name, r->err, "a map of 1 to %d products",
				       RP_SIM_MAX_PRODUCTS);
	for (size_t i = 0; i < y->n; i++) {
		struct rp_sim_product *product = &p->products[p->n_products];
		int ret;

		p->n_products++; /* so that a half-read one is freed too */
		product->name = rp_strndup(y->keys[i], strlen(y->keys[i]));
		if (!product->name)
			return rp_error_nomem(r->err);
		ret = read_product(r, y->items[i], product);
		if (ret < 0)
			return ret;
	}
	return 0;
}

/* ---- GPUs ---- */

#define GPU(k, t, m, lo, hi, req)                                 \
	{                                                         \
		k, t, offsetof(struct rp_sim_gpu, m), lo, hi, req \
	}

static const struct rp_sim_field gpu_fields[] = {
	GPU("bdf", FIELD_OTHER, bdf, 0, 0, true),
	GPU("product", FIELD_OTHER, product, 0, 0, true),
	GPU("unique_id", FIELD_U64, unique_id, 1, UINT64_MAX, true),
	GPU("hive", FIELD_U64, hive_id, 1, UINT64_MAX, false),
	GPU("cpu", FIELD_U32, cpu, 0, RP_SIM_MAX_CPUS - 1, false),
	GPU("vf", FIELD_BOOL, vf, 0, 0, false),
	GPU("multi_vf", FIELD_BOOL, multi_vf, 0, 0, false),
	GPU("driver", FIELD_TEXT, driver, 0, 0, false),
	GPU("vram_used", FIELD_U64, vram_used, 0, VRAM_MAX, false),
	GPU("xcc_cu_masks", FIELD_OTHER, cu_masks, 0, 0, false),
};

/* "dddd:bb:dd.f", as the kernel prints it: lower case. A virtual function may be a function other
 * than 0. */
static int parse_bdf(const char *text, struct rp_sim_gpu *g)
{
	static const char form[] = "hhhh:hh:hh.f";
	uint32_t dev = 0;
	char buf[sizeof(form)];
	int ret;

	if (strlen(text) != sizeof(form) - 1)
		return -EINVAL;
	for (size_t i = 0; i < sizeof(form) - 1; i++) {
		bool hex = strchr("0123456789abcdef", text[i]) != NULL;

		bool is_function = text[i] >= '0' && text[i] <= '7';

		if (form[i] == 'h' ? !hex : form[i] == 'f' ? !is_function : text[i] != form[i])
			return -EINVAL;
	}
	memcpy(buf, text, sizeof(buf));
	buf[4] = buf[7] = buf[10] = '\0';
	ret = rp_parse_u32(buf, 16, &g->domain);
	if (ret == 0)
		ret = rp_parse_u32(buf + 5, 16, &g->bus);
	if (ret == 0)
		ret = rp_parse_u32(buf + 8, 16, &dev);
	if (ret < 0 || dev > 31)
		return -EINVAL;
	g->devfn = dev << 3 | (unsigned)(text[sizeof(form) - 2] - '0');
	memcpy(g->bdf, text, sizeof(form));
	return 0;
}

static int read_gpu_names(const struct rp_sim_reader *r, const struct rp_yaml *y,
			  const struct rp_sim_profile *p, struct rp_sim_gpu *g)
{
	const struct rp_yaml *bdf = rp_yaml_get(y, "bdf"), *product = rp_yaml_get(y, "product");

	if (bdf->kind != RP_YAML_SCALAR || parse_bdf(bdf->text, g) < 0)
		return rp_yaml_must_be(bdf, r->name, r->err, "a PCI address such as 0000:05:00.0");
	for (const struct rp_sim_gpu *o = p->gpus; o < g; o++) {
		if (rp_str_eq(o->bdf, g->bdf))
			return rp_yaml_error(bdf, r->name, r->err,
					     "two GPUs have the PCI address '%s'", g->bdf);
	}
	for (size_t i = 0; i < p->n_products; i++) {
		if (product->kind == RP_YAML_SCALAR &&
		    rp_str_eq(product->text, p->products[i].name))
			g->product = &p->products[i];
	}
	if (!g->product)
		return rp_yaml_must_be(product, r->name, r->err, "a name under 'products'");
	return 0;
}

/* Harvested CUs differ between XCCs: {1: [0x2f, ...]} replaces the product's masks for XCC 1. */
static int read_xcc_masks(const struct rp_sim_reader *r, const struct rp_yaml *y,
			  struct rp_sim_gpu *g)
{
	if (y->kind != RP_YAML_MAP)
		return rp_yaml_must_be(y, r->name, r->err, "a map of XCC numbers");
	for (size_t i = 0; i < y->n; i++) {
		uint32_t xcc = 0;
		size_t n = 0;
		int ret;

		if (rp_parse_u32(y->keys[i], 10, &xcc) < 0 || xcc >= g->product->xcc)
			return rp_yaml_error(
				y->key_nodes[i], r->name, r->err,
				"'%s' is not the number of an XCC of the product, which has "
				"%u",
				y->keys[i], g->product->xcc);
		ret = read_masks(r, y->items[i], g->cu_masks[xcc], &n);
		if (ret < 0)
			return ret;
		if (n != g->product->n_se)
			return rp_yaml_error(
				y->items[i], r->name, r->err,
				"as many masks are needed as the product has shader engines (%u)",
				g->product->n_se);
	}
	return 0;
}

static int read_gpu(const struct rp_sim_reader *r, const struct rp_yaml *y,
		    struct rp_sim_profile *p, struct rp_sim_gpu *g)
{
	const struct rp_yaml *masks;
	int ret;

	g->vram_used = 300929024; /* idle GPUs of the MI308X capture */
	ret = rp_sim_read_map(r, y, gpu_fields, RP_ARRAY_LEN(gpu_fields), g);
	if (ret == 0)
		ret = read_gpu_names(r, y, p, g);
	if (ret < 0)
		return ret;
	if (g->driver && (!*g->driver || strchr(g->driver, '/') || rp_str_eq(g->driver, "amdgpu") ||
			  rp_str_eq(g->driver, "ast") || g->driver[0] == '.'))
		return rp_yaml_must_be(rp_yaml_get(y, "driver"), r->name, r->err,
				       "the name of a driver other than amdgpu and ast");
	if (g->cpu >= p->n_cpus)
		return rp_yaml_error(y, r->name, r->err,
				     "'cpu' is %u, but 'cpus' has no such entry", g->cpu);
	for (size_t x = 0; x < g->product->xcc; x++)
		memcpy(g->cu_masks[x], g->product->cu_masks, sizeof(g->cu_masks[x]));
	masks = rp_yaml_get(y, "xcc_cu_masks");
	return masks ? read_xcc_masks(r, masks, g) : 0;
}

static int read_gpus(const struct rp_sim_reader *r, const struct rp_yaml *y,
		     struct rp_sim_profile *p)
{
	int ret = rp_sim_want_list(r, y, RP_SIM_MAX_GPUS);

	for (size_t i = 0; ret == 0 && i < y->n; i++) {
		ret = read_gpu(r, y->items[i], p, &p->gpus[i]);
		p->n_gpus = i + 1;
	}
	return ret;
}

/* ---- the whole ---- */

#define TOP(k, t, m, lo, hi, req)                                     \
	{                                                             \
		k, t, offsetof(struct rp_sim_profile, m), lo, hi, req \
	}

static const struct rp_sim_field top_fields[] = {
	TOP("version", FIELD_OTHER, abi, 0, 0, true),
	TOP("abi", FIELD_OTHER, abi, 0, 0, false),
	TOP("platform_oem", FIELD_U64, platform_oem, 0, UINT64_MAX, false),
	TOP("platform_id", FIELD_U64, platform_id, 0, UINT64_MAX, false),
	TOP("platform_rev", FIELD_U64, platform_rev, 0, UINT64_MAX, false),
	TOP("cpu_clock_mhz", FIELD_U32, cpu_clock_mhz, 1, 10000, true),
	TOP("cpu_link_type", FIELD_U32, cpu_link_type, 1, 5, false),
	TOP("cpu_link_weight", FIELD_U32, cpu_link_weight, 1, 255, false),
	TOP("bmc", FIELD_BOOL, bmc, 0, 0, false),
	TOP("mem_alloc_mode", FIELD_BOOL, mem_alloc_mode, 0, 0, false),
	TOP("sdma_mask", FIELD_BOOL, sdma_mask, 0, 0, false),
	TOP("auto_qpx", FIELD_BOOL, auto_qpx, 0, 0, false),
	TOP("user_partt_mode", FIELD_OTHER, user_partt_mode, 0, 0, false),
	TOP("gpu_metrics", FIELD_U32, gpu_metrics, 5, 9, false),
	TOP("load_ms", FIELD_U32, load_ms, 1, 3600000, false),
	TOP("unload_ms", FIELD_U32, unload_ms, 1, 3600000, false),
	TOP("switch_ms", FIELD_U32, switch_ms, 1, 3600000, false),
	TOP("bad_page_threshold", FIELD_U32, bad_page_threshold, 1, 65536, false),
	TOP("driver_version", FIELD_TEXT, driver_version, 0, 0, false),
	TOP("srcversion", FIELD_TEXT, srcversion, 0, 0, false),
	TOP("boot_nps", FIELD_U32, boot_nps, 1, RP_SIM_MAX_NPS, false),
	TOP("cpus", FIELD_OTHER, cpus, 0, 0, true),
	TOP("products", FIELD_OTHER, products, 0, 0, true),
	TOP("gpus", FIELD_OTHER, gpus, 0, 0, true),
};

static int read_words(const struct rp_sim_reader *r, const struct rp_yaml *y,
		      struct rp_sim_profile *p)
{
	static const char *const abis[] = {"g1", "g2", "g3"};
	const struct rp_yaml *version = rp_yaml_get(y, "version"), *abi = rp_yaml_get(y, "abi");
	const struct rp_yaml *user = rp_yaml_get(y, "user_partt_mode");
	uint64_t v = 0;
	int ret = 0;

	if (version->kind != RP_YAML_SCALAR || !rp_str_eq(version->text, "v1"))
		return rp_yaml_must_be(version, r->name, r->err, "v1");
	if (abi) {
		bool known = false;

		for (size_t i = 0; i < RP_ARRAY_LEN(abis); i++) {
			if (abi->kind != RP_YAML_SCALAR || !rp_str_eq(abi->text, abis[i]))
				continue;
			p->abi = (enum rp_sim_abi)(i + 1);
			known = true;
		}
		if (!known)
			return rp_yaml_must_be(abi, r->name, r->err, "g1, g2 or g3");
	}
	if (user) {
		ret = rp_yaml_u64(user, r->name, &v, r->err);
		if (ret == 0 && v >= RP_SIM_N_COMPUTE)
			ret = rp_yaml_must_be(user, r->name, r->err, "from 0 to 4");
		if (ret == 0)
			p->user_partt_mode = (int32_t)v;
	}
	return ret;
}

/* What is read is version 1.N: of the kernels that are played, and of a DKMS driver since 6.16.13.
 */
static void choose_metrics(struct rp_sim_profile *p)
{
	static const uint32_t of_abi[] = {[RP_SIM_G1] = 5, [RP_SIM_G2] = 7, [RP_SIM_G3] = 8};

	if (p->gpu_metrics)
		return;
	p->gpu_metrics = of_abi[p->abi];
	if (p->driver_version && rp_str_starts(p->driver_version, "6.10."))
		p->gpu_metrics = 6;
	if (p->driver_version && strverscmp(p->driver_version, "6.16.13") >= 0)
		p->gpu_metrics = 9;
}

static int check_boot(const struct rp_sim_reader *r, const struct rp_yaml *y,
		      const struct rp_sim_profile *p)
{
	for (size_t i = 0; i < p->n_gpus; i++) {
		const struct rp_sim_product *product = p->gpus[i].product;

		if (product->partitionable && !(product->nps_mask & (1U << p->boot_nps)))
			return rp_yaml_error(rp_yaml_get(y, "boot_nps"), r->name, r->err,
					     "'boot_nps' is %u, but product '%s' has no NPS%u",
					     p->boot_nps, product->name, p->boot_nps);
	}
	return 0;
}

static int read_top(const struct rp_sim_reader *r, const struct rp_yaml *y,
		    struct rp_sim_profile *p)
{
	int ret;

	p->abi = RP_SIM_G3;
	p->cpu_link_type = 1;
	p->cpu_link_weight = 32;
	p->user_partt_mode = -2;
	p->boot_nps = 1;
	/* A reload was reported to take 30 to 140 s; how it divides, and a switch: estimates. */
	p->load_ms = 50000;
	p->unload_ms = 10000;
	p->switch_ms = 2000;
	ret = rp_sim_read_map(r, y, top_fields, RP_ARRAY_LEN(top_fields), p);
	if (ret == 0)
		ret = read_words(r, y, p);
	if (ret == 0)
		choose_metrics(p);
	if (ret == 0)
		ret = read_cpus(r, rp_yaml_get(y, "cpus"), p);
	if (ret == 0)
		ret = read_products(r, rp_yaml_get(y, "products"), p);
	if (ret == 0)
		ret = read_gpus(r, rp_yaml_get(y, "gpus"), p);
	if (ret == 0)
		ret = check_boot(r, y, p);
	return ret;
}

int rp_sim_profile_parse(const char *text, size_t len, const char *name,
			 struct rp_sim_profile **ret, struct rocpart_error *reterr)
{
	struct rp_sim_reader r = {name, reterr};
	RP_AUTO(rp_cleanup_yaml) struct rp_yaml *y = NULL;
	struct rp_sim_profile *p;
	int res = rp_yaml_parse(text, len, name, &y, reterr);

	if (res < 0)
		return res;
	p = rp_new0(struct rp_sim_profile, 1);
	if (!p)
		return rp_error_nomem(reterr);
	res = read_top(&r, y, p);
	if (res < 0) {
		rp_sim_profile_free(p);
		return res;
	}
	*ret = p;
	return 0;
}

struct rp_sim_profile *rp_sim_profile_free(struct rp_sim_profile *p)
{
	if (!p)
		return NULL;
	for (size_t i = 0; i < p->n_products; i++) {
		free(p->products[i].name);
		free(p->products[i].product_name);
		free(p->products[i].vbios);
		free(p->products[i].vram_vendor);
	}
	for (size_t i = 0; i < RP_SIM_MAX_GPUS; i++)
		free(p->gpus[i].driver);
	free(p->driver_version);
	free(p->srcversion);
	free(p);
	return NULL;
}
