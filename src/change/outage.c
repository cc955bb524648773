/* SPDX-License-Identifier: MIT */
/*
 * How long the last reload of the driver took, as measured: what a change says of its own. One that
 * cannot be recorded is not missed, but one that cannot be read is no absence.
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

int rp_change_read_outage(struct rocpart_change *c, struct rocpart_error *reterr)
{
	RP_AUTO_JSON struct rp_json *j = NULL;
	struct rocpart_error why = {0};
	int r = rp_record_read(c->machine, RP_RECORD_OUTAGE, RP_RECORD_LIMIT, &j, &why);
	const struct rp_json *ms = rp_json_get(j, "reload_ms");

	c->outage = RP_OUTAGE_UNKNOWN;
	if (r == -EACCES || rp_record_is_damage(r))
		return 0; /* not for this reader; or it is written again by the next reload */
	if (r < 0)
		return rp_error_copy(reterr, &why);
	c->outage = rp_json_type(ms) == RP_JSON_INT ? RP_OUTAGE_MEASURED : RP_OUTAGE_NONE;
	c->outage_ms = rp_json_int_value(ms);
	return 0;
}

int rp_change_outage_text(const struct rocpart_change *c, struct rp_strbuf *ret)
{
	if (c->outage == RP_OUTAGE_MEASURED)
		rp_strbuf_addf(ret, "%.1f s the last time", (double)c->outage_ms / 1000);
	else
		rp_strbuf_addf(ret, "up to some minutes%s",
			       c->outage == RP_OUTAGE_NONE
				       ? "; no reload of this machine was measured yet"
				       : "");
	return rp_strbuf_failed(ret) ? -ENOMEM : 0;
}
