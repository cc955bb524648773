/* SPDX-License-Identifier: MIT */
#ifndef ROCPART_DIFFERENCE_H
#define ROCPART_DIFFERENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rocpart/change.h>
#include <rocpart/desired.h>
#include <rocpart/error.h>
#include <rocpart/lease.h>
#include <rocpart/model.h>
#include <rocpart/node.h>
#include <rocpart/plan.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * struct rocpart_difference - What a node is not yet of what its node.yaml says. Opaque.
 *
 * A difference is computed from the file, the machine and the leases. Nothing is changed until
 * rocpart_change_apply() of its change, and rocpart_difference_place().
 */
struct rocpart_difference;

/**
 * enum rocpart_difference_kind - What is to be done for one replica, or is in the way.
 * @ROCPART_DIFFERENCE_PLACE: the replica gets a lease. Shown as "+".
 * @ROCPART_DIFFERENCE_CHANGE: its lease stays on its partition and gets other values. "~".
 * @ROCPART_DIFFERENCE_MOVE: its lease goes to another partition, maybe with other values. ">".
 * @ROCPART_DIFFERENCE_RELEASE: the file no longer has the replica, and its lease ends. "-".
 * @ROCPART_DIFFERENCE_DISPLACED: its lease has lost its place, which nothing here brings back. "!".
 * @ROCPART_DIFFERENCE_NO_ROOM: no partition has room for the replica. "!".
 * @ROCPART_DIFFERENCE_OTHER: a lease by hand, or of another file: it stays as it is. "=".
 * @ROCPART_DIFFERENCE_UNMANAGED: programs without a lease use the partition. "?".
 */
enum rocpart_difference_kind {
	ROCPART_DIFFERENCE_PLACE = 0,
	ROCPART_DIFFERENCE_CHANGE = 1,
	ROCPART_DIFFERENCE_MOVE = 2,
	ROCPART_DIFFERENCE_RELEASE = 3,
	ROCPART_DIFFERENCE_DISPLACED = 4,
	ROCPART_DIFFERENCE_NO_ROOM = 5,
	ROCPART_DIFFERENCE_OTHER = 6,
	ROCPART_DIFFERENCE_UNMANAGED = 7,
};

/**
 * struct rocpart_difference_item - One line of a difference. Layout frozen.
 * @kind: what is to be done.
 * @name: name of the model; "" for UNMANAGED.
 * @replica: number of the replica.
 * @lease: number of the lease; 0: the replica has none.
 * @bytes: bytes that the replica is to have; for UNMANAGED those that are in use.
 * @from_bdf: PCI address of the GPU that it has now; "": none.
 * @from_partition: partition id there.
 * @to_bdf: PCI address of the GPU that it is to have; "": none.
 * @to_partition: partition id there.
 * @fields: what changes, such as "bytes 17.5 GiB -> 19.0 GiB, priority 0 -> 1"; "" when nothing
 *	does.
 * @owner: owner of its lease, or "".
 * @is_alive: programs of the lease run now, and lose what the line takes away.
 * @is_displaced: its lease has no place now: it is displaced or pending.
 * @is_withheld: rocpart_difference_place() leaves the lease as it is, and the line stays to be
 *done: see rocpart_difference_set_spare_running() and rocpart_difference_set_max_disruption().
 * @restarts: programs of the lease run, and rocpart_difference_place() stops them, changes the
 *lease and starts them again: by `stop:` and `start:` of the file, or as the unit that owns the
 *	lease. Of RELEASE: it stops them.
 * @reserved: zero.
 *
 * The texts are owned by the difference.
 */
struct rocpart_difference_item {
	enum rocpart_difference_kind kind;
	const char *name;
	uint32_t replica;
	uint64_t lease;
	uint64_t bytes;
	const char *from_bdf;
	uint32_t from_partition;
	const char *to_bdf;
	uint32_t to_partition;
	const char *fields;
	const char *owner;
	bool is_alive;
	bool is_displaced;
	bool is_withheld;
	bool restarts;
	uint64_t reserved[4];
};

/**
 * rocpart_difference_kind_to_string() - Return the word for a kind.
 * @kind: kind.
 *
 * Since 0.1.
 * Return: "place", "change", "move", "release", "displaced", "no-room", "other" or "unmanaged";
 * "unknown" for other values. Static text.
 */
const char *rocpart_difference_kind_to_string(enum rocpart_difference_kind kind);

/**
 * rocpart_difference_new() - Begin to compare a node with its file.
 * @machine: machine; borrowed until the difference is freed.
 * @desired: the file; borrowed until the difference is freed. Leases name the file by its path,
 *made absolute.
 * @ret_difference: receives the difference; free it with rocpart_difference_free().
 * @reterr: receives the reason on failure; may be NULL.
 *
 * Since 0.1.
 * Return: 0; -ENOMEM: out of memory.
 */
