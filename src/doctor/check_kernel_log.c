/* SPDX-License-Identifier: MIT */
/* What the driver wrote into the kernel log since it was loaded. */
#include "doctor/doctor.h"
#include "doctor/kernel_log.h"

/* "the driver reset GPU 3 (0000:27:00.0) ('GPU reset begin!' in the kernel log)" */
static const struct {
	const char *before, *after, *words, *advice;
} news[RP_N_LOG_KINDS] = {
	[RP_LOG_SKIPPED_PARTITION] =
		{"the driver left out partitions of", " for lack of DRM minors", "Skip xcp node",
		 "another driver (ast, the graphics of a BMC) uses DRM minors: "
		 "keep it from loading, then reload amdgpu"},
	[RP_LOG_NODE_NOT_ADDED] = {"the KFD did not add partitions of", "", "Won't add GPU",
				   "such a partition has no DRM node: see the check 'minors'"},
	[RP_LOG_CACHED_MODE] = {"the driver disagrees on the compute mode with", "",
				"Cached partition mode ... not matching",
				"the mode that is shown may be wrong: set the compute mode again, "
				"or reload amdgpu"},
	[RP_LOG_NPS_REQUESTED] = {"a memory mode was requested of",
				  ", and the driver was not reloaded since",
				  "NPS mode change requested",
				  "the next reload of the driver switches the memory mode, "
				  "whoever requested it"},
	[RP_LOG_LOST] = {"the driver lost", " from the PCI bus", "device lost from bus",
			 "cordon the GPU (`rocpart cordon`); a cold reboot may bring it back, else "
			 "have it replaced"},
	[RP_LOG_NOT_STARTED] = {"the driver could not start", "", "Fatal error during GPU init",
				"the lines above it in the kernel log (dmesg) show the reason"},
	[RP_LOG_OVERHEATED] = {"too hot was", "", "GPU over temperature range",
			       "look at its cooling before it is used again"},
	[RP_LOG_RESET] = {"the driver reset", "", "GPU reset begin!",
			  "a reset ends all programs on the GPU; the lines above it in the kernel "
			  "log (dmesg) show the reason"},
	[RP_LOG_UNCORRECTABLE] = {"the driver reported uncorrectable errors of", "",
				  "uncorrectable hardware errors detected",
				  "cordon the GPU (`rocpart cordon`), and plan to replace it when "
				  "the errors come back"},
	[RP_LOG_BAD_PAGES] = {"the bad pages come near their limit, or exceed it, on", "",
			      "RAS records",
			      "above the limit the driver may not start the GPU: plan to replace "
			      "it"},
};

struct counts {
	const struct rocpart_doctor *d;
	bool *of_gpu; /* kind * n_gpus + index */
	bool elsewhere[RP_N_LOG_KINDS];
	size_t n_gpus;
};

static void count_line(struct counts *c, enum rp_log_kind kind, const char *bdf)
{
	const struct rocpart_gpu *gpu =
		c->n_gpus ? rp_snapshot_gpu_by_bdf(c->d->snapshot, bdf) : NULL;

	if (kind == RP_LOG_DRIVER_LOADED) {
		memset(c->elsewhere, 0, sizeof(c->elsewhere));
		if (c->n_gpus)
			memset(c->of_gpu, 0, sizeof(bool) * RP_N_LOG_KINDS * c->n_gpus);
	} else if (gpu) {
		c->of_gpu[kind * c->n_gpus + gpu->index] = true;
	} else {
		c->elsewhere[kind] = true;
	}
}

static void count_lines(struct counts *c, const char *text)
{
	char bdf[RP_BDF_SIZE];

	for (const char *line = text; *line;) {
		size_t n = strcspn(line, "\n");
		enum rp_log_kind kind = rp_kernel_log_kind(line, n, bdf);

		if (kind != RP_N_LOG_KINDS)
			count_line(c, kind, bdf);
		line += n + (line[n] == '\n');
	}
}

static void tell_kind(const struct counts *c, enum rp_log_kind kind, struct rp_verdict *v)
{
	for (size_t i = 0; i < c->n_gpus; i++) {
		if (!c->of_gpu[kind * c->n_gpus + i])
			continue;
		rp_verdict_add_gpu(v, ROCPART_CHECK_WARN, &c->d->snapshot->gpus[i],
				   "%s " RP_GPUS "%s ('%s' in the kernel log)", news[kind].before,
				   news[kind].after, news[kind].words);
		rp_verdict_advise(v, "%s", news[kind].advice);
	}
	if (c->elsewhere[kind]) {
		rp_verdict_add(v, ROCPART_CHECK_WARN,
			       "%s a GPU that is not listed now%s ('%s' in the kernel log)",
			       news[kind].before, news[kind].after, news[kind].words);
		rp_verdict_advise(v, "%s", news[kind].advice);
	}
}

static void tell(struct rocpart_doctor *d, const char *text, struct rp_verdict *v)
{
	struct counts c = {.d = d, .n_gpus = d->snapshot ? d->snapshot->n_gpus : 0};
	size_t n = c.n_gpus * RP_N_LOG_KINDS;

	c.of_gpu = rp_new0(bool, n);
	if (!c.of_gpu) {
		v->is_out_of_memory = true;
		return;
	}
	count_lines(&c, text);
	for (unsigned kind = RP_LOG_DRIVER_LOADED + 1; kind < RP_N_LOG_KINDS; kind++)
		tell_kind(&c, (enum rp_log_kind)kind, v);
	free(c.of_gpu);
	if (!v->n)
		rp_verdict_add(v, ROCPART_CHECK_PASS,
			       "no such line since the driver was loaded, as far as the log goes "
			       "back");
}

void rp_check_kernel_log(struct rocpart_doctor *d, struct rp_verdict *v)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	int r = rp_kernel_log_read(d->machine, &text);

	if (r == -ENODATA) {
		rp_verdict_add(v, ROCPART_CHECK_PASS, "skipped: this machine has no kernel log");
	} else if (r == -EACCES) {
		rp_verdict_add(v, ROCPART_CHECK_WARN, "the kernel log cannot be read by this user");
		rp_verdict_advise(v, "run the command as root, on the host");
	} else if (r < 0 || rp_strbuf_failed(&text)) {
		r = r < 0 ? r : -ENOMEM;
		rp_verdict_add_failure(v, r, "the kernel log cannot be read", rocpart_strerror(r));
	} else {
		tell(d, rp_strbuf_str(&text), v);
	}
}
