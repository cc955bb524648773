/* SPDX-License-Identifier: MIT */
/* What is handed out, as text for a shell, an env file, systemd, containers, engines. */
#include "run/text/forms.h"
#include "base/printable.h"

void rp_handout_banner(const struct rp_handout *h, struct rp_strbuf *out)
{
	if (!h->sim_name)
		return;
	rp_strbuf_addf(out, "# simulated machine%s", *h->sim_name ? " " : "");
	rp_printable_add(out, h->sim_name);
	rp_strbuf_add_char(out, '\n');
}

int rp_handout_shell(const struct rp_handout *h, struct rp_strbuf *out,
		     struct rocpart_error *reterr)
{
	RP_AUTO_VARIABLES struct rp_variables vars = {0};

	if (rp_handout_variables(h, ROCPART_VIEW_HOST, &vars) < 0)
		return rp_error_nomem(reterr);
	rp_handout_banner(h, out);
	for (size_t i = 0; i < vars.n; i++) {
		rp_strbuf_addf(out, "export %s=", vars.v[i].name);
		rp_quote_shell(out, vars.v[i].value);
		rp_strbuf_add_char(out, '\n');
	}
	return 0;
}

int rp_handout_dotenv(const struct rp_handout *h, struct rp_strbuf *out,
		      struct rocpart_error *reterr)
{
	RP_AUTO_VARIABLES struct rp_variables vars = {0};

	if (rp_handout_variables(h, ROCPART_VIEW_HOST, &vars) < 0)
		return rp_error_nomem(reterr);
	rp_handout_banner(h, out);
	for (size_t i = 0; i < vars.n; i++) {
		rp_strbuf_addf(out, "%s=", vars.v[i].name);
		if (rp_quote_dotenv(out, vars.v[i].value) < 0)
			return rp_error_set(reterr, -EINVAL, ROCPART_ERR_INVALID_ARGUMENT,
					    vars.v[i].name,
					    "the value of %s cannot be written into an env file: "
					    "its readers quote differently",
					    vars.v[i].name);
		rp_strbuf_add_char(out, '\n');
	}
	return 0;
}

/*
 * The unit may open its own nodes only, so no variable filters, and those that would are taken out
 * of its environment.
 */
int rp_handout_systemd(const struct rp_handout *h, struct rp_strbuf *out,
		       struct rocpart_error *reterr)
{
	RP_AUTO_VARIABLES struct rp_variables vars = {0};
	const char *name;

	if (rp_handout_variables(h, ROCPART_VIEW_OWN, &vars) < 0)
		return rp_error_nomem(reterr);
	rp_handout_banner(h, out);
	rp_strbuf_add(out, "[Service]\n");
	for (size_t i = 0; i < vars.n; i++) {
		RP_AUTO_FREE char *text = rp_strdupf("%s=%s", vars.v[i].name, vars.v[i].value);

		if (!text)
			return rp_error_nomem(reterr);
		rp_strbuf_add(out, "Environment=");
		rp_quote_systemd(out, text);
		rp_strbuf_add_char(out, '\n');
	}
	rp_strbuf_add(out, "UnsetEnvironment=");
	for (size_t i = 0; (name = rp_handout_conflict(h, ROCPART_VIEW_OWN, i)); i++)
		rp_strbuf_addf(out, "%s%s", i ? " " : "", name);
	rp_strbuf_add(out, "\nDevicePolicy=closed\n");
	for (size_t i = 0; i < h->n_devices; i++)
		rp_strbuf_addf(out, "DeviceAllow=%s rw\n", h->devices[i]);
	for (size_t i = 0; i < h->n_gids; i++)
		rp_strbuf_addf(out, "%s%u%s", i ? " " : "SupplementaryGroups=", h->gids[i],
			       i + 1 < h->n_gids ? "" : "\n");
	return 0;
}

/* ---- words of container engines ---- */

/*
 * Ranks of one program exchange data through /dev/shm, of which a container has 64 MiB. A larger
 * one of its own, not the host's (--ipc=host), which other tenants see too. It is a bound on what
 * is used, not a reservation; AMD's own instructions for vLLM give 16 GiB.
 */
#define SHM_BYTES_TEXT "16g"

static int container(const struct rp_handout *h, bool keeps_groups, struct rp_words *out,
		     struct rocpart_error *reterr)
{
	RP_AUTO_VARIABLES struct rp_variables vars = {0};

	if (rp_handout_variables(h, ROCPART_VIEW_OWN, &vars) < 0)
		return rp_error_nomem(reterr);
	for (size_t i = 0; i < h->n_devices; i++)
		rp_words_add(out, "--device=%s", h->devices[i]);
	if (keeps_groups)
		rp_words_add(out, "--group-add=keep-groups");
	for (size_t i = 0; !keeps_groups && i < h->n_gids; i++)
		rp_words_add(out, "--group-add=%u", h->gids[i]);
	if (h->n_parts > 1)
		rp_words_add(out, "--shm-size=" SHM_BYTES_TEXT);
	for (size_t i = 0; i < vars.n; i++)
		rp_words_add(out, "--env=%s=%s", vars.v[i].name, vars.v[i].value);
	return 0;
}

int rp_handout_docker(const struct rp_handout *h, struct rp_words *out,
		      struct rocpart_error *reterr)
{
	return container(h, false, out, reterr);
}

/*
 * The container of a user has a user namespace, in which the numbers of groups are others: there
 * the groups of the user are kept as they are (podman-run(1), with crun).
 */
int rp_handout_podman(const struct rp_handout *h, struct rp_words *out,
		      struct rocpart_error *reterr)
{
	return container(h, h->is_rootless && h->n_gids, out, reterr);
}

/* ---- flags of engines ---- */

static int engine(const struct rp_handout *h, bool is_vllm, struct rp_words *out,
		  struct rocpart_error *reterr)
{
	const char *name = is_vllm ? "vllm" : "llama.cpp";

	if (!h->has_engine) {
		(void)rp_error_set(reterr, -EINVAL, ROCPART_ERR_INVALID_ARGUMENT, name,
				   "the flags of %s need a lease that was placed for a model",
				   name);
		return rp_error_hint(reterr, "name leases of one model; for a partition, use "
					     "`rocpart model size MODEL --on GPU/ID`");
	}
	if (h->engine.is_vllm != is_vllm) {
		(void)rp_error_set(reterr, -EINVAL, ROCPART_ERR_INVALID_ARGUMENT, name,
				   "the lease was sized for %s", is_vllm ? "llama.cpp" : "vllm");
		return rp_error_hint(reterr, "use `rocpart args %s`",
				     is_vllm ? "llama.cpp" : "vllm");
	}
	rp_engine_flags(&h->engine, out);
	return 0;
}

int rp_handout_vllm(const struct rp_handout *h, struct rp_words *out, struct rocpart_error *reterr)
{
	return engine(h, true, out, reterr);
}

int rp_handout_llama(const struct rp_handout *h, struct rp_words *out, struct rocpart_error *reterr)
{
	return engine(h, false, out, reterr);
}
