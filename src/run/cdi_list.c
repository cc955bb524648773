/* SPDX-License-Identifier: MIT */
/* The generated specs, held against the machine. */
#include "base/error.h"
#include "rocpart/cdi.h"
#include "run/cdi.h"
#include "run/cdi_file.h"

struct rocpart_cdi {
	struct rocpart_cdi_entry *v;
	size_t n, cap;
};

struct listing {
	struct rocpart_cdi *list;
	const struct rp_cdi_spec *spec;
};

/* name NULL: all of the spec. */
static int add(const struct listing *l, const char *name, const char *problem)
{
	struct rocpart_cdi_entry *e;

	if (rp_grow(&l->list->v, &l->list->cap, l->list->n + 1, sizeof(*e)) < 0)
		return -ENOMEM;
	e = &l->list->v[l->list->n++];
	*e = (struct rocpart_cdi_entry){
		.path = rp_strdupf("%s/%s", l->spec->dir, l->spec->file),
		.name = name ? rp_strdupf("%s=%s", l->spec->kind->name, name) : strdup(""),
		.problem = problem, /* static text */
	};
	return e->path && e->name ? 0 : -ENOMEM;
}

static int add_device(void *userdata, const char *name, enum rp_cdi_state state)
{
	static const char *const problems[2][4] = {
		{
			[RP_CDI_SAME] = "",
			[RP_CDI_OTHER] = "its device nodes or variables have changed",
			[RP_CDI_GONE] = "its partition does not exist any more",
			[RP_CDI_MISSING] = "the spec lacks this partition",
		},
		{
			[RP_CDI_SAME] = "",
			[RP_CDI_OTHER] = "its device nodes or variables have changed",
			[RP_CDI_GONE] = "its lease has no place, or ended",
			[RP_CDI_MISSING] = "the spec lacks this lease",
		},
	};
	const struct listing *l = userdata;

	return add(l, name, problems[l->spec->kind->is_of_leases][state]);
}

static int add_spec(struct rocpart_machine *m, struct listing *l, struct rocpart_error *reterr)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	RP_AUTO_JSON struct rp_json *old = NULL, *now = NULL;
	int r = rp_cdi_file_read(l->spec->dir, l->spec->file, &text);

	if (r == -ENOENT)
		return add(l, NULL, "the spec was removed") < 0 ? rp_error_nomem(reterr) : 0;
	if (r < 0)
		return rp_error_errno(reterr, r, l->spec->dir, "cannot read the CDI spec '%s'",
				      l->spec->file);
	r = rp_cdi_now(m, l->spec->kind, &now, reterr);
	if (r < 0)
		return r;
	if (!rp_cdi_is_ours(l->spec, rp_strbuf_str(&text)) &&
	    add(l, NULL, "the spec was written or edited by another program") < 0)
		return rp_error_nomem(reterr);
	r = rp_json_parse(rp_strbuf_str(&text), text.len, l->spec->file, &old, NULL);
	if (r == 0)
		r = rp_cdi_compare(old, now, add_device, l);
	if (r == -EINVAL)
		r = add(l, NULL, "the file is not a CDI spec");
	return r < 0 ? rp_error_nomem(reterr) : 0;
}

ROCPART_PUBLIC int rocpart_cdi_new(struct rocpart_machine *machine, struct rocpart_cdi **ret_cdi,
				   struct rocpart_error *reterr)
{
	RP_AUTO_CDI_RECORD struct rp_cdi_record record = {0};
	struct rp_cdi_spec spec;
	struct listing l = {.list = rp_new0(struct rocpart_cdi, 1), .spec = &spec};
	int r = l.list ? rp_cdi_record_load(machine, &record, reterr) : rp_error_nomem(reterr);

	for (size_t i = 0; r == 0 && rp_cdi_record_at(&record, i, &spec); i++)
		r = add_spec(machine, &l, reterr);
	if (r < 0) {
		rocpart_cdi_free(l.list);
		return r;
	}
	*ret_cdi = l.list;
	return 0;
}

static void drop(const char *text)
{
	free((void *)(uintptr_t)text);
}

ROCPART_PUBLIC struct rocpart_cdi *rocpart_cdi_free(struct rocpart_cdi *cdi)
{
	for (size_t i = 0; cdi && i < cdi->n; i++) {
		drop(cdi->v[i].path);
		drop(cdi->v[i].name);
	}
	if (cdi)
		free(cdi->v);
	free(cdi);
	return NULL;
}

ROCPART_PUBLIC const struct rocpart_cdi_entry *rocpart_cdi_get(const struct rocpart_cdi *cdi,
							       size_t index)
{
	return index < cdi->n ? &cdi->v[index] : NULL;
}
