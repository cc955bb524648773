/* SPDX-License-Identifier: MIT */
#include "machine/public.h"
#include "base/seal.h"

#include <time.h>

/* Sealed and of a version that we know; NULL otherwise. */
static struct rp_json *parse(const struct rp_strbuf *text)
{
	struct rp_json *j = NULL;
	size_t len = text->len;

	while (len && text->s[len - 1] == '\n')
		len--;
	if (rp_seal_check(rp_strbuf_str(text), len) < 0 ||
	    rp_json_parse(rp_strbuf_str(text), len, RP_PUBLIC_FILE, &j, NULL) < 0)
		return NULL;
	return rp_json_int_value(rp_json_get(j, "public_version")) == RP_PUBLIC_VERSION
		       ? j
		       : rp_json_free(j);
}

static char *note_age(const struct rocpart_machine *m, int64_t written_s)
{
	static const struct {
		int64_t seconds;
		const char *unit;
	} units[] = {{86400, "days"}, {3600, "h"}, {60, "min"}, {1, "s"}};
	struct timespec now = {0};
	int64_t age_s;
	size_t i = 0;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	age_s = now.tv_sec > written_s ? now.tv_sec - written_s : 0;
	while (i + 1 < RP_ARRAY_LEN(units) && age_s < 2 * units[i].seconds)
		i++;
	return rp_strdupf("leases as of %lld %s ago, from %s/" RP_PUBLIC_FILE
			  ": reading them needs root",
			  (long long)(age_s / units[i].seconds), units[i].unit, m->state_dir);
}

int rp_public_read(struct rocpart_machine *m, struct rp_json **ret)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	RP_AUTO_JSON struct rp_json *j = NULL;

	if (m->state && rp_tree_read_file(m->state, RP_PUBLIC_LIMIT, &text, RP_PUBLIC_FILE) == 0)
		j = parse(&text);
	free(m->note);
	m->note = j ? note_age(m, rp_json_int_value(rp_json_get(j, "written_s")))
		    : rp_strdupf("leases are not known: reading %s needs root", m->state_dir);
	if (!m->note)
		return -ENOMEM;
	*ret = rp_steal(&j);
	return *ret ? 0 : -ENOENT;
}
