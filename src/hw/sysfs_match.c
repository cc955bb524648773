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

void rp_sysfs_match_nodes(struct rp_scan *scan)
{
	for (size_t i = 0; i < scan->n_nodes; i++) {
		if (scan->nodes[i].hidden || !scan->nodes[i].has_location)
			continue;
		match_node(scan, &scan->nodes[i]);
		separate(scan, i);
	}
}
