/* SPDX-License-Identifier: MIT */
/*
 * Any texts as a node.yaml and the files of its folder: a mistake with its place, or a document
 * that is printed and read back as what it is. A line "%%" begins the next file.
 */
#include <assert.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "base/strbuf.h"
#include "rocpart/rocpart.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MOST_PARTS 3

static char top[64];

static void remove_top(void)
{
	static const char *const names[] = {"n.yaml.d/0.yaml", "n.yaml.d/1.yaml", "n.yaml.d/2.yaml",
					    "n.yaml"};

	if (chdir(top) < 0)
		return;
	for (size_t i = 0; i < RP_ARRAY_LEN(names); i++)
		(void)unlink(names[i]);
	(void)rmdir("n.yaml.d");
	if (chdir("/") == 0)
		(void)rmdir(top);
}

static void make_top(void)
{
	const char *tmp = getenv("TMPDIR");

	if (*top)
		return;
	if (rp_fmt(top, sizeof(top), "%s/fuzz-desired-XXXXXX", tmp ? tmp : "/tmp") < 0 ||
	    !mkdtemp(top) || chdir(top) < 0 || mkdir("n.yaml.d", 0755) < 0)
		abort();
	(void)atexit(remove_top);
}

static void write_file(const char *name, const uint8_t *data, size_t size)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || (size && write(fd, data, size) != (ssize_t)size))
		abort();
	close(fd);
}

static void write_files(const uint8_t *data, size_t size)
{
	char name[32] = "n.yaml";

	for (int i = 0; i <= MOST_PARTS; i++) {
		const uint8_t *end = size ? memmem(data, size, "\n%%\n", 4) : NULL;
		size_t n = end ? (size_t)(end - data) : size;

		if (i && rp_fmt(name, sizeof(name), "n.yaml.d/%d.yaml", i - 1) < 0)
			abort();
		if (i == 0 || size)
			write_file(name, data, n);
		else
			(void)unlink(name);
		data += n + (end ? 4 : 0);
		size -= n + (end ? 4 : 0);
	}
}

static struct rp_json *values_of(const struct rocpart_desired *d)
{
	RP_AUTO_FREE char *text = NULL;
	struct rp_json *j = NULL;

	if (rocpart_desired_to_json(d, &text, NULL) < 0 ||
	    rp_json_parse(text, strlen(text), "values", &j, NULL) < 0)
		abort();
	return j;
}

static bool is_same(const struct rp_json *a, const struct rp_json *b, const char *key)
{
	RP_AUTO_STRBUF struct rp_strbuf x = RP_STRBUF_INIT, y = RP_STRBUF_INIT;

	if (rp_json_print(rp_json_get(a, key), false, &x) < 0 ||
	    rp_json_print(rp_json_get(b, key), false, &y) < 0)
		abort();
	return rp_str_eq(rp_strbuf_str(&x), rp_strbuf_str(&y));
}

/* What is printed means the same as what was read. */
static void check_text(const struct rocpart_desired *d)
{
	RP_AUTO_JSON struct rp_json *first = values_of(d), *second = NULL;
	RP_AUTO_FREE char *text = NULL;
	struct rocpart_desired *again = NULL;
	const struct rp_json *a, *b;

	if (rocpart_desired_to_yaml(d, &text, NULL) < 0)
		abort();
	if (rocpart_desired_parse(text, strlen(text), "again", &again, NULL) < 0)
		abort();
	second = values_of(again);
	a = rp_json_get(first, "values");
	b = rp_json_get(second, "values");
	assert(rp_json_len(a) == rp_json_len(b));
	for (size_t i = 0; i < rp_json_len(a); i++)
		assert(is_same(rp_json_at(a, i), rp_json_at(b, i), "path") &&
		       is_same(rp_json_at(a, i), rp_json_at(b, i), "value"));
	rocpart_desired_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rocpart_desired *d = NULL;
	struct rocpart_error err = {0};
	int r;

	make_top();
	write_files(data, size);
	r = rocpart_desired_open("n.yaml", false, &d, &err);
	if (r < 0)
		assert(r == err.errnum && *err.message && *err.object);
	else
		check_text(d);
	rocpart_desired_free(d);
	return 0;
}
