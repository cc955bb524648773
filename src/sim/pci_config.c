/* SPDX-License-Identifier: MIT */
/*
 * What the PCI core of the kernel shows of a GPU, with or without a driver: configuration space,
 * resources, interrupt. Layout by the PCI Express Base Specification 5.0 and linux/pci_regs.h; the
 * places of the capabilities are those of AMD's GPUs since Vega. Addresses are ours.
 */
#include <linux/pci_regs.h>

#include "sim/front.h"

#define CONFIG_BYTES 4096

/* Places of the capabilities, each of which leads to the next. */
#define CAP_VENDOR   0x48
#define CAP_POWER    0x50
#define CAP_EXPRESS  0x64
#define CAP_MSI	     0xa0
#define EXT_VENDOR   0x100
#define EXT_ERRORS   0x150
#define EXT_ARI	     0x328
#define EXT_16GT     0x410
#define EXT_32GT     0x500
#define LINK_GEN5    5 /* 32 GT/s */
#define LINK_LANES   16
#define MSI_ADDRESS  0xfee00000U
#define FIRST_VECTOR 0x40
#define FIRST_IRQ    128

/* A 64-bit window of the GPU's memory, one of its doorbells, and 32 bits of registers. */
#define MEMORY_BASE    0x200000000000ULL
#define MEMORY_STRIDE  (1ULL << 40)
#define DOORBELL_BYTES (2ULL << 20)
#define REGISTER_BASE  0x90000000ULL
#define REGISTER_BYTES (512ULL << 10)
#define N_RESOURCES    13 /* of a device without bridge; with SR-IOV in the kernel */

static const struct rp_sim_gpu *gpu_of(const struct rp_sim *sim, const struct rp_sim_ent *e)
{
	return &sim->profile->gpus[e->gpu];
}

/* A BAR is a power of two; an APU shows its HBM as memory of the CPU. */
static uint64_t window_bytes(const struct rp_sim_product *p)
{
	uint64_t bytes = 256ULL << 20;

	while (!p->apu && bytes < p->vram_bytes)
		bytes *= 2;
	return bytes;
}

static uint64_t window_base(const struct rp_sim_ent *e)
{
	return MEMORY_BASE + e->gpu * MEMORY_STRIDE;
}

static uint64_t doorbell_base(const struct rp_sim_ent *e)
{
	return window_base(e) + MEMORY_STRIDE / 2;
}

static uint64_t register_base(const struct rp_sim_ent *e)
{
	return REGISTER_BASE + e->gpu * REGISTER_BYTES;
}

/* ---- config ---- */

struct space {
	unsigned char bytes[CONFIG_BYTES];
};

/* Little endian, whatever the host is. */
static void put(struct space *s, size_t at, unsigned size, uint64_t v)
{
	for (unsigned i = 0; i < size; i++)
		s->bytes[at + i] = (unsigned char)(v >> (8 * i));
}

static void put_capability(struct space *s, size_t at, unsigned id, unsigned next)
{
	put(s, at, 1, id);
	put(s, at + 1, 1, next);
}

static void put_extended(struct space *s, size_t at, unsigned id, unsigned version, unsigned next)
{
	put(s, at, 4, id | version << 16 | next << 20);
}

static void put_header(struct space *s, const struct rp_sim *sim, const struct rp_sim_ent *e)
{
	const struct rp_sim_product *p = gpu_of(sim, e)->product;
	bool bound = rp_sim_gpu_bound(sim, e->gpu);

	put(s, PCI_VENDOR_ID, 2, 0x1002);
	put(s, PCI_DEVICE_ID, 2, p->device);
	put(s, PCI_COMMAND, 2,
	    PCI_COMMAND_MEMORY | PCI_COMMAND_INTX_DISABLE | (bound ? PCI_COMMAND_MASTER : 0));
	put(s, PCI_STATUS, 2, PCI_STATUS_CAP_LIST);
	put(s, PCI_REVISION_ID, 1, p->revision);
	put(s, PCI_CLASS_PROG, 3, RP_SIM_PCI_CLASS);
	put(s, PCI_CACHE_LINE_SIZE, 1, 16);
	put(s, PCI_BASE_ADDRESS_0, 8,
	    window_base(e) | PCI_BASE_ADDRESS_MEM_TYPE_64 | PCI_BASE_ADDRESS_MEM_PREFETCH);
	put(s, PCI_BASE_ADDRESS_2, 8,
	    doorbell_base(e) | PCI_BASE_ADDRESS_MEM_TYPE_64 | PCI_BASE_ADDRESS_MEM_PREFETCH);
	put(s, PCI_BASE_ADDRESS_5, 4, register_base(e));
	put(s, PCI_SUBSYSTEM_VENDOR_ID, 2, p->subsystem_vendor);
	put(s, PCI_SUBSYSTEM_ID, 2, p->subsystem_device);
	put(s, PCI_CAPABILITY_LIST, 1, CAP_VENDOR);
	put(s, PCI_INTERRUPT_LINE, 1, 0xff);
	put(s, PCI_INTERRUPT_PIN, 1, 1);
}

