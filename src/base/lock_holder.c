/* SPDX-License-Identifier: MIT */
/* Who holds a lock: /proc/locks has the process of each. */
#include "base/num.h"
#include "base/process_text.h"
#include "base/tree.h"
#include "base/tree_internal.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#define N_WORDS 8 /* "1: FLOCK ADVISORY WRITE 4711 fd:01:131 0 EOF" */

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

/* The process that has the file locked for writing; 0: none, or none of this PID namespace. */
static uint32_t holder_of(const struct stat *file)
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

static void describe(const struct stat *file, char buf[RP_LOCK_HOLDER_SIZE])
{
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	struct rp_process_text p = {.pid = holder_of(file), .owner = ""};
	char command[64], line[1024], folder[32];
	struct timespec now = {0};
	struct stat st;

	if (p.pid == 0)
		return;
	read_line(p.pid, "comm", command, sizeof(command));
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
