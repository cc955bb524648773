/* SPDX-License-Identifier: MIT */
/*
 * libamd_smi as a back end, on stand-ins that have the symbols of its versions, or are broken. The
 * numbers of modes are those that AMD's headers and binaries have (amd-smi study 2.3).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/spawn.h"
#include "base/tree.h"
#include "host.h"
#include "hw/smi/lib.h"

#define GPU_1 "0001:27:00.0"

static char *log_dir, *log_file;

static struct rp_smi_lib fake(const char *version, const char *does)
{
	static char path[512];

	assert_int_equal(rp_fmt(path, sizeof(path), "%s/libfake_amd_smi_%s.so", FAKE_DIR, version),
			 0);
	assert_int_equal(setenv("FAKE_DOES", does, 1), 0);
	(void)unlink(log_file);
	return (struct rp_smi_lib){.file = path, .read_ms = 20000, .set_ms = 20000};
}

static int read_fake(const char *version, const char *does, struct rp_smi_rows *rows,
		     struct rocpart_error *err)
{
	struct rp_smi_lib lib = fake(version, does);

	memset(err, 0, sizeof(*err));
	return rp_smi_lib_read(&lib, rows, err);
}

static void assert_rows(const struct rp_smi_rows *rows)
{
	assert_int_equal(rows->n, 3);
	assert_string_equal(rows->v[0].bdf, "0000:05:00.0");
	assert_int_equal(rows->v[0].compute, ROCPART_COMPUTE_DPX);
	assert_int_equal(rows->v[0].memory, ROCPART_MEMORY_NPS1);
	assert_int_equal(rows->v[0].vram_bytes.v, UINT64_C(192) << 30);
	assert_string_equal(rows->v[1].bdf, "0000:05:00.0");
	assert_int_equal(rows->v[1].partition_id.v, 1);
	assert_int_equal(rows->v[1].compute, ROCPART_COMPUTE_UNKNOWN);
	assert_false(rows->v[1].vram_bytes.known);
	assert_string_equal(rows->v[2].bdf, GPU_1);
	assert_int_equal(rows->v[2].compute, ROCPART_COMPUTE_SPX);
}

static void assert_log(const char *want)
{
	RP_AUTO_STRBUF struct rp_strbuf told = RP_STRBUF_INIT;
	RP_AUTO_TREE struct rp_tree *t = NULL;

	assert_int_equal(rp_tree_open(log_dir, RP_TREE_CAPTURE, &t), 0);
	assert_int_equal(rp_tree_read_file(t, 4096, &told, "log"), 0);
	assert_string_equal(rp_strbuf_str(&told), want);
}

static void library_27_tells_partitions_and_their_nodes(void **state RP_UNUSED)
{
	RP_AUTO_SMI_ROWS struct rp_smi_rows rows = {0};
	struct rocpart_error err;

	assert_int_equal(read_fake("271", "", &rows, &err), 0);
	assert_rows(&rows);
	assert_int_equal(rows.v[1].kfd_id.v, 2222);
	assert_int_equal(rows.v[1].node_id.v, 3);
	assert_int_equal(rows.v[1].render.v, 129);
	assert_int_equal(rows.v[1].card.v, 2);
	assert_int_equal(access(log_file, F_OK), -1); /* the question that writes is not asked */
}

/* The deprecated calls may go: SONAME .so.27 or later. */
static void library_without_deprecated_calls_tells_and_sets_modes(void **state RP_UNUSED)
{
	RP_AUTO_SMI_ROWS struct rp_smi_rows rows = {0};
	struct rocpart_error err;
	struct rp_smi_lib lib;

	assert_int_equal(read_fake("later", "", &rows, &err), 0);
	assert_rows(&rows);
	lib = fake("later", "");
	assert_int_equal(rp_smi_lib_set_compute(&lib, GPU_1, ROCPART_COMPUTE_QPX, NULL), 0);
	assert_int_equal(rp_smi_lib_set_memory(&lib, GPU_1, ROCPART_MEMORY_NPS4, NULL), 0);
	assert_log("config 2 0\nprofile 2 1\nmemory mode 2 4\n");
	lib = fake("later", "no-cpx");
	assert_int_equal(rp_smi_lib_set_compute(&lib, GPU_1, ROCPART_COMPUTE_CPX, NULL), -EINVAL);
	assert_log("config 2 0\n");
}

