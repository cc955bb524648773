/* SPDX-License-Identifier: MIT */
/* SQLite's file layer with a counter: end the process, or fail, at the Nth thing that writes. */
#ifndef TEST_LEASE_VFS_H
#define TEST_LEASE_VFS_H

struct vfs_counter {
	unsigned n;  /* writes, syncs, truncations and deletions so far */
	unsigned at; /* the one where it happens, from 1; 0: never */
	/*
	 * SQLite's code for it; 0: the process is killed there. The disk then stays as it is: all
	 * writes that follow fail too, syncs of what could be written do not.
	 */
	int error;
	int once; /* only that one fails, a sync too */
	int wide; /* openings, locks and shared memory count too, and syncs fail on and on */
	int tear; /* the write at that point is done half before the process is killed */
};
extern struct vfs_counter vfs_counter;

/* From now on every database of this process goes through it. */
void vfs_install(void);

#endif
