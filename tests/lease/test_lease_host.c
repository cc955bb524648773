/* SPDX-License-Identifier: MIT */
/*
 * What the node has beside the GPUs decides about leases: folders of docker and of the kubelet,
 * and signs of other allocators. The simulated machine has none of them, so a folder is laid over
 * it: var/, run/ and the cgroups come from there, everything else from the machine.
 */
#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>

#include "base/spawn.h"
#include "fault/fault_machine.h"
#include "rocpart/rocpart.h"

#define GIB	  (UINT64_C(1) << 30)
#define CONTAINER "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define UID_A	  "1b5ef2a4-0c1e-4d53-9a0b-5f4c6f3a2d11"
#define UID_B	  "7d3c9e80-55aa-4b7e-8c21-0d9e8f7a6b54"
#define LOGS_A	  "var/log/pods/prod_llama-0_" UID_A
#define LOGS_B	  "var/log/pods/prod_llama-0_" UID_B
#define POD_A	  "var/lib/kubelet/pods/" UID_A
#define POD_B	  "var/lib/kubelet/pods/" UID_B

static char *dir, *host;

/* ---- the machine with a host around it ---- */

struct joined {
	struct rp_tree *machine, *host;
};

static struct rp_tree *side(struct joined *j, const char *path)
{
	return rp_str_starts(path, "var/") || rp_str_starts(path, "run/") ||
			       rp_str_starts(path, "sys/fs/")
		       ? j->host
		       : j->machine;
}

static int joined_list(void *self, const char *path, struct rp_names *ret)
{
	return rp_tree_list(side(self, path), ret, "%s", path);
}

static int joined_read(void *self, const char *path, char *buf, size_t cap, size_t *ret_len)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	int r = rp_tree_read_file(side(self, path), 1 << 20, &text, "%s", path);

	if (r < 0)
		return r;
	*ret_len = text.len < cap ? text.len : cap;
	memcpy(buf, rp_strbuf_str(&text), *ret_len);
	return 0;
}

static int joined_stat(void *self, const char *path, struct rp_stat *ret)
{
	return rp_tree_stat(side(self, path), ret, "%s", path);
}

static int joined_readlink(void *self, const char *path, struct rp_strbuf *ret)
{
	return rp_tree_readlink(side(self, path), ret, "%s", path);
}

static const struct rp_tree_ops joined_ops = {
	.list = joined_list, .read = joined_read, .stat = joined_stat, .readlink = joined_readlink};

static struct rocpart_machine *open_joined(struct joined *j)
{
	struct rocpart_machine *m = open_machine(dir);

	j->machine = m->tree;
	assert_int_equal(rp_tree_open(host, RP_TREE_CAPTURE, &j->host), 0);
	assert_int_equal(rp_tree_open_ops(&joined_ops, j, RP_TREE_SIM, &m->tree), 0);
	return m;
}

static void close_joined(struct rocpart_machine *m, struct joined *j)
{
	rp_tree_close(j->host);
	rp_tree_close(m->tree);
	m->tree = j->machine;
	rocpart_machine_close(m);
}

/* ---- steps ---- */

static int setup(void **state)
{
	(void)state;
	dir = make_cpx_machine();
	host = rp_strdupf("%s-host", dir);
	return host ? mkdir(host, 0755) : -1;
}

