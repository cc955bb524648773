/* SPDX-License-Identifier: MIT */
/*
 * Links between nodes. A GPU node is given its links when it is added: to its CPU, and to each
 * GPU node of its hive that is there already; the way back is added to the other end. So the
 * weight between two GPUs is that of the node that was added later, which is the higher one.
 */
#include "sim/front.h"

enum { LINK_PCIE = 2, LINK_XGMI = 11 };
enum { FLAG_ENABLED = 1, FLAG_NON_COHERENT = 2 };

#define PCIE_WEIGHT	 20U
#define INTRA_SOCKET	 13U
#define INTER_SOCKET	 15U
#define INTRA_SOCKET_MBS 819200U
#define XGMI_MBS	 50000U /* 16 lanes of 25 Gbit/s, what 6.9 assumes */

struct link {
	uint32_t type, to, weight, min_mbs, max_mbs, flags;
};

static const struct rp_sim_product *product_of(const struct rp_sim *sim,
					       const struct rp_sim_node *n)
{
	return sim->profile->gpus[n->gpu].product;
}

static uint32_t cpu_of(const struct rp_sim *sim, const struct rp_sim_node *n)
{
	return sim->profile->gpus[n->gpu].cpu;
}

/* Between a GPU and the CPU that it hangs on, without end and flags. */
static struct link cpu_link(const struct rp_sim *sim, const struct rp_sim_node *n)
{
	const struct rp_sim_product *p = product_of(sim, n);

	if (p->apu)
		return (struct link){.type = LINK_XGMI,
				     .weight = INTRA_SOCKET,
				     .min_mbs = INTRA_SOCKET_MBS,
				     .max_mbs = INTRA_SOCKET_MBS};
	return (struct link){.type = LINK_PCIE,
			     .weight = PCIE_WEIGHT,
			     .min_mbs = p->pcie_min_mbs,
			     .max_mbs = p->pcie_max_mbs};
}

/* later: the one of the two nodes with the higher number. */
static struct link hive_link(const struct rp_sim *sim, const struct rp_sim_node *later,
			     const struct rp_sim_node *other)
{
	struct link l = {.type = LINK_XGMI, .flags = FLAG_ENABLED};

	if (rp_sim_partitions(sim, later->gpu) == 1) {
		l.weight = INTER_SOCKET;
		l.min_mbs = l.max_mbs = XGMI_MBS;
	} else if (later->gpu == other->gpu) {
		l.weight = INTRA_SOCKET;
		l.min_mbs = l.max_mbs = INTRA_SOCKET_MBS;
	} else {
		l.weight = 2 * INTRA_SOCKET + INTER_SOCKET;
	}
	return l;
}

static bool io_link_cpu_cpu(const struct rp_sim *sim, uint32_t from, uint32_t to, struct link *ret)
{
	if (from == to)
		return false;
	*ret = (struct link){.type = sim->profile->cpu_link_type,
			     .weight = sim->profile->cpu_link_weight};
	return true;
}

static bool io_link_cpu_gpu(const struct rp_sim *sim, uint32_t cpu, const struct rp_sim_node *gpu,
			    bool to_gpu, struct link *ret)
{
	if (cpu_of(sim, gpu) != cpu)
		return false;
	*ret = cpu_link(sim, gpu);
	ret->flags = FLAG_ENABLED;
	if (to_gpu && ret->type == LINK_PCIE)
		ret->flags |= FLAG_NON_COHERENT;
	return true;
}

/* The direct link between two nodes, if there is one. */
static bool io_link(const struct rp_sim *sim, uint32_t from, uint32_t to, struct link *ret)
{
	const struct rp_sim_node *a = rp_sim_node_at(sim, from), *b = rp_sim_node_at(sim, to);
	uint64_t hive;

	if (!a && !b)
		return io_link_cpu_cpu(sim, from, to, ret);
	if (!a)
		return io_link_cpu_gpu(sim, from, b, true, ret);
	if (!b)
		return io_link_cpu_gpu(sim, to, a, false, ret);
	hive = rp_sim_node_hive(sim, a);
	if (from == to || hive == 0 || hive != rp_sim_node_hive(sim, b))
		return false;
	*ret = from > to ? hive_link(sim, a, b) : hive_link(sim, b, a);
	return true;
}

/* The way through other nodes: to the CPUs of other sockets, and to GPUs outside the hive. */
static bool p2p_link(const struct rp_sim *sim, uint32_t from, uint32_t to, struct link *ret)
{
	const struct rp_sim_node *a = rp_sim_node_at(sim, from), *b = rp_sim_node_at(sim, to);
	struct link direct, l = {.type = LINK_PCIE, .flags = FLAG_ENABLED};

	if ((!a && !b) || from == to || io_link(sim, from, to, &direct))
		return false;
	if (a)
		l.weight += cpu_link(sim, a).weight;
	if (b)
		l.weight += cpu_link(sim, b).weight;
	if ((a ? cpu_of(sim, a) : from) != (b ? cpu_of(sim, b) : to))
		l.weight += sim->profile->cpu_link_weight;
	if (b) /* into a GPU over PCIe */
		l.flags |= FLAG_NON_COHERENT;
	*ret = l;
	return true;
}

