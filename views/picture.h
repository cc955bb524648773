/* SPDX-License-Identifier: MIT */
/* GPUs as rows of cells, one cell for each partition: before and after what is planned. */
#ifndef RP_VIEWS_PICTURE_H
#define RP_VIEWS_PICTURE_H

#include "base/strbuf.h"
#include <rocpart/rocpart.h>

enum view_when { VIEW_BEFORE, VIEW_AFTER };

/* One GPU at one of the two times. No partitions: it is not shown at that time. */
struct view_picture_state {
	char mode[16];	/* "CPX/NPS4" */
	uint32_t n;	/* partitions */
	uint64_t bytes; /* of the smallest of them; 0: not known */
};

/* As with rp_json: a NULL picture is one that there was no memory for. */
struct view_picture;
struct view_picture *view_picture_new(void);
struct view_picture *view_picture_free(struct view_picture *p); /* returns NULL */

/* index: its number for people; name: its address, "" for none. 0 or -ENOMEM. */
int view_picture_add_gpu(struct view_picture *p, size_t index, const char *name,
			 const struct view_picture_state *before,
			 const struct view_picture_state *after);
/*
 * Put something on a partition of the GPU of that address: its kind, by which GPUs are alike, the
 * text to show, and its bytes (0: not known). Without such a GPU or partition nothing is done.
 */
int view_picture_add(struct view_picture *p, const char *gpu, enum view_when when,
		     uint32_t partition, const char *kind, const char *text, uint64_t bytes);

/* Number of drawings that are needed: GPUs that are alike are one, those without anything none. */
size_t view_picture_count(const struct view_picture *p);
/* ASCII lines of at most width columns, names cut where they do not fit. Escaped. */
void view_picture_text(struct view_picture *p, size_t width, struct rp_strbuf *ret);

#endif
