/* SPDX-License-Identifier: MIT */
/*
 * How long the last reload of the driver took, as measured: what a plan says of the next one. A
 * record that cannot be written or read changes nothing but that.
 */
#include "base/spawn.h"
#include "change/change.h"
#include "machine/records_internal.h"

void rp_change_note_outage(struct rocpart_change *c, uint64_t begin_ns)
{
	RP_AUTO_JSON struct rp_json *j = rp_json_object();

	if (rp_json_set_u64(j, "reload_ms", (rp_now_ns() - begin_ns) / 1000000) == 0)
		(void)!rp_record_write(c->machine, RP_RECORD_OUTAGE, j, NULL);
}

int rp_change_outage_text(const struct rocpart_change *c, struct rp_strbuf *ret)
{
	RP_AUTO_JSON struct rp_json *j = NULL;
	struct rocpart_error err = {0};
	int r = rp_record_read(c->machine, RP_RECORD_OUTAGE, RP_RECORD_LIMIT, &j, &err);
	const struct rp_json *ms = rp_json_get(j, "reload_ms");

	if (r < 0 || rp_json_type(ms) != RP_JSON_INT)
		rp_strbuf_add(ret, "up to some minutes; no reload of this machine was measured "
				   "yet");
	else
		rp_strbuf_addf(ret, "%.1f s the last time", (double)rp_json_int_value(ms) / 1000);
	return r == -ENOMEM || rp_strbuf_failed(ret) ? -ENOMEM : 0;
}
