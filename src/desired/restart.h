/* SPDX-License-Identifier: MIT */
/*
 * How the programs of a replica are stopped and started while its lease changes: by the commands of
 * the file, or as the unit that owns the lease.
 */
#ifndef RP_DESIRED_RESTART_H
#define RP_DESIRED_RESTART_H

#include "change/services.h"
#include "desired/difference.h"

/* Words of a program of the file, or a unit. */
struct rp_order {
	struct rp_names words; /* none: the unit */
	struct rp_service unit;
};

struct rp_restart {
	char *replica; /* "llama/0" */
	struct rp_order stop, start;
	bool starts; /* a lease that ends has nothing to start */
};

/* Whether the file or the owner says how. */
bool rp_restart_is_known(const struct rocpart_difference *d, const struct rp_difference_line *line);
/* Take down how. 0 or -ENOMEM. */
int rp_restart_of(const struct rocpart_difference *d, const struct rp_difference_line *line,
		  struct rp_restart *ret) RP_MUST_CHECK;
void rp_restart_done(struct rp_restart *r);
#define RP_AUTO_RESTART RP_AUTO(rp_restart_done)

/* "unit llama@0.service", "/usr/bin/systemctl". */
void rp_order_describe(const struct rp_order *o, struct rp_strbuf *ret);
/* Errors of rp_service_act() and rp_run_hook(). */
int rp_restart_stop(struct rocpart_machine *m, const struct rp_restart *r,
		    struct rocpart_error *reterr) RP_MUST_CHECK;
int rp_restart_start(struct rocpart_machine *m, const struct rp_restart *r,
		     struct rocpart_error *reterr) RP_MUST_CHECK;
/* As it was before the change. */
int rp_restart_start_again(struct rocpart_machine *m, const struct rp_restart *r,
			   struct rocpart_error *reterr) RP_MUST_CHECK;

/*
 * What is stopped now and to be started again, so that the next apply does it when this one dies.
 * Write before the stop; remove after the start. Errors of rp_record_write().
 */
int rp_restart_write(struct rocpart_machine *m, const struct rp_restart *r,
		     struct rocpart_error *reterr) RP_MUST_CHECK;
int rp_restart_remove(struct rocpart_machine *m, struct rocpart_error *reterr) RP_MUST_CHECK;
/* 1: there is one of this boot, read into *ret; 0: none; errors of rp_record_read(). */
int rp_restart_read(struct rocpart_machine *m, struct rp_restart *ret,
		    struct rocpart_error *reterr) RP_MUST_CHECK;

#endif