/* Before Linux 6.13 there is no compute_partition_config, of which the profiles are made. */
static void kernel_without_profiles_is_asked_and_set_by_deprecated_calls(void **state RP_UNUSED)
{
	RP_AUTO_SMI_ROWS struct rp_smi_rows rows = {0};
	struct rocpart_error err;
	struct rp_smi_lib lib;

	assert_int_equal(read_fake("271", "no-profile", &rows, &err), 0);
	assert_rows(&rows);
	lib = fake("271", "no-config");
	assert_int_equal(rp_smi_lib_set_compute(&lib, GPU_1, ROCPART_COMPUTE_CPX, NULL), 0);
	assert_log("config 2 0\ncompute 2 5\n");
}

static void library_24_6_tells_what_it_knows(void **state RP_UNUSED)
{
	RP_AUTO_SMI_ROWS struct rp_smi_rows rows = {0};
	struct rocpart_error err;

	assert_int_equal(read_fake("246", "", &rows, &err), 0);
	assert_rows(&rows);
	assert_false(rows.v[1].kfd_id.known);
	assert_false(rows.v[1].render.known);
}

static void values_of_all_ones_are_absent(void **state RP_UNUSED)
{
	RP_AUTO_SMI_ROWS struct rp_smi_rows rows = {0};
	struct rocpart_error err;

	assert_int_equal(read_fake("271", "words", &rows, &err), 0);
	assert_int_equal(rows.n, 3);
	assert_false(rows.v[0].kfd_id.known);
	assert_false(rows.v[0].node_id.known);
	assert_false(rows.v[0].vram_bytes.known);
	assert_int_equal(rows.v[1].partition_id.v, 1); /* of its PCI address */
	assert_int_equal(rows.v[0].compute, ROCPART_COMPUTE_UNKNOWN);
}

static void processors_that_are_no_gpus_are_passed_over(void **state RP_UNUSED)
{
	RP_AUTO_SMI_ROWS struct rp_smi_rows rows = {0};
	struct rocpart_error err;

	assert_int_equal(read_fake("271", "cpu", &rows, &err), 0);
	assert_int_equal(rows.n, 2);
}

static void noise_of_the_library_goes_nowhere(void **state RP_UNUSED)
{
	RP_AUTO_SMI_ROWS struct rp_smi_rows rows = {0};
	struct rocpart_error err;
	int fds[2], ours = dup(1), r;
	char byte;

	assert_int_equal(pipe(fds), 0);
	assert_int_equal(dup2(fds[1], 1), 1);
	r = read_fake("271", "write", &rows, &err);
	assert_int_equal(dup2(ours, 1), 1);
	close(ours);
	close(fds[1]);
	assert_int_equal(r, 0);
	assert_rows(&rows);
	assert_int_equal(read(fds[0], &byte, 1), 0);
	close(fds[0]);
}

