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
		return rp_is_absent(r) ? -ENOENT : r;
	for (size_t i = 0; i < names.n; i++)
		if (card_number(names.v[i], ret))
			return 0;
	return -ENOENT;
}

static int scan_card(struct rp_tree *t, struct rp_scan_node *node, struct rocpart_error *reterr)
{
	int r = rp_read_again(rp_hw_find_card(t, node->render_minor, &node->card_minor.v));

	if (rp_sysfs_is_ours(r))
		return rp_sysfs_error(reterr, r, "DRM device", "sys/class/drm/renderD%u/device/drm",
				      node->render_minor);
	if (r < 0 && r != -ENOENT)
		rp_sysfs_set_fault(&node->fault, r, "renderD%u/device/drm", node->render_minor);
	node->card_minor.known = r == 0;
	return 0;
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

static bool shows_renders(const struct rp_names *drm)
{
	uint64_t minor;

	for (size_t i = 0; i < drm->n; i++)
		if (render_number(drm->v[i], &minor))
			return true;
	return false;
}

/*
 * ROCr skips a GPU whose render node it cannot open (libhsakmt topology.c). Its presence is looked
 * at, not opened: opening may wake the GPU. A stat needs no right on the node itself, so a refusal
 * is one of /dev/dri, which ROCr meets too. Any other failure is no absence: taken for a missing
 * node, it would give all later partitions the ROCR index of another one.
 * A captured tree rarely has /dev; there all count, but where it has DRM classes, those that they
 * show.
 */
static int scan_access(struct rp_tree *t, const struct rp_names *drm, struct rp_scan_node *node,
		       struct rocpart_error *reterr)
{
	struct rp_stat st;
	int r = 0;

	if (!node->hidden && rp_tree_kind(t) != RP_TREE_CAPTURE)
		r = rp_read_again(rp_tree_stat(t, &st, "dev/dri/renderD%u", node->render_minor));
	else if (!node->hidden && shows_renders(drm) && !has_render(drm, node->render_minor))
		r = -ENOENT;
	if (rp_sysfs_is_ours(r))
		return rp_sysfs_error(reterr, r, "render node", "dev/dri/renderD%u",
				      node->render_minor);
	if (r < 0 && !rp_is_absent(r) && !rp_is_denied(r))
		rp_sysfs_set_fault(&node->fault, r, "/dev/dri/renderD%u", node->render_minor);
	node->render_accessible = !node->hidden && r == 0;
	return 0;
}

/* The name of the partitions' platform devices changed from a dot to an underscore (Linux 6.10). */
static int scan_naming(struct rp_tree *t, struct rp_scan *scan, struct rocpart_error *reterr)
{
	RP_AUTO_NAMES struct rp_names names = RP_NAMES_INIT;
	int r = rp_tree_list(t, &names, "sys/devices/platform");

	if (r < 0 && !rp_is_absent(r))
		return rp_sysfs_error(reterr, r, "platform devices", "sys/devices/platform");
	for (size_t i = 0; i < names.n; i++)
		scan->has_dot_naming |= rp_str_starts(names.v[i], "amdgpu_xcp.");
	return 0;
}

/* Render minor of the GPU's own DRM device. */
static int scan_own_render(struct rp_tree *t, struct rp_scan_pci *pci, struct rocpart_error *reterr)
{
	RP_AUTO_NAMES struct rp_names names = RP_NAMES_INIT;
	int r = rp_read_again(rp_tree_list(t, &names, RP_PCI_DEVICES "/%s/drm", pci->bdf));

	if (rp_sysfs_is_ours(r))
		return rp_sysfs_error(reterr, r, "DRM device", RP_PCI_DEVICES "/%s/drm", pci->bdf);
	if (r < 0 && !rp_is_absent(r))
		rp_sysfs_set_fault(&pci->fault, r, "drm");
	for (size_t i = 0; i < names.n && !pci->own_render.known; i++)
		pci->own_render.known = render_number(names.v[i], &pci->own_render.v);
	return 0;
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
static int scan_slots(struct rp_tree *t, struct rp_scan *scan, const struct rp_names *drm,
		      struct rocpart_error *reterr)
{
	for (size_t i = 0; i < scan->n_pci; i++) {
		int r = scan_own_render(t, &scan->pci[i], reterr);

		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < scan->n_pci; i++) {
		struct rp_opt_u64 base = scan->pci[i].own_render;
		uint64_t n = 1;

		while (base.known && n < 8 && has_render(drm, base.v + n) &&
		       !is_own_render(scan, base.v + n))
			n++;
		scan->pci[i].n_slots = (struct rp_opt_u64){base.known, n};
	}
	return 0;
}

static int scan_nodes(struct rp_tree *t, struct rp_scan *scan, const struct rp_names *drm,
		      struct rocpart_error *reterr)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < scan->n_nodes; i++) {
		if (scan->nodes[i].fault.err || !scan->nodes[i].render_minor)
			continue;
		r = scan_access(t, drm, &scan->nodes[i], reterr);
		if (r == 0 && scan->has_drm && !scan->without_cards && !scan->nodes[i].hidden)
			r = scan_card(t, &scan->nodes[i], reterr);
	}
	return r;
}

int rp_sysfs_scan_drm(struct rp_tree *t, struct rp_scan *scan, struct rocpart_error *reterr)
{
	RP_AUTO_NAMES struct rp_names names = RP_NAMES_INIT;
	int r = rp_tree_list(t, &names, "sys/class/drm");

	if (r < 0 && !rp_is_absent(r))
		return rp_sysfs_error(reterr, r, "DRM devices", "sys/class/drm");
	scan->has_drm = r == 0;
	for (size_t i = 0; i < names.n; i++) {
		uint64_t minor;

		scan->n_card_minors += card_number(names.v[i], &minor);
	}
	r = scan_naming(t, scan, reterr);
	if (r == 0 && scan->has_drm)
		r = scan_slots(t, scan, &names, reterr);
	return r < 0 ? r : scan_nodes(t, scan, &names, reterr);
}
