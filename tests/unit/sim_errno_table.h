/* SPDX-License-Identifier: MIT */
/*
 * What a write to a partition file answers, in the kernel's order of checks. Each row breaks one
 * rule and, where it can, a later one too: so it tells the order. The steps are those of
 * sim_setup(). Data only, to be run on every front of the simulated machine that can show it.
 *
 * Sources: Linux amdgpu_gfx.c (compute_partition_store), aqua_vanjaram.c (switch_partition_mode),
 * amdgpu_gmc.c (current_memory_partition_store), fs/kernfs/file.c (open), amdgpu_xcp.c
 * (amdgpu_xcp_open_device), kfd_chardev.c (kfd_open).
 */
#ifndef TEST_SIM_ERRNO_TABLE_H
#define TEST_SIM_ERRNO_TABLE_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>

struct sim_errno_row {
	const char *name;
	const char *profile, *edits, *gpu;
	const char *setup;
	uint32_t uid;
	const char *file;  /* of the GPU; with a slash at its start, of the machine */
	const char *token; /* or IN_PROCESS_ONLY */
	int expected;	   /* 0 or negative errno */
};

/* Nothing is written: it is opened. A mount cannot show that, its device nodes open nothing. */
#define IN_PROCESS_ONLY NULL

#define COMPUTE	 "current_compute_partition"
#define MEMORY	 "current_memory_partition"
#define X1	 "mi300x-1", NULL, "0000:05:00.0"
#define X1_G1	 "mi300x-1", "abi: g3=>abi: g1", "0000:05:00.0"
#define X1_G2	 "mi300x-1", "abi: g3=>abi: g2", "0000:05:00.0"
#define X1_VF	 "mi300x-1", "cpu: 0=>vf: true", "0000:05:00.0"
#define X1_G1_VF "mi300x-1", "abi: g3=>abi: g1;cpu: 0=>vf: true", "0000:05:00.0"
#define X1_ODD	 "mi300x-1", "xcc: 8=>xcc: 7", "0000:05:00.0"
#define X8	 "mi300x-8", NULL, "0000:05:00.0"
#define X8_G2	 "mi300x-8", "abi: g3=>abi: g2", "0000:05:00.0"
#define A4	 "mi300a-4", NULL, "0000:02:00.0"
#define H8	 "mi308x-8", NULL, "0000:0a:00.0"
#define M210	 "mixed", NULL, "0000:63:00.0"
#define MI350	 "mi350x-8", NULL, "0000:05:00.0"
#define X1_NPS2	 "mi300x-1", "nps: [1, 4]=>nps: [1, 2]", "0000:05:00.0"
#define MI350_G2 "mi350x-8", "abi: g3=>abi: g2", "0000:05:00.0"
#define IN_RESET "fault reset:0000:05:00.0"

