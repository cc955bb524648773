/* SPDX-License-Identifier: MIT */
/*
 * Every pair of modes of every product, from every other: what is predicted is what is seen after
 * it. The pairs are table C.2 of the ABI study with the products of C.1, the bytes those of C.3.
 */
#include "fault/fault_machine.h"

#include "modes/modes.h"

#define SPX ROCPART_COMPUTE_SPX
#define DPX ROCPART_COMPUTE_DPX
#define TPX ROCPART_COMPUTE_TPX
#define QPX ROCPART_COMPUTE_QPX
#define CPX ROCPART_COMPUTE_CPX

struct yield {
	enum rocpart_compute_mode compute;
	unsigned memory; /* NPS */
	unsigned n, xcds, cus;
	uint64_t bytes, last_bytes; /* of each partition, and of those in the last domain */
	uint64_t domain, last_domain;
};

struct product {
	const char *profile;
	struct yield yields[8];
	size_t n;
	/*
	 * What an APU lends to the GPU is not told; each partition shows its share rounded down to
	 * a page, so from 6 of them a prediction can be 6 pages low.
	 */
	uint64_t slack;
};

#define V300 206141652992 /* 192 GiB less 16 MiB */
#define V325 274861129728
#define V350 309220868096
#define A300 137438953472 /* what KFD gives to the SPX of this MI300A */

static const struct product mi300x = {
	"mi300x-8",
	{{SPX, 1, 1, 8, 304, V300, V300, V300, V300},
	 {DPX, 1, 2, 4, 152, 103070826496, 103070826496, V300, V300},
	 {QPX, 1, 4, 2, 76, 51535413248, 51535413248, V300, V300},
	 {CPX, 1, 8, 1, 38, 25767706624, 25767706624, V300, V300},
	 {QPX, 4, 4, 2, 76, 51539607552, 51522830336, 51539607552, 51522830336},
	 {CPX, 4, 8, 1, 38, 25769803776, 25761415168, 51539607552, 51522830336}},
	6,
	0};
static const struct product mi308x = {
	"mi308x-8",
	{{SPX, 1, 1, 4, 80, V300, V300, V300, V300},
	 {DPX, 1, 2, 2, 40, 103070826496, 103070826496, V300, V300},
	 {CPX, 1, 4, 1, 20, 51535413248, 51535413248, V300, V300},
	 {CPX, 4, 4, 1, 20, 51539607552, 51522830336, 51539607552, 51522830336}},
	4,
	0};
static const struct product mi325x = {
	"mi325x-8",
	{{SPX, 1, 1, 8, 304, V325, V325, V325, V325},
	 {DPX, 1, 2, 4, 152, 137430564864, 137430564864, V325, V325},
	 {QPX, 1, 4, 2, 76, 68715282432, 68715282432, V325, V325},
	 {CPX, 1, 8, 1, 38, 34357641216, 34357641216, V325, V325},
	 {QPX, 4, 4, 2, 76, 68719476736, 68702699520, 68719476736, 68702699520},
	 {CPX, 4, 8, 1, 38, 34359738368, 34351349760, 68719476736, 68702699520}},
	6,
	0};
#define GFX950_YIELDS                                                                             \
	{                                                                                         \
		{SPX, 1, 1, 8, 256, V350, V350, V350, V350},                                      \
			{DPX, 1, 2, 4, 128, 154610434048, 154610434048, V350, V350},              \
			{QPX, 1, 4, 2, 64, 77305217024, 77305217024, V350, V350},                 \
			{CPX, 1, 8, 1, 32, 38652608512, 38652608512, V350, V350}, {DPX,           \
										   2,             \
										   2,             \
										   4,             \
										   128,           \
										   154618822656,  \
										   154602045440,  \
										   154618822656,  \
										   154602045440}, \
			{QPX, 2, 4, 2, 64, 77309411328, 77301022720, 154618822656, 154602045440}, \
		{                                                                                 \
			CPX, 2, 8, 1, 32, 38654705664, 38650511360, 154618822656, 154602045440    \
		}                                                                                 \
	}
