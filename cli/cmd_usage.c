/* SPDX-License-Identifier: MIT */
/* usage: how much memory the processes of each lease use, and those of nobody's. */
#include "cli/cli.h"

#include "base/num.h"
#include "views/table.h"

#define COLUMNS "lease,name,partition,bytes,used_bytes,pid,command,owner"

/* A process on a partition, and its lease; or a lease that no process uses. */
struct row {
	const struct rocpart_usage *usage; /* NULL: no process */
	const struct rocpart_lease *lease; /* NULL: nobody's */
};

static const struct row *row(const void *o)
{
	return o;
}

static struct rp_json *lease(const void *o)
{
	return row(o)->lease ? rp_json_u64(row(o)->lease->id) : rp_json_null();
}

static struct rp_json *name(const void *o)
{
	return row(o)->lease ? rp_json_string(row(o)->lease->name) : rp_json_null();
}

static struct rp_json *partition(const void *o)
{
	const struct rocpart_usage *u = row(o)->usage;
	const struct rocpart_lease *l = row(o)->lease;
	char text[32];

	if (!u && !*l->bdf)
		return rp_json_null();
	(void)rp_fmt(text, sizeof(text), "%s/%u", u ? u->bdf : l->bdf,
		     u ? u->partition : l->partition);
	return rp_json_string(text);
}

static struct rp_json *bytes(const void *o)
{
	return row(o)->lease ? rp_json_u64(row(o)->lease->bytes) : rp_json_null();
}

static struct rp_json *used(const void *o)
{
	return rp_json_u64(row(o)->usage ? row(o)->usage->used_bytes : 0);
}

static struct rp_json *kfd(const void *o)
{
	return rp_json_u64(row(o)->usage ? row(o)->usage->kfd_bytes : 0);
}

static struct rp_json *drm(const void *o)
{
	return rp_json_u64(row(o)->usage ? row(o)->usage->drm_bytes : 0);
}

static struct rp_json *gtt(const void *o)
{
	return rp_json_u64(row(o)->usage ? row(o)->usage->gtt_bytes : 0);
}

static struct rp_json *pid(const void *o)
{
	return row(o)->usage ? rp_json_u64(row(o)->usage->pid) : rp_json_null();
}

static struct rp_json *command(const void *o)
{
	return row(o)->usage ? rp_json_string(row(o)->usage->command) : rp_json_null();
}

static struct rp_json *owner(const void *o)
{
	const struct rocpart_usage *u = row(o)->usage;

	return u && *u->owner ? rp_json_string(u->owner) : rp_json_null();
}

static struct rp_json *certain(const void *o)
{
	return row(o)->usage ? rp_json_bool(row(o)->usage->is_certain) : rp_json_null();
}

static const struct view_field fields[] = {
	{.key = "lease", .heading = "LEASE", .get = lease},
	{.key = "name", .heading = "NAME", .get = name},
	{.key = "partition", .heading = "PARTITION", .get = partition},
	{.key = "bytes", .heading = "LEASED", .show = VIEW_SHOW_BYTES, .get = bytes},
	{.key = "used_bytes", .heading = "USED", .show = VIEW_SHOW_BYTES, .get = used},
	{.key = "kfd_bytes", .heading = "KFD", .show = VIEW_SHOW_BYTES, .get = kfd},
	{.key = "drm_bytes", .heading = "DRM", .show = VIEW_SHOW_BYTES, .get = drm},
	{.key = "gtt_bytes", .heading = "GTT", .show = VIEW_SHOW_BYTES, .get = gtt},
	{.key = "pid", .heading = "PID", .get = pid},
	{.key = "command", .heading = "COMMAND", .get = command},
	{.key = "owner", .heading = "OWNER", .get = owner},
	{.key = "certain", .heading = "CERTAIN", .get = certain},
	{.key = NULL},
};

/* Leases in their order, each with its processes; then what is nobody's. 0 or what add says. */
static int each_row(const struct rocpart_usages *list,
		    int (*add)(void *userdata, const struct row *row), void *userdata)
{
	const struct rocpart_leases *leases = rocpart_usages_get_leases(list);
	const struct rocpart_usage *u = rocpart_usages_get(list, 0);
	const struct rocpart_lease *l;
	size_t k = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && (l = rocpart_leases_get(leases, i)); i++) {
		struct row empty = {NULL, l};

		if (!u || u->lease != l->id)
			r = add(userdata, &empty);
		for (; r == 0 && u && u->lease == l->id; u = rocpart_usages_get(list, ++k))
			r = add(userdata, &(struct row){u, l});
	}
	for (; r == 0 && u; u = rocpart_usages_get(list, ++k))
		r = add(userdata, &(struct row){u, NULL});
	return r;
}

static int add_json(void *userdata, const struct row *r)
{
	return rp_json_append(userdata, view_object_json(fields, r));
}

static int add_text(void *userdata, const struct row *r)
{
	return view_table_add(userdata, r);
}

static int print_json(struct cli *cli, const struct rocpart_usages *list)
{
	struct rp_json *j = cli_new_document(cli), *rows = rp_json_array();
	int r = each_row(list, add_json, rows);

	if (r < 0)
		rp_json_free(rows);
	else
		r = rp_json_set(j, "usage", rows);
	if (r == 0)
		r = rp_json_set_u64(j, "unmanaged_bytes", rocpart_usages_get_lease_bytes(list, 0));
	if (r == 0)
		r = rp_json_set_bool(j, "complete", rocpart_usages_is_complete(list));
	if (r == 0)
		return cli_print_json(cli, j);
	rp_json_free(j);
	return cli_nomem(cli);
}

static int print_table(struct cli *cli, const struct rocpart_usages *list, const char *columns)
{
	struct view_table *t = view_table_new(fields, columns);

	return cli_print_table(cli, each_row(list, add_text, t) < 0 ? view_table_free(t) : t);
}

static int print_text(struct cli *cli, const struct rocpart_usages *list)
{
	const char *columns = cli->values.columns ? cli->values.columns : COLUMNS;
	uint64_t unmanaged = rocpart_usages_get_lease_bytes(list, 0);
	char text[RP_BYTES_TEXT_SIZE];
	int status = cli_check_columns(cli, fields, columns);

	if (status)
		return status;
	cli_print_banner(cli);
	status = print_table(cli, list, columns);
	if (status)
		return status;
	if (unmanaged)
		printf("%s unmanaged: used without a lease (`rocpart adopt` gives it one)\n",
		       rp_format_bytes(unmanaged, text));
	if (!rocpart_usages_is_complete(list))
		printf("files of some processes cannot be looked at: that takes root; memory of "
		       "the KFD is shown all the same\n");
	return 0;
}

int cli_cmd_usage(struct cli *cli, int argc, char **argv)
{
	struct rocpart_usages *list = NULL;
	struct rocpart_error err = {0};
	int status;

	(void)argc;
	(void)argv;
	if (rocpart_usages_new(cli->machine, &list, &err) < 0)
		return cli_fail(cli, &err);
	status = cli->values.json ? print_json(cli, list) : print_text(cli, list);
	rocpart_usages_free(list);
	return status;
}
