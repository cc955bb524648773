/* SPDX-License-Identifier: MIT */
/* PCI devices bound to amdgpu and their partition files (Linux amdgpu_gfx.c, amdgpu_gmc.c). */
#include "base/num.h"
#include "hw/sysfs.h"

#include <ctype.h>
#include <stddef.h>

/* Text attributes of a device. A control file's write bit tells whether it can be switched. */
static const struct {
	const char *file;
	size_t offset;
	bool is_control;
} attributes[] = {
	{"unique_id", offsetof(struct rp_scan_pci, unique_id), false},
	{"current_compute_partition", offsetof(struct rp_scan_pci, compute), true},
	{"available_compute_partition", offsetof(struct rp_scan_pci, compute_available), false},
	{"compute_partition_config/supported_xcp_configs",
	 offsetof(struct rp_scan_pci, compute_supported), false},
	{"current_memory_partition", offsetof(struct rp_scan_pci, memory), true},
	{"available_memory_partition", offsetof(struct rp_scan_pci, memory_available), false},
	{"compute_partition_mem_alloc_mode", offsetof(struct rp_scan_pci, mem_alloc_mode), false},
	{"vbios_version", offsetof(struct rp_scan_pci, vbios), false},
	{"ras/umc_err_count", offsetof(struct rp_scan_pci, ras_umc), false},
};

/* Numbers of a device. */
static const struct {
	const char *file;
	size_t offset;
	uint64_t max;
} numbers[] = {
	{"mem_info_vram_total", offsetof(struct rp_scan_pci, vram_total_bytes), RP_SANE_BYTES},
	{"mem_info_vram_used", offsetof(struct rp_scan_pci, vram_used_bytes), RP_SANE_BYTES},
	{"xgmi_hive_info/xgmi_hive_id", offsetof(struct rp_scan_pci, hive_id), UINT64_MAX},
};

void rp_sysfs_pci_done(struct rp_scan_pci *pci)
{
	for (size_t i = 0; i < RP_ARRAY_LEN(attributes); i++) {
		struct rp_attr attr;

		memcpy(&attr, (char *)pci + attributes[i].offset, sizeof(attr));
		free(attr.text);
	}
	free(pci->bad_pages.text);
}

/* dddd:bb:dd.f; the domain may have more digits (PCI domains are 32 bits wide). */
static bool is_bdf(const char *s)
{
	size_t digits = 0;

	while (isxdigit((unsigned char)s[digits]))
		digits++;
	return digits >= 4 && digits <= 8 && s[digits] == ':' &&
	       isxdigit((unsigned char)s[digits + 1]) && isxdigit((unsigned char)s[digits + 2]) &&
	       s[digits + 3] == ':' && isxdigit((unsigned char)s[digits + 4]) &&
	       isxdigit((unsigned char)s[digits + 5]) && s[digits + 6] == '.' &&
	       isdigit((unsigned char)s[digits + 7]) && s[digits + 8] == '\0';
}

/*
 * What the driver answers to a read of a file that is there when it has no value to give: EPERM
 * while the GPU is reset or suspended (amdgpu_pm.c), EOPNOTSUPP and EINVAL where the block is not
 * there (amdgpu_gfx.c, amdgpu_ras.c), ENODATA.
 */
static bool is_refusal(int r)
{
	return r == -EPERM || r == -EOPNOTSUPP || r == -EINVAL || r == -ENODATA;
}

/* Whether a read failed that is neither an absence nor a refusal of the driver. */
static bool is_fault(int r)
{
	return r < 0 && !rp_is_absent(r) && !is_refusal(r);
}

static int read_attribute(struct rp_tree *t, const char *bdf, const char *file, struct rp_attr *ret)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;

	*ret = (struct rp_attr){
		.err = rp_read_again(rp_tree_read(t, &text, RP_PCI_DEVICES "/%s/%s", bdf, file))};
	if (ret->err == 0)
		ret->text = rp_strbuf_steal(&text);
	return ret->err == 0 && !ret->text ? -ENOMEM : 0;
}

static bool is_same(const struct rp_attr *a, const struct rp_attr *b)
{
	return a->err == b->err && (a->err || rp_str_eq(a->text, b->text));
}

/*
 * A mode is believed when two reads agree: a register that fails reads as all ones, once or for
 * good. Reads that never agree are -ESTALE.
 */
