/* SPDX-License-Identifier: MIT */
/*
 * modprobe, rmmod, insmod, modinfo, lsmod, depmod and kmod of the simulated machine: modules are
 * not namespaced, so the host's must not be reached. There is one module, amdgpu.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "simfs/standin.h"

#define SRCVERSION "/sys/devices/rocpart-sim/srcversion"
#define MODULE	   "/sys/module/amdgpu"

static bool is_loaded(void)
{
	struct stat st;

	return stat(MODULE, &st) == 0;
}

static int unload(const char *module)
{
	int r = rp_standin_order("unload", NULL);

	if (r == EBUSY)
		fprintf(stderr, "%s: FATAL: Module %s is in use.\n", rp_standin_tool, module);
	else if (r)
		fprintf(stderr, "%s: ERROR: could not remove '%s': %s\n", rp_standin_tool, module,
			strerror(r));
	return r ? 1 : 0;
}

static int load(const char *module)
{
	int r = is_loaded() ? 0 : rp_standin_order("load", NULL);

	if (r)
		fprintf(stderr, "%s: ERROR: could not insert '%s': %s\n", rp_standin_tool, module,
			strerror(r));
	return r ? 1 : 0;
}

static int not_found(const char *module)
{
	fprintf(stderr, "%s: FATAL: Module %s not found on this simulated machine.\n",
		rp_standin_tool, module);
	return 1;
}

/* An option of one letter, also among others: "-rv". */
static bool has_letter(const char *arg, char letter)
{
	return arg[0] == '-' && arg[1] != '-' && strchr(arg + 1, letter);
}

static int modprobe(int argc, char **argv)
{
	bool removes = false, dry = false;
	int status = 0, n = 0;

	for (int i = 1; i < argc; i++) {
		removes |= has_letter(argv[i], 'r') || strcmp(argv[i], "--remove") == 0;
		dry |= has_letter(argv[i], 'n') || strcmp(argv[i], "--dry-run") == 0;
	}
	for (int i = 1; i < argc && status == 0; i++) {
		if (argv[i][0] == '-' || strchr(argv[i], '='))
			continue; /* an option, or a parameter of the module */
		n++;
		if (strcmp(argv[i], "amdgpu") != 0)
			status = not_found(argv[i]);
		else if (!dry)
			status = removes ? unload(argv[i]) : load(argv[i]);
	}
	if (n == 0)
		fprintf(stderr, "%s: ERROR: missing parameters\n", rp_standin_tool);
	return n ? status : 1;
}

static int rmmod(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (argv[i][0] == '-')
			continue;
		if (strcmp(argv[i], "amdgpu") != 0 || !is_loaded()) {
			fprintf(stderr, "%s: ERROR: Module %s is not currently loaded\n",
				rp_standin_tool, argv[i]);
			return 1;
		}
		if (unload(argv[i]))
			return 1;
	}
	return 0;
}

/* insmod /lib/modules/.../amdgpu.ko.xz */
static int insmod(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		const char *base = strrchr(argv[i], '/');

		if (argv[i][0] == '-')
			continue;
		base = base ? base + 1 : argv[i];
		return strncmp(base, "amdgpu.ko", 9) == 0 ? load("amdgpu") : not_found(base);
	}
	return 1;
}

static int print_file(const char *path, const char *before)
{
	char text[256];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text));

	if (fd >= 0)
		close(fd);
	if (n < 0)
		return 1;
	printf("%s%.*s", before, (int)n, text);
	return 0;
}

/* modinfo -F FIELD amdgpu; the module has no other field than its source version. */
static int modinfo(int argc, char **argv)
{
	const char *field = NULL, *module = NULL;

	for (int i = 1; i < argc; i++) {
		if ((strcmp(argv[i], "-F") == 0 || strcmp(argv[i], "--field") == 0) && i + 1 < argc)
			field = argv[++i];
		else if (argv[i][0] != '-')
			module = argv[i];
	}
	if (!module || strcmp(module, "amdgpu") != 0)
		return not_found(module ? module : "");
	if (field && strcmp(field, "srcversion") != 0)
		return 0;
	return print_file(SRCVERSION, field ? "" : "srcversion:     ");
}

static int lsmod(void)
{
	printf("Module                  Size  Used by\n");
	return is_loaded() ? print_file(MODULE "/refcnt", "amdgpu              16777216  ") : 0;
}

static int run(int argc, char **argv)
{
	if (strcmp(rp_standin_tool, "modprobe") == 0)
		return modprobe(argc, argv);
	if (strcmp(rp_standin_tool, "rmmod") == 0)
		return rmmod(argc, argv);
	if (strcmp(rp_standin_tool, "insmod") == 0)
		return insmod(argc, argv);
	if (strcmp(rp_standin_tool, "modinfo") == 0)
		return modinfo(argc, argv);
	if (strcmp(rp_standin_tool, "lsmod") == 0)
		return lsmod();
	if (strcmp(rp_standin_tool, "depmod") == 0)
		return 0;
	fprintf(stderr, "%s: not done on a simulated machine\n", rp_standin_tool);
	return 1;
}

int rp_standin_module_tool(int argc, char **argv)
{
	/* kmod does the work of a rp_standin_tool that it is told: kmod insmod FILE */
	if (strcmp(rp_standin_tool, "kmod") == 0 && argc > 1 && argv[1][0] != '-') {
		rp_standin_tool = argv[1];
		return run(argc - 1, argv + 1);
	}
	return run(argc, argv);
}
