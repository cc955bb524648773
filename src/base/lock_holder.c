/* SPDX-License-Identifier: MIT */
/* Who holds a lock: /proc/locks has the process of each. */
#include "base/num.h"
#include "base/process_text.h"
#include "base/tree.h"
#include "base/tree_internal.h"

#include <dirent.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define N_WORDS	    8 /* "1: FLOCK ADVISORY WRITE 4711 fd:01:131 0 EOF" */
#define COMMAND_MAX 48

static size_t split(char *line, char *words[N_WORDS])
{
	size_t n = 0;

	for (char *p = line + strspn(line, " "); *p && *p != '\n' && n < N_WORDS;
	     p += strspn(p, " ")) {
		words[n++] = p;
		p += strcspn(p, " \n");
		if (*p)
			*p++ = '\0';
	}
	return n;
}

static bool exists(uint32_t pid)
{
	struct stat st;
	char path[32];

	(void)rp_fmt(path, sizeof(path), "/proc/%u", pid);
	return stat(path, &st) == 0;
}

/* An open file of the process is this one, and has the lock. */
static bool keeps(uint32_t pid, const struct stat *file)
{
	RP_AUTO_CLOSEDIR DIR *d = NULL;
	char path[32];

	(void)rp_fmt(path, sizeof(path), "/proc/%u/fd", pid);
	d = opendir(path);
	for (const struct dirent *e = d ? readdir(d) : NULL; e; e = readdir(d)) {
		RP_AUTO_FCLOSE FILE *info = NULL;
		char line[256], name[64];
		struct stat st;

		if (fstatat(dirfd(d), e->d_name, &st, 0) < 0 || st.st_dev != file->st_dev ||
		    st.st_ino != file->st_ino ||
		    rp_fmt(name, sizeof(name), "/proc/%u/fdinfo/%.20s", pid, e->d_name) < 0)
			continue;
		info = fopen(name, "re");
		while (info && fgets(line, sizeof(line), info))
			if (rp_str_starts(line, "lock:") && strstr(line, " WRITE "))
				return true;
	}
	return false;
}

/*
 * flock(2) belongs to the open file: the process that took it may have ended, and one that it
 * started, such as modprobe, still have it: the leader of its process group rather than a child of
 * that. 0: not seen from here.
 */
static uint32_t find_keeper(const struct stat *file)
{
	RP_AUTO_CLOSEDIR DIR *d = opendir("/proc");
	uint32_t found = 0;

	for (const struct dirent *e = d ? readdir(d) : NULL; e; e = readdir(d)) {
		uint32_t pid;

		if (rp_parse_u32(e->d_name, 10, &pid) < 0 || !keeps(pid, file))
			continue;
		found = pid;
		if (getpgid((pid_t)pid) == (pid_t)pid)
			break;
	}
	return found;
}

/* The process that took the lock for writing; 0: none, or none of this PID namespace. */
static uint32_t locker_of(const struct stat *file)
{
	RP_AUTO_FCLOSE FILE *f = fopen("/proc/locks", "re");
	char line[256], id[64], *words[N_WORDS];

	(void)rp_fmt(id, sizeof(id), "%02x:%02x:%llu", major(file->st_dev), minor(file->st_dev),
		     (unsigned long long)file->st_ino);
	while (f && fgets(line, sizeof(line), f)) {
		uint32_t pid;

		if (split(line, words) >= 6 && rp_str_eq(words[3], "WRITE") &&
		    rp_str_eq(words[5], id) && rp_parse_u32(words[4], 10, &pid) == 0 && pid > 0)
			return pid;
	}
	return 0;
}

/* The first line of a file of a process; "" when it is gone. */
static void read_line(uint32_t pid, const char *name, char *buf, size_t size)
{
	RP_AUTO_FCLOSE FILE *f = NULL;
	char path[48];

	(void)rp_fmt(path, sizeof(path), "/proc/%u/%s", pid, name);
	f = fopen(path, "re");
	if (!f || !fgets(buf, (int)size, f))
		buf[0] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
}

static uint32_t holder_of(const struct stat *file)
{
	uint32_t pid = locker_of(file), keeper = pid && !exists(pid) ? find_keeper(file) : 0;

	return keeper ? keeper : pid;
}

/* "rocpart set --compute CPX": its words, or its name when it shows none. */
static void read_command(uint32_t pid, char *buf, size_t size)
{
	RP_AUTO_FCLOSE FILE *f = NULL;
	char path[48], text[COMMAND_MAX * 4];
	const char *base;
	size_t n;

	(void)rp_fmt(path, sizeof(path), "/proc/%u/cmdline", pid);
	f = fopen(path, "re");
	n = f ? fread(text, 1, sizeof(text) - 1, f) : 0;
	while (n && !text[n - 1])
		n--;
	text[n] = '\0';
	base = strrchr(text, '/');
	base = base ? base + 1 : text;
	for (char *p = text; p < text + n; p++)
		if (!*p)
			*p = ' ';
	if (!*base)
		read_line(pid, "comm", buf, size);
	else if (strlen(base) <= COMMAND_MAX)
		(void)rp_fmt(buf, size, "%s", base);
	else
		(void)rp_fmt(buf, size, "%.*s...", COMMAND_MAX - 3, base);
}

static void describe(const struct stat *file, char buf[RP_LOCK_HOLDER_SIZE])
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	struct rp_process_text p = {.pid = holder_of(file), .owner = ""};
	char command[64], line[1024], folder[32];
	struct timespec now = {0};
	struct stat st;

	if (p.pid == 0)
		return;
	read_command(p.pid, command, sizeof(command));
	read_line(p.pid, "stat", line, sizeof(line));
	(void)rp_fmt(folder, sizeof(folder), "/proc/%u", p.pid);
	p.has_uid = stat(folder, &st) == 0;
	p.uid = p.has_uid ? st.st_uid : 0;
	p.command = command;
	p.stat_line = line;
	p.uptime_s = clock_gettime(CLOCK_BOOTTIME, &now) == 0 ? (uint64_t)now.tv_sec : 0;
	rp_process_text_add(&p, &text);
	(void)rp_fmt(buf, RP_LOCK_HOLDER_SIZE, "%s", rp_strbuf_str(&text));
}

void rp_tree_lock_holder(const struct rp_tree *t, const char *path, char buf[RP_LOCK_HOLDER_SIZE])
{
	struct stat st;

	buf[0] = '\0';
	if (!t->ops && fstatat(t->root_fd, path, &st, 0) == 0)
		describe(&st, buf);
}

void rp_lock_holder(const char *path, char buf[RP_LOCK_HOLDER_SIZE])
{
	struct stat st;

	buf[0] = '\0';
	if (stat(path, &st) == 0)
		describe(&st, buf);
}
