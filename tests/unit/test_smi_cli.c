/* SPDX-License-Identifier: MIT */
/* The amd-smi command as it should not be: stand-ins that hang, flood, lie, die. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/spawn.h"
#include "base/tree.h"
#include "host.h"
#include "hw/smi/cli.h"

#define BDF "0000:c1:00.0"

static char *dir;

static int make_dir(void **state)
{
	(void)state;
	dir = host_temp_name("rocpart-smi");
	return dir && mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
	RP_AUTO_FREE char *program = rp_strdupf("%s/amd-smi", dir);
	RP_AUTO_FREE char *asked = rp_strdupf("%s/asked", dir);

	(void)state;
	(void)unlink(program);
	(void)unlink(asked);
	(void)rmdir(dir);
	free(dir);
	return 0;
}

/* An amd-smi of that text, with the time that it gets for each answer. */
static struct rp_smi_cli stand_in_for(const char *script, uint64_t deadline_ms)
{
	struct rp_smi_cli cli = {.path = rp_strdupf("%s/amd-smi", dir),
				 .read_ms = deadline_ms,
				 .set_ms = deadline_ms};
	RP_AUTO_CLOSE int fd = open(cli.path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRWXU);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, script, strlen(script)), strlen(script));
	return cli;
}

static struct rp_smi_cli stand_in(const char *script)
{
	return stand_in_for(script, 30000);
}

#define ONE_GPU                                                                                  \
	"#!/bin/sh\nread answer\ncase \"$*\" in\n"                                               \
	"'list -e --json') echo '[{\"gpu\": 0, \"bdf\": \"" BDF "\", \"partition_id\": 0}]';;\n" \
	"'partition -c -m --json') echo '{\"current_partition\": [{\"gpu_id\": 0, \"memory\": "  \
	"\"NPS1\", \"accelerator_type\": \"SPX\"}]}';;\n"                                        \
	"esac\n"

static void stand_in_that_answers_is_read(void **state)
{
	RP_AUTO_SMI_CLI struct rp_smi_cli cli = stand_in(ONE_GPU);
	RP_AUTO_SMI_ROWS struct rp_smi_rows rows = {0};
	struct rocpart_error err = {0};

	(void)state;
	assert_int_equal(rp_smi_cli_read(&cli, &rows, &err), 0);
	assert_int_equal(rows.n, 1);
	assert_string_equal(rows.v[0].bdf, BDF);
	assert_int_equal(rows.v[0].compute, ROCPART_COMPUTE_SPX);
	assert_int_equal(rows.v[0].memory, ROCPART_MEMORY_NPS1);
}

struct case_of_failure {
	const char *script;
	int r;
	enum rocpart_errcode code;
	const char *message;
};

/* In reading and in setting alike. */
static const struct case_of_failure broken[] = {
	{"#!/bin/sh\nhead -c 100000000 /dev/zero\n", -EFBIG, ROCPART_ERR_FAILED,
	 "printed more than 1 MiB"},
	{"#!/bin/sh\nhead -c 100000000 /dev/zero >&2\n", -EFBIG, ROCPART_ERR_FAILED,
	 "printed more than 1 MiB"},
	{"#!/bin/sh\nkill -SEGV $$\n", -EIO, ROCPART_ERR_FAILED, "killed by signal 11"},
	{"#!/bin/sh\n", -EIO, ROCPART_ERR_FAILED, "it printed nothing"},
	{"#!/bin/sh\necho one; echo two words >&2\n", -EIO, ROCPART_ERR_FAILED, "one; two words"},
	{"#!/no/such/python3\n", -ENOENT, ROCPART_ERR_UNSUPPORTED, "interpreter"},
	{"#!/usr/bin/env no-such-python3\n", -EIO, ROCPART_ERR_FAILED, "no-such-python3"},
	{"#!/bin/sh\necho \"ModuleNotFoundError: No module named 'yaml'\" >&2; exit 1\n", -ENOENT,
	 ROCPART_ERR_UNSUPPORTED, "Python module"},
	{"#!/bin/sh\necho 'ERROR:root:Drivers not loaded (amdgpu)' >&2; exit 255\n", -ENODEV,
	 ROCPART_ERR_NO_HARDWARE, "driver is not loaded"},
	{"#!/bin/sh\necho 'amdsmi_init() timed out after 60s'; exit 2\n", -ETIMEDOUT,
	 ROCPART_ERR_FAILED, "did not start"},
	{"not a program", -ENOEXEC, ROCPART_ERR_FAILED, "cannot be started"},
};

