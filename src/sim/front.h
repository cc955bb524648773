/* SPDX-License-Identifier: MIT */
/*
 * The tree as tables: a folder is an array of rows, each a file, a link, a folder, or a family of
 * names that depends on the state. Nothing is rendered before it is asked for.
 */
#ifndef RP_SIM_FRONT_H
#define RP_SIM_FRONT_H

#include "sim/machine.h"

struct rp_sim_file;

/* A place in the tree: its row, and what the folders on the way to it were about. */
struct rp_sim_ent {
	const struct rp_sim_file *file;
	uint32_t gpu;
	uint32_t slot;	/* DRM slot, or partition */
	uint32_t node;	/* KFD node id */
	uint32_t index; /* numbered folder: cache, link, file descriptor, kind of resource */
	uint32_t pid;
};

/* A row. An array of them ends with a row without a name and without find. */
struct rp_sim_file {
	const char *name; /* NULL: a family, see find */
	enum rp_file_type type;
	uint32_t mode;
	const struct rp_sim_file *children; /* of a folder; NULL: empty */
	const struct rp_sim_file *more[5];  /* further rows of the same folder */
	uint32_t arg;			    /* for the functions below */
	/* Of a GPU that is off the bus: the error of reading and writing; 0: the kernel knows. */
	int when_off;
	/* Is it there? NULL: always. */
	bool (*exists)(const struct rp_sim *sim, const struct rp_sim_ent *e);
	/* The text of a file; of a link the path that it leads to, from the root. */
	int (*show)(struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_strbuf *out);
	/* One write(2), after the checks of open(2). */
	int (*store)(struct rp_sim *sim, const struct rp_sim_ent *e, const char *data, size_t len);
	/* Of a family: 0 when name belongs to it, with its ids set in e, else -ENOENT. */
	int (*find)(const struct rp_sim *sim, const char *name, struct rp_sim_ent *e);
	/* Of a family: add its names in the folder e. */
	int (*each)(const struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_names *ret);
	/* Refine what stat(2) says: mode bits, device numbers. */
	void (*info)(const struct rp_sim *sim, const struct rp_sim_ent *e, struct rp_stat *st);
	/* Errors of open(2) beyond the mode bits, e.g. of a device cgroup. */
	int (*may_open)(const struct rp_sim *sim, const struct rp_sim_ent *e);
};

#define RP_SIM_DIR(nm, kids)                                                        \
	{                                                                           \
		.name = (nm), .type = RP_FILE_DIR, .mode = 0755, .children = (kids) \
	}
#define RP_SIM_ATTR(nm, fn)                                                       \
	{                                                                         \
		.name = (nm), .type = RP_FILE_REGULAR, .mode = 0444, .show = (fn) \
	}
#define RP_SIM_LINK(nm, fn)                                                    \
	{                                                                      \
		.name = (nm), .type = RP_FILE_LINK, .mode = 0777, .show = (fn) \
	}
#define RP_SIM_END                         \
	{                                  \
		.name = NULL, .find = NULL \
	}