int rocpart_difference_new(struct rocpart_machine *machine, const struct rocpart_desired *desired,
			   struct rocpart_difference **ret_difference,
			   struct rocpart_error *reterr);

/**
 * rocpart_difference_free() - Free a difference.
 * @difference: difference, or NULL.
 *
 * Since 0.1.
 * Return: NULL.
 */
struct rocpart_difference *rocpart_difference_free(struct rocpart_difference *difference);

/**
 * rocpart_difference_set_config() - Choose one of several configurations of the file.
 * @difference: difference.
 * @config: as for rocpart_change_load_config(); borrowed.
 *
 * Since 0.1.
 */
void rocpart_difference_set_config(struct rocpart_difference *difference, const char *config);

/**
 * rocpart_difference_set_unattended() - Say that no person asked for what follows.
 * @difference: difference.
 * @unattended: false unless set; see rocpart_change_set_unattended(). No more leases are then
 *	disturbed than `max-disruption` of the file allows, unless
 *	rocpart_difference_set_max_disruption() said how many.
 *
 * Since 0.1.
 */
void rocpart_difference_set_unattended(struct rocpart_difference *difference, bool unattended);

/**
 * rocpart_difference_set_allow_unvalidated() - Also use modes that the vendor has not validated.
 * @difference: difference.
 * @allow: false unless set.
 *
 * Since 0.1.
 */
void rocpart_difference_set_allow_unvalidated(struct rocpart_difference *difference, bool allow);

/**
 * rocpart_difference_set_lenient() - Size all models as rocpart_size_options_set_lenient() does.
 * @difference: difference.
 * @lenient: false unless set; a model of the file may have a "lenient" of its own.
 *
 * Since 0.1.
 */
void rocpart_difference_set_lenient(struct rocpart_difference *difference, bool lenient);

/**
 * rocpart_difference_set_take_over() - Let the file manage all leases that are its replicas.
 * @difference: difference.
 * @take_over: false unless set: leases that were made by hand and leases of other files count as
 *	replicas where they have what the file asks for, and are never changed.
 *
 * Since 0.1.
 */
void rocpart_difference_set_take_over(struct rocpart_difference *difference, bool take_over);

/**
 * rocpart_difference_set_keep_others() - Keep leases of the file that the file no longer has.
 * @difference: difference.
 * @keep: false unless set: such leases are released.
 *
 * Since 0.1.
 */
void rocpart_difference_set_keep_others(struct rocpart_difference *difference, bool keep);

/**
 * rocpart_difference_set_spare_running() - Leave leases alone whose programs run.
 * @difference: difference.
 * @spare: false unless set: leases are changed, moved and released while their programs run. Those
 *	whose programs are restarted are not spared.
 *
 * Since 0.1.
 */
void rocpart_difference_set_spare_running(struct rocpart_difference *difference, bool spare);

/**
 * rocpart_difference_set_max_disruption() - Limit what is taken away.
 * @difference: difference.
 * @max: most leases that are released, made smaller, or changed or moved while their programs run;
 *	UINT64_MAX, as it is unless set: no limit. The lines after that many are withheld.
 *
 * Since 0.1.
 */
void rocpart_difference_set_max_disruption(struct rocpart_difference *difference, uint64_t max);

/**
 * rocpart_difference_set_progress() - Report each step of restarts to a callback.
 * @difference: difference.
 * @progress: callback of rocpart_difference_place(), called as that of a change is; NULL: none.
 * @userdata: pointer that @progress receives.
 *
 * Since 0.1.
 */
void rocpart_difference_set_progress(struct rocpart_difference *difference,
				     rocpart_progress_fn progress, void *userdata);

/**
 * rocpart_difference_set_interrupt() - Ask a callback whether to stop between two restarts.
 * @difference: difference.
 * @interrupt: callback; NULL: none.
 * @userdata: pointer that @interrupt receives.
 *
 * Since 0.1.
 */
void rocpart_difference_set_interrupt(struct rocpart_difference *difference,
				      rocpart_interrupt_fn interrupt, void *userdata);

/**
 * rocpart_difference_compute() - Observe the machine and compare.
 * @difference: difference; may be computed again.
 * @catalog: catalog of model names.
 * @reterr: receives the reason on failure; may be NULL.
 *
 * The call writes nothing. Since 0.1.
 * Return: 0, also when not every replica has room (ROCPART_DIFFERENCE_NO_ROOM); -ENODATA: the file
 * has no `models:` any more, but leases are of it (DESIRED_LOST); errors of
 * rocpart_machine_observe(), rocpart_leases_new(), rocpart_plan_load_desired(),
 * rocpart_plan_solve(), rocpart_change_load_config().
 */
