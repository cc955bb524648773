/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "place_machines.h"
#include "plan/bits.h"

/* Against an array of flags; sizes around the words of one, two and three levels. */
static void bits_random_use_equals_an_array(void **state)
{
	static const uint32_t sizes[] = {1, 63, 64, 65, 4095, 4096, 4097, 70000};
	static bool truth[70000];
	uint64_t seed = 3;

	(void)state;
	for (size_t k = 0; k < RP_ARRAY_LEN(sizes); k++) {
		const uint32_t n = sizes[k];
		uint64_t *words = calloc(rp_bits_words(n), sizeof(*words));
		struct rp_bits b;

		assert_non_null(words);
		rp_bits_init(&b, words, n);
		memset(truth, 0, sizeof(truth));
		for (uint32_t step = 0; step < 3000; step++) {
			uint32_t i = below(&seed, 8) == 0 ? n - 1 : below(&seed, n), want = 0;

			truth[i] = below(&seed, 3) == 0;
			if (truth[i])
				rp_bits_add(&b, i);
			else
				rp_bits_remove(&b, i);
			if (step % 10)
				continue;
			while (want < n && !truth[want])
				want++;
			assert_int_equal(rp_bits_empty(&b), want == n);
			if (want < n)
				assert_int_equal(rp_bits_first(&b), want);
			i = below(&seed, 4) == 0 ? below(&seed, n) / 64 * 64 + 63 : below(&seed, n);
			if (i >= n)
				i = n - 1;
			for (want = i + 1; want < n && !truth[want];)
				want++;
			assert_int_equal(rp_bits_after(&b, i), want < n ? want : RP_BITS_NONE);
		}
		free(words);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bits_random_use_equals_an_array),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
