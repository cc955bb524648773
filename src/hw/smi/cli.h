/* SPDX-License-Identifier: MIT */
/*
 * The amd-smi command: run by argv, by its absolute path, with a deadline. Its exit code is not
 * looked at (amd-smi study 1.4); after a switch the caller reads back.
 */
#ifndef RP_HW_SMI_CLI_H
#define RP_HW_SMI_CLI_H

#include "hw/smi/text.h"

/* amd-smi gives up by itself when its library does not start within 60 s: that is to be heard. */
#define RP_SMI_READ_MS 75000
/* 6.3 and 6.4 reload the driver inside `set -M`, up to 140 s. */
#define RP_SMI_SET_MS 200000

struct rp_smi_cli {
	char *path; /* absolute; owned */
	uint64_t read_ms, set_ms;
	int inherited_fd; /* kept by what sets a mode, see rp_spawn_streams */
};

/*
 * Find it: in PATH (never the current folder), else where ROCm packages put it. 0; -ENOENT
 * UNSUPPORTED: "amd-smi not available", with how to install it; -ENOMEM.
 */
int rp_smi_cli_open(struct rp_smi_cli *ret, struct rocpart_error *reterr) RP_MUST_CHECK;
void rp_smi_cli_done(struct rp_smi_cli *cli);
#define RP_AUTO_SMI_CLI RP_AUTO(rp_smi_cli_done)

/* "27.1.0", the version of its library. Needs a loaded driver from 10.0 on. */
int rp_smi_cli_version(const struct rp_smi_cli *cli, char **ret,
		       struct rocpart_error *reterr) RP_MUST_CHECK;

/* All GPUs, their partitions and modes: list and partition, a second or two each. */
int rp_smi_cli_read(const struct rp_smi_cli *cli, struct rp_smi_rows *ret,
		    struct rocpart_error *reterr) RP_MUST_CHECK;

/*
 * Ask for a mode; 0 says only that amd-smi claims success. -EBUSY, -EINVAL, -EACCES, -EOPNOTSUPP
 * as near to the kernel's errno as amd-smi lets one come; -ERANGE: amd-smi itself does not know the
 * mode; -ETIMEDOUT; -EIO: it died, or what it
 * said is not known. A memory mode waits for a reload of the driver from 7.0 on.
 */
int rp_smi_cli_set_compute(const struct rp_smi_cli *cli, const char *bdf,
			   enum rocpart_compute_mode mode,
			   struct rocpart_error *reterr) RP_MUST_CHECK;
int rp_smi_cli_set_memory(const struct rp_smi_cli *cli, const char *bdf,
			  enum rocpart_memory_mode mode,
			  struct rocpart_error *reterr) RP_MUST_CHECK;

#endif
