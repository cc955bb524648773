/* SPDX-License-Identifier: MIT */
/* Copying parts of a tree into a new folder; used inside api/ only. */
#ifndef RP_DOCTOR_GATHER_H
#define RP_DOCTOR_GATHER_H

#include "machine/machine.h"
#include "rocpart/gather.h"

struct rocpart_gathered {
	struct rocpart_machine *machine;
	struct rp_tree *tree;
	int out_fd; /* the folder */
	size_t n_files;
	struct rp_names left_out;
	struct rp_strbuf devices; /* lines of capture.txt */
};

/* Whether a name in a folder is copied. Folders are entered down to depth. */
struct rp_gather_rule {
	const char *const *names; /* fnmatch patterns; ends with NULL */
	unsigned depth;
};

/*
 * The path without links in it: those met are made in the folder too, when they lead to somewhere
 * inside. 0; -ELOOP: links that go round or out; errno of looking.
 */
int rp_gather_resolve(struct rocpart_gathered *g, const char *path,
		      struct rp_strbuf *ret) RP_MUST_CHECK;
/* Copy what a rule names of a folder whose path has no links in it. */
int rp_gather_folder(struct rocpart_gathered *g, const char *path,
		     const struct rp_gather_rule *rule) RP_MUST_CHECK;
/* Note that something was not copied; a second time is not noted again. */
int rp_gather_leave_out(struct rocpart_gathered *g, const char *path,
			const char *why) RP_MUST_CHECK;
/*
 * Note that something cannot be read, with the reason, when that is an answer of the kernel or the
 * driver; the errno itself when it says nothing about the machine (too many open files, no memory):
 * a copy with holes would be taken for a machine without these files.
 */
int rp_gather_miss(struct rocpart_gathered *g, const char *path, int errnum) RP_MUST_CHECK;
/* Write a file of the folder itself. */
int rp_gather_write(struct rocpart_gathered *g, const char *path, const struct rp_strbuf *text,
		    uint32_t mode) RP_MUST_CHECK;

#endif
