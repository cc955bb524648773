/* SPDX-License-Identifier: MIT */
/* What the PCI core shows of a GPU that amdgpu does not drive (Linux drivers/pci/pci-sysfs.c). */
#include "base/num.h"
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
