/* SPDX-License-Identifier: MIT */
/* Gives each file of the folders named to a fuzz target: for compilers without libFuzzer. */
#include <dirent.h>
#include <stdio.h>

#include "base/base.h"
#include "base/strbuf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay_file(const char *path)
{
	RP_AUTO_FCLOSE FILE *f = fopen(path, "rb");
	RP_AUTO_STRBUF struct rp_strbuf text = RP_STRBUF_INIT;
	size_t n = 1;

	if (!f)
		return 1;
	while (n > 0) {
		if (rp_strbuf_reserve(&text, 65536) < 0)
			return 1;
		n = fread(text.s + text.len, 1, 65536, f);
		text.len += n;
	}
	(void)LLVMFuzzerTestOneInput((const uint8_t *)text.s, text.len);
	return 0;
}

int main(int argc, char **argv)
{
	int failed = argc < 2, n = 0;

	for (int i = 1; i < argc; i++) {
		RP_AUTO_CLOSEDIR DIR *dir = opendir(argv[i]);
		struct dirent *e;

		while (dir && (e = readdir(dir))) {
			RP_AUTO_FREE char *path = rp_strdupf("%s/%s", argv[i], e->d_name);

			if (e->d_name[0] == '.')
				continue;
			failed |= replay_file(path);
			n++;
		}
	}
	printf("%d files\n", n);
	return failed || n == 0;
}