static void assert_failure(const struct case_of_failure *c, int r, const struct rocpart_error *err)
{
	print_message("# %s\n", err->message);
	assert_int_equal(r, c->r);
	assert_int_equal(err->errnum, c->r);
	assert_int_equal(err->code, c->code);
	assert_non_null(strstr(err->message, c->message));
	assert_true(*err->hint);
	assert_true(strstr(err->object, "/amd-smi"));
}

static void broken_amd_smi_is_an_error_that_says_how(void **state)
{
	(void)state;
	for (size_t i = 0; i < RP_ARRAY_LEN(broken); i++) {
		RP_AUTO_SMI_CLI struct rp_smi_cli cli = stand_in(broken[i].script);
		RP_AUTO_SMI_ROWS struct rp_smi_rows rows = {0};
		struct rocpart_error err = {0};

		assert_failure(&broken[i], rp_smi_cli_read(&cli, &rows, &err), &err);
		assert_int_equal(rows.n, 0);
		err = (struct rocpart_error){0};
		assert_failure(&broken[i],
			       rp_smi_cli_set_compute(&cli, BDF, ROCPART_COMPUTE_CPX, &err), &err);
	}
}

/* Also when it ends by no other signal, and its child keeps the pipes. */
static void amd_smi_that_hangs_is_killed_and_said(void **state)
{
	static const struct case_of_failure hangs = {
		"#!/bin/sh\ntrap '' TERM INT\nsleep 60 & wait\n", -ETIMEDOUT, ROCPART_ERR_FAILED,
		"did not end within 1 s"};
	RP_AUTO_SMI_CLI struct rp_smi_cli cli = stand_in_for(hangs.script, 300);
	RP_AUTO_SMI_ROWS struct rp_smi_rows rows = {0};
	struct rocpart_error err = {0};

	(void)state;
	assert_failure(&hangs, rp_smi_cli_read(&cli, &rows, &err), &err);
	err = (struct rocpart_error){0};
	assert_failure(&hangs, rp_smi_cli_set_memory(&cli, BDF, ROCPART_MEMORY_NPS4, &err), &err);
}

/* In a guest 6.1 offers none of the options for partitions. */
static void error_as_json_is_an_error(void **state)
{
	RP_AUTO_SMI_CLI struct rp_smi_cli cli =
		stand_in("#!/bin/sh\necho '{\"error\": \"Command is invalid.\", \"code\": -1}'\n");
	RP_AUTO_SMI_ROWS struct rp_smi_rows rows = {0};
	struct rocpart_error err = {0};

	(void)state;
	assert_int_equal(rp_smi_cli_read(&cli, &rows, &err), -EOPNOTSUPP);
	assert_int_equal(err.code, ROCPART_ERR_UNSUPPORTED);
}

static void half_a_json_is_an_error(void **state)
{
	static const char *const scripts[] = {
		"#!/bin/sh\nprintf '[\\n    {\\n        \"gpu\": 0,\\n        \"bdf\": \"00'\n",
		"#!/bin/sh\nprintf '{\\n    \"gpu_data\": [\\n'\n",
	};

	(void)state;
	for (size_t i = 0; i < RP_ARRAY_LEN(scripts); i++) {
		RP_AUTO_SMI_CLI struct rp_smi_cli cli = stand_in(scripts[i]);
		RP_AUTO_SMI_ROWS struct rp_smi_rows rows = {0};
		struct rocpart_error err = {0};

		assert_int_equal(rp_smi_cli_read(&cli, &rows, &err), -EBADMSG);
		assert_int_equal(err.code, ROCPART_ERR_BAD_ATTRIBUTE);
		assert_non_null(strstr(err.message, "too early"));
	}
}

