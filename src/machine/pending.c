/* SPDX-License-Identifier: MIT */
/*
 * The record of requested memory modes: {"driver_epoch": N, "gpus": {BDF: MODE}, "announced":
 * [BDF]}. A GPU is announced before its request is made and until it is known to be made. Older
 * versions do not know that list: to them every GPU in "gpus" is requested.
 */
#include "hw/driver.h"
#include "machine/records_internal.h"
#include "rocpart/node.h"

/* Add the requests recorded before of this load of the driver, and which were only announced. */
static int copy_pending(const struct rp_json *old, struct rp_json *gpus, struct rp_json *announced)
{
	const struct rp_json *have = rp_json_get(old, "gpus"),
			     *said = rp_json_get(old, "announced");
	int r = 0;

	for (void *it = rp_json_iter(have); it && r == 0; it = rp_json_iter_next(have, it)) {
		const char *bdf = rp_json_iter_key(it);

		r = rp_json_set_string(gpus, bdf, rp_json_text(rp_json_iter_value(it)));
		if (r == 0 && rp_records_have_text(said, bdf))
			r = rp_json_append(announced, rp_json_string(bdf));
	}
	return r;
}

/* The GPUs of old that are not among bdfs. */
static int drop_named(struct rp_json **announced, const char *const *bdfs, size_t n)
{
	struct rp_json *rest = rp_json_array();
	int r = 0;

	for (size_t i = 0; r == 0 && i < rp_json_len(*announced); i++) {
		const char *bdf = rp_json_text(rp_json_at(*announced, i));
		bool is_named = false;

		for (size_t k = 0; k < n; k++)
			is_named |= rp_str_eq(bdfs[k], bdf);
		if (!is_named)
			r = rp_json_append(rest, rp_json_string(bdf));
	}
	rp_json_free(*announced);
	*announced = rest;
	return rest ? r : -ENOMEM;
}

static int write_pending(struct rocpart_machine *m, const char *const *bdfs, size_t n,
			 enum rocpart_memory_mode mode, bool is_made)
{
	RP_AUTO_JSON struct rp_json *old = NULL, *j = rp_json_object();
	RP_AUTO_JSON struct rp_json *gpus = rp_json_object(), *announced = rp_json_array();
	uint64_t epoch = 0;
	int r = rp_driver_read_epoch(m->tree, &epoch, NULL);

	if (r == 0)
		r = rp_record_read(m, RP_RECORD_PENDING, RP_RECORD_LIMIT, &old, NULL);
	if (r == 0 && old && rp_records_epoch(old) == epoch)
		r = copy_pending(old, gpus, announced);
	if (r == 0)
		r = drop_named(&announced, bdfs, n);
	for (size_t i = 0; i < n && r == 0; i++) {
		r = rp_json_set_string(gpus, bdfs[i], rocpart_memory_mode_to_string(mode));
		if (r == 0 && !is_made)
			r = rp_json_append(announced, rp_json_string(bdfs[i]));
	}
	if (r == 0)
		r = rp_json_set_u64(j, "driver_epoch", epoch);
	if (r == 0)
		r = rp_json_set(j, "gpus", rp_steal(&gpus));
	if (r == 0)
		r = rp_json_set(j, "announced", rp_steal(&announced));
	if (r == 0)
		r = rp_record_write(m, RP_RECORD_PENDING, j, NULL);
	rp_machine_publish(m);
	return r;
}

int rp_records_announce_pending(struct rocpart_machine *m, const char *bdf,
				enum rocpart_memory_mode mode)
{
	return write_pending(m, &bdf, 1, mode, false);
}

int rp_records_set_pending(struct rocpart_machine *m, const char *const *bdfs, size_t n,
			   enum rocpart_memory_mode mode)
{
	return write_pending(m, bdfs, n, mode, true);
}

int rp_records_clear_pending(struct rocpart_machine *m)
{
	int r = rp_machine_open_state(m);

	if (r < 0 || !m->state)
		return r;
	r = rp_tree_remove(m->state, RP_RECORD_PENDING);
	if (r == -ENOENT || rp_tree_is_unsynced(m->state, r))
		r = 0; /* a power cut that brings the record back voids the request */
	rp_machine_publish(m);
	return r;
}