/* Version 2 of an endpoint; its link is trained to what it can do. */
static void put_express(struct space *s)
{
	unsigned link = LINK_GEN5 | LINK_LANES << 4, base = CAP_EXPRESS;

	put_capability(s, base, PCI_CAP_ID_EXP, CAP_MSI);
	put(s, base + PCI_EXP_FLAGS, 2, 2 | PCI_EXP_TYPE_ENDPOINT << 4);
	put(s, base + PCI_EXP_DEVCAP, 4, 2 | PCI_EXP_DEVCAP_EXT_TAG | PCI_EXP_DEVCAP_RBER);
	put(s, base + PCI_EXP_DEVCTL, 2,
	    PCI_EXP_DEVCTL_RELAX_EN | PCI_EXP_DEVCTL_EXT_TAG | PCI_EXP_DEVCTL_NOSNOOP_EN |
		    PCI_EXP_DEVCTL_PAYLOAD_512B | PCI_EXP_DEVCTL_READRQ_512B);
	put(s, base + PCI_EXP_LNKCAP, 4, link);
	put(s, base + PCI_EXP_LNKSTA, 2, link);
	put(s, base + PCI_EXP_DEVCAP2, 4, 0x10000); /* 10-bit tags as completer */
	put(s, base + PCI_EXP_LNKCAP2, 4, 0x3e);    /* 2.5 to 32 GT/s */
	put(s, base + PCI_EXP_LNKCTL2, 2, LINK_GEN5);
}

static void put_capabilities(struct space *s, const struct rp_sim *sim, const struct rp_sim_ent *e)
{
	bool bound = rp_sim_gpu_bound(sim, e->gpu);

	put_capability(s, CAP_VENDOR, PCI_CAP_ID_VNDR, CAP_POWER);
	put(s, CAP_VENDOR + 2, 1, 8);
	put_capability(s, CAP_POWER, PCI_CAP_ID_PM, CAP_EXPRESS);
	put(s, CAP_POWER + PCI_PM_PMC, 2, 3);
	put(s, CAP_POWER + PCI_PM_CTRL, 2, PCI_PM_CTRL_NO_SOFT_RESET);
	put_express(s);
	put_capability(s, CAP_MSI, PCI_CAP_ID_MSI, 0);
	put(s, CAP_MSI + PCI_MSI_FLAGS, 2,
	    PCI_MSI_FLAGS_64BIT | (bound ? PCI_MSI_FLAGS_ENABLE : 0));
	put(s, CAP_MSI + PCI_MSI_ADDRESS_LO, 4, bound ? MSI_ADDRESS : 0);
	put(s, CAP_MSI + PCI_MSI_DATA_64, 2, bound ? FIRST_VECTOR + e->gpu : 0);

	put_extended(s, EXT_VENDOR, PCI_EXT_CAP_ID_VNDR, 1, EXT_ERRORS);
	put(s, EXT_VENDOR + 4, 4, 1 | 1 << 16 | 0x10 << 20);
	put_extended(s, EXT_ERRORS, PCI_EXT_CAP_ID_ERR, 2, EXT_ARI);
	put(s, EXT_ERRORS + PCI_ERR_UNCOR_SEVER, 4, 0x00462030); /* after a reset */
	put(s, EXT_ERRORS + PCI_ERR_COR_MASK, 4, 0x00002000);
	put_extended(s, EXT_ARI, PCI_EXT_CAP_ID_ARI, 1, EXT_16GT);
	put_extended(s, EXT_16GT, 0x26, 1, EXT_32GT);
	put(s, EXT_16GT + 0x0c, 4, 0xf); /* equalization is complete */
	put_extended(s, EXT_32GT, 0x2a, 1, 0);
	put(s, EXT_32GT + 0x0c, 4, 0xf);
}

static int show_config(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	struct space s = {{0}};

	if (sim->state.gpus[e->gpu].off) { /* nobody answers on the bus */
		memset(s.bytes, 0xff, sizeof(s.bytes));
	} else {
		put_header(&s, sim, e);
		put_capabilities(&s, sim, e);
	}
	rp_strbuf_add_mem(out, (const char *)s.bytes, sizeof(s.bytes));
	return rp_sim_shown(out);
}

/* ---- resource, irq, modalias ---- */