static int read_control(struct rp_tree *t, const char *bdf, const char *file, struct rp_attr *ret)
{
	int r = read_attribute(t, bdf, file, ret);

	for (int i = 0; r == 0 && i < 3; i++) {
		struct rp_attr next = {0};
		bool is_agreed;

		if (rp_is_absent(ret->err) || rp_sysfs_is_ours(ret->err))
			return 0;
		r = read_attribute(t, bdf, file, &next);
		is_agreed = r == 0 && is_same(ret, &next);
		free(ret->text);
		*ret = next;
		if (is_agreed || r < 0 || rp_sysfs_is_ours(ret->err))
			return r;
	}
	free(ret->text);
	*ret = (struct rp_attr){.err = -ESTALE};
	return r;
}

/* A file of the driver may be missing, refuse or fail: that is recorded. */
static int scan_attribute(struct rp_tree *t, const char *bdf, const char *file, bool is_control,
			  struct rp_attr *ret)
{
	struct rp_stat st;
	int r = is_control ? read_control(t, bdf, file, ret) : read_attribute(t, bdf, file, ret);

	if (r < 0)
		return r;
	if (rp_sysfs_is_ours(ret->err))
		return ret->err;
	if (!is_control || !ret->text)
		return 0;
	r = rp_read_again(rp_tree_stat(t, &st, RP_PCI_DEVICES "/%s/%s", bdf, file));
	ret->writable = r == 0 && (st.mode & 0200);
	if (r < 0 && !rp_is_absent(r)) {
		free(ret->text);
		*ret = (struct rp_attr){.err = r};
	}
	return rp_sysfs_is_ours(r) ? r : 0;
}

static int scan_number(struct rp_tree *t, struct rp_scan_pci *pci, size_t i, struct rp_opt_u64 *ret)
{
	int r = rp_read_again(rp_tree_read_u64(t, 10, &ret->v, RP_PCI_DEVICES "/%s/%s", pci->bdf,
					       numbers[i].file));

	if (r == 0 && ret->v > numbers[i].max)
		r = -EBADMSG;
	ret->known = r == 0;
	if (is_fault(r) && !rp_sysfs_is_ours(r))
		rp_sysfs_set_fault(&pci->fault, r, "%s", numbers[i].file);
	return rp_sysfs_is_ours(r) ? r : 0;
}

/* -1 is the kernel's word for no node: it is no number for us (EBADMSG), nor is nonsense. */
static int scan_numa(struct rp_tree *t, struct rp_scan_pci *pci, struct rocpart_error *reterr)
{
	uint64_t v;
	int r = rp_read_again(
		rp_tree_read_u64(t, 10, &v, RP_PCI_DEVICES "/%s/numa_node", pci->bdf));

	pci->numa_node = r == 0 && v <= INT32_MAX ? (int32_t)v : -1;
	if (rp_sysfs_is_ours(r))
		return rp_sysfs_error(reterr, r, "NUMA node", RP_PCI_DEVICES "/%s/numa_node",
				      pci->bdf);
	if (is_fault(r) && r != -EBADMSG && r != -E2BIG)
		rp_sysfs_set_fault(&pci->fault, r, "numa_node");
	return 0;
}

/* Bad pages: "0x<pfn> : 0x<size> : R" lines; a binary attribute that may exceed a page. */
static int scan_bad_pages(struct rp_tree *t, struct rp_scan_pci *pci, struct rocpart_error *reterr)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	int r = rp_read_again(rp_tree_read_file(
		t, RP_MIB, &text, RP_PCI_DEVICES "/%s/ras/gpu_vram_bad_pages", pci->bdf));

	pci->bad_pages.err = r;
	if (rp_sysfs_is_ours(r))
		return rp_sysfs_error(reterr, r, "list of bad pages",
				      RP_PCI_DEVICES "/%s/ras/gpu_vram_bad_pages", pci->bdf);
	if (is_fault(r))
		rp_sysfs_set_fault(&pci->fault, r, "ras/gpu_vram_bad_pages");
	if (r < 0)
		return 0;
	pci->bad_pages.text = rp_strbuf_steal(&text);
	return pci->bad_pages.text ? 0 : rp_error_nomem(reterr);
}