/* 6.3: no -e, names of modes only from static. */
static void older_amd_smi_is_asked_otherwise(void **state)
{
	RP_AUTO_SMI_CLI struct rp_smi_cli cli = stand_in(
		"#!/bin/sh\ncase \"$*\" in\n"
		"*-e*) echo \"Parameter '-e' is invalid. Run '--help' for more info.\";;\n"
		"'list --json') echo '[{\"gpu\": 0, \"bdf\": \"" BDF "\", \"node_id\": 3}]';;\n"
		"partition*) echo '[{\"gpu_id\": 0, \"memory\": \"NPS1\", \"accelerator_type\": "
		"0}]';;\n"
		"static*) echo '[{\"gpu\": 0, \"partition\": {\"compute_partition\": "
		"\"DPX\"}}]';;\n"
		"esac\n");
	RP_AUTO_SMI_ROWS struct rp_smi_rows rows = {0};
	struct rocpart_error err = {0};

	(void)state;
	assert_int_equal(rp_smi_cli_read(&cli, &rows, &err), 0);
	assert_int_equal(rows.n, 1);
	assert_int_equal(rows.v[0].node_id.v, 3);
	assert_int_equal(rows.v[0].compute, ROCPART_COMPUTE_DPX);
	assert_int_equal(rows.v[0].memory, ROCPART_MEMORY_NPS1);
}

/* 6.1 and 6.2: no `partition`, and errors that are JSON. */
static void oldest_amd_smi_is_asked_otherwise(void **state)
{
	RP_AUTO_SMI_CLI struct rp_smi_cli cli = stand_in(
		"#!/bin/sh\ncase \"$*\" in\n"
		"'list --json') echo '[{\"gpu\": 0, \"bdf\": \"" BDF "\"}]';;\n"
		"static*) echo '[{\"gpu\": 0, \"partition\": {\"compute_partition\": \"SPX\","
		" \"memory_partition\": \"NPS1\"}}]';;\n"
		"*) echo '{\"error\": \"Parameter is invalid. Run --help.\", \"code\": -2}';;\n"
		"esac\n");
	RP_AUTO_SMI_ROWS struct rp_smi_rows rows = {0};
	struct rocpart_error err = {0};

	(void)state;
	assert_int_equal(rp_smi_cli_read(&cli, &rows, &err), 0);
	assert_int_equal(rows.v[0].compute, ROCPART_COMPUTE_SPX);
	assert_int_equal(rows.v[0].memory, ROCPART_MEMORY_NPS1);
}

/* 6.4: the JSON of partition is broken, its table is not. */
static void broken_json_of_6_4_is_asked_as_text(void **state)
{
	RP_AUTO_SMI_CLI struct rp_smi_cli cli = stand_in(
		"#!/bin/sh\ncase \"$*\" in\n"
		"list*) echo '[{\"gpu\": 0, \"bdf\": \"" BDF "\"}]';;\n"
		"partition*--json) echo '[{\"gpu_id\": 0,]';;\n"
		"partition*) printf 'CURRENT_PARTITION:\\nGPU_ID  MEMORY  ACCELERATOR_TYPE\\n"
		"0       NPS4    QPX\\n';;\nesac\n");
	RP_AUTO_SMI_ROWS struct rp_smi_rows rows = {0};
	struct rocpart_error err = {0};

	(void)state;
	assert_int_equal(rp_smi_cli_read(&cli, &rows, &err), 0);
	assert_int_equal(rows.v[0].compute, ROCPART_COMPUTE_QPX);
	assert_int_equal(rows.v[0].memory, ROCPART_MEMORY_NPS4);
}

