/* SPDX-License-Identifier: MIT */
/*
 * Which GPU and which partition a KFD node is. location_id has the bus in bits 8 to 15, device and
 * function below, and the partition id ORed into them when the GPU has more than one node
 * (kfd_topology.c, kfd_topology_add_device). A kernel of 2025 had the partition id in bits 28 to 31
 * instead (Linux 925c7bd1d1cf). Virtual functions may be functions other than 0, so a function
 * digit is a partition id only when no PCI device has this function.
 */
#include "base/num.h"
#include "hw/sysfs.h"

static bool has_function(const struct rp_scan *scan, const char *slot, unsigned function)
{
	char bdf[RP_BDF_SIZE];

	(void)rp_fmt(bdf, sizeof(bdf), "%s.%x", slot, function);
	for (size_t i = 0; i < scan->n_pci; i++)
		if (rp_str_eq(scan->pci[i].bdf, bdf))
			return true;
	return false;
}

/* The function of the device that a node with that function digit belongs to. */
static unsigned owning_function(const struct rp_scan *scan, const char *slot, unsigned digit)
{
	if (has_function(scan, slot, digit) || has_function(scan, slot, 0))
		return has_function(scan, slot, digit) ? digit : 0;
	for (unsigned f = digit; f > 0; f--) /* the id was ORed into this function */
		if ((f | digit) == digit && has_function(scan, slot, f))
			return f;
	return 0;
}

static void match_node(const struct rp_scan *scan, struct rp_scan_node *node)
{
	unsigned digit = node->location_id & 7U, high = node->location_id >> 28, function = 0;
	char slot[RP_BDF_SIZE];

	(void)rp_fmt(slot, sizeof(slot), "%04x:%02x:%02x", node->domain,
		     node->location_id >> 8 & 0xff, node->location_id >> 3 & 0x1f);
	if (high)
		function = digit;
	else if (digit)
		function = owning_function(scan, slot, digit);
	node->partition = high ? high : digit & ~function;
	(void)rp_fmt(node->bdf, sizeof(node->bdf), "%s.%x", slot, function);
}

static bool is_function_zero(const char *bdf)
{
	return bdf[strlen(bdf) - 1] == '0';
}

/*
 * Ids are keys, so no two nodes of a GPU keep the same. At a function other than 0 the OR made some
 * equal: nodes are in the order of partitions, so the next id is theirs. At function 0 it did
 * not: two devices are behind one address.
 */
static void separate(struct rp_scan *scan, size_t index)
{
	struct rp_scan_node *node = &scan->nodes[index];
	bool is_taken = false;
	unsigned next = 0;

	for (size_t i = 0; i < index; i++) {
		if (memcmp(scan->nodes[i].bdf, node->bdf, sizeof(node->bdf)) != 0)
			continue; /* padded with zeros; 100,000 nodes of a stranger stay quick */
		is_taken |= scan->nodes[i].partition == node->partition;
		next = scan->nodes[i].partition < next ? next : scan->nodes[i].partition + 1;
	}
	if (!is_taken)
		return;
	node->partition = next;
	node->shares_address = is_function_zero(node->bdf);
}

static const struct rp_scan_pci *device_of(const struct rp_scan *scan,
					   const struct rp_scan_node *node)
{
	for (size_t i = 0; i < scan->n_pci; i++)
		if (memcmp(scan->pci[i].bdf, node->bdf, sizeof(node->bdf)) == 0)
			return &scan->pci[i];
	return NULL;
}

/* The node stays a node, which ROCr counts, but is no partition of any GPU. */
static void set_homeless(struct rp_scan_node *node, int r)
{
	rp_sysfs_set_fault(&node->fault, r, "nodes/%u/properties", node->node_id);
	memset(node->bdf, 0, sizeof(node->bdf));
}

/*
 * amdgpu makes the nodes of its own devices only (kfd_device.c), so a node whose address is that of
 * none of them makes no GPU. Where no device is shown, as in some captures, nodes are all there is.
 */
void rp_sysfs_match_nodes(struct rp_scan *scan)
{
	for (size_t i = 0; i < scan->n_nodes; i++) {
		struct rp_scan_node *node = &scan->nodes[i];

		if (node->hidden)
			continue;
		if (node->has_location)
			match_node(scan, node);
		if (!node->has_location)
			set_homeless(node, -EBADMSG);
		else if (scan->has_pci && !device_of(scan, node))
			set_homeless(node, -EADDRNOTAVAIL);
		else
			separate(scan, i);
	}
}

