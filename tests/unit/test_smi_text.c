/* SPDX-License-Identifier: MIT */
/*
 * What amd-smi says, of each version. The small texts here have the shapes of amd-smi study 1.3 and
 * 1.4; the samples beside the repository are answers of the real command.
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "host.h"
#include "hw/smi/text.h"

#define SAMPLES ROCPART_SOURCE_ROOT "/../shared/reference/amd-smi-samples"

static int rows_of(const char *text, struct rp_smi_rows *rows, struct rocpart_error *err)
{
	RP_AUTO_JSON struct rp_json *docs = NULL;
	int r = rp_smi_docs(text, strlen(text), &docs, err);

	return r < 0 ? r : rp_smi_read_rows(docs, rows, err);
}

static size_t n_docs_of(const char *text)
{
	RP_AUTO_JSON struct rp_json *docs = NULL;
	struct rocpart_error err = {0};

	assert_int_equal(rp_smi_docs(text, strlen(text), &docs, &err), 0);
	return rp_json_len(docs);
}

static void assert_number(struct rp_opt_u64 n, uint64_t v)
{
	assert_true(n.known);
	assert_int_equal(n.v, v);
}

#define LIST_10                                                                                  \
	"[\n    {\n        \"gpu\": 0,\n        \"bdf\": \"0000:C1:00.0\",\n"                    \
	"        \"uuid\": \"a\\\"]}[{\\\\\",\n        \"kfd_id\": 4242,\n        \"node_id\": " \
	"4,\n"                                                                                   \
	"        \"partition_id\": 0,\n        \"render\": \"renderD129\",\n"                    \
	"        \"card\": \"card3\",\n        \"hip_id\": 0,\n"                                 \
	"        \"hip_uuid\": \"GPU-00c0ffee00c0ffee\"\n    },\n    {\n        \"gpu\": 1,\n"   \
	"        \"bdf\": \"0000:c1:00.1\",\n        \"kfd_id\": \"N/A\",\n"                     \
	"        \"partition_id\": 1,\n        \"render\": \"N/A\",\n        \"hip_id\": 1\n"    \
	"    }\n]\n"

static void assert_list(const char *text)
{
	RP_AUTO_SMI_ROWS struct rp_smi_rows rows = {0};
	struct rocpart_error err = {0};

	assert_int_equal(rows_of(text, &rows, &err), 0);
	assert_int_equal(rows.n, 2);
	assert_string_equal(rows.v[0].bdf, "0000:c1:00.0");
	assert_string_equal(rows.v[1].bdf, "0000:c1:00.0");
	assert_number(rows.v[0].kfd_id, 4242);
	assert_number(rows.v[0].node_id, 4);
	assert_number(rows.v[0].render, 129);
	assert_number(rows.v[0].card, 3);
	assert_number(rows.v[1].partition_id, 1);
	assert_false(rows.v[1].kfd_id.known);
	assert_false(rows.v[1].render.known);
	assert_int_equal(rows.v[1].compute, ROCPART_COMPUTE_UNKNOWN);
}

static void list_as_json_is_read(void **state)
{
	(void)state;
	assert_list(LIST_10);
}

/* 7.0 and 7.1 warn on standard output that the user is not in the group 'render'. */
static void list_after_warnings_is_read(void **state)
{
	(void)state;
	assert_list("WARNING: User is missing the following required groups: render\n"
		    "[AMDSMI_STATUS_NO_PERM] something\n[warning: \"odd\n{not json\n" LIST_10);
	assert_list(LIST_10 "trailing words\n");
}

/* A machine with network cards: their array follows, without any GPU. */
static void list_with_network_cards_is_read(void **state)
{
	(void)state;
	assert_list(LIST_10 "[\n    {\n        \"nic\": 0,\n        \"bdf\": \"0000:01:00.0\"\n"
			    "    }\n]\n");
}

