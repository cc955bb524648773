/* SPDX-License-Identifier: MIT */
/* Machines in a folder: shared by processes, unharmed when one of them is killed. */
#include "sim_machine.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rocpart/sim.h"

#define COMPUTE PCI G0 "/current_compute_partition"

/* A folder of its own below the working folder; the machine is in "m" in it. */
struct folder {
	char top[32];
	char *machine;
};

static int make_folder(void **state)
{
	struct folder *f = rp_new0(struct folder, 1);

	if (!f || rp_fmt(f->top, sizeof(f->top), "sim-store-XXXXXX") < 0 || !mkdtemp(f->top))
		return -1;
	f->machine = rp_strdupf("%s/deep/m", f->top);
	*state = f;
	return f->machine ? 0 : -1;
}

static int remove_folder(void **state)
{
	struct folder *f = *state;
	RP_AUTO_FREE char *deep = rp_strdupf("%s/deep", f->top);
	int r;

	(void)rocpart_sim_remove(f->machine, NULL);
	r = rmdir(deep) < 0 && errno != ENOENT ? -1 : rmdir(f->top);
	free(f->machine);
	free(f);
	return r;
}

/* rp_make_dirs() wants an absolute path. */
static char *absolute(const char *path)
{
	RP_AUTO_FREE char *cwd = getcwd(NULL, 0);

	return rp_strdupf("%s/%s", cwd, path);
}

static void create(const struct folder *f, const char *profile)
{
	RP_AUTO_FREE char *text = profile_text(profile, NULL), *dir = absolute(f->machine);
	struct rocpart_error err = {0};

	if (rocpart_sim_create(dir, text, strlen(text), profile, &err) < 0)
		fail_msg("%s: %s", err.object, err.message);
}

static struct rp_sim *open_machine(const struct folder *f)
{
	struct rp_sim *sim = NULL;

	assert_int_equal(rp_sim_open(f->machine, &sim, NULL), 0);
	return sim;
}

static void store_machine_is_made_once_and_removed(void **state)
{
	const struct folder *f = *state;
	RP_AUTO_FREE char *text = profile_text("mi300x-1", NULL), *dir = absolute(f->machine);
	struct rp_sim *sim = NULL;

	assert_int_equal(rp_sim_open(dir, &sim, NULL), -ENOENT);
	assert_int_equal(rocpart_sim_remove(dir, NULL), -ENOENT);
	create(f, "mi300x-1");
	assert_int_equal(rocpart_sim_create(dir, text, strlen(text), "x", NULL), -EEXIST);
	assert_int_equal(rocpart_sim_remove(dir, NULL), 0);
	assert_int_equal(access(dir, F_OK), -1);
	assert_int_equal(rp_sim_open(dir, &sim, NULL), -ENOENT);
}

static void store_removal_takes_the_records_along(void **state)
{
	const struct folder *f = *state;
	RP_AUTO_FREE char *records = rp_strdupf("%s/" RP_SIM_RECORDS, f->machine);
	RP_AUTO_FREE char *journal = rp_strdupf("%s/journal.json", records);
	RP_AUTO_FCLOSE FILE *file = NULL;

	create(f, "mi300x-1");
	assert_int_equal(mkdir(records, 0755), 0);
	file = fopen(journal, "we");
	assert_non_null(file);
	assert_int_equal(rocpart_sim_remove(f->machine, NULL), 0);
	assert_int_equal(access(f->machine, F_OK), -1);
}

static void store_removal_leaves_files_of_others(void **state)
{
	const struct folder *f = *state;
	RP_AUTO_FREE char *notes = rp_strdupf("%s/notes", f->machine);
	RP_AUTO_FCLOSE FILE *file = NULL;

	create(f, "mi300x-1");
	file = fopen(notes, "we");
	assert_non_null(file);
	assert_int_equal(rocpart_sim_remove(f->machine, NULL), 0);
	assert_int_equal(access(notes, F_OK), 0);
	assert_int_equal(unlink(notes), 0);
	assert_int_equal(rmdir(f->machine), 0);
}