/* The roots of each topic. */
extern const struct rp_sim_file rp_sim_root_files[];
extern const struct rp_sim_file rp_sim_kfd_device_files[]; /* sys/devices/virtual/kfd/kfd */
extern const struct rp_sim_file rp_sim_node_files[];	   /* topology/nodes/N */
extern const struct rp_sim_file rp_sim_io_link_dirs[], rp_sim_p2p_link_dirs[];
extern const struct rp_sim_file rp_sim_cache_dirs[];
extern const struct rp_sim_file rp_sim_kfd_proc_dirs[];
extern const struct rp_sim_file rp_sim_pci_host_files[];    /* the folders sys/devices/pciDDDD:00 */
extern const struct rp_sim_file rp_sim_pci_bus_files[];	    /* sys/bus/pci */
extern const struct rp_sim_file rp_sim_other_driver_dirs[]; /* sys/bus/pci/drivers */
extern const struct rp_sim_file rp_sim_gpu_bus_files[];	    /* of a GPU: config, resource */
extern const struct rp_sim_file rp_sim_bmc_bus_files[];	    /* the same of the BMC */
extern const struct rp_sim_file rp_sim_gpu_control_files[]; /* of a GPU: partition files */
extern const struct rp_sim_file rp_sim_gpu_setting_files[]; /* of a GPU: power, isolation, RAS */
extern const struct rp_sim_file rp_sim_gpu_drm_dirs[];	    /* drm/ of a slot */
extern const struct rp_sim_file rp_sim_slot_metrics_files[]; /* of a slot: xcp/ */
extern const struct rp_sim_file rp_sim_gpu_metrics_files[];  /* of a GPU: and gpu_metrics */
extern const struct rp_sim_file rp_sim_sensor_files[];	     /* of a GPU: in its hwmon */
extern const struct rp_sim_file rp_sim_gpu_event_files[];    /* of a GPU: remove, reset */
extern const struct rp_sim_file rp_sim_bus_event_files[];    /* sys/bus/pci: rescan */
extern const struct rp_sim_file rp_sim_driver_event_files[]; /* of the driver: bind, unbind */
extern const struct rp_sim_file rp_sim_bmc_drm_dirs[];
extern const struct rp_sim_file rp_sim_platform_files[]; /* sys/devices/platform */
extern const struct rp_sim_file rp_sim_platform_bus_files[];
extern const struct rp_sim_file rp_sim_drm_class_files[]; /* sys/class/drm */
extern const struct rp_sim_file rp_sim_hwmon_class_files[];
extern const struct rp_sim_file rp_sim_dev_char_files[]; /* sys/dev/char */
extern const struct rp_sim_file rp_sim_module_files[];	 /* sys/module/amdgpu */
extern const struct rp_sim_file rp_sim_dev_files[];	 /* dev */
extern const struct rp_sim_file rp_sim_proc_files[];	 /* proc */

/* Pieces that several topics need. */
bool rp_sim_is_loaded(const struct rp_sim *sim, const struct rp_sim_ent *e);
/* Files of power management: a virtual function that is one of several has none (amdgpu_pm.c). */
bool rp_sim_has_pm(const struct rp_sim *sim, const struct rp_sim_ent *e);
/* "amdgpu" while it is bound, or the driver that has the GPU instead; NULL: none. */
const char *rp_sim_driver_of(const struct rp_sim *sim, size_t gpu);
size_t rp_sim_n_nodes(const struct rp_sim *sim); /* CPU and GPU nodes */
/* The GPU node with this node id; NULL for a CPU node. */
const struct rp_sim_node *rp_sim_node_at(const struct rp_sim *sim, uint32_t node);
uint64_t rp_sim_node_hive(const struct rp_sim *sim, const struct rp_sim_node *n);
uint32_t rp_sim_count_io_links(const struct rp_sim *sim, uint32_t node);
uint32_t rp_sim_count_p2p_links(const struct rp_sim *sim, uint32_t node, uint32_t io_links);
uint32_t rp_sim_count_caches(const struct rp_sim *sim, uint32_t node);
uint32_t rp_sim_count_cus(const struct rp_sim *sim, const struct rp_sim_node *n);
int rp_sim_may_open_node(const struct rp_sim *sim, const struct rp_sim_ent *e);
/* name is a plain decimal number below n: 0 and its value, else -ENOENT. */
int rp_sim_number_name(const char *name, uint32_t n, uint32_t *ret);
int rp_sim_number_names(uint32_t n, struct rp_names *ret);
/* 0, or -ENOMEM when an append to out failed. */
int rp_sim_shown(const struct rp_strbuf *out);
/* Of a GPU, as the PCI core writes it, with its line break. */
void rp_sim_add_modalias(const struct rp_sim *sim, size_t gpu, struct rp_strbuf *out);
/* Paths from the root, without a slash at the start. */
void rp_sim_add_pci_path(const struct rp_sim *sim, size_t gpu, struct rp_strbuf *out);
void rp_sim_add_slot_path(const struct rp_sim *sim, size_t gpu, uint32_t slot,
			  struct rp_strbuf *out);
/* "amdgpu_xcp_N", or with a dot in old kernels. */
void rp_sim_add_xcp_name(const struct rp_sim *sim, int32_t n, struct rp_strbuf *out);
#define RP_SIM_PCI_CLASS    0x120000U /* of a GPU: processing accelerator */
#define RP_SIM_DRM_MAJOR    "226"
#define RP_SIM_KFD_MAJOR    "511" /* the first of the dynamic majors, going down */
#define RP_SIM_BMC_BDF	    "0000:02:00.0"
#define RP_SIM_BMC_MODALIAS "pci:v00001A03d00002000sv00001A03sd00002000bc03sc00i00"
#define RP_SIM_BMC_PATH	    "sys/devices/pci0000:00/" RP_SIM_BMC_BDF

#endif