static void list_as_text_is_read(void **state)
{
	(void)state;
	assert_list("GPU: 0\n    BDF: 0000:c1:00.0\n    UUID: a\n    KFD_ID: 4242\n"
		    "    NODE_ID: 4\n    PARTITION_ID: 0\n    RENDER: renderD129\n"
		    "    CARD: card3\n    HIP_ID: 0\n    HIP_UUID: GPU-00c0ffee00c0ffee\n\n"
		    "GPU: 1\n    BDF: 0000:c1:00.1\n    KFD_ID: N/A\n    PARTITION_ID: 1\n\n");
}

static void assert_modes(const char *text, enum rocpart_compute_mode compute,
			 enum rocpart_memory_mode memory)
{
	RP_AUTO_SMI_ROWS struct rp_smi_rows rows = {0};
	struct rocpart_error err = {0};

	assert_int_equal(rows_of(text, &rows, &err), 0);
	assert_int_equal(rows.n, 1);
	assert_int_equal(rows.v[0].compute, compute);
	assert_int_equal(rows.v[0].memory, memory);
}

static void partition_of_7_and_later_is_one_object(void **state)
{
	(void)state;
	assert_modes("{\n    \"current_partition\": [\n        {\n            \"gpu_id\": 0,\n"
		     "            \"memory\": \"NPS4\",\n"
		     "            \"accelerator_type\": \"CPX\",\n"
		     "            \"accelerator_profile_index\": 3,\n"
		     "            \"partition_id\": \"0\"\n        }\n    ],\n"
		     "    \"memory_partition\": [\n        {\n            \"gpu_id\": 0,\n"
		     "            \"memory_partition_caps\": \"NPS1,NPS4\",\n"
		     "            \"current_memory_partition\": \"NPS4\"\n        }\n    ]\n}\n",
		     ROCPART_COMPUTE_CPX, ROCPART_MEMORY_NPS4);
}

/* Three arrays one after another; its accelerator_type is a number that is always 0. */
static void partition_of_6_3_is_three_arrays(void **state)
{
	static const char text[] =
		"[\n    {\n        \"gpu_id\": 0,\n        \"memory\": \"NPS1\",\n"
		"        \"accelerator_type\": 0,\n        \"partition_id\": 0\n    }\n]\n"
		"[\n    {\n        \"gpu\": 0,\n        \"memory_partition\": {\n"
		"            \"caps\": \"N/A\",\n            \"current\": \"NPS1\"\n        }\n"
		"    }\n]\n[\n    {\n        \"gpu_id\": 0,\n        \"profile_index\": 5,\n"
		"        \"accelerator_type\": 0\n    }\n]\n";

	(void)state;
	assert_int_equal(n_docs_of(text), 3);
	assert_modes(text, ROCPART_COMPUTE_UNKNOWN, ROCPART_MEMORY_NPS1);
}

static void memory_modes_of_6_4_are_read(void **state)
{
	(void)state;
	assert_modes("[\n    {\n        \"gpu\": 0,\n        \"memory_partition\": {\n"
		     "            \"caps\": \"NPS1,NPS4\",\n            \"current\": \"NPS4\"\n"
		     "        }\n    }\n]\n",
		     ROCPART_COMPUTE_UNKNOWN, ROCPART_MEMORY_NPS4);
}

static void partition_as_text_is_a_table(void **state)
{
	(void)state;
	assert_modes("CURRENT_PARTITION:\n"
		     "GPU_ID  MEMORY  ACCELERATOR_TYPE  ACCELERATOR_PROFILE_INDEX  PARTITION_ID  \n"
		     "0       NPS4    QPX               2                          0\n\n"
		     "MEMORY_PARTITION:\n"
		     "GPU_ID  MEMORY_PARTITION_CAPS  CURRENT_MEMORY_PARTITION  \n"
		     "0       NPS1,NPS4              NPS4\n\nLegend:\n  * = Current mode\n",
		     ROCPART_COMPUTE_QPX, ROCPART_MEMORY_NPS4);
}