/* No marker: what an interrupted attempt left is completed. */
static void store_interrupted_creation_is_completed(void **state)
{
	const struct folder *f = *state;
	RP_AUTO_FREE char *marker = rp_strdupf("%s/" RP_SIM_MARKER, f->machine);
	struct rp_sim *sim = NULL;

	create(f, "mi300x-8");
	assert_int_equal(unlink(marker), 0);
	assert_int_equal(rp_sim_open(f->machine, &sim, NULL), -ENOENT);
	create(f, "mi300x-1");
	sim = open_machine(f);
	assert_int_equal(rp_sim_gpu_count(sim), 1);
	rp_sim_close(sim);
}

static void store_change_is_seen_by_whoever_has_it_open(void **state)
{
	const struct folder *f = *state;
	RP_AUTO_SIM struct rp_sim *a = NULL, *b = NULL;

	create(f, "mi300x-8");
	a = open_machine(f);
	b = open_machine(f);
	assert_file(b, COMPUTE, "SPX\n");
	assert_int_equal(sim_write(a, COMPUTE, "CPX"), 0);
	assert_file(b, COMPUTE, "CPX\n");
	assert_int_equal(sim_count(b, KFD "nodes"), 17);
	sim_setup(b, G0, "kfd;request NPS4;fault read:vendor:EIO:7");
	assert_int_equal(sim_write(a, COMPUTE, "SPX"), -EBUSY);
	assert_int_equal(rp_sim_reload(a, NULL), -EBUSY);
	assert_int_equal(rocpart_sim_unhold(f->machine, 4000, NULL), 0);
	assert_int_equal(rocpart_sim_reload(f->machine, NULL), 0);
	assert_file(a, PCI G0 "/current_memory_partition", "NPS4\n");
}

/* Everything that can be changed, read back by another opening. */
static void store_whole_state_survives_closing(void **state)
{
	const struct folder *f = *state;
	const struct rp_sim_slot vram[] = {{G0, 3, 1 << 30}}, allow[] = {{G0, 3, 0}, {G0, 2, 0}};
	const struct rp_sim_process p = {.pid = 12,
					 .uid = 7,
					 .comm = "c",
					 .cmdline = "c --x",
					 .cgroup = "/u",
					 .start_ticks = 99,
					 .vram = vram,
					 .n_vram = 1,
					 .allow = allow,
					 .n_allow = 2,
					 .render = allow,
					 .n_render = 1};
	RP_AUTO_SIM struct rp_sim *a = NULL, *b = NULL;
	RP_AUTO_FREE char *rules = NULL;
	uint32_t pid = 0;

	create(f, "mi300x-8");
	a = open_machine(f);
	sim_setup(a, G0, "memory NPS4;request NPS1;fault write:x:EIO:2;fault ce:" G0 ":5");
	assert_int_equal(sim_write(a, PCI G0 "/hwmon/hwmon0/power1_cap", "400000000"), 0);
	assert_int_equal(sim_write(a, PCI G0 "/enforce_isolation", "1 0 1 0 1 0 1 1"), 0);
	assert_int_equal(rp_sim_hold(a, &p, &pid, NULL), 0);
	b = open_machine(f);
	assert_int_equal(sim_count(b, KFD "nodes"), 66);
	assert_file(b, KFD "nodes/2/gpu_id", "42546\n");
	assert_file(b, PCI G0 "/hwmon/hwmon0/power1_cap", "400000000\n");
	assert_file(b, PCI G0 "/enforce_isolation", "1 0 1 0 1 0 1 1\n");
	assert_file(b, PCI G0 "/ras/umc_err_count", "ue: 0\nce: 5\nde: 0\n");
	assert_file(b, "proc/12/cgroup", "0::/u\n");
	assert_file(b, "sys/class/kfd/kfd/proc/12/vram_57906", "1073741824\n");
	assert_false(sim_exists(b, "sys/class/kfd/kfd/proc/12/vram_42546"));
	assert_int_equal(sim_count(b, "proc/12/fd"), 2);
	assert_int_equal(rocpart_sim_fault_list(f->machine, &rules, NULL), 0);
	assert_string_equal(rules, "write:x:EIO:2\nce:" G0 ":5\n");
	assert_int_equal(rp_sim_unhold(b, 12, NULL), 0);
	assert_int_equal(rp_sim_reload(b, NULL), 0);
	assert_file(a, PCI G0 "/current_memory_partition", "NPS1\n");
}

