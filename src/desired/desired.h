/* SPDX-License-Identifier: MIT */
/*
 * The file of what a node should be, as all commands read it: opened once, with the files of its
 * folder, checked as far as no machine is needed. docs/design/desired.md has the rules.
 */
#ifndef RP_DESIRED_DESIRED_H
#define RP_DESIRED_DESIRED_H

#include "base/strbuf.h"
#include "base/yaml.h"
#include "desired/policy.h"
#include "desired/requests.h"
#include "rocpart/desired.h"

enum rp_desired_form {
	RP_DESIRED_NODE,     /* node: and models:, of one file or of several */
	RP_DESIRED_CONFIGS,  /* partition-configs: of mig-parted */
	RP_DESIRED_PROFILES, /* gpu-config-profiles: of device-config-manager */
};

struct rocpart_desired {
	char *path;	       /* as it was given, for messages */
	struct rp_names files; /* that were read, the first is path; nodes borrow the names */
	struct rp_yaml *doc;
	struct rp_yaml *inner; /* what a ConfigMap has inside, or NULL */
	char *inner_name;
	const struct rp_yaml *root; /* the one of the two that is read */
	enum rp_desired_form form;
	bool has_name; /* standard input has none */
	bool has_node; /* the file has node:, not only its defaults */
	bool allow_unvalidated;
	struct rp_node_policy policy;
	struct rp_model_requests models;

	/* Why a file of it is not trusted; 0: each is. Found for what runs programs as root. */
	int distrust;
	struct rocpart_error distrust_error;
};

/* The file of values that no file has. */
extern const char rp_desired_default[];

/*
 * A text that is taken for that of a file, which it was once: "-" for standard input. Errors of
 * rocpart_desired_parse().
 */
int rp_desired_parse_as(const char *text, const char *path, struct rocpart_desired **ret,
			struct rocpart_error *reterr) RP_MUST_CHECK;

struct rocpart_change;
/*
 * node_file.c: add the requests of a desired state to a change, as rocpart_change_load_config()
 * does, which opens a file for one change. `allow-unvalidated: true` works like
 * rocpart_change_set_allow_unvalidated(). rocpart_change_apply() cordons the GPUs of `cordoned:`
 * once the modes are set, and removes no cordon. Errors of rocpart_change_load_config() except
 * those of reading. keeps: see rp_on_demand_keeps(), or NULL.
 */
int rp_change_load_desired(struct rocpart_change *change, const struct rocpart_desired *desired,
			   const char *config, const enum rocpart_compute_mode *keeps,
			   struct rocpart_error *reterr) RP_MUST_CHECK;

/* Return whether a model has commands that are run as root, stop or start. */
bool rp_desired_has_model_hooks(const struct rocpart_desired *d);

/*
 * desired_files.c: the files of path, read and merged. 0; -EPERM PERMISSION and -ESTALE of
 * rp_trust_file() when unattended; -EINVAL; -EFBIG; -ENOMEM; errno of reading.
 */
int rp_desired_read_files(struct rocpart_desired *d, bool unattended,
			  struct rocpart_error *reterr) RP_MUST_CHECK;

#endif