/* The names of the keys, and what is around the array, changed in 6.4.2 and 7.0. */
static void static_of_each_version_is_read(void **state)
{
	(void)state;
	assert_modes("[\n    {\n        \"gpu\": 0,\n        \"partition\": {\n"
		     "            \"compute_partition\": \"DPX\",\n"
		     "            \"memory_partition\": \"NPS1\"\n        }\n    }\n]\n",
		     ROCPART_COMPUTE_DPX, ROCPART_MEMORY_NPS1);
	assert_modes("{\n    \"gpu_data\": [\n        {\n            \"gpu\": 0,\n"
		     "            \"partition\": {\n"
		     "                \"accelerator_partition\": \"TPX\",\n"
		     "                \"memory_partition\": \"NPS1\"\n            }\n        }\n"
		     "    ]\n}\n",
		     ROCPART_COMPUTE_TPX, ROCPART_MEMORY_NPS1);
	assert_modes("GPU: 0\n    PARTITION:\n        ACCELERATOR_PARTITION: DPX\n"
		     "        MEMORY_PARTITION: NPS1\n",
		     ROCPART_COMPUTE_DPX, ROCPART_MEMORY_NPS1);
}

/* Continuation rows have "" for what the row above says; the mode in force has a star. */
static void profiles_are_read_past_continuation_rows(void **state)
{
	RP_AUTO_SMI_ROWS struct rp_smi_rows rows = {0};
	struct rocpart_error err = {0};

	(void)state;
	assert_int_equal(
		rows_of("{\n    \"partition_profiles\": [\n        {\"gpu_id\": 7,"
			" \"profile_index\": 0, \"memory_partition_caps\": \"NPS1\","
			" \"accelerator_type\": \"SPX*\", \"resource_type\": \"XCC\"},\n"
			"        {\"gpu_id\": \"\", \"profile_index\": \"\","
			" \"memory_partition_caps\": \"\", \"accelerator_type\": \"\","
			" \"resource_type\": \"DMA\"},\n"
			"        {\"gpu_id\": \"\", \"profile_index\": 3,"
			" \"memory_partition_caps\": \"NPS1,NPS4\", \"accelerator_type\": \"CPX\","
			" \"resource_type\": \"XCC\"}\n    ]\n}\n",
			&rows, &err),
		0);
	assert_int_equal(rows.n, 1);
	assert_int_equal(rows.v[0].index, 7);
	assert_number(rows.v[0].profiles[ROCPART_COMPUTE_SPX], 0);
	assert_number(rows.v[0].profiles[ROCPART_COMPUTE_CPX], 3);
	assert_false(rows.v[0].profiles[ROCPART_COMPUTE_DPX].known);
}

static void profiles_as_text_are_read(void **state)
{
	RP_AUTO_SMI_ROWS struct rp_smi_rows rows = {0};
	struct rocpart_error err = {0};

	(void)state;
	assert_int_equal(
		rows_of("\nACCELERATOR_PARTITION_PROFILES:\n\n*** WARNING ***\n\n"
			"GPU_ID  PROFILE_INDEX  MEMORY_PARTITION_CAPS  ACCELERATOR_TYPE  RESOURCE\n"
			"0       0              NPS1                   SPX*              XCC\n"
			"                                                                DMA\n"
			"        3              NPS1,NPS4              CPX               XCC\n",
			&rows, &err),
		0);
	assert_int_equal(rows.n, 1);
	assert_number(rows.v[0].profiles[ROCPART_COMPUTE_SPX], 0);
	assert_number(rows.v[0].profiles[ROCPART_COMPUTE_CPX], 3);
}

static void version_is_read_from_json_and_text(void **state)
{
	static const char *const texts[] = {
		"[\n    {\n        \"tool\": \"AMDSMI Tool\",\n        \"version\": \"25.3.0\",\n"
		"        \"amdsmi_library_version\": \"25.3.0\"\n    }\n]\n",
		"AMDSMI Tool: 25.3.0 | AMDSMI Library version: 25.3.0 | ROCm version: N/A\n",
	};

	(void)state;
	for (size_t i = 0; i < RP_ARRAY_LEN(texts); i++) {
		RP_AUTO_JSON struct rp_json *docs = NULL;
		struct rp_smi_version v = {0};

		assert_int_equal(rp_smi_docs(texts[i], strlen(texts[i]), &docs, NULL), 0);
		rp_smi_read_version(docs, &v);
		assert_string_equal(v.tool, "25.3.0");
		assert_string_equal(v.library, "25.3.0");
	}
}