static const struct product mi350x = {"mi350x-8", GFX950_YIELDS, 7, 0};
static const struct product mi355x = {"mi355x-8", GFX950_YIELDS, 7, 0};
/* C.3: in TPX and CPX a third and a sixth, in whole pages (amd-smi: 42.66 and 21.33 GB). */
static const struct product mi300a = {
	"mi300a-4",
	{{SPX, 1, 1, 6, 228, A300, A300, A300, A300},
	 {TPX, 1, 3, 2, 76, 45812981760, 45812981760, 137438945280, 137438945280},
	 {CPX, 1, 6, 1, 38, 22906490880, 22906490880, 137438945280, 137438945280}},
	3,
	6 * UINT64_C(4096)};

static enum rocpart_memory_mode nps(const struct yield *y)
{
	return (enum rocpart_memory_mode)y->memory;
}

static uint64_t bytes_of(const struct yield *y, unsigned p)
{
	return p / (y->n / y->memory) + 1 == y->memory ? y->last_bytes : y->bytes;
}

static void assert_about(uint64_t predicted, uint64_t expected, uint64_t slack)
{
	assert_in_range(predicted, expected - (slack < expected ? slack : 0), expected + slack);
}

static const struct rocpart_pair not_listed = {.reason = ""};

static const struct rocpart_pair *find_pair(const struct rocpart_pairs *pairs,
					    enum rocpart_compute_mode compute,
					    enum rocpart_memory_mode memory)
{
	for (size_t i = 0; i < rocpart_pairs_get_count(pairs); i++) {
		const struct rocpart_pair *p = rocpart_pairs_get(pairs, i);

		if (p->compute == compute && p->memory == memory)
			return p;
	}
	return &not_listed;
}

static void assert_predicted(const struct rocpart_pair *p, const struct yield *y, uint64_t slack)
{
	assert_int_not_equal(p->state, ROCPART_PAIR_NEVER);
	assert_int_equal(p->n_partitions, y->n);
	assert_int_equal(p->n_expected, y->n);
	assert_int_equal(p->xcds, y->xcds);
	assert_int_equal(p->cus, y->cus);
	for (unsigned i = 0; i < 8; i++) {
		assert_about(p->memory_bytes[i], i < y->n ? bytes_of(y, i) : 0,
			     i < y->n ? slack : 0);
		assert_about(p->domain_bytes[i],
			     i >= y->memory	  ? 0
			     : i + 1 == y->memory ? y->last_domain
						  : y->domain,
			     i < y->memory ? slack : 0);
	}
}

static void assert_partition(const struct rocpart_partition *p, const struct yield *y, unsigned i)
{
	unsigned first = 99, n_xcds = 0;
	uint64_t bytes = 0, domain_bytes = 0;
	unsigned domain = 99;

	assert_int_equal(rocpart_partition_get_id(p), i);
	assert_int_equal(rocpart_partition_get_memory_bytes(p, &bytes), 0);
	assert_int_equal(bytes, bytes_of(y, i));
	assert_int_equal(rocpart_partition_get_memory_domain(p, &domain, &domain_bytes), 0);
	assert_int_equal(domain, i / (y->n / y->memory));
	assert_int_equal(domain_bytes, domain + 1 == y->memory ? y->last_domain : y->domain);
	assert_int_equal(rocpart_partition_get_cus(p), y->cus);
	rocpart_partition_get_xcds(p, &first, &n_xcds);
	assert_int_equal(first, i * y->xcds);
	assert_int_equal(n_xcds, y->xcds);
}

static struct rocpart_snapshot *observe(const char *dir)
{
	struct rocpart_machine *m = open_machine(dir);
	struct rocpart_snapshot *s = NULL;

	assert_int_equal(rocpart_machine_observe(m, &s, NULL), 0);
	rocpart_machine_close(m);
	return s;
}

static void assert_observed(const char *dir, const struct yield *y)
{
	struct rocpart_snapshot *s = observe(dir);

	for (size_t g = 0; g < rocpart_snapshot_get_gpu_count(s); g++) {
		const struct rocpart_gpu *gpu = rocpart_snapshot_get_gpu(s, g);

		assert_int_equal(rocpart_gpu_get_compute_mode(gpu), y->compute);
		assert_int_equal(rocpart_gpu_get_memory_mode(gpu), nps(y));
		assert_int_equal(rocpart_gpu_get_partition_count(gpu), y->n);
		for (unsigned i = 0; i < y->n; i++)
			assert_partition(rocpart_gpu_get_partition(gpu, i), y, i);
	}
	rocpart_snapshot_unref(s);
}

