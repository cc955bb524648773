/* SPDX-License-Identifier: MIT */
#include "machine/site_rows.h"
#include "base/num.h"
#include "base/yaml.h"

#define FOLDER	   "etc/rocpart/products.d"
#define SIZE_LIMIT (256 * 1024)

/* "2026-11" -> 202611. */
static int read_month(const struct rp_yaml *y, const char *name, unsigned *ret,
		      struct rocpart_error *reterr)
{
	const char *text = NULL;
	char digits[7];
	uint32_t month = 0;
	int r = rp_yaml_text(y, name, &text, reterr);

	if (r < 0)
		return r;
	if (strlen(text) != 7 || text[4] != '-')
		return rp_yaml_must_be(y, name, reterr, "a month such as 2026-11");
	(void)rp_fmt(digits, sizeof(digits), "%.4s%s", text, text + 5);
	if (rp_parse_u32(digits, 10, &month) < 0 || month % 100 < 1 || month % 100 > 12)
		return rp_yaml_must_be(y, name, reterr, "a month such as 2026-11");
	*ret = month;
	return 0;
}

static int need_text(const struct rp_yaml *map, const char *key, const char *name,
		     const struct rp_yaml **ret_node, const char **ret,
		     struct rocpart_error *reterr)
{
	*ret_node = rp_yaml_get(map, key);
	if (!*ret_node)
		return rp_yaml_error(map, name, reterr, "'%s' is missing", key);
	return rp_yaml_text(*ret_node, name, ret, reterr);
}

static int read_modes(const struct rp_yaml *map, const char *name, struct rp_vendor_row *row,
		      struct rocpart_error *reterr)
{
	const struct rp_yaml *node = NULL;
	const char *text = NULL;
	int r = need_text(map, "compute", name, &node, &text, reterr);

	if (r == 0 && rocpart_compute_mode_from_string(text, &row->compute) < 0)
		r = rp_yaml_must_be(node, name, reterr, "SPX, DPX, TPX, QPX or CPX");
	if (r == 0)
		r = need_text(map, "memory", name, &node, &text, reterr);
	if (r == 0 && rocpart_memory_mode_from_string(text, &row->memory) < 0)
		r = rp_yaml_must_be(node, name, reterr, "NPS1, NPS2 or NPS4");
	return r;
}

static int read_row(const struct rp_yaml *map, const char *name, struct rp_vendor_rows *rows,
		    struct rocpart_error *reterr)
{
	static const char *const known[] = {"product", "compute", "memory",   "source",
					    "month",   "guest",	  "validated"};
	const struct rp_yaml *node, *guest, *validated;
	struct rp_vendor_row row = {0};
	const char *source = NULL;
	bool is_validated = true;
	unsigned month = 0;
	int r = rp_yaml_only_keys(map, name, known, RP_ARRAY_LEN(known), reterr);

	if (r == 0)
		r = need_text(map, "product", name, &node, &row.product, reterr);
	if (r == 0 && !rp_product_by_name(row.product))
		r = rp_yaml_must_be(node, name, reterr, "a product that rocpart knows (MI300X)");
	if (r == 0)
		r = read_modes(map, name, &row, reterr);
	if (r == 0)
		r = need_text(map, "source", name, &node, &source, reterr);
	node = rp_yaml_get(map, "month");
	if (r == 0)
		r = node ? read_month(node, name, &month, reterr)
			 : rp_yaml_error(map, name, reterr, "'month' is missing");
	guest = rp_yaml_get(map, "guest");
	validated = rp_yaml_get(map, "validated");
	if (r == 0 && guest)
		r = rp_yaml_bool(guest, name, &row.is_guest, reterr);
	if (r == 0 && validated)
		r = rp_yaml_bool(validated, name, &is_validated, reterr);
	if (r < 0)
		return r;
	row.is_refused = !is_validated;
	return rp_vendor_rows_add(rows, &row, source, month) < 0 ? rp_error_nomem(reterr) : 0;
}

static int read_document(const struct rp_yaml *y, const char *name, struct rp_vendor_rows *rows,
			 struct rocpart_error *reterr)
{
	static const char *const known[] = {"version", "statements"};
	const struct rp_yaml *version, *list;
	int r = rp_yaml_only_keys(y, name, known, RP_ARRAY_LEN(known), reterr);

	if (r < 0)
		return r;
	version = rp_yaml_get(y, "version");
	list = rp_yaml_get(y, "statements");
	if (!version || version->kind != RP_YAML_SCALAR || !rp_str_eq(version->text, "v1"))
		return rp_yaml_error(version ? version : y, name, reterr, "'version' must be v1");
	if (!list || list->kind != RP_YAML_LIST)
		return rp_yaml_error(list ? list : y, name, reterr,
				     "'statements' must be a list of statements");
	for (size_t i = 0; r == 0 && i < list->n; i++)
		r = read_row(list->items[i], name, rows, reterr);
	return r;
}

static int load_file(struct rp_tree *t, const char *file, struct rp_vendor_rows *rows,
		     struct rocpart_error *reterr)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	RP_AUTO_FREE char *name = rp_strdupf("/" FOLDER "/%s", file);
	RP_AUTO_YAML struct rp_yaml *y = NULL;
	int r;

	if (!name)
		return rp_error_nomem(reterr);
	r = rp_tree_read_file(t, SIZE_LIMIT, &text, FOLDER "/%s", file);
	if (r < 0)
		return rp_error_errno(reterr, r, name, "cannot read '%s'", name);
	r = rp_yaml_parse(rp_strbuf_str(&text), text.len, name, &y, reterr);
	return r < 0 ? r : read_document(y, name, rows, reterr);
}

int rp_site_rows_load(struct rp_tree *t, struct rp_vendor_rows *rows, struct rocpart_error *reterr)
{
	RP_AUTO_NAMES struct rp_names names = RP_NAMES_INIT;
	int r = rp_tree_list(t, &names, FOLDER);

	if (r == -ENOENT || r == -ENOTDIR)
		return 0;
	if (r < 0)
		return rp_error_errno(reterr, r, "/" FOLDER, "cannot read '/" FOLDER "'");
	for (size_t i = 0; r == 0 && i < names.n; i++)
		if (rp_str_ends(names.v[i], ".yaml"))
			r = load_file(t, names.v[i], rows, reterr);
	return r;
}