static void render_node_of_another_partition_is_not_told(void **state)
{
	RP_AUTO_SMI_CLI struct rp_smi_cli cli = stand_in(
		"#!/bin/sh\ncase \"$*\" in\n"
		"list*) echo '[{\"gpu\": 0, \"render\": \"renderD128\", \"card\": \"card0\"},"
		" {\"gpu\": 1, \"partition_id\": 1, \"render\": \"renderD128\", \"card\":"
		" \"card0\"}]';;\n"
		"*) echo '[{\"gpu\": 0, \"partition\": {\"accelerator_partition\": \"DPX\"}}]';;\n"
		"esac\n");
	RP_AUTO_SMI_ROWS struct rp_smi_rows rows = {0};
	struct rocpart_error err = {0};

	(void)state;
	assert_int_equal(rp_smi_cli_read(&cli, &rows, &err), 0);
	assert_int_equal(rows.n, 2);
	assert_true(rows.v[0].render.known);
	assert_false(rows.v[1].render.known || rows.v[1].card.known);
}

static void version_is_that_of_the_library(void **state)
{
	RP_AUTO_SMI_CLI struct rp_smi_cli cli =
		stand_in("#!/bin/sh\necho 'WARNING: no such group'\n"
			 "echo '[{\"version\": \"27.1.0+unknown\", \"amdsmi_library_version\": "
			 "\"27.1.0\"}]'\n");
	RP_AUTO_FREE char *version = NULL;
	struct rocpart_error err = {0};

	(void)state;
	assert_int_equal(rp_smi_cli_version(&cli, &version, &err), 0);
	assert_string_equal(version, "27.1.0");
}

#define SAYS(text) "#!/bin/sh\ncat <<'END'\n" text "\nEND\nexit 0\n"

/* Exit code 0 in every case: only words tell. */
static void refused_set_is_an_error_of_its_kind(void **state)
{
	static const struct case_of_failure refused[] = {
		{SAYS("GPU: 0\n    MEMORY_PARTITION: [AMDSMI_STATUS_BUSY] Unable to set memory"),
		 -EBUSY, ROCPART_ERR_BUSY_PROCESS, "busy"},
		{SAYS("Error code:\n\t1 | AMDSMI_STATUS_INVAL - Invalid parameters"), -EINVAL,
		 ROCPART_ERR_MODE_UNSUPPORTED, "does not accept"},
		{SAYS("Error code:\n\t55 | AMDSMI_STATUS_UNKNOWN_ERROR - unknown"), -EINVAL,
		 ROCPART_ERR_NPS_NEEDS_COMPUTE, "memory mode"},
		{SAYS("[AMDSMI_STATUS_NOT_SUPPORTED] Unable to set compute partition to CPX"),
		 -EOPNOTSUPP, ROCPART_ERR_UNSUPPORTED, "does not support"},
		{SAYS("AMD-SMI Command 'set' requires elevation (sudo privileges required)"),
		 -EACCES, ROCPART_ERR_PERMISSION, "root"},
		{SAYS("Can not find a device: GPU '9' Error code: -3"), -ENODEV,
		 ROCPART_ERR_NOT_FOUND, "does not know this GPU"},
		{SAYS("Parameter '-C' is invalid. Run 'amd-smi set -h' for more info."),
		 -EOPNOTSUPP, ROCPART_ERR_UNSUPPORTED, "does not offer"},
		{SAYS("Error code:\n\t54 | AMDSMI_STATUS_AMDGPU_RESTART_ERR"), -EIO,
		 ROCPART_ERR_DRIVER_RELOAD, "reload"},
		{SAYS("all is well"), -EIO, ROCPART_ERR_FAILED, "all is well"},
	};

	(void)state;
	for (size_t i = 0; i < RP_ARRAY_LEN(refused); i++) {
		RP_AUTO_SMI_CLI struct rp_smi_cli cli = stand_in(refused[i].script);
		struct rocpart_error err = {0};

		assert_failure(&refused[i],
			       rp_smi_cli_set_compute(&cli, BDF, ROCPART_COMPUTE_CPX, &err), &err);
		err = (struct rocpart_error){0};
		assert_failure(&refused[i],
			       rp_smi_cli_set_memory(&cli, BDF, ROCPART_MEMORY_NPS4, &err), &err);
	}
}