static void json_that_is_cut_off_or_broken_is_refused(void **state)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{"[\n    {\n        \"gpu\": 0,\n        \"bdf\": \"0000:c1", "too early"},
		{"[\n    {\n        \"gpu\": 0\n    },\n    {\n        \"gpu\": 1\n    },\n",
		 "too early"},
		{"[\n    {\n        \"gpu\": 0,\n    }\n]\n", "cannot be read"},
		{"[\n    {\n        \"gpu\": 0\n        \"gpu\": 1\n    }\n]\n", "cannot be read"},
	};

	(void)state;
	for (size_t i = 0; i < RP_ARRAY_LEN(cases); i++) {
		RP_AUTO_SMI_ROWS struct rp_smi_rows rows = {0};
		struct rocpart_error err = {0};

		assert_int_equal(rows_of(cases[i].text, &rows, &err), -EBADMSG);
		assert_non_null(strstr(err.message, cases[i].message));
		assert_int_equal(rows.n, 0);
	}
}

static void value_of_another_kind_is_refused_by_name(void **state)
{
	static const struct {
		const char *record, *message;
	} cases[] = {
		{"\"node_id\": -1", "node_id"},
		{"\"node_id\": \"two\"", "node_id 'two'"},
		{"\"node_id\": []", "node_id"},
		{"\"render\": \"128\"", "render '128'"},
		{"\"card\": \"card-1\"", "card 'card-1'"},
		{"\"accelerator_type\": \"WPX\"", "accelerator_type 'WPX'"},
		{"\"memory\": \"NPS5\"", "memory 'NPS5'"},
	};

	(void)state;
	for (size_t i = 0; i < RP_ARRAY_LEN(cases); i++) {
		RP_AUTO_FREE char *text = rp_strdupf("[\n{\"gpu\": 0, %s}]\n", cases[i].record);
		RP_AUTO_SMI_ROWS struct rp_smi_rows rows = {0};
		struct rocpart_error err = {0};

		assert_int_equal(rows_of(text, &rows, &err), -EBADMSG);
		assert_non_null(strstr(err.message, cases[i].message));
	}
}

/* Without DRM, 6.1 to 6.3 print memory that was never written (amd-smi study 3.3). */
static void bdf_that_is_garbage_is_not_told(void **state)
{
	RP_AUTO_SMI_ROWS struct rp_smi_rows rows = {0};
	struct rocpart_error err = {0};

	(void)state;
	assert_int_equal(
		rows_of("[\n{\"gpu\": 0, \"bdf\": \"697469747261:70:0b.7\"}]", &rows, &err), 0);
	assert_string_equal(rows.v[0].bdf, "");
}

static void more_gpus_than_machines_have_are_refused(void **state)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	RP_AUTO_SMI_ROWS struct rp_smi_rows rows = {0};
	struct rocpart_error err = {0};

	(void)state;
	rp_strbuf_add(&text, "[\n{\"gpu\": 0}");
	for (int i = 1; i < 2000; i++)
		rp_strbuf_addf(&text, ", {\"gpu\": %d}", i);
	rp_strbuf_add(&text, "]\n");
	assert_int_equal(rows_of(text.s, &rows, &err), -EBADMSG);
}