static void assert_all_predicted(const char *dir, const struct yield *y, uint64_t slack)
{
	struct rocpart_snapshot *s = observe(dir);

	for (size_t g = 0; g < rocpart_snapshot_get_gpu_count(s); g++) {
		struct rocpart_pairs *pairs = NULL;

		assert_int_equal(rocpart_pairs_new(s, rocpart_snapshot_get_gpu(s, g), &pairs, NULL),
				 0);
		assert_predicted(find_pair(pairs, y->compute, nps(y)), y, slack);
		rocpart_pairs_free(pairs);
	}
	rocpart_snapshot_unref(s);
}

static void go(const char *dir, const struct yield *y, uint64_t slack)
{
	const struct wish wish = {NULL, y->compute, nps(y)};
	struct rocpart_error err = {0};

	assert_all_predicted(dir, y, slack);
	if (apply(dir, &wish, &err) < 0)
		fail_msg("%s: %s", err.object, err.message);
	assert_observed(dir, y);
}

static void every_pair_yields_what_was_predicted(void **state)
{
	const struct product *p = *state;
	char *dir = make_dir();

	make_machine(dir, p->profile, "", "");
	for (size_t a = 1; a < p->n; a++) {
		go(dir, &p->yields[a], p->slack);
		for (size_t b = 0; b < a; b++) {
			go(dir, &p->yields[b], p->slack);
			go(dir, &p->yields[a], p->slack);
		}
	}
	remove_dir(dir);
}

static bool is_legal(const struct product *p, enum rocpart_compute_mode compute, unsigned memory)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->yields[i].compute == compute && p->yields[i].memory == memory)
			return true;
	return false;
}

static void assert_refused(const char *dir, const struct wish *wish)
{
	struct rocpart_machine *m = open_machine(dir);
	struct rocpart_change *c = new_change(m, wish);
	struct rocpart_error checked = {0}, applied = {0};
	struct counter calls = {0};

	count_calls(m, &calls);
	assert_int_equal(rocpart_change_check(c, &checked), -EINVAL);
	assert_int_equal(rocpart_change_apply(c, &applied), -EINVAL);
	if (checked.code != ROCPART_ERR_MODE_UNSUPPORTED &&
	    checked.code != ROCPART_ERR_NPS_NEEDS_COMPUTE)
		fail_msg("%s", checked.message);
	assert_int_equal(rocpart_errcode_exit_status(checked.code), 3);
	assert_non_null(strstr(checked.message, "; nothing was changed"));
	assert_non_null(strstr(checked.message, "GPU "));
	assert_string_equal(checked.message, applied.message);
	assert_int_equal(calls.n, 0);
	rocpart_change_free(c);
	rocpart_machine_close(m);
}

/* Also in the list of pairs: as never, with a reason, or not at all. */
static void assert_never_listed(const char *dir, const struct wish *wish)
{
	struct rocpart_snapshot *s = observe(dir);
	struct rocpart_pairs *pairs = NULL;
	const struct rocpart_pair *p;

	assert_int_equal(rocpart_pairs_new(s, rocpart_snapshot_get_gpu(s, 0), &pairs, NULL), 0);
	p = find_pair(pairs, wish->compute, wish->memory);
	if (p != &not_listed) {
		assert_int_equal(p->state, ROCPART_PAIR_NEVER);
		assert_true(*p->reason != '\0');
	}
	rocpart_pairs_free(pairs);
	rocpart_snapshot_unref(s);
}

static void every_other_pair_is_refused_before_any_write(void **state)
{
	static const unsigned memories[] = {1, 2, 3, 4, 6, 8};
	const struct product *p = *state;
	char *dir = make_dir();

	make_machine(dir, p->profile, "", "");
	for (size_t from = 0; from < p->n; from += p->n - 1) {
		const struct wish start = {NULL, p->yields[from].compute, nps(&p->yields[from])};

		assert_int_equal(apply(dir, &start, NULL), 0);
		for (unsigned c = SPX; c <= CPX; c++) {
			for (size_t m = 0; m < RP_ARRAY_LEN(memories); m++) {
				const struct wish wish = {NULL, (enum rocpart_compute_mode)c,
							  (enum rocpart_memory_mode)memories[m]};

				if (is_legal(p, wish.compute, memories[m]))
					continue;
				assert_refused(dir, &wish);
				assert_never_listed(dir, &wish);
			}
		}
	}
	remove_dir(dir);
}