typedef bool (*link_fn)(const struct rp_sim *sim, uint32_t from, uint32_t to, struct link *ret);

static uint32_t count(const struct rp_sim *sim, uint32_t node, link_fn fn)
{
	uint32_t n = 0, nodes = (uint32_t)rp_sim_n_nodes(sim);
	struct link l;

	for (uint32_t to = 0; to < nodes; to++)
		n += fn(sim, node, to, &l) ? 1 : 0;
	return n;
}

uint32_t rp_sim_count_io_links(const struct rp_sim *sim, uint32_t node)
{
	return count(sim, node, io_link);
}

/* All GPUs, and from a GPU all CPUs, that it has no direct link to. */
uint32_t rp_sim_count_p2p_links(const struct rp_sim *sim, uint32_t node, uint32_t io_links)
{
	uint32_t cpus = (uint32_t)sim->profile->n_cpus, n = (uint32_t)rp_sim_n_nodes(sim);

	if (node >= cpus)
		return n - 1 - io_links;
	return n - cpus - (io_links - (cpus - 1)); /* each CPU is linked to all others */
}

static uint32_t p2p_links(const struct rp_sim *sim, uint32_t node)
{
	return rp_sim_count_p2p_links(sim, node, rp_sim_count_io_links(sim, node));
}

static bool nth(const struct rp_sim *sim, const struct rp_sim_ent *e, link_fn fn, struct link *ret)
{
	uint32_t i = 0, nodes = (uint32_t)rp_sim_n_nodes(sim);

	for (uint32_t to = 0; to < nodes; to++) {
		if (fn(sim, e->node, to, ret) && i++ == e->index) {
			ret->to = to;
			return true;
		}
	}
	return false;
}

static void add_u32(struct rp_strbuf *out, const char *key, uint32_t v)
{
	rp_strbuf_addf(out, "%s %u\n", key, v);
}

/*
 * Which SDMA engines the GPU end of a link should use. In SPX the kernel has a table for the links
 * of 8 sockets instead, which is not played.
 */
static uint32_t sdma_mask(const struct rp_sim *sim, uint32_t from, const struct link *l)
{
	const struct rp_sim_node *n = rp_sim_node_at(sim, from);
	uint32_t dma, engines;

	if (!n)
		n = rp_sim_node_at(sim, l->to);
	if (!n)
		return 0;
	dma = product_of(sim, n)->dma / rp_sim_partitions(sim, n->gpu);
	engines = dma < 2 ? dma : 2;
	if (l->type == LINK_XGMI && dma > engines)
		return (uint32_t)(((UINT64_C(1) << (dma - engines)) - 1) << engines);
	return (1U << engines) - 1;
}

static int show_link(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	struct link l = {0};

	if (!nth(sim, e, e->file->arg ? p2p_link : io_link, &l))
		return -ENOENT;
	add_u32(out, "type", l.type);
	add_u32(out, "version_major", 0);
	add_u32(out, "version_minor", 0);
	add_u32(out, "node_from", e->node);
	add_u32(out, "node_to", l.to);
	add_u32(out, "weight", l.weight);
	add_u32(out, "min_latency", 0);
	add_u32(out, "max_latency", 0);
	add_u32(out, "min_bandwidth", l.min_mbs);
	add_u32(out, "max_bandwidth", l.max_mbs);
	add_u32(out, "recommended_transfer_size", 0);
	if (sim->profile->abi == RP_SIM_G3 || sim->profile->sdma_mask)
		add_u32(out, "recommended_sdma_engine_id_mask", sdma_mask(sim, e->node, &l));
	add_u32(out, "flags", l.flags);
	return rp_sim_shown(out);
}

static int find_io(const struct rp_sim *sim, const char *name, struct rp_sim_ent *e)
{
	return rp_sim_number_name(name, rp_sim_count_io_links(sim, e->node), &e->index);
}

static int each_io(const struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_names *ret)
{
	return rp_sim_number_names(rp_sim_count_io_links(sim, e->node), ret);
}

static int find_p2p(const struct rp_sim *sim, const char *name, struct rp_sim_ent *e)
{
	return rp_sim_number_name(name, p2p_links(sim, e->node), &e->index);
}

static int each_p2p(const struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_names *ret)
{
	return rp_sim_number_names(p2p_links(sim, e->node), ret);
}

#define LINK_FILE(p2p)                                                                     \
	{                                                                                  \
		.name = "properties", .type = RP_FILE_REGULAR, .mode = 0444, .arg = (p2p), \
		.show = show_link, .may_open = rp_sim_may_open_node                        \
	}
#define LINK_DIRS(f, ea, kids)                                                                   \
	{                                                                                        \
		.find = (f), .each = (ea), .type = RP_FILE_DIR, .mode = 0755, .children = (kids) \
	}

static const struct rp_sim_file io_files[] = {LINK_FILE(0), RP_SIM_END};
static const struct rp_sim_file p2p_files[] = {LINK_FILE(1), RP_SIM_END};
const struct rp_sim_file rp_sim_io_link_dirs[] = {LINK_DIRS(find_io, each_io, io_files),
						  RP_SIM_END};
const struct rp_sim_file rp_sim_p2p_link_dirs[] = {LINK_DIRS(find_p2p, each_p2p, p2p_files),
						   RP_SIM_END};