int rocpart_difference_compute(struct rocpart_difference *difference,
			       const struct rocpart_catalog *catalog, struct rocpart_error *reterr);

/**
 * rocpart_difference_is_surely_empty() - Report whether nothing is to be done, without a plan.
 * @difference: difference; what was computed of it stays.
 * @snapshot: the machine as it was observed.
 * @leases: leases of the machine.
 * @ret_empty: receives true when nothing is to be done; false: rocpart_difference_compute() is to
 *	be asked.
 * @reterr: receives the reason on failure; may be NULL.
 *
 * The call is for a file that was applied completely: what it asks of partitions (min-xcds,
 * memory, spread) was met then, and leases without a place are noticed. Models are not measured
 * again. Since 0.1.
 * Return: 0; -ENOMEM; errors of rocpart_change_load_config().
 */
int rocpart_difference_is_surely_empty(const struct rocpart_difference *difference,
				       struct rocpart_snapshot *snapshot,
				       const struct rocpart_leases *leases, bool *ret_empty,
				       struct rocpart_error *reterr);

/**
 * rocpart_difference_is_empty() - Report whether nothing is to be done.
 * @difference: computed difference.
 *
 * Since 0.1.
 * Return: true when the GPUs are in the modes of the file, and each replica has its lease.
 */
bool rocpart_difference_is_empty(const struct rocpart_difference *difference);

/**
 * rocpart_difference_get() - Return one line, in the order of the file, then of the leases.
 * @difference: computed difference.
 * @index: from 0.
 * @ret_item: receives the line.
 *
 * Since 0.1.
 * Return: 0; -ENOENT: @index is past the end.
 */
int rocpart_difference_get(const struct rocpart_difference *difference, size_t index,
			   struct rocpart_difference_item *ret_item);

/**
 * rocpart_difference_get_change() - Return the switches that are needed.
 * @difference: computed difference.
 *
 * The change was checked (rocpart_change_check()); rocpart_difference_get_refusal() says why it
 * cannot be done. It displaces the leases of the file that are to be moved, changed or released,
 * and is refused when it would displace others.
 * Since 0.1.
 * Return: owned by the difference.
 */
struct rocpart_change *rocpart_difference_get_change(struct rocpart_difference *difference);

/**
 * rocpart_difference_get_refusal() - Return why the switches cannot be done now.
 * @difference: computed difference.
 *
 * Since 0.1.
 * Return: owned by the difference; NULL when they can.
 */
const struct rocpart_error *
rocpart_difference_get_refusal(const struct rocpart_difference *difference);

/**
 * rocpart_difference_get_snapshot() - Return the machine as it was observed.
 * @difference: computed difference.
 *
 * Since 0.1.
 * Return: owned by the difference.
 */
const struct rocpart_snapshot *
rocpart_difference_get_snapshot(const struct rocpart_difference *difference);

/**
 * rocpart_difference_get_leases() - Return the leases that were compared.
 * @difference: computed difference.
 *
 * Since 0.1.
 * Return: owned by the difference.
 */
const struct rocpart_leases *
rocpart_difference_get_leases(const struct rocpart_difference *difference);

/**
 * rocpart_difference_get_plan() - Return the plan behind the difference.
 * @difference: computed difference.
 *
 * Since 0.1.
 * Return: owned by the difference; NULL when the file has no models.
 */
const struct rocpart_plan *rocpart_difference_get_plan(const struct rocpart_difference *difference);

/**
 * rocpart_difference_place() - Release, change, move and place leases.
 * @difference: computed difference whose change was applied, or has nothing to do.
 * @ret_leases: receives the leases that were placed, changed or moved; free the list with
 *	rocpart_leases_free().
 * @reterr: receives the reason on failure; may be NULL.
 *
 * Leases whose programs do not run change in one transaction. Those that restart are stopped,
 * changed and started, one after another; the first that fails gets its old lease and is started
 * with it, and the others stay as they are. What an interrupted call left stopped is started.
 * Since 0.1.
 * Return: 0; -ESTALE: a lease ended since the comparison; other errors of rocpart_place(). With
 * restarts also (PARTLY_DONE): -EIO: a command or a unit failed; -EBUSY: programs run still
 *although they were stopped; -EINTR: interrupted. After an error without restarts no lease was
 *changed.
 */
int rocpart_difference_place(struct rocpart_difference *difference,
			     struct rocpart_leases **ret_leases, struct rocpart_error *reterr);

#ifdef __cplusplus
}
#endif
#endif
