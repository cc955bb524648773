/* SPDX-License-Identifier: MIT */
/* Units, containers and hooks of a machine: asked, stopped, started, run. */
#ifndef RP_CHANGE_SERVICE_RUN_H
#define RP_CHANGE_SERVICE_RUN_H

#include "change/services.h"
#include "machine/machine.h"

enum rp_service_verb { RP_SERVICE_ASK, RP_SERVICE_STOP, RP_SERVICE_START };

/* Whether what is run has the rights of root on this computer. */
bool rp_machine_runs_as_root(const struct rocpart_machine *m);
/* "systemctl", or what stands in for it. */
const char *rp_service_program(const struct rocpart_machine *m, const struct rp_service *s);
/* 1: it runs. What does not exist does not run. -EIO: cannot be asked. */
int rp_service_is_running(struct rocpart_machine *m, const struct rp_service *s,
			  struct rocpart_error *reterr) RP_MUST_CHECK;
/* Stop or start it. -EIO with what the program said; -EROFS: this computer is not the machine. */
int rp_service_act(struct rocpart_machine *m, const struct rp_service *s, enum rp_service_verb verb,
		   struct rocpart_error *reterr) RP_MUST_CHECK;
/* Run the words of a file; as root only a program that no other user can write. As before. */
int rp_run_hook(struct rocpart_machine *m, const struct rp_names *words,
		struct rocpart_error *reterr) RP_MUST_CHECK;

#endif