static void failure_is_known_by_number_then_name_then_words(void **state)
{
	static const struct {
		const char *text;
		int errnum;
		enum rocpart_errcode code;
	} cases[] = {
		{"Error code:\n\t30 | AMDSMI_STATUS_BUSY - Device busy\n", -EBUSY,
		 ROCPART_ERR_BUSY_PROCESS},
		{"Error code:\n\t55 | AMDSMI_STATUS_UNKNOWN_ERROR - An unknown error occurred\n",
		 -EINVAL, ROCPART_ERR_NPS_NEEDS_COMPUTE},
		{"Error code:\n\t54 | AMDSMI_STATUS_UNKNOWN_ERROR - An unknown error occurred\n",
		 -EIO, ROCPART_ERR_DRIVER_RELOAD},
		{"    MEMORY_PARTITION: [AMDSMI_STATUS_BUSY] Unable to set\n", -EBUSY,
		 ROCPART_ERR_BUSY_PROCESS},
		{"[AMDSMI_STATUS_INVAL] Unable to set\n", -EINVAL, ROCPART_ERR_MODE_UNSUPPORTED},
		{"[AMDSMI_STATUS_NOT_SUPPORTED] Unable to set\n", -EOPNOTSUPP,
		 ROCPART_ERR_UNSUPPORTED},
		{"AMD-SMI Command '--compute-partition' requires elevation (sudo\n", -EACCES,
		 ROCPART_ERR_PERMISSION},
		{"ERROR:root:Drivers not loaded (amdgpu, amd_hsmp drivers not found)\n", -ENODEV,
		 ROCPART_ERR_NO_HARDWARE},
		{"amdsmi_init() timed out after 60s\n", -ETIMEDOUT, ROCPART_ERR_FAILED},
		{"ModuleNotFoundError: No module named 'amdsmi'\n", -ENOENT,
		 ROCPART_ERR_UNSUPPORTED},
	};

	(void)state;
	for (size_t i = 0; i < RP_ARRAY_LEN(cases); i++) {
		const struct rp_smi_failure *f = rp_smi_find_failure(cases[i].text);

		assert_non_null(f);
		assert_int_equal(f->errnum, cases[i].errnum);
		assert_int_equal(f->code, cases[i].code);
		assert_true(*f->message && *f->hint);
	}
	assert_null(rp_smi_find_failure("Successfully set accelerator partition to CPX\n"));
	assert_null(rp_smi_find_failure("AMDSMI_STATUS_"));
}

/* ---- real answers ---- */

/* A clone has no folder beside it; where that is, nothing of it may be missing. */
static void need_samples(DIR *dir)
{
	if (dir)
		return;
	if (access(ROCPART_SOURCE_ROOT "/../shared", F_OK) < 0)
		host_skips(SAMPLES " is not here: it is kept outside of the repository");
	host_lacks(SAMPLES " is not here: it is kept outside of the repository");
}

static char *load(const char *name)
{
	RP_AUTO_FREE char *path = rp_strdupf(SAMPLES "/%s", name);
	RP_AUTO_FCLOSE FILE *f = fopen(path, "re");
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	char buf[4096];
	size_t n;

	assert_non_null(f);
	while ((n = fread(buf, 1, sizeof(buf), f)) > 0)
		rp_strbuf_add_mem(&text, buf, n);
	return rp_strbuf_steal(&text);
}

/* By the kernel's errno in the name of the sample: amd-smi study 2.2. */
static int errno_of_name(const char *name)
{
	static const struct {
		const char *part;
		int of_27, of_6_compute, of_6_memory;
	} kernel[] = {
		{"returns_EBUSY", -EBUSY, -EBUSY, -EBUSY},
		{"returns_EINVAL", -EINVAL, -EINVAL, -EINVAL},
		{"returns_EPERM", -EOPNOTSUPP, -EOPNOTSUPP, -EOPNOTSUPP},
		{"returns_EOPNOTSUPP", -EOPNOTSUPP, 0, 0},
		{"returns_EIO", -EIO, -EIO, -EIO},
		{"C_CPX_kernel_write_returns_EACCES", -EACCES, -EACCES, 0},
		{"C_CPX_json_kernel_write_returns_EACCES", -EACCES, -EACCES, 0},
		{"M_NPS4_kernel_write_returns_EACCES", -EOPNOTSUPP, 0, -EOPNOTSUPP},
	};

	/* Without -g, 6.3 never came to write. */
	for (size_t i = 0; i < RP_ARRAY_LEN(kernel); i++)
		if (strstr(name, kernel[i].part) && !rp_str_starts(name, "sim-6.3-"))
			return !rp_str_starts(name, "sim-6") ? kernel[i].of_27
			       : strstr(name, "_C_")	     ? kernel[i].of_6_compute
							     : kernel[i].of_6_memory;
	return 0;
}