/* ioport.h */
#define MEM_FLAGS   0x00040200ULL /* IORESOURCE_MEM, size aligned */
#define WIDE_FLAGS  0x0014220cULL /* and 64 bits, prefetchable; with the bits of the BAR */
#define EMPTY_LINES (N_RESOURCES - 6)

static void add_resource(struct rp_strbuf *out, uint64_t base, uint64_t bytes, uint64_t flags)
{
	rp_strbuf_addf(out, "0x%016llx 0x%016llx 0x%016llx\n", (unsigned long long)base,
		       (unsigned long long)(bytes ? base + bytes - 1 : 0),
		       (unsigned long long)flags);
}

static int show_resource(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	add_resource(out, window_base(e), window_bytes(gpu_of(sim, e)->product), WIDE_FLAGS);
	add_resource(out, 0, 0, 0); /* the upper half of the first */
	add_resource(out, doorbell_base(e), DOORBELL_BYTES, WIDE_FLAGS);
	add_resource(out, 0, 0, 0);
	add_resource(out, 0, 0, 0);
	add_resource(out, register_base(e), REGISTER_BYTES, MEM_FLAGS);
	for (int i = 0; i < EMPTY_LINES; i++)
		add_resource(out, 0, 0, 0);
	return rp_sim_shown(out);
}

/* That of its MSI vector; without a driver no pin is routed. */
static int show_irq(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	rp_strbuf_addf(out, "%u\n", rp_sim_gpu_bound(sim, e->gpu) ? FIRST_IRQ + e->gpu : 0);
	return rp_sim_shown(out);
}

void rp_sim_add_modalias(const struct rp_sim *sim, size_t gpu, struct rp_strbuf *out)
{
	const struct rp_sim_product *p = sim->profile->gpus[gpu].product;

	rp_strbuf_addf(out, "pci:v%08Xd%08Xsv%08Xsd%08Xbc%02Xsc%02Xi%02X\n", 0x1002U, p->device,
		       p->subsystem_vendor, p->subsystem_device, RP_SIM_PCI_CLASS >> 16,
		       RP_SIM_PCI_CLASS >> 8 & 0xff, RP_SIM_PCI_CLASS & 0xff);
}

static int show_modalias(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	rp_sim_add_modalias(sim, e->gpu, out);
	return rp_sim_shown(out);
}

static int show_enable(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	rp_strbuf_addf(out, "%d\n", rp_sim_gpu_bound(sim, e->gpu));
	return rp_sim_shown(out);
}

/* ---- the graphics of the BMC: a header without capabilities or windows ---- */

static int show_bmc_config(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	struct space s = {{0}};

	(void)sim;
	(void)e;
	put(&s, PCI_VENDOR_ID, 4, 0x20001a03);
	put(&s, PCI_COMMAND, 2, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
	put(&s, PCI_REVISION_ID, 1, 0x52);
	put(&s, PCI_CLASS_PROG, 3, 0x030000);
	put(&s, PCI_SUBSYSTEM_VENDOR_ID, 4, 0x20001a03);
	rp_strbuf_add_mem(out, (const char *)s.bytes, PCI_CFG_SPACE_SIZE);
	return rp_sim_shown(out);
}

static int show_bmc_resource(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	(void)sim;
	(void)e;
	for (int i = 0; i < N_RESOURCES; i++)
		add_resource(out, 0, 0, 0);
	return rp_sim_shown(out);
}

static int show_bmc_text(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out)
{
	static const char *const texts[] = {"0\n", RP_SIM_BMC_MODALIAS "\n"};

	(void)sim;
	rp_strbuf_add(out, texts[e->file->arg]);
	return rp_sim_shown(out);
}

const struct rp_sim_file rp_sim_bmc_bus_files[] = {
	{.name = "config", .type = RP_FILE_REGULAR, .mode = 0644, .show = show_bmc_config},
	RP_SIM_ATTR("resource", show_bmc_resource),
	{.name = "irq", .type = RP_FILE_REGULAR, .mode = 0444, .show = show_bmc_text},
	{.name = "modalias",
	 .type = RP_FILE_REGULAR,
	 .mode = 0444,
	 .arg = 1,
	 .show = show_bmc_text},
	RP_SIM_END,
};

const struct rp_sim_file rp_sim_gpu_bus_files[] = {
	{.name = "config", .type = RP_FILE_REGULAR, .mode = 0644, .show = show_config},
	RP_SIM_ATTR("resource", show_resource),
	RP_SIM_ATTR("irq", show_irq),
	RP_SIM_ATTR("modalias", show_modalias),
	{.name = "enable", .type = RP_FILE_REGULAR, .mode = 0644, .show = show_enable},
	RP_SIM_END,
};
