/* SPDX-License-Identifier: MIT */
/* Opening this computer, or a folder with copies of a machine's files. */
#include "base/name.h"
#include "base/printable.h"
#include "machine/machine.h"

static int open_folder(const char *dir, enum rp_tree_kind kind, const char *state_dir,
		       struct rocpart_machine **ret, struct rocpart_error *reterr)
{
	struct rocpart_machine *m = rp_new0(struct rocpart_machine, 1);
	int r = m ? rp_tree_open(dir, kind, &m->tree) : -ENOMEM;

	if (m)
		m->flavour = kind == RP_TREE_CAPTURE ? RP_MACHINE_CAPTURE : RP_MACHINE_HARDWARE;
	if (r == 0 && state_dir) {
		m->state_dir = strdup(state_dir);
		r = m->state_dir ? 0 : -ENOMEM;
	}
	if (r < 0) {
		rocpart_machine_close(m);
		return rp_error_errno(reterr, r, dir, "cannot open '%s'", dir);
	}
	*ret = m;
	return 0;
}

/* What `rocpart sim mount` and `sim exec` put into sys/, where no kernel has such a folder. */
#define SHOWN "sys/devices/rocpart-sim"

static int read_shown(struct rocpart_machine *m, const char *file, char **ret)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	int r = rp_tree_read(m->tree, &text, SHOWN "/%s", file);

	if (r < 0)
		return r;
	free(*ret);
	*ret = rp_strbuf_steal(&text);
	return *ret ? 0 : -ENOMEM;
}

/* The name in a capture is text of whoever sent it. */
static int name_shown(struct rocpart_machine *m)
{
	char name[RP_NAME_SIZE];

	if (rp_name_is_valid(RP_NAME_MACHINE, m->sim_name))
		return 0;
	rp_printable_fit(name, sizeof(name), m->sim_name);
	free(m->sim_name);
	m->sim_name = strdup(name);
	return m->sim_name ? 0 : -ENOMEM;
}

/*
 * /sys may be that of a simulated machine: then it says so, and its records are the machine's own,
 * not those of this computer.
 */
static int look_for_sim(struct rocpart_machine *m, bool own_records, struct rocpart_error *reterr)
{
	RP_AUTO_FREE char *folder = NULL, *asks = NULL, *no_sync = NULL;
	int r = read_shown(m, "name", &m->sim_name);

	if (rp_is_absent(r))
		return 0;
	if (r == -EBADMSG || r == -E2BIG) { /* a NUL, or a text without an end: it has no name */
		m->sim_name = strdup("");
		r = m->sim_name ? 0 : -ENOMEM;
	}
	m->flavour =
		m->flavour == RP_MACHINE_CAPTURE ? RP_MACHINE_SIM_MOUNTED : RP_MACHINE_SIM_IN_SYS;
	if (r == 0)
		r = name_shown(m);
	if (r == 0)
		r = read_shown(m, "folder", &folder);
	if (r == 0) {
		r = read_shown(m, "asks", &asks);
		m->asks = r == 0 && rp_str_eq(asks, "1");
		r = r == -ENOENT ? 0 : r; /* shown by an older program */
	}
	if (r == 0) {
		r = read_shown(m, "no-sync", &no_sync);
		m->no_sync = r == 0 && own_records && rp_str_eq(no_sync, "1");
		r = r == -ENOENT ? 0 : r; /* as well */
	}
	if (r == 0) {
		r = read_shown(m, "id", &m->sim_id);
		r = r == -ENOENT ? 0 : r; /* as well */
	}
	if (r == 0 && own_records) {
		free(m->state_dir);
		m->state_dir = rp_strdupf("%s/records", folder);
		r = m->state_dir ? 0 : -ENOMEM;
	}
	return r < 0 ? rp_error_errno(reterr, r, "/" SHOWN,
				      "the server of the simulated machine does not answer")
		     : 0;
}

int rp_machine_open_real(const char *state_dir, struct rocpart_machine **ret,
			 struct rocpart_error *reterr)
{
	struct rocpart_machine *m = NULL;
	int r = open_folder("/", RP_TREE_REAL, state_dir ? state_dir : "/var/lib/rocpart", &m,
			    reterr);

	if (r == 0)
		r = look_for_sim(m, !state_dir, reterr);
	if (r == 0)
		r = rp_machine_check_state(m, reterr);
	if (r < 0) {
		rocpart_machine_close(m);
		return r;
	}
	*ret = m;
	return 0;
}

int rp_machine_open_capture(const char *dir, struct rocpart_machine **ret,
			    struct rocpart_error *reterr)
{
	struct rocpart_machine *m = NULL;
	int r = open_folder(dir, RP_TREE_CAPTURE, NULL, &m, reterr);

	if (r == 0)
		r = look_for_sim(m, false, reterr);
	if (r < 0) {
		rocpart_machine_close(m);
		return r;
	}
	*ret = m;
	return 0;
}