/* The Nth time counts over all processes. */
static void store_fault_counts_across_openings(void **state)
{
	const struct folder *f = *state;
	RP_AUTO_SIM struct rp_sim *a = NULL, *b = NULL;
	char text[32];

	create(f, "mi300x-1");
	assert_int_equal(rocpart_sim_fault_add(f->machine, "read:vendor:EIO:2", NULL), 0);
	a = open_machine(f);
	b = open_machine(f);
	assert_file(a, PCI G0 "/vendor", "0x1002\n");
	assert_int_equal(sim_read(b, PCI G0 "/vendor", text, sizeof(text)), -EIO);
	assert_file(a, PCI G0 "/vendor", "0x1002\n");
}

/* Children are killed while they switch; every state seen in between is whole. */
static void store_killed_process_leaves_a_whole_machine(void **state)
{
	const struct folder *f = *state;

	create(f, "mi300x-1");
	for (int round = 0; round < 20; round++) {
		RP_AUTO_SIM struct rp_sim *sim = NULL;
		int alive[2];
		char byte;
		pid_t child;

		assert_int_equal(pipe(alive), 0);
		child = fork();
		assert_true(child >= 0);
		if (child == 0) {
			struct rp_sim *mine = NULL;

			if (rp_sim_open(f->machine, &mine, NULL) < 0)
				_exit(1);
			for (int i = 0;; i++) {
				(void)sim_write(mine, COMPUTE, i & 1 ? "CPX" : "SPX");
				if (i == round && write(alive[1], "x", 1) < 0)
					_exit(1);
			}
		}
		assert_int_equal(read(alive[0], &byte, 1), 1);
		assert_int_equal(kill(child, SIGKILL), 0);
		assert_int_equal(waitpid(child, NULL, 0), child);
		close(alive[0]);
		close(alive[1]);
		sim = open_machine(f);
		assert_int_equal(sim_write(sim, COMPUTE, "CPX"), 0);
		assert_int_equal(sim_count(sim, KFD "nodes"), 2 + 8);
		assert_file(sim, KFD "nodes/9/gpu_id", "25906\n");
	}
}

static void store_two_processes_lose_no_change(void **state)
{
	const struct folder *f = *state;
	pid_t children[2];
	RP_AUTO_FREE uint32_t *pids = NULL;
	size_t n = 0;

	create(f, "mi300x-1");
	for (size_t c = 0; c < 2; c++) {
		children[c] = fork();
		assert_true(children[c] >= 0);
		if (children[c] == 0) {
			const struct rp_sim_process p = {.kfd = true};
			struct rp_sim *mine = NULL;
			uint32_t pid;
			int r = rp_sim_open(f->machine, &mine, NULL);

			for (int i = 0; r == 0 && i < 25; i++)
				r = rp_sim_hold(mine, &p, &pid, NULL);
			_exit(r < 0 ? 1 : 0);
		}
	}
	for (size_t c = 0; c < 2; c++) {
		int status = 0;

		assert_int_equal(waitpid(children[c], &status, 0), children[c]);
		assert_int_equal(status, 0);
	}
	assert_int_equal(rocpart_sim_get_pids(f->machine, &pids, &n, NULL), 0);
	assert_int_equal(n, 50);
	assert_int_equal(pids[49], 4049);
}

