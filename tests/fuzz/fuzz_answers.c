/* SPDX-License-Identifier: MIT */
/*
 * What systemctl, docker and the programs of a site answer around a change. The input is lines:
 * the first character of each is the exit status, the rest is what the program said. Whatever it
 * is, the change ends, its error has a message in one line, and no journal is left that cannot be
 * taken back.
 */
#include <assert.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/printable.h"
#include "fuzz_memory_machine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char node[] = "version: v1\n"
			   "node: {gpus: {all: CPX}}\n"
			   "services:\n"
			   "  systemd: [gpuagent, amd-metrics-exporter]\n"
			   "  docker: [serve]\n"
			   "  podman: [train]\n"
			   "hooks:\n"
			   "  before: [[/opt/before, a]]\n"
			   "  after: [[/opt/after]]\n";

struct answers {
	const char *text, *end;
};

static int answer(void *userdata, const char *const *argv, struct rp_strbuf *out, int *ret_status)
{
	struct answers *a = userdata;
	size_t n = 0;

	assert(argv[0]);
	*ret_status = 0;
	if (a->text == a->end)
		return 0;
	*ret_status = *a->text++ & 3;
	while (a->text + n < a->end && a->text[n] != '\n')
		n++;
	rp_strbuf_add_mem(out, a->text, n);
	a->text += n + (a->text + n < a->end);
	return 0;
}

static void change(struct rocpart_machine *m, const char *path)
{
	struct rocpart_snapshot *s = NULL;
	struct rocpart_change *c = NULL;
	struct rocpart_error err = {0};
	int r = rocpart_machine_observe(m, &s, NULL);

	if (r == 0)
		r = rocpart_change_new(m, s, &c, NULL);
	if (r == 0)
		r = rocpart_change_load_config(c, path, NULL, &err);
	if (r < 0)
		abort();
	rocpart_change_set_allow_unvalidated(c, true);
	if (rocpart_change_apply(c, &err) < 0)
		assert(*err.message && rp_is_printable(err.message));
	rocpart_change_free(c);
	rocpart_snapshot_unref(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct answers a = {(const char *)data, (const char *)data + size};
	struct rocpart_machine *m = open_memory_machine();
	/* A file with a name: one without may not name programs. */
	char path[] = "/tmp/rocpart-node-XXXXXX";
	RP_AUTO_CLOSE int fd = mkstemp(path);

	if (fd >= 0 && write(fd, node, sizeof(node) - 1) == sizeof(node) - 1) {
		m->run = answer;
		m->run_userdata = &a;
		change(m, path);
	}
	if (fd >= 0)
		(void)unlink(path);
	rocpart_machine_close(m);
	return 0;
}
