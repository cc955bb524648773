/* SPDX-License-Identifier: MIT */
/* The child in which libamd_smi runs: what it is asked, what it answers, how it may end. */
#include "hw/smi/lib.h"
#include "base/num.h"
#include "base/spawn.h"
#include "hw/smi/lib_calls.h"

#include <unistd.h>

#define INIT_GPUS  2 /* AMDSMI_INIT_AMD_GPUS */
#define ANSWER_MAX (1 << 20)
/* Major versions whose values and layouts are known. */
#define OLDEST 24
#define NEWEST 27

struct question {
	const struct rp_smi_lib *lib;
	const char *bdf; /* NULL: look, do not set */
	enum rocpart_compute_mode compute;
	enum rocpart_memory_mode memory; /* UNKNOWN: set the compute mode */
	bool wants_rows;
};

enum stage { STAGE_LOAD, STAGE_INIT, STAGE_READ, STAGE_FIND, STAGE_VALUE, STAGE_SET, STAGE_DONE };

/* Written to the pipe, then n_rows rows. The child is our own fork: layouts are the same. */
struct answer {
	uint32_t status;  /* AMDSMI_STATUS_ of the stage */
	enum stage stage; /* that failed, or DONE */
	uint32_t n_rows;
	char version[32], path[128], why[RP_SMI_WHY_SIZE];
};