static const struct sim_errno_row sim_errno_rows[] = {
	/* current_compute_partition: 1 not root, before the text is looked at */
	{"compute_not_root", X1, "", 1000, COMPUTE, "garbage", -EACCES},
	/* 2 no store method: also for root */
	{"compute_virtual_function", X1_VF, "", 0, COMPUTE, "CPX", -EACCES},
	{"compute_virtual_function_g1_has_no_file", X1_G1_VF, "", 0, COMPUTE, "CPX", -ENOENT},
	{"compute_not_partitionable_has_no_file", M210, "", 0, COMPUTE, "CPX", -ENOENT},
	/* 3 odd count of XCCs, even for the mode it is in */
	{"compute_odd_xccs", X1_ODD, "kfd", 0, COMPUTE, "SPX", -EINVAL},
	/* 4 the first three characters, any case, anything behind */
	{"compute_unknown_word_in_reset", X1, IN_RESET, 0, COMPUTE, "XPX", -EINVAL},
	{"compute_leading_blank", X1, "", 0, COMPUTE, " CPX", -EINVAL},
	{"compute_too_short", X1, "", 0, COMPUTE, "CP", -EINVAL},
	{"compute_lower_case", X1, "", 0, COMPUTE, "cpx", 0},
	{"compute_garbage_behind", X1, "", 0, COMPUTE, "cpxfoo", 0},
	{"compute_newline_behind", X1, "", 0, COMPUTE, "CPX\n", 0},
	{"compute_nothing_written", X1, "kfd", 0, COMPUTE, "", 0},
	/* 5 impossible by the count of XCCs, before the reset is looked at */
	{"compute_tpx_of_8_in_reset", X1, IN_RESET, 0, COMPUTE, "TPX", -EINVAL},
	{"compute_dpx_of_6", A4, "", 0, COMPUTE, "DPX", -EINVAL},
	{"compute_qpx_of_6", A4, "", 0, COMPUTE, "QPX", -EINVAL},
	{"compute_tpx_of_6", A4, "", 0, COMPUTE, "TPX", 0},
	{"compute_qpx_of_4", H8, "", 0, COMPUTE, "QPX", -EINVAL},
	/* 6 in reset, before equality; older kernels do not look */
	{"compute_same_mode_in_reset", X1, IN_RESET, 0, COMPUTE, "SPX", -EPERM},
	{"compute_same_mode_in_reset_g2", X1_G2, IN_RESET, 0, COMPUTE, "SPX", 0},
	/* 7 equal: nothing happens, even when busy */
	{"compute_same_mode_when_busy", X1, "kfd", 0, COMPUTE, "SPX", 0},
	/* 8 not valid in the memory mode, before busy */
	{"compute_spx_in_nps4_when_busy", X1, "memory NPS4;kfd", 0, COMPUTE, "SPX", -EINVAL},
	{"compute_dpx_in_nps4", X1, "memory NPS4", 0, COMPUTE, "DPX", -EINVAL},
	{"compute_qpx_in_nps4", X1, "memory NPS4", 0, COMPUTE, "QPX", 0},
	{"compute_spx_in_nps4_of_308", H8, "", 0, COMPUTE, "SPX", -EINVAL},
	{"compute_spx_in_nps2", MI350, "memory NPS2", 0, COMPUTE, "SPX", -EINVAL},
	{"compute_cpx_in_nps2", MI350, "memory NPS2", 0, COMPUTE, "CPX", 0},
	{"compute_qpx_in_nps2", MI350, "memory NPS2", 0, COMPUTE, "QPX", 0},
	{"compute_cpx_in_nps2_of_gfx942", X1_NPS2, "memory NPS2", 0, COMPUTE, "CPX", -EINVAL},
	{"compute_cpx_in_nps2_g2", MI350_G2, "memory NPS2", 0, COMPUTE, "CPX", -EINVAL},
	/* 9 busy: any KFD user before g3, then one that may use this GPU; DRM users never */
	{"compute_kfd_user", X1, "kfd", 0, COMPUTE, "CPX", -EBUSY},
	{"compute_kfd_user_g1", X1_G1, "kfd", 0, COMPUTE, "CPX", -EBUSY},
	{"compute_contained_here", X8, "kfd 0000:05:00.0/0", 0, COMPUTE, "CPX", -EBUSY},
	{"compute_contained_elsewhere", X8, "kfd 0000:27:00.0/0", 0, COMPUTE, "CPX", 0},
	{"compute_contained_elsewhere_g2", X8_G2, "kfd 0000:27:00.0/0", 0, COMPUTE, "CPX", -EBUSY},
	{"compute_render_user", X1, "render 0000:05:00.0/0", 0, COMPUTE, "CPX", 0},
	{"compute_other_switch", X1, "fault switching:0000:05:00.0", 0, COMPUTE, "CPX", -EBUSY},
	{"compute_other_gpu_switches", X8, "fault switching:0000:27:00.0", 0, COMPUTE, "CPX", 0},
	{"compute_other_gpu_switches_g2", X8_G2, "fault switching:0000:27:00.0", 0, COMPUTE, "CPX",
	 -EBUSY},
	/* 10 the KFD does not start again */
	{"compute_reinit_fails", X1, "fault reinit:0000:05:00.0", 0, COMPUTE, "CPX", -EIO},
	/* 11 */
	{"compute_ok", X1, "", 0, COMPUTE, "DPX", 0},

	/* current_memory_partition: 1 not root, or no store method */
	{"memory_not_root", X1, "", 1000, MEMORY, "garbage", -EACCES},
	{"memory_g1_is_read_only", X1_G1, "", 0, MEMORY, "NPS4", -EACCES},
	{"memory_apu_is_read_only", A4, "", 0, MEMORY, "NPS1", -EACCES},
	{"memory_virtual_function", X1_VF, "", 0, MEMORY, "NPS4", -EACCES},
	{"memory_not_partitionable_has_no_file", M210, "", 0, MEMORY, "NPS1", -ENOENT},
	/* 2 four characters, any case, of the available modes only */
	{"memory_unknown_word", X1, "", 0, MEMORY, "NPS9", -EINVAL},
	{"memory_nps8_is_only_a_name", X1, "", 0, MEMORY, "NPS8", -EINVAL},
	{"memory_not_available", X1, "", 0, MEMORY, "NPS2", -EINVAL},
	{"memory_nps4_of_350", MI350, "", 0, MEMORY, "NPS4", -EINVAL},
	{"memory_too_short", X1, "", 0, MEMORY, "NPS", -EINVAL},
	{"memory_lower_case", X1, "", 0, MEMORY, "nps4foo", 0},
	/* 3, 4 no check for users */
	{"memory_same_mode", X1, "", 0, MEMORY, "NPS1", 0},
	{"memory_when_busy", X1, "kfd", 0, MEMORY, "NPS4", 0},
	/* 5 no errno of a reset */
	{"memory_in_reset", X1, IN_RESET, 0, MEMORY, "NPS4", 0},

	/* device nodes: open(2) of a slot that is no partition, and while a mode is switched */
	{"open_render", X1, "", 0, "/dev/dri/renderD128", IN_PROCESS_ONLY, 0},
	{"open_render_of_no_partition", X1, "", 0, "/dev/dri/renderD129", IN_PROCESS_ONLY, -ENOENT},
	{"open_render_of_partition", X1, "compute DPX", 0, "/dev/dri/renderD129", IN_PROCESS_ONLY,
	 0},
	{"open_kfd", X1, "", 0, "/dev/kfd", IN_PROCESS_ONLY, 0},
	{"open_kfd_during_a_switch", X1, "fault switching:0000:05:00.0", 0, "/dev/kfd",
	 IN_PROCESS_ONLY, -EINVAL},
	{"open_kfd_without_driver", X1, "unload", 0, "/dev/kfd", IN_PROCESS_ONLY, -ENOENT},
};

#endif
