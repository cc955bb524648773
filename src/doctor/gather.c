/* SPDX-License-Identifier: MIT */
/* What is copied of a machine: a list of names, so that nothing else can slip in. */
#include "doctor/gather.h"
#include "doctor/kernel_log.h"
#include "hw/device_list.h"
#include "hw/hw.h"
#include "hw/sysfs.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define DRM_CLASS "sys/class/drm"

static const char *const everything[] = {"*", NULL};
static const char *const module_names[] = {"version", "srcversion", "refcnt", "initstate",
					   "holders", "parameters", NULL};
/* Left out among others: config, rom, resource*, serial_number, product_number, fru_id, uevent. */
static const char *const gpu_names[] = {"vendor",
					"device",
					"subsystem_vendor",
					"subsystem_device",
					"class",
					"revision",
					"numa_node",
					"local_cpulist",
					"unique_id",
					"product_name",
					"vbios_version",
					"current_link_speed",
					"current_link_width",
					"current_compute_partition",
					"available_compute_partition",
					"current_memory_partition",
					"available_memory_partition",
					"compute_partition_mem_alloc_mode",
					"compute_partition_config",
					"mem_info_*",
					"power_dpm_force_performance_level",
					"enforce_isolation",
					"ras",
					"xcp",
					"xgmi_hive_info",
					"xgmi_device_id",
					"driver",
					NULL};
static const char *const drm_names[] = {"dev", "device", NULL};

/* What a person should know is missing, besides single files. */
static const char *const never_copied[] = {
	"processes and their command lines: /proc, /sys/class/kfd/kfd/proc",
	"serial and product numbers of boards, PCI configuration, firmware",
	"device nodes: their numbers are in capture.txt",
	"settings of container engines, which can hold passwords: /etc/containerd, /etc/docker",
	"lines of the kernel log that do not concern partitions",
};

/* A folder that may not be there. */
static int gather_folder(struct rocpart_gathered *g, const char *path,
			 const struct rp_gather_rule *rule)
{
	RP_AUTO_STRBUF struct rp_strbuf real = RP_STRBUF_INIT;
	int r = rp_gather_resolve(g, path, &real);

	if (rp_is_absent(r))
		return rp_gather_leave_out(g, path, "it does not exist");
	if (r == -ELOOP)
		return rp_gather_leave_out(g, path, "a link that leads out of /sys");
	return r < 0 ? r : rp_gather_folder(g, rp_strbuf_str(&real), rule);
}

static int gather_gpu(struct rocpart_gathered *g, const char *bdf)
{
	static const struct rp_gather_rule rule = {gpu_names, 3};
	RP_AUTO_FREE char *device = rp_strdupf(RP_PCI_DEVICES "/%s", bdf);
	RP_AUTO_FREE char *of_driver = rp_strdupf(RP_PCI_DRIVER "/%s", bdf);
	int r = device && of_driver ? gather_folder(g, device, &rule) : -ENOMEM;

	return r < 0 ? r : gather_folder(g, of_driver, &rule);
}

static int gather_gpus(struct rocpart_gathered *g)
{
	RP_AUTO_NAMES struct rp_names names = RP_NAMES_INIT;
	int r = rp_tree_list(g->tree, &names, RP_PCI_DRIVER);

	if (rp_is_absent(r))
		return rp_gather_leave_out(g, RP_PCI_DRIVER, "it does not exist");
	for (size_t i = 0; r == 0 && i < names.n; i++)
		if (strchr(names.v[i], ':'))
			r = gather_gpu(g, names.v[i]);
	return r;
}

/* Cards of other drivers count too: they hold minors. Outputs (card0-DP-1) do not. */
static int gather_drm(struct rocpart_gathered *g)
{
	static const struct rp_gather_rule rule = {drm_names, 0};
	RP_AUTO_NAMES struct rp_names names = RP_NAMES_INIT;
	int r = rp_tree_list(g->tree, &names, DRM_CLASS);

	if (rp_is_absent(r))
		return rp_gather_leave_out(g, DRM_CLASS, "it does not exist");
	for (size_t i = 0; r == 0 && i < names.n; i++) {
		RP_AUTO_FREE char *path = rp_strdupf(DRM_CLASS "/%s", names.v[i]);

		if (!path)
			return -ENOMEM;
		if ((rp_str_starts(names.v[i], "card") && !strchr(names.v[i], '-')) ||
		    rp_str_starts(names.v[i], "renderD"))
			r = gather_folder(g, path, &rule);
	}
	return r;
}

static int gather_device(struct rocpart_gathered *g, const char *path)
{
	struct rp_stat st;
	int r = rp_hw_stat_device(g->tree, &st, path);

	if (r < 0)
		return rp_gather_miss(g, path, r);
	if (st.type == RP_FILE_CHAR)
		rp_device_list_add(&g->devices, path, &st);
	return 0;
}

static int gather_devices(struct rocpart_gathered *g)
{
	RP_AUTO_NAMES struct rp_names names = RP_NAMES_INIT;
	int r = gather_device(g, "dev/kfd");

	if (r == 0)
		r = rp_hw_list_devices(g->tree, &names, "dev/dri");
	if (rp_is_absent(r) || r == -ENODATA)
		return 0;
	for (size_t i = 0; r == 0 && i < names.n; i++) {
		RP_AUTO_FREE char *path = rp_strdupf("dev/dri/%s", names.v[i]);

		r = path ? gather_device(g, path) : -ENOMEM;
	}
	return r;
}

