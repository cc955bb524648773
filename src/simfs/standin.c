/* SPDX-License-Identifier: MIT */
#include "simfs/standin.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CONTROL	  "/sys/devices/rocpart-sim/control"
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

typedef int (*tool_fn)(int argc, char **argv);

static const char *last_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static tool_fn find_tool(const char *name)
{
	static const struct {
		const char *name;
		tool_fn main;
	} tools[] = {
		{"systemctl", rp_standin_systemctl},
		{"docker", rp_standin_container_tool},
		{"podman", rp_standin_container_tool},
		{"run-hook", rp_standin_run_hook},
	};

	for (size_t i = 0; i < sizeof(tools) / sizeof(*tools); i++)
		if (strcmp(name, tools[i].name) == 0)
			return tools[i].main;
	return NULL;
}

/* A hook that starts or stops a unit or container: one of the machine, as src/machine/ has it. */
static bool is_order(int argc, char **argv)
{
	return argc == 3 && find_tool(last_name(argv[0])) &&
	       (strcmp(argv[1], "start") == 0 || strcmp(argv[1], "stop") == 0);
}

int main(int argc, char **argv)
{
	tool_fn tool = find_tool(last_name(argv[0]));

	if (tool == rp_standin_run_hook && is_order(argc - 1, argv + 1)) {
		argc--;
		argv++;
		tool = find_tool(last_name(argv[0]));
	}
	rp_standin_tool = last_name(argv[0]);
	return tool ? tool(argc, argv) : rp_standin_module_tool(argc, argv);
}
