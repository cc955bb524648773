/* SPDX-License-Identifier: MIT */
/* What the PCI core shows of a GPU that amdgpu does not drive (Linux drivers/pci/pci-sysfs.c). */
#include "base/num.h"
#include "base/strbuf.h"
#include "facts/product.h"
#include "hw/sysfs.h"

#define VENDOR_AMD 0x1002

static int read_driver(struct rp_tree *t, const char *bdf, enum rp_pci_place *ret)
{
	RP_AUTO_STRBUF struct rp_strbuf link = RP_STRBUF_INIT;
	int r = rp_tree_readlink(t, &link, RP_PCI_DEVICES "/%s/driver", bdf);
	bool is_amdgpu = r == 0 && rp_str_ends(rp_strbuf_str(&link), "/amdgpu");

	if (r < 0 && r != -ENOENT)
		return r;
	*ret = r < 0 ? RP_PCI_NO_DRIVER : is_amdgpu ? RP_PCI_AMDGPU : RP_PCI_OTHER_DRIVER;
	return 0;
}

int rp_hw_find_on_bus(struct rp_tree *t, const char *bdf, uint32_t device_id,
		      enum rp_pci_place *ret)
{
	uint64_t vendor = 0, device = 0;
	struct rp_stat st;
	int r = rp_tree_stat(t, &st, RP_PCI_DEVICES);

	if (r < 0)
		return r == -ENOENT ? -ENODATA : r;
	r = rp_tree_read_u64(t, 0, &vendor, RP_PCI_DEVICES "/%s/vendor", bdf);
	if (r == 0)
		r = rp_tree_read_u64(t, 0, &device, RP_PCI_DEVICES "/%s/device", bdf);
	if (r < 0 && r != -ENOENT)
		return r;
	if (r == -ENOENT || vendor != VENDOR_AMD ||
	    (device != device_id && !rp_product_by_device_id((uint32_t)device))) {
		*ret = RP_PCI_NONE;
		return 0;
	}
	return read_driver(t, bdf, ret);
}

/* The name of its driver; "" when it has none. *ret_known: its PCI id is that of a known GPU. */
static int read_driver_name(struct rp_tree *t, const char *bdf, bool *ret_known, char *ret,
			    size_t size)
{
	RP_AUTO_STRBUF struct rp_strbuf link = RP_STRBUF_INIT;
	uint64_t vendor = 0, device = 0;
	const char *slash;
	int r = rp_tree_read_u64(t, 0, &vendor, RP_PCI_DEVICES "/%s/vendor", bdf);

	if (r == 0)
		r = rp_tree_read_u64(t, 0, &device, RP_PCI_DEVICES "/%s/device", bdf);
	*ret_known = r == 0 && vendor == VENDOR_AMD && rp_product_by_device_id((uint32_t)device);
	ret[0] = '\0';
	if (r < 0 || !*ret_known)
		return r;
	r = rp_tree_readlink(t, &link, RP_PCI_DEVICES "/%s/driver", bdf);
	if (r < 0)
		return r;
	slash = strrchr(rp_strbuf_str(&link), '/');
	return rp_fmt(ret, size, "%.31s", slash ? slash + 1 : rp_strbuf_str(&link));
}

int rp_hw_find_foreign(struct rp_tree *t, struct rp_foreign_gpus *ret)
{
	RP_AUTO_NAMES struct rp_names names = RP_NAMES_INIT;
	struct rp_foreign_gpus found = {0};
	int r = rp_tree_list(t, &names, RP_PCI_DEVICES);

	for (size_t i = 0; r == 0 && i < names.n; i++) {
		char driver[32];
		bool is_known;

		r = read_driver_name(t, names.v[i], &is_known, driver, sizeof(driver));
		if (rp_is_absent(r))
			r = 0; /* of a device without driver, or one that is leaving */
		if (r < 0 || !is_known)
			continue;
		if (!*driver || rp_str_eq(driver, "amdgpu")) {
			found.n_others++;
			continue;
		}
		if (found.n++ == 0) {
			memcpy(found.driver, driver, sizeof(driver));
			r = rp_fmt(found.bdf, sizeof(found.bdf), "%.15s", names.v[i]);
		}
	}
	if (r < 0 && !rp_is_absent(r))
		return r;
	*ret = found;
	return 0;
}