static int scan_attributes(struct rp_tree *t, struct rp_scan_pci *pci, struct rocpart_error *reterr)
{
	char *base = (char *)pci;

	for (size_t i = 0; i < RP_ARRAY_LEN(attributes); i++) {
		struct rp_attr attr = {0};
		int r = scan_attribute(t, pci->bdf, attributes[i].file, attributes[i].is_control,
				       &attr);

		memcpy(base + attributes[i].offset, &attr, sizeof(attr));
		if (r < 0)
			return rp_sysfs_error(reterr, r, "attribute", RP_PCI_DEVICES "/%s/%s",
					      pci->bdf, attributes[i].file);
	}
	for (size_t i = 0; i < RP_ARRAY_LEN(numbers); i++) {
		struct rp_opt_u64 v = {0};
		int r = scan_number(t, pci, i, &v);

		memcpy(base + numbers[i].offset, &v, sizeof(v));
		if (r < 0)
			return rp_sysfs_error(reterr, r, "number", RP_PCI_DEVICES "/%s/%s",
					      pci->bdf, numbers[i].file);
	}
	return 0;
}

static int scan_device_id(struct rp_tree *t, struct rp_scan_pci *pci, struct rocpart_error *reterr)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	uint64_t id = 0;
	int r = rp_read_again(rp_tree_read(t, &text, RP_PCI_DEVICES "/%s/device", pci->bdf));

	if (r == 0 && (rp_parse_u64(rp_strbuf_str(&text), 0, &id) < 0 || id > UINT16_MAX))
		r = -EBADMSG;
	if (rp_sysfs_is_ours(r))
		return rp_sysfs_error(reterr, r, "PCI device id", RP_PCI_DEVICES "/%s/device",
				      pci->bdf);
	if (r < 0)
		rp_sysfs_set_fault(&pci->fault, r, "device");
	else
		pci->device_id = (uint32_t)id;
	return 0;
}

static int scan_device(struct rp_tree *t, struct rp_scan_pci *pci, struct rocpart_error *reterr)
{
	int r = scan_device_id(t, pci, reterr);

	if (r == 0)
		r = scan_numa(t, pci, reterr);
	if (r == 0)
		r = scan_bad_pages(t, pci, reterr);
	return r < 0 ? r : scan_attributes(t, pci, reterr);
}

/* One GPU that has the folder is enough: the driver is one for all. */
static int scan_partition_metrics(struct rp_tree *t, struct rp_scan *scan,
				  struct rocpart_error *reterr)
{
	for (size_t i = 0; i < scan->n_pci && !scan->has_partition_metrics; i++) {
		const char *bdf = scan->pci[i].bdf;
		struct rp_stat st;
		int r = rp_read_again(rp_tree_stat(t, &st, RP_PCI_DEVICES "/%s/xcp", bdf));

		if (rp_sysfs_is_ours(r))
			return rp_sysfs_error(reterr, r, "folder", RP_PCI_DEVICES "/%s/xcp", bdf);
		scan->has_partition_metrics = r == 0;
	}
	return 0;
}

int rp_sysfs_scan_pci(struct rp_tree *t, struct rp_scan *scan, struct rocpart_error *reterr)
{
	RP_AUTO_NAMES struct rp_names names = RP_NAMES_INIT;
	int r = rp_tree_list(t, &names, RP_PCI_DRIVER);

	if (rp_is_absent(r))
		return 0;
	if (r < 0)
		return rp_sysfs_error(reterr, r, "amdgpu devices", RP_PCI_DRIVER);
	scan->has_driver = true;
	for (size_t i = 0; i < names.n; i++) {
		struct rp_scan_pci *pci;

		if (!is_bdf(names.v[i]))
			continue;
		if (rp_grow(&scan->pci, &scan->cap_pci, scan->n_pci + 1, sizeof(*pci)) < 0)
			return rp_error_nomem(reterr);
		pci = &scan->pci[scan->n_pci++]; /* owned by the scan from here, half read or not */
		memset(pci, 0, sizeof(*pci));
		(void)rp_fmt(pci->bdf, sizeof(pci->bdf), "%s", names.v[i]);
		r = scan_device(t, pci, reterr);
		if (r < 0)
			return r;
	}
	scan->has_pci = scan->n_pci > 0;
	return scan_partition_metrics(t, scan, reterr);
}