static int send_all(int fd, const void *data, size_t len)
{
	const char *at = data;

	while (len) {
		ssize_t n = write(fd, at, len);

		if (n <= 0)
			return 1;
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

static void set(const struct question *q, const struct rp_smi_calls *c, struct answer *a)
{
	uint32_t value = q->memory ? rp_smi_memory_value(c->values, q->memory)
				   : rp_smi_compute_value(c->values, q->compute);
	rp_smi_handle h = NULL;

	a->stage = STAGE_VALUE;
	if (!value)
		return;
	a->stage = STAGE_FIND;
	a->status = rp_smi_calls_find(c, q->bdf, &h);
	if (a->status)
		return;
	a->stage = STAGE_SET;
	a->status = q->memory ? rp_smi_calls_set_memory(c, h, value)
			      : rp_smi_calls_set_compute(c, h, value);
	if (!a->status)
		a->stage = STAGE_DONE;
}

static void ask(const struct question *q, struct answer *a, struct rp_smi_rows *rows)
{
	struct rp_smi_calls c = {0};
	uint32_t major;

	if (!rp_smi_calls_load(q->lib->file, &c, a->path, a->why))
		return;
	a->stage = STAGE_INIT;
	a->status = c.init(INIT_GPUS);
	major = rp_smi_calls_version(&c, a->version);
	if (a->status)
		return;
	if (major < OLDEST || major > NEWEST) {
		a->stage = STAGE_LOAD;
		(void)rp_fmt(a->why, sizeof(a->why),
			     "rocpart does not know version '%s' of libamd_smi, only %d to %d",
			     a->version, OLDEST, NEWEST);
		return;
	}
	a->stage = STAGE_READ;
	if (q->wants_rows)
		a->status = rp_smi_calls_read(&c, rows);
	if (q->bdf)
		set(q, &c, a);
	else if (!a->status)
		a->stage = STAGE_DONE;
	c.shut_down();
}

/* In the child. */
static int answer_question(void *userdata, int out_fd)
{
	RP_AUTO_SMI_ROWS struct rp_smi_rows rows = {0};
	struct answer a = {.stage = STAGE_LOAD};

	ask(userdata, &a, &rows);
	a.n_rows = (uint32_t)rows.n;
	return send_all(out_fd, &a, sizeof(a)) ||
	       send_all(out_fd, rows.v, rows.n * sizeof(*rows.v));
}

static void hint(struct rocpart_error *reterr)
{
	(void)rp_error_hint(reterr,
			    "update or reinstall ROCm's amd-smi-lib, or use --backend sysfs");
}

static int died(const struct rp_smi_lib *lib, const struct rp_spawn_result *res, uint64_t ms,
		struct rocpart_error *reterr)
{
	const char *file = lib->file ? lib->file : "libamd_smi";
	int r = res->timed_out ? -ETIMEDOUT : -EIO;

	if (res->timed_out)
		(void)rp_error_set(reterr, r, ROCPART_ERR_FAILED, file,
				   "libamd_smi did not answer within %llu s and was stopped",
				   (unsigned long long)(ms + 999) / 1000);
	else if (res->signal)
		(void)rp_error_set(reterr, r, ROCPART_ERR_FAILED, file,
				   "libamd_smi crashed: signal %d (%s)", res->signal,
				   strsignal(res->signal));
	else
		(void)rp_error_set(reterr, r, ROCPART_ERR_FAILED, file,
				   "libamd_smi ended the process that called it (exit status %d)",
				   res->exit_status);
	hint(reterr);
	return r;
}

static int not_available(const struct answer *a, struct rocpart_error *reterr)
{
	(void)rp_error_set(reterr, -ENOENT, ROCPART_ERR_UNSUPPORTED,
			   *a->path ? a->path : "libamd_smi", "amd-smi not available: %s", a->why);
	(void)rp_error_hint(reterr, "install its library (ROCm: amd-smi-lib, Debian: "
				    "libamd-smi27), or use --backend sysfs");
	return -ENOENT;
}

static int refused(const struct question *q, const struct answer *a, struct rocpart_error *reterr)
{
	const struct rp_smi_failure *f = rp_smi_status_failure(a->status);
	static const char *const what[] = {
		[STAGE_INIT] = "did not start",	       [STAGE_READ] = "did not list the GPUs",
		[STAGE_FIND] = "did not find the GPU", [STAGE_VALUE] = "has no such mode",
		[STAGE_SET] = "did not set the mode",
	};

	if (a->stage == STAGE_VALUE)
		f = rp_smi_status_failure(1); /* INVAL */
	if (f) {
		(void)rp_error_set(reterr, f->errnum, f->code, q->bdf ? q->bdf : a->path,
				   "libamd_smi %s: %s", what[a->stage], f->message);
		(void)rp_error_hint(reterr, "%s", f->hint);
		return f->errnum;
	}
	(void)rp_error_set(reterr, -EIO, ROCPART_ERR_FAILED, q->bdf ? q->bdf : a->path,
			   "libamd_smi %s: %s %d", what[a->stage],
			   a->status == RP_SMI_ABSURD
				   ? "it lists more GPUs than a machine can have, status"
				   : "status",
			   (int)a->status);
	hint(reterr);
	return -EIO;
}

/* The bytes of the pipe: whole, and of the length that they announce. */
static bool take(const struct rp_strbuf *out, struct answer *a, struct rp_smi_rows *rows)
{
	size_t bytes;

	if (out->len < sizeof(*a))
		return false;
	memcpy(a, out->s, sizeof(*a));
	a->version[sizeof(a->version) - 1] = a->path[sizeof(a->path) - 1] = '\0';
	a->why[sizeof(a->why) - 1] = '\0';
	bytes = out->len - sizeof(*a);
	if (a->stage > STAGE_DONE || bytes != a->n_rows * sizeof(*rows->v))
		return false;
	if (rp_grow(&rows->v, &rows->cap, a->n_rows + 1, sizeof(*rows->v)) < 0)
		return false;
	memcpy(rows->v, out->s + sizeof(*a), bytes);
	rows->n = a->n_rows;
	for (size_t i = 0; i < rows->n; i++)
		rows->v[i].bdf[RP_BDF_SIZE - 1] = '\0';
	return true;
}

static int run(struct question *q, struct answer *a, struct rp_smi_rows *rows,
	       struct rocpart_error *reterr)
{
	RP_AUTO_STRBUF struct rp_strbuf out = RP_STRBUF_INIT;
	struct rp_spawn_streams s = {
		.out = &out, .max_out = ANSWER_MAX, .inherited_fd = q->lib->inherited_fd};
	uint64_t ms = q->bdf ? q->lib->set_ms : q->lib->read_ms;
	struct rp_spawn_result res = {0};
	int r = rp_spawn_function(answer_question, q, &s, ms, &res);

	if (r < 0)
		return rp_error_errno(reterr, r, "libamd_smi",
				      "cannot create the process that calls libamd_smi");
	if (!take(&out, a, rows))
		return died(q->lib, &res, ms, reterr);
	if (a->stage == STAGE_LOAD)
		return not_available(a, reterr);
	return a->stage == STAGE_DONE ? 0 : refused(q, a, reterr);
}

int rp_smi_lib_probe(const struct rp_smi_lib *lib, struct rp_backend_info *ret,
		     struct rocpart_error *reterr)
{
	RP_AUTO_SMI_ROWS struct rp_smi_rows rows = {0};
	struct question q = {.lib = lib};
	struct answer a = {0};
	int r = run(&q, &a, &rows, reterr);

	(void)rp_fmt(ret->version, sizeof(ret->version), "%s", a.version);
	(void)rp_fmt(ret->path, sizeof(ret->path), "%s", a.path);
	ret->available = r == 0;
	return r;
}

int rp_smi_lib_read(const struct rp_smi_lib *lib, struct rp_smi_rows *ret,
		    struct rocpart_error *reterr)
{
	RP_AUTO_SMI_ROWS struct rp_smi_rows rows = {0};
	struct question q = {.lib = lib, .wants_rows = true};
	struct answer a = {0};
	int r = run(&q, &a, &rows, reterr);

	if (r < 0)
		return r;
	rp_smi_forget_wrong_nodes(&rows);
	*ret = rows;
	rows = (struct rp_smi_rows){0};
	return 0;
}

static int switch_mode(struct question *q, struct rocpart_error *reterr)
{
	RP_AUTO_SMI_ROWS struct rp_smi_rows rows = {0};
	struct answer a = {0};

	return run(q, &a, &rows, reterr);
}

int rp_smi_lib_set_compute(const struct rp_smi_lib *lib, const char *bdf,
			   enum rocpart_compute_mode mode, struct rocpart_error *reterr)
{
	struct question q = {.lib = lib, .bdf = bdf, .compute = mode};

	return switch_mode(&q, reterr);
}

int rp_smi_lib_set_memory(const struct rp_smi_lib *lib, const char *bdf,
			  enum rocpart_memory_mode mode, struct rocpart_error *reterr)
{
	struct question q = {.lib = lib, .bdf = bdf, .memory = mode};

	return switch_mode(&q, reterr);
}