static void refuse(const char *profile, const char *edits, struct wish wish, const char *message,
		   const char *hint)
{
	struct rocpart_error err = {0};
	char *dir = make_dir();

	make_machine(dir, profile, edits, "");
	assert_true(apply(dir, &wish, &err) < 0);
	assert_string_equal(err.message, message);
	if (!strstr(err.hint, hint))
		fail_msg("'%s' does not say '%s'", err.hint, hint);
	remove_dir(dir);
}

#define GPU_0 "GPU 0 (" G0 ")"
#define SAME  "; nothing was changed"
#define KEEP  ROCPART_COMPUTE_UNKNOWN
#define N1    ROCPART_MEMORY_NPS1
#define N2    ROCPART_MEMORY_NPS2
#define N4    ROCPART_MEMORY_NPS4

static void memory_alone_that_needs_a_compute_mode_says_which(void **state)
{
	(void)state;
	refuse("mi300x-1", "", (struct wish){NULL, KEEP, N4},
	       GPU_0
	       " cannot be set to SPX in NPS4: SPX needs NPS1, and NPS4 allows QPX or CPX" SAME,
	       "add --compute CPX");
	refuse("mi350x-8", "", (struct wish){NULL, KEEP, N2},
	       GPU_0 " cannot be set to SPX in NPS2: SPX needs NPS1, and NPS2 allows DPX, QPX or "
		     "CPX" SAME,
	       "add --compute CPX");
	refuse("mi308x-8", "", (struct wish){NULL, SPX, ROCPART_MEMORY_UNKNOWN},
	       "GPU 0 (0000:0a:00.0)"
	       " cannot be set to SPX in NPS4: SPX needs NPS1, and NPS4 allows CPX" SAME,
	       "add --memory NPS1");
}

static void memory_mode_of_an_old_kernel_cannot_be_changed(void **state)
{
	(void)state;
	refuse("mi300x-1", "abi: g3=>abi: g1", (struct wish){NULL, CPX, N4},
	       GPU_0 " cannot be in CPX/NPS4: the driver does not allow the memory mode to be "
		     "changed" SAME,
	       "rocpart modes");
}

static void memory_mode_that_does_not_exist_is_said_with_those_that_do(void **state)
{
	(void)state;
	refuse("mi300x-1", "", (struct wish){NULL, KEEP, ROCPART_MEMORY_NPS8},
	       "no known GPU has memory mode NPS8; " GPU_0 " offers NPS1 and NPS4" SAME,
	       "rocpart modes");
	refuse("mi300x-1", "", (struct wish){NULL, KEEP, N2},
	       GPU_0 " does not offer memory mode NPS2; it offers NPS1 and NPS4" SAME,
	       "rocpart modes");
}

static void part_of_a_hive_cannot_change_its_memory_mode(void **state)
{
	struct rocpart_error err = {0};
	const struct wish one = {G0, CPX, N4};
	char *dir = make_dir();

	(void)state;
	make_machine(dir, "mi300x-1", TWO_GPUS, "");
	assert_int_equal(apply(dir, &one, &err), -EINVAL);
	assert_non_null(strstr(err.message, "XGMI hive"));
	assert_non_null(strstr(err.message, G1));
	remove_dir(dir);
}

/* What the vendor has validated (C.2): two pairs of the MI300X, and no other without leave. */
static void pair_that_is_not_validated_needs_leave(void **state)
{
	struct rocpart_machine *m;
	struct rocpart_change *c;
	struct rocpart_error err = {0};
	const struct wish dpx = {NULL, DPX, N1};
	char *dir = make_dir();

	(void)state;
	make_machine(dir, "mi300x-1", "", "");
	m = open_machine(dir);
	c = new_change(m, &dpx);
	rocpart_change_set_allow_unvalidated(c, false);
	assert_int_equal(rocpart_change_check(c, &err), -EINVAL);
	assert_int_equal(err.code, ROCPART_ERR_NOT_VALIDATED);
	assert_non_null(strstr(err.hint, "--allow-unvalidated"));
	rocpart_change_set_allow_unvalidated(c, true);
	assert_int_equal(rocpart_change_check(c, NULL), 0);
	rocpart_change_free(c);
	rocpart_machine_close(m);
	remove_dir(dir);
}

