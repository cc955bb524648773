/* SPDX-License-Identifier: MIT */
#include "simfs/standin.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CONTROL	  "/sys/rocpart-sim/control"
#define ORDER_MAX 4096 /* a page, as one write(2) to sysfs */

const char *rp_standin_tool;

int rp_standin_order(const char *verb, const char *what)
{
	char order[ORDER_MAX];
	int n = snprintf(order, sizeof(order), "%s%s%s", verb, what ? " " : "", what ? what : "");
	int fd, r = 0;

	if (n < 0 || (size_t)n >= sizeof(order))
		return E2BIG;
	fd = open(CONTROL, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return errno;
	if (write(fd, order, (size_t)n) < 0)
		r = errno;
	close(fd);
	return r;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*main)(int argc, char **argv);
	} tools[] = {
		{"systemctl", rp_standin_systemctl},
		{"docker", rp_standin_container_tool},
		{"podman", rp_standin_container_tool},
		{"run-hook", rp_standin_run_hook},
	};
	const char *slash = strrchr(argv[0], '/');

	rp_standin_tool = slash ? slash + 1 : argv[0];
	for (size_t i = 0; i < sizeof(tools) / sizeof(*tools); i++)
		if (strcmp(rp_standin_tool, tools[i].name) == 0)
			return tools[i].main(argc, argv);
	return rp_standin_module_tool(argc, argv);
}