/* The count of replacements in the lock file, as one leaves it who is killed in the midst. */
static void mark_unfinished(const struct folder *f)
{
	RP_AUTO_FREE char *path = rp_strdupf("%s/lock", f->machine);
	RP_AUTO_CLOSE int fd = open(path, O_RDWR | O_CLOEXEC);
	uint64_t n = 0;

	assert_int_equal(pread(fd, &n, sizeof(n), 0), sizeof(n));
	n |= 1;
	assert_int_equal(pwrite(fd, &n, sizeof(n), 0), sizeof(n));
}

/* Replaces the state; the writer gets no further than that. */
static void write_state(const struct folder *f, const char *text)
{
	RP_AUTO_FREE char *path = rp_strdupf("%s/state.json", f->machine);
	RP_AUTO_FREE char *temp = rp_strdupf("%s.other", path);
	RP_AUTO_FCLOSE FILE *file = fopen(temp, "we");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fflush(file), 0);
	mark_unfinished(f);
	assert_int_equal(rename(temp, path), 0);
}

static char *read_state(const struct folder *f)
{
	RP_AUTO_FREE char *path = rp_strdupf("%s/state.json", f->machine);
	RP_AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *text = rp_new0(char, 65536);

	assert_true(text && read(fd, text, 65535) > 0);
	return text;
}

static void store_replacing_killed_half_way_hides_no_change(void **state)
{
	const struct folder *f = *state;
	RP_AUTO_SIM struct rp_sim *a = NULL, *b = NULL;
	RP_AUTO_FREE char *spx = NULL, *cpx = NULL;

	create(f, "mi300x-1");
	spx = read_state(f);
	a = open_machine(f);
	b = open_machine(f);
	assert_int_equal(sim_write(b, COMPUTE, "CPX"), 0);
	cpx = read_state(f);
	assert_file(a, COMPUTE, "CPX\n");
	write_state(f, spx);
	assert_file(a, COMPUTE, "SPX\n");
	write_state(f, cpx);
	assert_file(a, COMPUTE, "CPX\n");
	assert_int_equal(sim_write(b, COMPUTE, "DPX"), 0);
	assert_file(a, COMPUTE, "DPX\n");
}

static void store_removal_is_noticed_by_whoever_has_it_open(void **state)
{
	const struct folder *f = *state;
	RP_AUTO_SIM struct rp_sim *sim = NULL;
	char text[16];

	create(f, "mi300x-1");
	sim = open_machine(f);
	assert_file(sim, COMPUTE, "SPX\n");
	assert_int_equal(rocpart_sim_remove(f->machine, NULL), 0);
	assert_int_equal(sim_read(sim, COMPUTE, text, sizeof(text)), -ENOENT);
}

static void store_damaged_state_is_an_error_and_can_be_removed(void **state)
{
	static const char *const texts[] = {
		"",
		"{",
		"[]",
		"{}",
		"{\"version\": 1}",
		("{\"version\": 2, \"boots\": 1, \"loaded\": true, \"generation\": 1, "
		 "\"simd_next\": 0, \"gpus\": [{\"present\": true, \"compute\": 9}]}"),
	};
	const struct folder *f = *state;
	RP_AUTO_SIM struct rp_sim *sim = NULL;
	char text[16];

	create(f, "mi300x-1");
	sim = open_machine(f);
	for (size_t i = 0; i < RP_ARRAY_LEN(texts); i++) {
		struct rocpart_error err = {0};
		struct rp_sim *other = NULL;

		write_state(f, texts[i]);
		assert_int_equal(rp_sim_open(f->machine, &other, &err), -EBADMSG);
		assert_int_equal(err.code, ROCPART_ERR_BAD_RECORDS);
		assert_non_null(strstr(err.hint, "sim rm"));
		assert_int_equal(sim_read(sim, COMPUTE, text, sizeof(text)), -EBADMSG);
	}
	assert_int_equal(rocpart_sim_remove(f->machine, NULL), 0);
}