static int write_text(struct rocpart_gathered *g)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT, release = RP_STRBUF_INIT;
	int r = rp_tree_read(g->tree, &release, "proc/sys/kernel/osrelease");

	if (r < 0 && !rp_is_absent(r))
		return r;
	rp_strbuf_addf(&text, "# made by rocpart %s\n", ROCPART_VERSION);
	if (r == 0)
		rp_strbuf_addf(&text, "kernel %s\n", rp_strbuf_str(&release));
	rp_strbuf_add(&text, rp_strbuf_str(&g->devices));
	for (size_t i = 0; i < g->left_out.n; i++)
		rp_strbuf_addf(&text, "left-out %s\n", g->left_out.v[i]);
	if (rp_strbuf_failed(&text) || rp_strbuf_failed(&g->devices))
		return -ENOMEM;
	return rp_gather_write(g, RP_DEVICE_LIST, &text, 0644);
}

/* Of the kernel log only the lines that doctor reads: other lines are of other programs. */
static int gather_kernel_log(struct rocpart_gathered *g)
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT, kept = RP_STRBUF_INIT;
	int r = rp_kernel_log_read(g->machine, &text);

	if (r == -ENODATA)
		return 0;
	if (r < 0)
		return r == -ENOMEM
			       ? r
			       : rp_gather_leave_out(g, "kernel log", "this user may not read it");
	rp_kernel_log_filter(rp_strbuf_str(&text), &kept);
	if (rp_strbuf_failed(&text) || rp_strbuf_failed(&kept))
		return -ENOMEM;
	return rp_gather_write(g, RP_KERNEL_LOG, &kept, 0644);
}

static int gather_all(struct rocpart_gathered *g)
{
	static const struct rp_gather_rule topology = {everything, 5};
	static const struct rp_gather_rule module = {module_names, 2};
	int r = 0;

	for (size_t i = 0; r == 0 && i < RP_ARRAY_LEN(never_copied); i++)
		r = rp_names_add(&g->left_out, never_copied[i]);
	if (r == 0)
		r = gather_folder(g, RP_KFD_TOPOLOGY, &topology);
	if (r == 0)
		r = gather_folder(g, "sys/module/amdgpu", &module);
	if (r == 0)
		r = gather_gpus(g);
	if (r == 0)
		r = gather_drm(g);
	if (r == 0)
		r = gather_devices(g);
	if (r == 0)
		r = gather_kernel_log(g);
	return r < 0 ? r : write_text(g);
}

static int make_folder(struct rocpart_gathered *g, const char *dir, struct rocpart_error *reterr)
{
	if (mkdir(dir, 0755) < 0)
		return rp_error_errno(reterr, rp_neg_errno(), dir, "cannot create the folder");
	g->out_fd = rp_retry(open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
	if (g->out_fd < 0)
		return rp_error_errno(reterr, rp_neg_errno(), dir, "cannot open the folder");
	return 0;
}

static int gather_into(struct rocpart_gathered *g, const char *dir, struct rocpart_error *reterr)
{
	uint64_t before = 0, after = 0;
	int r0 = rp_hw_read_generation(g->tree, &before), r = make_folder(g, dir, reterr);

	if (r < 0)
		return r;
	r = gather_all(g);
	if (r < 0)
		return rp_error_errno(reterr, r, dir, "cannot copy the machine");
	if (r0 != rp_hw_read_generation(g->tree, &after) || before != after) {
		(void)rp_error_set(reterr, -EAGAIN, ROCPART_ERR_RETRY, dir,
				   "the machine changed while it was copied");
		return rp_error_hint(reterr, "remove the folder, then repeat the command");
	}
	return 0;
}

ROCPART_PUBLIC int rocpart_machine_gather(struct rocpart_machine *machine, const char *dir,
					  struct rocpart_gathered **ret_gathered,
					  struct rocpart_error *reterr)
{
	struct rocpart_gathered *g;
	struct rp_stat st;
	int r = rp_tree_stat(machine->tree, &st, RP_PCI_DRIVER);

	if (rp_is_absent(r))
		r = rp_tree_stat(machine->tree, &st, RP_KFD_TOPOLOGY);
	if (r < 0 && !rp_is_absent(r))
		return rp_error_errno(reterr, r, "/sys", "cannot look for amdgpu GPUs");
	if (r < 0)
		return rp_error_set(
			reterr, -ENODEV, ROCPART_ERR_NO_HARDWARE, NULL,
			"this machine has neither amdgpu GPUs nor a KFD topology to copy");
	g = rp_new0(struct rocpart_gathered, 1);
	if (!g)
		return rp_error_nomem(reterr);
	g->machine = machine;
	g->tree = machine->tree;
	g->out_fd = -EBADF;
	r = gather_into(g, dir, reterr);
	if (r < 0) {
		rocpart_gathered_free(g);
		return r;
	}
	*ret_gathered = g;
	return 0;
}

ROCPART_PUBLIC struct rocpart_gathered *rocpart_gathered_free(struct rocpart_gathered *gathered)
{
	if (!gathered)
		return NULL;
	rp_cleanup_close(&gathered->out_fd);
	rp_names_done(&gathered->left_out);
	rp_strbuf_done(&gathered->devices);
	free(gathered);
	return NULL;
}

ROCPART_PUBLIC size_t rocpart_gathered_get_file_count(const struct rocpart_gathered *gathered)
{
	return gathered->n_files;
}

ROCPART_PUBLIC const char *rocpart_gathered_get_left_out(const struct rocpart_gathered *gathered,
							 size_t index)
{
	return index < gathered->left_out.n ? gathered->left_out.v[index] : NULL;
}