/* By the situation in the name: amd-smi study 1.4. */
static int errno_of_situation(const char *name)
{
	static const struct {
		const char *part;
		int errnum;
	} situations[] = {
		{"no_driver_", -ENODEV},
		{"set_C_CPX_uid_65534", -EACCES},
		{"set_C_CPX_json_uid_65534", -EACCES},
		{"set_g_0_C_CPX_uid_65534", -EACCES},
		{"set_M_NPS4_uid_65534", -EACCES},
		{"_g_9", -ENODEV},
		{"_g_7", -ENODEV},
		{"27.1-set_C_TPX", -ERANGE},
		{"27.1-set_C_9", -ERANGE},
		{"6.3-set_C_3", -ERANGE},
		{"6.3-set_C_XPX", -ERANGE},
		{"6.3b-set_g_0_C_TPX", -EINVAL},
		{"set_M_NPS3", -ERANGE},
		{"set_M_NPS8_stdin_y", -EINVAL},
		{"6.3b-set_g_0_M_NPS8", -EINVAL},
		{"6.3b-set_g_0_M_NPS4.txt", -EIO}, /* 54: no systemd, no modprobe there */
		{"set_M_NPS4_stdin_EOF", -EIO},
		{"set_M_NPS4_stdin_n", -EIO},
		{"set_C_SPX_M_NPS1", -EOPNOTSUPP},
		{"reset_g_0_compute_partition", -EOPNOTSUPP},
		{"b-reset_", -EOPNOTSUPP},
		{"-foo.txt", -EOPNOTSUPP},
		{"-l.txt", -EOPNOTSUPP},
		{"-v.txt", -EOPNOTSUPP},
		{"6.3-version_2", -EOPNOTSUPP},
		{"27.1b-version.txt", -EOPNOTSUPP},
		{"partition_z", -EOPNOTSUPP},
	};
	int r = errno_of_name(name);

	for (size_t i = 0; r == 0 && i < RP_ARRAY_LEN(situations); i++)
		if (strstr(name, situations[i].part))
			r = situations[i].errnum;
	return r;
}

static void assert_same_rows(const struct rp_smi_rows *a, const struct rp_smi_rows *b)
{
	assert_int_equal(a->n, b->n);
	for (size_t i = 0; i < a->n; i++) {
		const struct rp_smi_row *x = &a->v[i], *y = &b->v[i];

		assert_int_equal(x->index, y->index);
		assert_string_equal(x->bdf, y->bdf);
		assert_memory_equal(&x->partition_id, &y->partition_id, sizeof(x->partition_id));
		assert_int_equal(x->kfd_id.v, y->kfd_id.v);
		assert_int_equal(x->node_id.v, y->node_id.v);
		assert_int_equal(x->render.v, y->render.v);
		assert_int_equal(x->card.v, y->card.v);
		assert_int_equal(x->compute, y->compute);
		assert_int_equal(x->memory, y->memory);
		for (size_t m = 0; m < RP_ARRAY_LEN(x->profiles); m++)
			assert_int_equal(x->profiles[m].v, y->profiles[m].v);
	}
}

/* Where there are both, the text says what the JSON says. */
static void check_twin(const char *name, const struct rp_smi_rows *rows)
{
	RP_AUTO_FREE char *twin = strdup(name), *text = NULL;
	RP_AUTO_SMI_ROWS struct rp_smi_rows of_text = {0};
	struct rocpart_error err = {0};

	memcpy(twin + strlen(twin) - 5, ".txt", 5);
	/* The table of monitor and the dashboard are no source of ours, nor have they GPU blocks.
	 */
	if (strstr(name, "monitor") || strstr(name, "default"))
		return;
	text = load(twin);
	assert_int_equal(rows_of(text, &of_text, &err), 0);
	assert_same_rows(rows, &of_text);
}