static void each_version_has_its_own_numbers(void **state RP_UNUSED)
{
	static const struct {
		const char *version;
		unsigned compute[6], memory[9];
	} versions[] = {
		{"246", {0, 2, 3, 4, 5, 1}, {0, 1, 2, 0, 3, 0, 0, 0, 4}},
		{"247", {0, 1, 2, 3, 4, 5}, {0, 1, 2, 0, 3, 0, 0, 0, 4}},
		{"271", {0, 1, 2, 3, 4, 5}, {0, 1, 2, 0, 4, 0, 0, 0, 8}},
	};

	for (size_t v = 0; v < RP_ARRAY_LEN(versions); v++) {
		RP_AUTO_STRBUF struct rp_strbuf want = RP_STRBUF_INIT;
		bool by_profile = rp_str_eq(versions[v].version, "271");
		struct rp_smi_lib lib = fake(versions[v].version, "");

		for (unsigned m = ROCPART_COMPUTE_SPX; m <= ROCPART_COMPUTE_CPX; m++) {
			assert_int_equal(rp_smi_lib_set_compute(&lib, GPU_1,
								(enum rocpart_compute_mode)m, NULL),
					 0);
			if (by_profile) /* of the list of the stand-in */
				rp_strbuf_addf(&want, "config 2 0\nprofile 2 %u\n",
					       5 - versions[v].compute[m]);
			else
				rp_strbuf_addf(&want, "compute 2 %u\n", versions[v].compute[m]);
		}
		for (unsigned m = ROCPART_MEMORY_NPS1; m <= ROCPART_MEMORY_NPS8; m++) {
			int r;

			if (m == 5 || m == 7)
				continue;
			r = rp_smi_lib_set_memory(&lib, GPU_1, (enum rocpart_memory_mode)m, NULL);
			assert_int_equal(r, versions[v].memory[m] ? 0 : -EINVAL);
			if (r == 0)
				rp_strbuf_addf(&want, "%s 2 %u\n",
					       by_profile ? "memory mode" : "memory",
					       versions[v].memory[m]);
		}
		assert_log(rp_strbuf_str(&want));
	}
}

/* Numbers: errno of the kernel -> status, amd-smi study 2.2. */
static void status_of_the_library_is_an_error_of_its_kind(void **state RP_UNUSED)
{
	static const struct {
		const char *status;
		int errnum;
		enum rocpart_errcode code;
	} cases[] = {
		{"30", -EBUSY, ROCPART_ERR_BUSY_PROCESS},
		{"1", -EINVAL, ROCPART_ERR_MODE_UNSUPPORTED},
		{"2", -EOPNOTSUPP, ROCPART_ERR_UNSUPPORTED},
		{"10", -EACCES, ROCPART_ERR_PERMISSION},
		{"42", -EIO, ROCPART_ERR_FAILED},
		{"43", -ENXIO, ROCPART_ERR_FAILED},
		{"54", -EIO, ROCPART_ERR_DRIVER_RELOAD},
		{"55", -EINVAL, ROCPART_ERR_NPS_NEEDS_COMPUTE},
		{"0xffffffff", -EIO, ROCPART_ERR_FAILED},
	};

	for (size_t i = 0; i < RP_ARRAY_LEN(cases); i++) {
		struct rocpart_error err = {0};
		struct rp_smi_lib lib = fake("271", "");

		assert_int_equal(setenv("FAKE_STATUS", cases[i].status, 1), 0);
		assert_int_equal(rp_smi_lib_set_compute(&lib, GPU_1, ROCPART_COMPUTE_CPX, &err),
				 cases[i].errnum);
		assert_int_equal(err.code, cases[i].code);
		assert_true(rp_str_starts(err.message, "libamd_smi did not set the mode: "));
		assert_true(*err.hint);
	}
	assert_int_equal(unsetenv("FAKE_STATUS"), 0);
}

static void gpu_that_the_library_does_not_know_is_not_set(void **state RP_UNUSED)
{
	struct rocpart_error err = {0};
	struct rp_smi_lib lib = fake("271", "");

	assert_true(rp_smi_lib_set_compute(&lib, "0000:99:00.0", ROCPART_COMPUTE_CPX, &err) < 0);
	assert_string_equal(err.object, "0000:99:00.0");
	assert_int_equal(access(log_file, F_OK), -1);
}

