/* SPDX-License-Identifier: MIT */
/*
 * Reading the kernel log, and knowing its lines. The words are those of the driver's sources: each
 * row names the file. A line is text of strangers: only its kind, its count and the address of a
 * GPU are taken from it.
 */
#include "doctor/kernel_log.h"
#include "base/num.h"
#include "base/spawn.h"

#define LOG_MAX	    (4 << 20)
#define LINE_MAX    1024 /* of a line is read; the kernel writes less */
#define DEADLINE_MS 10000

static const struct {
	enum rp_log_kind kind;
	const char *words;
} rows[] = {
	/*
	 * Once a load: amdgpu_drv.c (until 2025), and kfd_topology.c, which lists the CPUs first.
	 * Lines of a GPU follow both.
	 */
	{RP_LOG_DRIVER_LOADED, "amdgpu kernel modesetting enabled"},
	{RP_LOG_DRIVER_LOADED, "Topology: Add CPU node"},
	{RP_LOG_DRIVER_LOADED, "Topology: Add APU node"},
	/* amdgpu_xcp.c, amdgpu_xcp_dev_alloc(): ENOSPC */
	{RP_LOG_SKIPPED_PARTITION, "Skip xcp node #"},
	/* kfd_device.c: no DRM node for a KFD node */
	{RP_LOG_NODE_NOT_ADDED, "Won't add GPU"},
	/* amdgpu_xcp.c, amdgpu_xcp_query_partition_mode() */
	{RP_LOG_CACHED_MODE, "Cached partition mode "},
	/* amdgpu_gmc.c, current_memory_partition_store() */
	{RP_LOG_NPS_REQUESTED, "NPS mode change requested"},
	/* amdgpu_device.c: amdgpu_device_bus_status_check(); amdgpu_drv.c, amdgpu_pci_probe() */
	{RP_LOG_LOST, "device lost from bus"},
	{RP_LOG_NOT_STARTED, "Fatal error during GPU init"},
	/* smu_v13_0.c, and others */
	{RP_LOG_OVERHEATED, "GPU over temperature range"},
	/* amdgpu_device.c, amdgpu_device_gpu_recover() */
	{RP_LOG_RESET, "GPU reset begin!"},
	/* amdgpu_ras.c; "no uncorrectable ..." is good news */
	{RP_LOG_UNCORRECTABLE, "uncorrectable hardware errors detected"},
	/* amdgpu_ras_eeprom.c */
	{RP_LOG_BAD_PAGES, "RAS records:"},
	{RP_LOG_BAD_PAGES, "Saved bad pages"},
};

static bool is_word(const char *s, size_t n, const char *word)
{
	return n == strlen(word) && memcmp(s, word, n) == 0;
}

/* The word before at is a number above 0, or "new" after such a number. */
static bool follows_count(const char *line, const char *at)
{
	const char *end = at, *begin;

	while (end > line && end[-1] == ' ')
		end--;
	for (begin = end; begin > line && begin[-1] != ' ';)
		begin--;
	return !is_word(begin, (size_t)(end - begin), "no") &&
	       !is_word(begin, (size_t)(end - begin), "0");
}

/* "0000:05:00.0", the first in the line that has this form. */
static void find_bdf(const char *line, char bdf[RP_BDF_SIZE])
{
	static const char form[] = "xxxx:xx:xx.x";

	*bdf = '\0';
	for (const char *p = line; strlen(p) >= sizeof(form) - 1; p++) {
		size_t i = 0;

		while (form[i] && (form[i] == 'x' ? strchr("0123456789abcdef", p[i]) && p[i]
						  : p[i] == form[i]))
			i++;
		if (form[i])
			continue;
		(void)rp_fmt(bdf, RP_BDF_SIZE, "%.*s", (int)i, p);
		return;
	}
}

enum rp_log_kind rp_kernel_log_kind(const char *line, size_t n, char bdf[RP_BDF_SIZE])
{
	char copy[LINE_MAX + 1];

	*bdf = '\0';
	n = n < LINE_MAX ? n : LINE_MAX;
	memcpy(copy, line, n);
	copy[n] = '\0';
	for (size_t i = 0; i < RP_ARRAY_LEN(rows); i++) {
		const char *at = strstr(copy, rows[i].words);

		if (!at || !strstr(copy, "amdgpu") ||
		    (rows[i].kind == RP_LOG_UNCORRECTABLE && !follows_count(copy, at)))
			continue;
		find_bdf(copy, bdf);
		return rows[i].kind;
	}
	return RP_N_LOG_KINDS;
}

void rp_kernel_log_filter(const char *text, struct rp_strbuf *ret)
{
	char bdf[RP_BDF_SIZE];

	for (const char *line = text; *line;) {
		size_t n = strcspn(line, "\n");

		if (rp_kernel_log_kind(line, n, bdf) != RP_N_LOG_KINDS) {
			rp_strbuf_add_mem(ret, line, n);
			rp_strbuf_add_char(ret, '\n');
		}
		line += n + (line[n] == '\n');
	}
}

static int run(const char *const *argv, struct rp_strbuf *ret)
{
	struct rp_spawn_result res = {0};
	int r;

	rp_strbuf_reset(ret);
	r = rp_spawn(argv, ret, LOG_MAX, DEADLINE_MS, &res);
	if (r < 0)
		return r == -ENOENT ? -EACCES : r;
	if (res.timed_out)
		return -ETIMEDOUT;
	if (rp_strbuf_failed(ret))
		return -ENOMEM;
	return res.exit_status == 0 ? 0 : -EACCES;
}

/* A user without rights on the ring buffer (dmesg_restrict) may have rights on the journal. */
static int ask_programs(struct rp_strbuf *ret)
{
	static const char *const dmesg[] = {"dmesg", NULL};
	/* cat: without the name of the host */
	static const char *const journal[] = {"journalctl", "--dmesg",	  "--boot", "--output=cat",
					      "--quiet",    "--no-pager", NULL};
	int r = run(dmesg, ret);

	if (r == 0 || r == -ENOMEM)
		return r;
	if (run(journal, ret) == 0 && ret->len)
		return 0;
	rp_strbuf_reset(ret);
	return r;
}

int rp_kernel_log_read(struct rocpart_machine *m, struct rp_strbuf *ret)
{
	int r;

	/* Inside of a simulated machine dmesg reads its /dev/kmsg. */
	if (m->flavour == RP_MACHINE_HARDWARE || m->flavour == RP_MACHINE_SIM_IN_SYS)
		return ask_programs(ret);
	r = rp_tree_read_file(m->tree, LOG_MAX, ret, "%s",
			      rp_machine_is_simulated(m) ? "dev/kmsg" : RP_KERNEL_LOG);
	return rp_is_absent(r) ? -ENODATA : r;
}
