/* SPDX-License-Identifier: MIT */
#include "run/device_filter.h"

#include <fcntl.h>
#include <linux/bpf.h>
#include <sys/syscall.h>

#include "base/strbuf.h"

/* Render minors are 128 to 255 (ABI study A.4), those of cards and control nodes lie below. */
#define N_DRM_MINORS 256

static long sys_bpf(int cmd, union bpf_attr *attr)
{
	return syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

static struct bpf_insn insn(unsigned code, unsigned dst, unsigned src, size_t off, uint32_t imm)
{
	return (struct bpf_insn){.code = (uint8_t)code,
				 .dst_reg = dst & 15U,
				 .src_reg = src & 15U,
				 .off = (int16_t)off,
				 .imm = (int32_t)imm};
}

#define LOAD(dst, field) \
	insn(BPF_LDX | BPF_MEM | BPF_W, dst, 1, offsetof(struct bpf_cgroup_dev_ctx, field), 0)
#define JUMP_IF(op, reg, value, over) insn(BPF_JMP | (op) | BPF_K, reg, 0, over, value)
#define SET(reg, value)		      insn(BPF_ALU64 | BPF_MOV | BPF_K, reg, 0, 0, value)
#define RETURN			      insn(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)

#define FIXED_INSNS 10

/* Anything but a character device of DRM, or one of the minors: 1. Else 0. */
static size_t assemble(const uint32_t *minors, size_t n_minors, struct bpf_insn *p)
{
	const size_t allow = n_minors + 8;
	size_t n = 0;

	p[n++] = LOAD(2, access_type); /* type in the low half, access in the high one */
	p[n++] = insn(BPF_ALU | BPF_AND | BPF_K, 2, 0, 0, 0xffff);
	p[n] = JUMP_IF(BPF_JNE, 2, BPF_DEVCG_DEV_CHAR, allow - n - 1);
	n++;
	p[n++] = LOAD(2, major);
	p[n] = JUMP_IF(BPF_JNE, 2, RP_DRM_MAJOR, allow - n - 1);
	n++;
	p[n++] = LOAD(2, minor);
	for (size_t i = 0; i < n_minors; i++, n++)
		p[n] = JUMP_IF(BPF_JEQ, 2, minors[i], allow - n - 1);
	p[n++] = SET(0, 0);
	p[n++] = RETURN;
	p[n++] = SET(0, 1);
	p[n++] = RETURN;
	return n;
}

static int load(const struct bpf_insn *insns, size_t n)
{
	union bpf_attr attr;
	long fd;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
	attr.insns = (uintptr_t)insns;
	attr.insn_cnt = (uint32_t)n;
	attr.license = (uintptr_t) "MIT"; /* no helper of the kernel is called */
	fd = sys_bpf(BPF_PROG_LOAD, &attr);
	return fd < 0 ? rp_neg_errno() : (int)fd;
}

int rp_device_filter_bpf(int cgroup_fd, const uint32_t *minors, size_t n)
{
	RP_AUTO_FREE struct bpf_insn *insns = rp_new0(struct bpf_insn, n + FIXED_INSNS);
	RP_AUTO_CLOSE int prog = -EBADF;
	union bpf_attr attr;

	if (!insns)
		return -ENOMEM;
	if (n > INT16_MAX / 2) /* jumps are 16 bits long */
		return -E2BIG;
	prog = load(insns, assemble(minors, n, insns));
	if (prog < 0)
		return prog;
	memset(&attr, 0, sizeof(attr));
	attr.target_fd = (uint32_t)cgroup_fd;
	attr.attach_bpf_fd = (uint32_t)prog;
	attr.attach_type = BPF_CGROUP_DEVICE;
	attr.attach_flags = BPF_F_ALLOW_MULTI;
	return sys_bpf(BPF_PROG_ATTACH, &attr) < 0 ? rp_neg_errno() : 0;
}

/* ---- cgroup v1 ---- */

static int write_rule(int cgroup_fd, const char *file, const char *minor, const char *access)
{
	RP_AUTO_CLOSE int fd = openat(cgroup_fd, file, O_WRONLY | O_CLOEXEC);
	char rule[64];

	if (fd < 0)
		return rp_neg_errno();
	(void)rp_fmt(rule, sizeof(rule), "c %d:%s %s", RP_DRM_MAJOR, minor, access);
	return write(fd, rule, strlen(rule)) < 0 ? rp_neg_errno() : 0;
}

static int write_minor(int cgroup_fd, const char *file, uint32_t minor, const char *access)
{
	char text[16];

	(void)rp_fmt(text, sizeof(text), "%u", minor);
	return write_rule(cgroup_fd, file, text, access);
}

static bool is_listed(const uint32_t *minors, size_t n, uint32_t minor)
{
	for (size_t i = 0; i < n; i++)
		if (minors[i] == minor)
			return true;
	return false;
}

/* "a *:* rwm": everything is allowed but what is denied. */
static int allows_by_default(int cgroup_fd, bool *ret)
{
	RP_AUTO_CLOSE int fd = openat(cgroup_fd, "devices.list", O_RDONLY | O_CLOEXEC);
	char first;
	ssize_t n;

	if (fd < 0)
		return rp_neg_errno();
	n = read(fd, &first, 1);
	if (n < 0)
		return rp_neg_errno();
	*ret = n == 1 && first == 'a';
	return 0;
}

/*
 * Where all is allowed by default, an exception is taken back only by exactly the same rule (Linux
 * security/device_cgroup.c), so "226:*" cannot be denied and one minor of it allowed.
 */
int rp_device_filter_v1(int cgroup_fd, const uint32_t *minors, size_t n)
{
	bool by_default = false;
	int r = allows_by_default(cgroup_fd, &by_default);

	if (r == 0 && !by_default)
		r = write_rule(cgroup_fd, "devices.deny", "*", "rwm");
	for (uint32_t m = 0; r == 0 && m < N_DRM_MINORS; m++)
		if (!is_listed(minors, n, m))
			r = write_minor(cgroup_fd, "devices.deny", m, "rwm");
	for (size_t i = 0; r == 0 && !by_default && i < n; i++)
		r = write_minor(cgroup_fd, "devices.allow", minors[i], "rw");
	return r;
}