static int drop(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

static int teardown(void **state)
{
	(void)state;
	nftw(host, drop, 16, FTW_DEPTH | FTW_PHYS);
	free(host);
	remove_dir(dir);
	return 0;
}

static void make_folder(const char *path)
{
	RP_AUTO_FREE char *full = rp_strdupf("%s/%s", host, path);
	RP_AUTO_FREE char *cwd = getcwd(NULL, 0), *absolute = NULL;

	absolute = *full == '/' ? strdup(full) : rp_strdupf("%s/%s", cwd, full);
	assert_int_equal(rp_make_dirs(absolute, false), 0);
}

static void make_file(const char *folder, const char *name)
{
	RP_AUTO_FREE char *full = rp_strdupf("%s/%s/%s", host, folder, name);
	int fd;

	make_folder(folder);
	fd = open(full, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	close(fd);
}

static void remove_folder(const char *path)
{
	RP_AUTO_FREE char *full = rp_strdupf("%s/%s", host, path);

	assert_int_equal(rmdir(full), 0);
}

static int try_place(const char *owner, const char *partition, struct rocpart_error *err)
{
	struct joined j;
	struct rocpart_machine *m = open_joined(&j);
	struct rocpart_place_options *o = NULL;
	struct rocpart_leases *leases = NULL;
	int r;

	assert_int_equal(rocpart_place_options_new("llama", 16 * GIB, &o, NULL), 0);
	assert_int_equal(rocpart_place_options_set_owner(o, owner, err), 0);
	assert_int_equal(rocpart_place_options_set_partition(o, partition, NULL), 0);
	r = rocpart_place(m, o, &leases, err);
	rocpart_leases_free(leases);
	rocpart_place_options_free(o);
	close_joined(m, &j);
	return r;
}

static void place(const char *owner)
{
	struct rocpart_error err = {0};

	if (try_place(owner, "0/2", &err) < 0)
		fail_msg("%s", err.message);
}

static uint32_t hold(const char *cgroup)
{
	struct rocpart_sim_process *p = NULL;
	uint32_t pid = 0;

	assert_int_equal(rocpart_sim_process_new(&p), 0);
	assert_int_equal(rocpart_sim_process_set_cgroup(p, cgroup, NULL), 0);
	assert_int_equal(rocpart_sim_process_use_vram(p, G0, 2, 9 * GIB), 0);
	assert_int_equal(rocpart_sim_hold(dir, p, &pid, NULL), 0);
	rocpart_sim_process_free(p);
	return pid;
}

static void unhold(uint32_t pid)
{
	assert_int_equal(rocpart_sim_unhold(dir, pid, NULL), 0);
}

#define GONE (-1)

/* The only lease is in that state, or there is none; how it ends has the word. */
static void assert_lease(int state, const char *word)
{
	struct joined j;
	struct rocpart_machine *m = open_joined(&j);
	struct rocpart_leases *leases = NULL;
	const struct rocpart_lease *l;

	assert_int_equal(rocpart_leases_new(m, &leases, NULL), 0);
	l = rocpart_leases_get(leases, 0);
	if ((l ? (int)l->state : GONE) != state)
		fail_msg("%s: '%s'", l ? rocpart_lease_state_to_string(l->state) : "no lease",
			 l ? l->problem : "");
	if (l && word && !strstr(l->ends, word))
		fail_msg("it ends %s", l->ends);
	rocpart_leases_free(leases);
	close_joined(m, &j);
}

/* ---- pods ---- */

static void run_pod_until_removed(const char *cgroup)
{
	uint32_t pid;

	make_folder(LOGS_A);
	make_folder(POD_A);
	place("pod:prod/llama-0");
	pid = hold(cgroup);
	assert_lease(ROCPART_LEASE_RUNNING, "when the kubelet has removed the pod");
	unhold(pid);
	assert_lease(ROCPART_LEASE_STOPPED, NULL); /* its containers are started again */
	remove_folder(POD_A);
	assert_lease(GONE, NULL);
}

static void pod_that_was_removed_ends_its_lease(void **state)
{
	(void)state;
	run_pod_until_removed("/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-"
			      "pod1b5ef2a4_0c1e_4d53_9a0b_5f4c6f3a2d11.slice/cri-containerd-"
			      "" CONTAINER ".scope");
}

static void pod_in_plain_cgroups_ends_its_lease(void **state)
{
	(void)state;
	run_pod_until_removed("/kubepods/burstable/pod" UID_A "/" CONTAINER);
}

static void pod_with_memory_left_keeps_its_lease(void **state)
{
	uint32_t pid;

	(void)state;
	make_folder(LOGS_A);
	make_folder(POD_A);
	place("pod:prod/llama-0");
	pid = hold("/kubepods/pod" UID_A "/" CONTAINER);
	assert_lease(ROCPART_LEASE_RUNNING, NULL);
	remove_folder(POD_A);
	assert_lease(ROCPART_LEASE_RUNNING, NULL);
	unhold(pid);
	assert_lease(GONE, NULL);
}

/* Replaced by one of the same name, as a StatefulSet does, before anybody looked. */
static void pod_that_was_replaced_keeps_its_lease(void **state)
{
	uint32_t pid;

	(void)state;
	make_folder(LOGS_A);
	make_folder(POD_A);
	place("pod:prod/llama-0");
	assert_lease(ROCPART_LEASE_PLACED, NULL);
	make_folder(LOGS_B);
	make_folder(POD_B);
	remove_folder(POD_A);
	pid = hold("/kubepods/pod" UID_B "/" CONTAINER);
	assert_lease(ROCPART_LEASE_RUNNING, NULL);
	unhold(pid);
	remove_folder(POD_B);
	assert_lease(GONE, NULL);
}

static void pod_that_is_not_there_yet_keeps_its_lease(void **state)
{
	(void)state;
	make_folder("var/log/pods");
	make_folder("var/lib/kubelet/pods");
	place("pod:prod/llama-0");
	assert_lease(ROCPART_LEASE_PLACED, "when the kubelet has created and removed the pod");
	make_folder(LOGS_A);
	make_folder(POD_A);
	assert_lease(ROCPART_LEASE_PLACED, "when the kubelet has removed the pod");
	remove_folder(POD_A);
	assert_lease(GONE, NULL);
}

static void pod_of_another_name_is_not_the_owner(void **state)
{
	(void)state;
	make_folder("var/log/pods/prod_llama-00_" UID_B);
	make_folder(LOGS_A);
	make_folder(POD_A);
	make_folder(POD_B);
	place("pod:prod/llama-0");
	hold("/kubepods/pod" UID_B "/" CONTAINER);
	assert_lease(ROCPART_LEASE_PLACED, NULL);
}

static void pod_on_a_node_that_shows_none_ends_by_release_only(void **state)
{
	uint32_t pid;

	(void)state;
	place("pod:prod/llama-0");
	pid = hold("/kubepods/pod" UID_A "/" CONTAINER);
	assert_lease(ROCPART_LEASE_RUNNING, "only by `rocpart release`");
	unhold(pid);
	assert_lease(ROCPART_LEASE_STOPPED, "only by `rocpart release`");
}

/* ---- docker ---- */

static void container_that_was_removed_ends_its_lease(void **state)
{
	uint32_t pid;

	(void)state;
	make_folder("var/lib/docker/containers/" CONTAINER);
	place("docker:" CONTAINER);
	pid = hold("/system.slice/docker-" CONTAINER ".scope");
	assert_lease(ROCPART_LEASE_RUNNING, "when docker has removed the container");
	unhold(pid);
	assert_lease(ROCPART_LEASE_STOPPED, NULL);
	remove_folder("var/lib/docker/containers/" CONTAINER);
	assert_lease(GONE, NULL);
}

/* ---- other allocators ---- */

static void assert_refused_for(const char *who)
{
	struct rocpart_error err = {0};

	assert_int_equal(try_place("none", NULL, &err), -EPERM);
	assert_int_equal(err.code, ROCPART_ERR_OTHER_ALLOCATOR);
	assert_int_equal(rocpart_errcode_exit_status(err.code), 3);
	assert_string_equal(err.object, who);
	assert_non_null(strstr(err.message, who));
	assert_lease(GONE, NULL);
}

static void device_plugins_of_others_do_not_allocate(void **state)
{
	struct rocpart_error err = {0};

	(void)state;
	make_file("var/lib/kubelet/device-plugins", "kubelet.sock");
	make_file("var/lib/kubelet/device-plugins", "nvidia.com_gpu");
	assert_int_equal(try_place("none", NULL, &err), 0);
	assert_lease(ROCPART_LEASE_PLACED, NULL);
}

static void device_plugin_socket_names_the_kubelet(void **state)
{
	(void)state;
	make_file("var/lib/kubelet/device-plugins", "amd.com_gpu");
	assert_refused_for("kubelet");
}

static void slurmd_unit_names_slurm(void **state)
{
	(void)state;
	make_folder("sys/fs/cgroup/system.slice/slurmd.service");
	assert_refused_for("slurm");
}

static void slurmd_pid_file_names_slurm(void **state)
{
	(void)state;
	make_file("run/slurm", "slurmd.pid");
	assert_refused_for("slurm");
}

#define HOST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		HOST(pod_that_was_removed_ends_its_lease),
		HOST(pod_in_plain_cgroups_ends_its_lease),
		HOST(pod_with_memory_left_keeps_its_lease),
		HOST(pod_that_was_replaced_keeps_its_lease),
		HOST(pod_that_is_not_there_yet_keeps_its_lease),
		HOST(pod_of_another_name_is_not_the_owner),
		HOST(pod_on_a_node_that_shows_none_ends_by_release_only),
		HOST(container_that_was_removed_ends_its_lease),
		HOST(device_plugins_of_others_do_not_allocate),
		HOST(device_plugin_socket_names_the_kubelet),
		HOST(slurmd_unit_names_slurm),
		HOST(slurmd_pid_file_names_slurm),
	};

	return cmocka_run_group_tests_name("lease_host", tests, NULL, NULL);
}