static void broken_library_is_a_clear_error(void **state RP_UNUSED)
{
	static const struct {
		const char *version, *does;
		int errnum;
		enum rocpart_errcode code;
		const char *says;
	} cases[] = {
		{"absent", "", -ENOENT, ROCPART_ERR_UNSUPPORTED, "amd-smi not available: "},
		{"0", "", -ENOENT, ROCPART_ERR_UNSUPPORTED, "no known version"},
		{"without", "", -ENOENT, ROCPART_ERR_UNSUPPORTED,
		 "neither amdsmi_set_gpu_accelerator_partition_profile nor "},
		{"271", "newer", -ENOENT, ROCPART_ERR_UNSUPPORTED,
		 "does not know version '28.0.0'"},
		{"271", "no-driver", -ENODEV, ROCPART_ERR_NO_HARDWARE, "driver is not loaded"},
		{"271", "many-sockets", -EIO, ROCPART_ERR_FAILED,
		 "more GPUs than a machine can have"},
		{"271", "many-gpus", -EIO, ROCPART_ERR_FAILED, "more GPUs than a machine can have"},
		{"271", "exit", -EIO, ROCPART_ERR_FAILED, "exit status 3"},
		{"271", "crash", -EIO, ROCPART_ERR_FAILED, "crashed: signal 11"},
		{"271", "crash-late", -EIO, ROCPART_ERR_FAILED, "crashed: signal 6"},
		{"271", "forge", -EIO, ROCPART_ERR_FAILED, "libamd_smi"},
	};

	for (size_t i = 0; i < RP_ARRAY_LEN(cases); i++) {
		RP_AUTO_SMI_ROWS struct rp_smi_rows rows = {0};
		struct rocpart_error err;

		assert_int_equal(read_fake(cases[i].version, cases[i].does, &rows, &err),
				 cases[i].errnum);
		assert_int_equal(err.code, cases[i].code);
		assert_non_null(strstr(err.message, cases[i].says));
		assert_true(*err.hint);
		assert_int_equal(rows.n, 0);
	}
}

static void library_that_hangs_is_stopped_at_the_deadline(void **state RP_UNUSED)
{
	RP_AUTO_SMI_ROWS struct rp_smi_rows rows = {0};
	struct rp_smi_lib lib = fake("271", "hang");
	struct rocpart_error err = {0};
	uint64_t before = rp_now_ns();

	lib.read_ms = 300;
	assert_int_equal(rp_smi_lib_read(&lib, &rows, &err), -ETIMEDOUT);
	assert_true(rp_now_ns() - before < UINT64_C(10000000000));
	assert_non_null(strstr(err.message, "did not answer"));
}

static void library_that_is_probed_tells_its_version(void **state RP_UNUSED)
{
	static const char *const versions[][2] = {
		{"246", "24.6.3"}, {"247", "24.7.1"}, {"271", "27.1.0"}};

	for (size_t i = 0; i < RP_ARRAY_LEN(versions); i++) {
		struct rp_smi_lib lib = fake(versions[i][0], "");
		struct rp_backend_info info = {0};

		assert_int_equal(rp_smi_lib_probe(&lib, &info, NULL), 0);
		assert_true(info.available);
		assert_string_equal(info.version, versions[i][1]);
		assert_non_null(strstr(info.path, lib.file));
	}
}

static int make_log(void **state RP_UNUSED)
{
	log_dir = host_temp_name("rocpart-fake");
	if (!log_dir || !mkdtemp(log_dir))
		return -1;
	log_file = rp_strdupf("%s/log", log_dir);
	return log_file ? setenv("FAKE_LOG", log_file, 1) : -1;
}

static int remove_log(void **state RP_UNUSED)
{
	(void)unlink(log_file);
	(void)rmdir(log_dir);
	free(log_file);
	free(log_dir);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(library_27_tells_partitions_and_their_nodes),
		cmocka_unit_test(library_24_6_tells_what_it_knows),
		cmocka_unit_test(library_without_deprecated_calls_tells_and_sets_modes),
		cmocka_unit_test(kernel_without_profiles_is_asked_and_set_by_deprecated_calls),
		cmocka_unit_test(values_of_all_ones_are_absent),
		cmocka_unit_test(processors_that_are_no_gpus_are_passed_over),
		cmocka_unit_test(noise_of_the_library_goes_nowhere),
		cmocka_unit_test(each_version_has_its_own_numbers),
		cmocka_unit_test(status_of_the_library_is_an_error_of_its_kind),
		cmocka_unit_test(gpu_that_the_library_does_not_know_is_not_set),
		cmocka_unit_test(broken_library_is_a_clear_error),
		cmocka_unit_test(library_that_hangs_is_stopped_at_the_deadline),
		cmocka_unit_test(library_that_is_probed_tells_its_version),
	};

	return cmocka_run_group_tests(tests, make_log, remove_log);
}