static void check_sample(const char *name, const char *text)
{
	RP_AUTO_SMI_ROWS struct rp_smi_rows rows = {0};
	const struct rp_smi_failure *f = rp_smi_find_failure(text);
	struct rocpart_error err = {0};
	int expected = errno_of_situation(name);

	assert_int_equal(f ? f->errnum : 0, expected);
	assert_int_equal(rows_of(text, &rows, &err), 0);
	if (rp_str_ends(name, ".json"))
		check_twin(name, &rows);
	if (rp_str_starts(name, "sim-27.1-cpx") && rows.n)
		assert_int_equal(rows.n, 16);
	if (rp_str_starts(name, "sim-27.1-spx") && rows.n)
		assert_int_equal(rows.n, 2);
}

static void every_real_answer_is_read(void **state)
{
	RP_AUTO_CLOSEDIR DIR *dir = opendir(SAMPLES);
	struct dirent *e;
	int n = 0;

	(void)state;
	need_samples(dir);
	while ((e = readdir(dir))) {
		RP_AUTO_FREE char *text = NULL;

		if (!rp_str_starts(e->d_name, "sim"))
			continue;
		print_message("# %s\n", e->d_name);
		text = load(e->d_name);
		check_sample(e->d_name, text);
		n++;
	}
	assert_true(n > 140);
}

/* Of the list of 16 partitions in CPX/NPS4, and their modes. */
static void real_answers_have_their_values(void **state)
{
	static const char *const names[] = {"sim-27.1-cpx-list_e.json",
					    "sim-27.1-cpx-partition_c_m.json"};
	RP_AUTO_CLOSEDIR DIR *dir = opendir(SAMPLES);
	RP_AUTO_SMI_ROWS struct rp_smi_rows rows = {0};
	struct rocpart_error err = {0};

	(void)state;
	need_samples(dir);
	for (size_t i = 0; i < RP_ARRAY_LEN(names); i++) {
		RP_AUTO_FREE char *text = load(names[i]);

		assert_int_equal(rows_of(text, &rows, &err), 0);
	}
	assert_int_equal(rows.n, 16);
	assert_string_equal(rows.v[1].bdf, "0000:0c:00.0");
	assert_string_equal(rows.v[8].bdf, "0000:22:00.0");
	assert_number(rows.v[1].kfd_id, 18952);
	assert_number(rows.v[1].node_id, 2);
	assert_number(rows.v[1].partition_id, 1);
	assert_number(rows.v[1].render, 129);
	assert_int_equal(rows.v[8].compute, ROCPART_COMPUTE_CPX);
	assert_int_equal(rows.v[8].memory, ROCPART_MEMORY_NPS4);
	assert_int_equal(rows.v[9].compute, ROCPART_COMPUTE_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(list_as_json_is_read),
		cmocka_unit_test(list_after_warnings_is_read),
		cmocka_unit_test(list_with_network_cards_is_read),
		cmocka_unit_test(list_as_text_is_read),
		cmocka_unit_test(partition_of_7_and_later_is_one_object),
		cmocka_unit_test(partition_of_6_3_is_three_arrays),
		cmocka_unit_test(memory_modes_of_6_4_are_read),
		cmocka_unit_test(partition_as_text_is_a_table),
		cmocka_unit_test(static_of_each_version_is_read),
		cmocka_unit_test(profiles_are_read_past_continuation_rows),
		cmocka_unit_test(profiles_as_text_are_read),
		cmocka_unit_test(version_is_read_from_json_and_text),
		cmocka_unit_test(json_that_is_cut_off_or_broken_is_refused),
		cmocka_unit_test(value_of_another_kind_is_refused_by_name),
		cmocka_unit_test(bdf_that_is_garbage_is_not_told),
		cmocka_unit_test(more_gpus_than_machines_have_are_refused),
		cmocka_unit_test(failure_is_known_by_number_then_name_then_words),
		cmocka_unit_test(every_real_answer_is_read),
		cmocka_unit_test(real_answers_have_their_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
