/* SPDX-License-Identifier: MIT */
/*
 * rocpart-standin stands in for programs of the host inside `rocpart sim exec`: those that change
 * modules, units and containers, none of which is namespaced. It gives orders to the simulated
 * machine and uses nothing but libc.
 */
#ifndef RP_SIMFS_STANDIN_H
#define RP_SIMFS_STANDIN_H

extern const char *rp_standin_tool; /* the name that it was called by */

/* An order to the machine, and what it is about or NULL. 0 or an errno. */
int rp_standin_order(const char *verb, const char *what);

/* Each is main() of tools of one kind. standin_kmod.c; standin_services.c. */
int rp_standin_module_tool(int argc, char **argv);
int rp_standin_systemctl(int argc, char **argv);
int rp_standin_container_tool(int argc, char **argv);
int rp_standin_run_hook(int argc, char **argv);

#endif