static void store_getters_tell_what_was_made(void **state)
{
	const struct folder *f = *state;
	RP_AUTO_FREE char *name = NULL;
	unsigned int abi = 0;
	size_t gpus = 0;

	create(f, "mi308x-8");
	assert_int_equal(rocpart_sim_get_profile(f->machine, &name, NULL), 0);
	assert_string_equal(name, "mi308x-8");
	assert_int_equal(rocpart_sim_get_abi(f->machine, &abi, NULL), 0);
	assert_int_equal(abi, 2);
	assert_int_equal(rocpart_sim_get_gpu_count(f->machine, &gpus, NULL), 0);
	assert_int_equal(gpus, 8);
}

static void store_process_is_started_through_the_public_calls(void **state)
{
	const struct folder *f = *state;
	struct rocpart_sim_process *p = NULL;
	RP_AUTO_SIM struct rp_sim *sim = NULL;
	uint32_t pid = 0;

	create(f, "mi300x-8");
	assert_int_equal(rocpart_sim_process_new(&p), 0);
	rocpart_sim_process_set_pid(p, 31);
	rocpart_sim_process_set_uid(p, 5);
	rocpart_sim_process_set_start(p, 6);
	assert_int_equal(rocpart_sim_process_set_command(p, "", NULL, NULL), -EINVAL);
	assert_int_equal(rocpart_sim_process_set_command(p, "a\nb\xff", NULL, NULL), 0);
	assert_int_equal(rocpart_sim_process_set_command(p, "vllm", "vllm serve", NULL), 0);
	assert_int_equal(rocpart_sim_process_set_cgroup(p, "no-slash", NULL), -EINVAL);
	assert_int_equal(rocpart_sim_process_set_cgroup(p, "/kubepods/pod1", NULL), 0);
	assert_int_equal(rocpart_sim_process_open_render(p, G1, 0), 0);
	assert_int_equal(rocpart_sim_process_allow(p, G1, 0), 0);
	assert_int_equal(rocpart_sim_process_use_vram(p, G1, 0, 4096), 0);
	assert_int_equal(rocpart_sim_hold(f->machine, p, &pid, NULL), 0);
	assert_null(rocpart_sim_process_free(p));
	assert_int_equal(pid, 31);
	sim = open_machine(f);
	assert_file(sim, "proc/31/comm", "vllm\n");
	assert_file(sim, "proc/31/cgroup", "0::/kubepods/pod1\n");
	assert_int_equal(sim_count(sim, "proc/31/fd"), 2);
	assert_int_equal(sim_write(sim, COMPUTE, "CPX"), 0); /* contained on the other GPU */
	assert_int_equal(rocpart_sim_reset(f->machine, NULL), 0);
	assert_false(sim_exists(sim, "proc/31"));
}

static void store_name_of_a_process_is_its_bytes(void **state)
{
	static const char name[] = "a\nb\\\xff\x1b-longer-than-15";
	const struct folder *f = *state;
	struct rocpart_sim_process *p = NULL;
	RP_AUTO_SIM struct rp_sim *sim = NULL;
	char text[512];
	uint32_t pid = 0;

	create(f, "mi300x-8");
	assert_int_equal(rocpart_sim_process_new(&p), 0);
	rocpart_sim_process_set_pid(p, 31);
	assert_int_equal(rocpart_sim_process_set_command(p, name, NULL, NULL), 0);
	assert_int_equal(rocpart_sim_hold(f->machine, p, &pid, NULL), 0);
	assert_null(rocpart_sim_process_free(p));
	sim = open_machine(f);
	/* as prctl(PR_SET_NAME) and Linux 6.18 have it: status alone escapes */
	assert_file(sim, "proc/31/comm", "a\nb\\\xff\x1b-longer-t\n");
	(void)sim_read(sim, "proc/31/status", text, sizeof(text));
	assert_true(rp_str_starts(text, "Name:\ta\\nb\\\\\xff\x1b-longer-t\nState:"));
	(void)sim_read(sim, "proc/31/stat", text, sizeof(text));
	assert_true(rp_str_starts(text, "31 (a\nb\\\xff\x1b-longer-t) S 1 "));
}

