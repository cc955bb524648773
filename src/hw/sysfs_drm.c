/* SPDX-License-Identifier: MIT */
/* DRM nodes: which cards there are, and the card beside each render node (amdgpu_xcp_drv.c). */
#include "base/num.h"
#include "hw/hw.h"
#include "hw/sysfs.h"

/* "card12" -> 12. */
static bool card_number(const char *name, uint64_t *ret)
{
	return rp_str_starts(name, "card") && rp_parse_u64(name + strlen("card"), 10, ret) == 0;
}

/* The platform device of a partition holds drm/cardM and drm/renderDK; the GPU holds partition 0's.
 */
int rp_hw_find_card(struct rp_tree *t, unsigned render_minor, uint64_t *ret)
{
	RP_AUTO_NAMES struct rp_names names = RP_NAMES_INIT;
	int r = rp_tree_list(t, &names, "sys/class/drm/renderD%u/device/drm", render_minor);

	if (r < 0)
		return r == -ENOMEM ? r : -ENOENT;
	for (size_t i = 0; i < names.n; i++)
		if (card_number(names.v[i], ret))
			return 0;
	return -ENOENT;
}

static int scan_card(struct rp_tree *t, struct rp_scan_node *node)
{
	int r = rp_hw_find_card(t, node->render_minor, &node->card_minor.v);

	node->card_minor.known = r == 0;
	return r == -ENOMEM ? r : 0;
}

/*
 * ROCr skips a GPU whose render node it cannot open (libhsakmt topology.c). Its presence is looked
 * at, not opened: opening may wake the GPU. A captured tree rarely has /dev; there all count.
 */
static bool is_accessible(struct rp_tree *t, const struct rp_scan_node *node)
{
	struct rp_stat st;

	if (node->hidden)
		return false;
	if (rp_tree_kind(t) == RP_TREE_CAPTURE)
		return true;
	return rp_tree_stat(t, &st, "dev/dri/renderD%u", node->render_minor) == 0;
}

/* The name of the partitions' platform devices changed from a dot to an underscore (Linux 6.10). */
static void scan_naming(struct rp_tree *t, struct rp_scan *scan)
{
	RP_AUTO_NAMES struct rp_names names = RP_NAMES_INIT;

	if (rp_tree_list(t, &names, "sys/devices/platform") < 0)
		return;
	for (size_t i = 0; i < names.n; i++)
		scan->has_dot_naming |= rp_str_starts(names.v[i], "amdgpu_xcp.");
}

static bool render_number(const char *name, uint64_t *ret)
{
	return rp_str_starts(name, "renderD") &&
	       rp_parse_u64(name + strlen("renderD"), 10, ret) == 0;
}

static int compare_name(const void *name, const void *item)
{
	return rp_natural_cmp(name, *(char *const *)item);
}

static bool has_render(const struct rp_names *drm, uint64_t minor)
{
	char name[32];

	(void)rp_fmt(name, sizeof(name), "renderD%llu", (unsigned long long)minor);
	return drm->n && bsearch(name, drm->v, drm->n, sizeof(*drm->v), compare_name);
}

/* Render minor of the GPU's own DRM device. */
static bool own_render(struct rp_tree *t, const char *bdf, uint64_t *ret)
{
	RP_AUTO_NAMES struct rp_names names = RP_NAMES_INIT;

	if (rp_tree_list(t, &names, RP_PCI_DEVICES "/%s/drm", bdf) < 0)
		return false;
	for (size_t i = 0; i < names.n; i++)
		if (render_number(names.v[i], ret))
			return true;
	return false;
}

static bool is_own_render(const struct rp_scan *scan, uint64_t minor)
{
	for (size_t i = 0; i < scan->n_pci; i++)
		if (scan->pci[i].own_render.known && scan->pci[i].own_render.v == minor)
			return true;
	return false;
}

/*
 * Slots are allocated in one go right after the GPU's own device (amdgpu_xcp_dev_alloc), so they
 * are the minors that follow it, up to the first that is missing or is another GPU's own.
 */
static void scan_slots(struct rp_tree *t, struct rp_scan *scan, const struct rp_names *drm)
{
	for (size_t i = 0; i < scan->n_pci; i++)
		scan->pci[i].own_render.known =
			own_render(t, scan->pci[i].bdf, &scan->pci[i].own_render.v);
	for (size_t i = 0; i < scan->n_pci; i++) {
		struct rp_opt_u64 base = scan->pci[i].own_render;
		uint64_t n = 1;

		while (base.known && n < 8 && has_render(drm, base.v + n) &&
		       !is_own_render(scan, base.v + n))
			n++;
		scan->pci[i].n_slots = (struct rp_opt_u64){base.known, n};
	}
}

int rp_sysfs_scan_drm(struct rp_tree *t, struct rp_scan *scan, struct rocpart_error *reterr)
{
	RP_AUTO_NAMES struct rp_names names = RP_NAMES_INIT;
	int r = rp_tree_list(t, &names, "sys/class/drm");

	scan->has_drm = r == 0;
	scan_naming(t, scan);
	for (size_t i = 0; i < names.n; i++) {
		uint64_t minor;

		scan->n_card_minors += card_number(names.v[i], &minor);
	}
	if (scan->has_drm)
		scan_slots(t, scan, &names);
	for (size_t i = 0; i < scan->n_nodes; i++) {
		scan->nodes[i].render_accessible = is_accessible(t, &scan->nodes[i]);
		if (scan->has_drm && !scan->without_cards && !scan->nodes[i].hidden &&
		    scan_card(t, &scan->nodes[i]) < 0)
			return rp_error_nomem(reterr);
	}
	return 0;
}