/* [T300]: ast holds card0, so the 64th of 64 DRM slots is missing. */
static void missing_minor_is_predicted_with_the_remedy(void **state)
{
	const struct wish cpx = {NULL, CPX, ROCPART_MEMORY_UNKNOWN};
	struct rocpart_error err = {0};
	struct rocpart_snapshot *s;
	struct rocpart_pairs *pairs = NULL;
	const struct rocpart_pair *p;
	char *dir = make_dir();

	(void)state;
	make_machine(dir, "bmc-63", "", "");
	s = observe(dir);
	assert_int_equal(rocpart_pairs_new(s, rocpart_snapshot_get_gpu(s, 7), &pairs, NULL), 0);
	p = find_pair(pairs, CPX, N1);
	assert_int_equal(p->n_partitions, 8);
	assert_int_equal(p->n_expected, 7);
	assert_non_null(strstr(p->reason, "ast"));
	rocpart_pairs_free(pairs);
	rocpart_snapshot_unref(s);
	assert_int_equal(apply(dir, &cpx, &err), 0);
	s = observe(dir);
	assert_int_equal(rocpart_gpu_get_partition_count(rocpart_snapshot_get_gpu(s, 6)), 8);
	assert_int_equal(rocpart_gpu_get_partition_count(rocpart_snapshot_get_gpu(s, 7)), 7);
	rocpart_snapshot_unref(s);
	remove_dir(dir);
}

/* C.3, by arithmetic only: no such machine has been seen. */
static void nps2_of_gfx942_is_computed(void **state)
{
	uint64_t bytes[8] = {0}, domains[8] = {0};

	(void)state;
	rp_pair_bytes(V300, 2, N2, bytes, domains);
	assert_int_equal(bytes[0], 103079215104);
	assert_int_equal(bytes[1], 103062437888);
	assert_int_equal(domains[0], 103079215104);
	assert_int_equal(domains[1], 103062437888);
	assert_int_equal(bytes[2], 0);
	rp_pair_bytes(V325, 2, N2, bytes, domains);
	assert_int_equal(bytes[0], 137438953472);
	assert_int_equal(bytes[1], 137422176256);
}

static void product_that_is_not_known_works_from_what_the_machine_reports(void **state)
{
	struct product unknown = mi300x;
	char *dir = make_dir();

	(void)state;
	make_machine(dir, "mi300x-1", "device: 0x74a1=>device: 0x74ff", "");
	for (size_t i = unknown.n; i-- > 0;)
		go(dir, &unknown.yields[i], 0);
	remove_dir(dir);
}

#define ON(fn, product)                                                           \
	{                                                                         \
#fn "_" #product, fn, NULL, NULL, (void *)(uintptr_t) & (product) \
	}
#define BOTH(product)                                      \
	ON(every_pair_yields_what_was_predicted, product), \
		ON(every_other_pair_is_refused_before_any_write, product)

/* "short": one product only, for builds that are slow. */
int main(int argc, char **argv)
{
	const struct CMUnitTest one[] = {BOTH(mi308x)};
	const struct CMUnitTest tests[] = {
		BOTH(mi308x),
		BOTH(mi300x),
		BOTH(mi325x),
		BOTH(mi350x),
		BOTH(mi355x),
		BOTH(mi300a),
		cmocka_unit_test(memory_alone_that_needs_a_compute_mode_says_which),
		cmocka_unit_test(memory_mode_of_an_old_kernel_cannot_be_changed),
		cmocka_unit_test(memory_mode_that_does_not_exist_is_said_with_those_that_do),
		cmocka_unit_test(part_of_a_hive_cannot_change_its_memory_mode),
		cmocka_unit_test(pair_that_is_not_validated_needs_leave),
		cmocka_unit_test(missing_minor_is_predicted_with_the_remedy),
		cmocka_unit_test(nps2_of_gfx942_is_computed),
		cmocka_unit_test(product_that_is_not_known_works_from_what_the_machine_reports),
	};

	if (argc > 1 && rp_str_eq(argv[1], "short"))
		return cmocka_run_group_tests(one, NULL, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