/* Its question stands on standard output, behind a banner; without an answer it changes nothing. */
static void question_of_set_memory_is_answered(void **state)
{
	RP_AUTO_SMI_CLI struct rp_smi_cli cli = stand_in(
		"#!/bin/sh\n[ \"$*\" = 'set -M NPS4 -g " BDF "' ] || exit 5\n"
		"printf '******WARNING******\\nDo you accept these terms? [Y/N] '\n"
		"read answer || { echo 'EOFError: EOF when reading a line' >&2; exit 1; }\n"
		"[ \"$answer\" = y ] && echo 'MEMORY_PARTITION: Successfully set memory'\n");
	struct rocpart_error err = {0};

	(void)state;
	assert_int_equal(rp_smi_cli_set_memory(&cli, BDF, ROCPART_MEMORY_NPS4, &err), 0);
}

/* ROCm/amdsmi#132 */
static void amd_smi_6_4_0_is_given_the_index_of_the_mode(void **state)
{
	RP_AUTO_SMI_CLI struct rp_smi_cli cli = stand_in(
		"#!/bin/sh\necho \"$*\" >>${0%/*}/asked\ncase \"$*\" in\n"
		"'set -C CPX -g " BDF
		"') echo \"argument -C: invalid choice: 'CPX'\" >&2; exit 2;;\n"
		"'set -C 3 -g " BDF "') echo 'Successfully set compute partition to CPX';;\n"
		"list*) echo '[{\"gpu\": 4, \"bdf\": \"" BDF "\"}]';;\n"
		"'partition -a') printf 'ACCELERATOR_PARTITION_PROFILES:\\nGPU_ID  PROFILE_INDEX  "
		"ACCELERATOR_TYPE\\n4       0              SPX*\\n        3              "
		"CPX\\n';;\n"
		"esac\n");
	struct rocpart_error err = {0};

	(void)state;
	assert_int_equal(rp_smi_cli_set_compute(&cli, BDF, ROCPART_COMPUTE_CPX, &err), 0);
	assert_int_equal(rp_smi_cli_set_compute(&cli, BDF, ROCPART_COMPUTE_TPX, &err), -EIO);
}

static void amd_smi_of_the_current_folder_is_not_run(void **state)
{
	RP_AUTO_SMI_CLI struct rp_smi_cli here = stand_in("#!/bin/sh\n"), found = {0};
	RP_AUTO_FREE char *old = strdup(getenv("PATH"));
	struct rocpart_error err = {0};
	const uid_t user = geteuid();

	(void)state;
	assert_int_equal(chdir(dir), 0);
	assert_int_equal(chmod(dir, 0755) || chmod(here.path, 0755), 0);
	if (user == 0) /* whose PATH is not asked */
		assert_int_equal(seteuid(HOST_NOBODY), 0);
	setenv("PATH", ".::/nowhere", 1);
	assert_int_equal(rp_smi_cli_open(&found, &err), -ENOENT);
	assert_non_null(strstr(err.message, "amd-smi not available"));
	assert_non_null(strstr(err.hint, "install"));
	setenv("PATH", dir, 1);
	assert_int_equal(rp_smi_cli_open(&found, &err), 0);
	assert_string_equal(found.path, here.path);
	setenv("PATH", old, 1);
	assert_int_equal(seteuid(user), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stand_in_that_answers_is_read),
		cmocka_unit_test(broken_amd_smi_is_an_error_that_says_how),
		cmocka_unit_test(amd_smi_that_hangs_is_killed_and_said),
		cmocka_unit_test(error_as_json_is_an_error),
		cmocka_unit_test(half_a_json_is_an_error),
		cmocka_unit_test(older_amd_smi_is_asked_otherwise),
		cmocka_unit_test(oldest_amd_smi_is_asked_otherwise),
		cmocka_unit_test(broken_json_of_6_4_is_asked_as_text),
		cmocka_unit_test(render_node_of_another_partition_is_not_told),
		cmocka_unit_test(version_is_that_of_the_library),
		cmocka_unit_test(refused_set_is_an_error_of_its_kind),
		cmocka_unit_test(question_of_set_memory_is_answered),
		cmocka_unit_test(amd_smi_6_4_0_is_given_the_index_of_the_mode),
		cmocka_unit_test(amd_smi_of_the_current_folder_is_not_run),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