static bool is_shared(const struct rp_scan *scan, const char *bdf)
{
	for (size_t i = 0; i < scan->n_nodes; i++)
		if (scan->nodes[i].shares_address &&
		    memcmp(scan->nodes[i].bdf, bdf, RP_BDF_SIZE) == 0)
			return true;
	return false;
}

static bool has_node(const struct rp_scan *scan, const char *bdf)
{
	for (size_t i = 0; i < scan->n_nodes; i++)
		if (memcmp(scan->nodes[i].bdf, bdf, RP_BDF_SIZE) == 0)
			return true;
	return false;
}

/* The node leaves its address to the others that have it, which are counted anew. */
static void move_node(struct rp_scan *scan, struct rp_scan_node *node, const char *bdf)
{
	char old[RP_BDF_SIZE];

	memcpy(old, node->bdf, sizeof(old));
	memcpy(node->bdf, bdf, sizeof(node->bdf));
	node->partition = 0;
	node->shares_address = false;
	for (size_t i = 0; i < scan->n_nodes; i++) {
		struct rp_scan_node *other = &scan->nodes[i];

		if (memcmp(other->bdf, old, sizeof(old)) != 0)
			continue;
		other->shares_address = false;
		match_node(scan, other);
		separate(scan, i);
	}
}

/*
 * KFD without the property "domain" gives GPUs at one bus number of two domains one address. Where
 * a device has no node, and a node at a shared address has the own render node of that device, the
 * node is that device's: KFD and the device say one minor.
 */
static void move_nodes(struct rp_scan *scan)
{
	for (size_t d = 0; d < scan->n_pci; d++) {
		const struct rp_scan_pci *pci = &scan->pci[d];
		size_t i = 0;

		if (!pci->own_render.known || has_node(scan, pci->bdf))
			continue;
		while (i < scan->n_nodes && scan->nodes[i].render_minor != pci->own_render.v)
			i++;
		if (i < scan->n_nodes && !scan->nodes[i].hidden && !scan->nodes[i].fault.err &&
		    is_shared(scan, scan->nodes[i].bdf))
			move_node(scan, &scan->nodes[i], pci->bdf);
	}
}

/* DRM minors have 20 bits. */
#define N_MINORS (1U << 20)

struct minors {
	uint8_t seen[N_MINORS / 8], twice[N_MINORS / 8];
};

static bool has_minor(const uint8_t *set, uint32_t minor)
{
	return set[minor / 8] & 1U << minor % 8;
}

static void add_minor(struct minors *m, uint32_t minor)
{
	uint8_t *set = has_minor(m->seen, minor) ? m->twice : m->seen;

	set[minor / 8] |= (uint8_t)(1U << minor % 8);
}

/* Partition 0 has the GPU's own render node (amdgpu_xcp.c), and no two partitions share one. */
static bool has_own_render(const struct rp_scan *scan, const struct minors *m,
			   const struct rp_scan_node *node)
{
	const struct rp_scan_pci *pci = device_of(scan, node);

	if (pci && pci->own_render.known && node->partition == 0)
		return pci->own_render.v == node->render_minor;
	return node->render_minor < N_MINORS && !has_minor(m->twice, node->render_minor);
}

int rp_sysfs_check_renders(struct rp_scan *scan)
{
	RP_AUTO_FREE struct minors *m = rp_new0(struct minors, 1);

	if (!m)
		return -ENOMEM;
	move_nodes(scan);
	for (size_t i = 0; i < scan->n_nodes; i++)
		if (!scan->nodes[i].shares_address && scan->nodes[i].render_minor < N_MINORS)
			add_minor(m, scan->nodes[i].render_minor);
	for (size_t i = 0; i < scan->n_nodes; i++) {
		struct rp_scan_node *node = &scan->nodes[i];

		if (!node->hidden && !node->shares_address && !node->fault.err &&
		    node->render_minor && !has_own_render(scan, m, node))
			rp_sysfs_set_fault(&node->fault, -ENOTUNIQ, "nodes/%u/properties",
					   node->node_id);
	}
	return 0;
}
