/* SPDX-License-Identifier: MIT */
/* A tree out of one text, and everything that is made of a tree, with what must hold of it. */
#ifndef FUZZ_TREE_H
#define FUZZ_TREE_H

#include "base/tree.h"

/* "=PATH" lines, each followed by the bytes of that file, up to the next such line. */
struct text_tree {
	const char *text;
	size_t len;
};

extern const struct rp_tree_ops text_tree_ops; /* self: struct text_tree */

/* Scan, snapshot, pairs; aborts when a value is one that could not be shown. */
void look_at_tree(struct text_tree *tree);

#endif
