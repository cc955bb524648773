/* SPDX-License-Identifier: MIT */
#include "hw/sysfs.h"
#include "base/num.h"
#include "facts/mode_name.h"

#include <stdarg.h>

/* The kernel finishes a switch in milliseconds; a scan takes a few. */
#define SCAN_TRIES 16

void rp_scan_done(struct rp_scan *scan)
{
	for (size_t i = 0; i < scan->n_pci; i++)
		rp_sysfs_pci_done(&scan->pci[i]);
	free(scan->pci);
	free(scan->nodes);
	free(scan->usage);
	memset(scan, 0, sizeof(*scan));
}

int rp_sysfs_error(struct rocpart_error *reterr, int errnum, const char *what, const char *fmt, ...)
{
	char path[sizeof(reterr->object)];
	enum rocpart_errcode code = ROCPART_ERR_BAD_ATTRIBUTE;
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(path, sizeof(path), fmt, ap);
	va_end(ap);
	switch (-errnum) {
	case E2BIG:
		return rp_error_set(reterr, errnum, code, path,
				    "the %s is as long as a page, so it may be cut", what);
	case EBADMSG:
		return rp_error_set(reterr, errnum, code, path,
				    "the %s is not in the form that the kernel writes", what);
	default:
		return rp_error_errno(reterr, errnum, path, "cannot read the %s", what);
	}
}

bool rp_sysfs_is_ours(int r)
{
	switch (-r) {
	case ENOMEM:
	case EMFILE:
	case ENFILE:
	case EINTR:
	case EAGAIN:
	case ENOTCONN: /* the server of a simulated machine is gone */
		return true;
	default:
		return false;
	}
}

void rp_sysfs_set_fault(struct rp_scan_fault *fault, int r, const char *fmt, ...)
{
	va_list ap;

	if (fault->err)
		return;
	fault->err = r;
	va_start(ap, fmt);
	(void)vsnprintf(fault->file, sizeof(fault->file), fmt, ap);
	va_end(ap);
}

int rp_hw_read_generation(struct rp_tree *t, uint64_t *ret)
{
	uint64_t v = 0;
	int r = rp_tree_read_u64(t, 10, &v, RP_KFD_TOPOLOGY "/generation_id");

	if (r < 0)
		return r;
	if (v > UINT32_MAX) /* "%u" in kfd_topology.c */
		return -EBADMSG;
	*ret = v;
	return 0;
}

static int scan_parts(struct rp_tree *t, struct rp_scan *scan, struct rocpart_error *reterr)
{
	int r = rp_sysfs_scan_kfd(t, scan, reterr);

	if (r == 0)
		r = rp_sysfs_scan_pci(t, scan, reterr);
	if (r == 0)
		rp_sysfs_match_nodes(scan);
	if (r == 0)
		r = rp_sysfs_scan_drm(t, scan, reterr);
	if (r == 0 && rp_sysfs_check_renders(scan) < 0)
		r = rp_error_nomem(reterr);
	if (r == 0)
		r = rp_sysfs_scan_usage(t, scan, reterr);
	return r;
}

/*
 * A failure while the machine changed says nothing: it is tried again like any scan whose
 * generation moved. 1: try again.
 */
static int scan_once(struct rp_tree *t, struct rp_scan *scan, struct rocpart_error *reterr)
{
	uint64_t before = 0, after = 0;
	int r0 = rp_hw_read_generation(t, &before), r, r1;

	if (r0 < 0 && !rp_is_absent(r0))
		return rp_sysfs_error(reterr, r0, "generation", RP_KFD_TOPOLOGY "/generation_id");
	r = scan_parts(t, scan, reterr);
	r1 = rp_hw_read_generation(t, &after);
	if (r0 != r1 || before != after)
		return 1;
	scan->generation = (struct rp_opt_u64){r0 == 0, before};
	return r;
}

static int scan_until_quiet(struct rp_tree *t, bool without_cards, struct rp_scan *ret,
			    struct rocpart_error *reterr)
{
	for (int i = 0; i < SCAN_TRIES; i++) {
		RP_AUTO_SCAN struct rp_scan scan = {.kind = rp_tree_kind(t),
						    .source = ROCPART_BACKEND_SYSFS,
						    .without_cards = without_cards};
		int r = scan_once(t, &scan, reterr);

		if (r < 0)
			return r;
		if (r == 0) {
			*ret = scan;
			memset(&scan, 0, sizeof(scan));
			return 0;
		}
	}
	(void)rp_error_set(reterr, -EAGAIN, ROCPART_ERR_RETRY, RP_KFD_TOPOLOGY "/generation_id",
			   "the machine kept changing while it was read (%d times)", SCAN_TRIES);
	(void)rp_error_hint(
		reterr,
		"wait until the switch that is under way has ended, then repeat the command");
	return -EAGAIN;
}

int rp_hw_scan(struct rp_tree *t, struct rp_scan *ret, struct rocpart_error *reterr)
{
	return scan_until_quiet(t, false, ret, reterr);
}

int rp_hw_scan_without_cards(struct rp_tree *t, struct rp_scan *ret, struct rocpart_error *reterr)
{
	return scan_until_quiet(t, true, ret, reterr);
}

int rp_hw_write_compute(struct rp_tree *t, const char *bdf, enum rocpart_compute_mode mode)
{
	return rp_tree_write(t, rocpart_compute_mode_to_string(mode),
			     RP_PCI_DEVICES "/%s/current_compute_partition", bdf);
}

int rp_hw_write_memory(struct rp_tree *t, const char *bdf, enum rocpart_memory_mode mode)
{
	return rp_tree_write(t, rocpart_memory_mode_to_string(mode),
			     RP_PCI_DEVICES "/%s/current_memory_partition", bdf);
}

int rp_hw_read_compute(struct rp_tree *t, const char *bdf, enum rocpart_compute_mode *ret)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	int r = rp_tree_read(t, &text, RP_PCI_DEVICES "/%s/current_compute_partition", bdf);

	if (r < 0)
		return r;
	return rocpart_compute_mode_from_string(rp_strbuf_str(&text), ret) < 0 ? -EBADMSG : 0;
}