/* Two changes of one opening: the second waits for ever when the first still holds the lock. */
static void change_twice(const struct folder *f)
{
	RP_AUTO_SIM struct rp_sim *a = open_machine(f), *b = open_machine(f);

	alarm(10);
	assert_int_equal(sim_write(a, COMPUTE, "CPX"), 0);
	assert_int_equal(sim_write(a, COMPUTE, "SPX"), 0);
	assert_int_equal(sim_write(b, COMPUTE, "CPX"), 0);
	assert_file(a, COMPUTE, "CPX\n");
	alarm(0);
}

/* As in a copy of the folder, or one of which the lock was cut to nothing. */
static void store_lock_that_is_missing_or_empty_does_not_hang(void **state)
{
	const struct folder *f = *state;
	RP_AUTO_FREE char *lock = rp_strdupf("%s/lock", f->machine);
	struct stat st;

	create(f, "mi300x-1");
	assert_int_equal(unlink(lock), 0);
	change_twice(f);
	assert_int_equal(truncate(lock, 0), 0);
	assert_int_equal(chmod(lock, 0644), 0);
	change_twice(f);
	assert_int_equal(stat(lock, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
}

/* From now on the process has as many descriptors as it had at the call, and n more. */
static struct rlimit leave_descriptors(unsigned n)
{
	const int next = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct rlimit old, now;

	assert_true(next >= 0);
	close(next);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	now = old;
	now.rlim_cur = (rlim_t)next + n;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &now), 0);
	return old;
}

/* The lock is taken, but its count cannot be mapped: others would not see the change. */
static void store_change_without_a_descriptor_fails_and_does_not_hang(void **state)
{
	const struct folder *f = *state;
	RP_AUTO_FREE char *lock = rp_strdupf("%s/lock", f->machine);
	RP_AUTO_SIM struct rp_sim *a = NULL;
	struct rlimit old;
	int r;

	create(f, "mi300x-1");
	assert_int_equal(truncate(lock, 0), 0);
	a = open_machine(f);
	old = leave_descriptors(1);
	alarm(10);
	r = sim_write(a, COMPUTE, "CPX");
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	assert_int_equal(r, -EMFILE);
	alarm(0);
	change_twice(f);
}

int main(void)
{
#define STORE_TEST(t) cmocka_unit_test_setup_teardown(t, make_folder, remove_folder)
	const struct CMUnitTest tests[] = {
		STORE_TEST(store_machine_is_made_once_and_removed),
		STORE_TEST(store_removal_leaves_files_of_others),
		STORE_TEST(store_removal_takes_the_records_along),
		STORE_TEST(store_interrupted_creation_is_completed),
		STORE_TEST(store_change_is_seen_by_whoever_has_it_open),
		STORE_TEST(store_whole_state_survives_closing),
		STORE_TEST(store_fault_counts_across_openings),
		STORE_TEST(store_killed_process_leaves_a_whole_machine),
		STORE_TEST(store_two_processes_lose_no_change),
		STORE_TEST(store_damaged_state_is_an_error_and_can_be_removed),
		STORE_TEST(store_replacing_killed_half_way_hides_no_change),
		STORE_TEST(store_removal_is_noticed_by_whoever_has_it_open),
		STORE_TEST(store_getters_tell_what_was_made),
		STORE_TEST(store_lock_that_is_missing_or_empty_does_not_hang),
		STORE_TEST(store_change_without_a_descriptor_fails_and_does_not_hang),
		STORE_TEST(store_process_is_started_through_the_public_calls),
		STORE_TEST(store_name_of_a_process_is_its_bytes),
	};

	return cmocka_run_group_tests_name("sim_store", tests, NULL, NULL);
}
