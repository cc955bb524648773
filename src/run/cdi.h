/* SPDX-License-Identifier: MIT */
/* Generated specs, and the record of them. */
#ifndef RP_RUN_CDI_H
#define RP_RUN_CDI_H

#include "base/json.h"
#include "machine/machine.h"
#include "run/text/cdi.h"

/*
 * cdi_record.c: [{"dir", "kind", "text", "before"}] in the record folder. text is what was written
 * last, before what was there until then: between record and file a crash leaves either.
 */
struct rp_cdi_record {
	struct rp_json *list; /* NULL: none was generated */
};
int rp_cdi_record_load(struct rocpart_machine *m, struct rp_cdi_record *ret,
		       struct rocpart_error *reterr) RP_MUST_CHECK;
void rp_cdi_record_done(struct rp_cdi_record *record);
#define RP_AUTO_CDI_RECORD RP_AUTO(rp_cdi_record_done)

/* One of them; false past the end. Texts live as long as the record. */
struct rp_cdi_spec {
	const char *dir, *text, *before;
	const struct rp_cdi_kind *kind;
	const char *file; /* in dir */
};
bool rp_cdi_record_at(const struct rp_cdi_record *record, size_t index, struct rp_cdi_spec *ret);
/* Whether a file that holds text is as we left it. */
bool rp_cdi_is_ours(const struct rp_cdi_spec *spec, const char *text);
/* Record a spec, before it is written. */
int rp_cdi_record_put(struct rocpart_machine *m, struct rp_cdi_record *record,
		      const struct rp_cdi_spec *spec, struct rocpart_error *reterr) RP_MUST_CHECK;

/* cdi.c: the document of now, as a value. */
int rp_cdi_now(struct rocpart_machine *m, const struct rp_cdi_kind *kind, struct rp_json **ret,
	       struct rocpart_error *reterr) RP_MUST_CHECK;
/* cdi_leases.c: the same of a kind whose devices are leases. */
int rp_cdi_leases_now(struct rocpart_machine *m, const struct rp_cdi_kind *kind,
		      struct rp_json **ret, struct rocpart_error *reterr) RP_MUST_CHECK;
int rp_cdi_text(const struct rp_json *document, struct rp_strbuf *ret) RP_MUST_CHECK;

/*
 * Write anew every spec that is there and as we left it. What could not be done is said in reterr;
 * the others are done. Given to a machine as what it does after its modes changed.
 */
int rp_cdi_refresh(struct rocpart_machine *m, struct rocpart_error *reterr);
/* The same of the specs of leases, after leases changed. */
int rp_cdi_refresh_leases(struct rocpart_machine *m, struct rocpart_error *reterr);

#endif
