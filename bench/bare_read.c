/* SPDX-License-Identifier: MIT */
/*
 * bare_read ROOT LIST: opens, reads and closes each file of LIST ("f PATH") and lists each folder
 * ("d PATH") below ROOT, and does nothing else: what reading a machine costs at the least.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int read_file(int root, const char *path)
{
	char buf[4097];
	int fd = openat(root, path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return 0;
	if (read(fd, buf, sizeof(buf)) < 0)
		return -1;
	return close(fd);
}

static int list_folder(int root, const char *path)
{
	int fd = openat(root, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	while (dir && readdir(dir))
		;
	return dir ? closedir(dir) : 0;
}

int main(int argc, char **argv)
{
	FILE *list = argc == 3 ? fopen(argv[2], "r") : NULL;
	int root = argc == 3 ? open(argv[1], O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
	char line[512];

	if (!list || root < 0)
		return 2;
	while (fgets(line, sizeof(line), list)) {
		line[strcspn(line, "\n")] = '\0';
		if ((line[0] == 'f' ? read_file : list_folder)(root, line + 2) < 0)
			return 1;
	}
	return fclose(list);
}
