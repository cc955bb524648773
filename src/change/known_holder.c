/* SPDX-License-Identifier: MIT */
#include "change/known_holder.h"
#include "base/words.h"

/*
 * Names of /proc/PID/comm, which are cut to 15 characters, and of units (peers: device-metrics-
 * exporter, device-config-manager stops the first two around a switch). Up to its release 1.4 the
 * agent kept /dev/kfd open.
 */
static const struct {
	const char *command, *unit, *what;
} known[] = {
	{"amd-metrics-exp", "amd-metrics-exporter", "AMD's metrics exporter"},
	{"gpuagent", "gpuagent", "AMD's GPU agent, used by the metrics exporter"},
	{"k8s-device-plug", "", "AMD's Kubernetes device plugin"},
	{"device-config-m", "", "AMD's device-config-manager"},
	{"amd-smi", "", "AMD SMI, which ends by itself"},
	{"rocm-smi", "", "ROCm SMI, which ends by itself"},
	{"nvtop", "", "a monitor"},
	{"Xorg", "", "the graphical console; the driver does not need it"},
};

static bool is_unit(const char *unit, const char *name)
{
	size_t n = strlen(name);

	return n && strncmp(unit, name, n) == 0 &&
	       (unit[n] == '\0' || rp_str_eq(unit + n, ".service"));
}

const char *rp_known_holder(const char *command, const char *unit)
{
	for (size_t i = 0; i < RP_ARRAY_LEN(known); i++)
		if (rp_str_eq(command, known[i].command) || is_unit(unit, known[i].unit))
			return known[i].what;
	return NULL;
}

static void add_container(struct rp_strbuf *text, const char *container)
{
	const char *id = strchr(container, ':');

	if (!id || rp_str_starts(container, "cri:"))
		rp_strbuf_add(text, "drain the node or delete the pod (`crictl ps` names it)");
	else
		rp_strbuf_addf(text, "%.*s stop %.12s, or list it under 'services:' in node.yaml",
			       (int)(id - container), container, id + 1); /* hex digits */
}

void rp_holder_advice(const struct rocpart_holder *h, char *buf, size_t size)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	const char *what = rp_known_holder(h->command, h->unit);
	char word[RP_WORD_SIZE];

	if (what)
		rp_strbuf_addf(&text, "%s; ", what);
	if (*h->job)
		rp_strbuf_addf(&text, "scancel %s, or drain the node", rp_shell_word(h->job, word));
	else if (*h->container)
		add_container(&text, h->container);
	else if (*h->unit)
		rp_strbuf_addf(&text,
			       "systemctl stop %s%s, or list it under 'services:' in node.yaml",
			       *h->unit == '-' ? "-- " : "", rp_shell_word(h->unit, word));
	else
		rp_strbuf_addf(&text, "kill %u (ask its owner first)", h->pid);
	(void)rp_fmt(buf, size, "%s", rp_strbuf_str(&text));
}
