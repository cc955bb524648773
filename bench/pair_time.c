/* SPDX-License-Identifier: MIT */
/*
 * pair_time RUNS A ARG... -- B ARG...: runs two programs in turn, output dropped, and prints the
 * median wall time of each in microseconds and the ratio A / B of the medians. A first run of each
 * is not counted.
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

static double run(char **argv, posix_spawn_file_actions_t *actions)
{
	double begin = now_us();
	int status;
	pid_t pid;

	if (posix_spawnp(&pid, argv[0], actions, NULL, argv, environ) != 0 ||
	    waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
		fprintf(stderr, "pair_time: '%s' failed\n", argv[0]);
		exit(1);
	}
	return now_us() - begin;
}

static int by_value(const void *a, const void *b)
{
	double x, y;

	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	return x < y ? -1 : x > y;
}

int main(int argc, char **argv)
{
	int runs = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 0, split = 2;
	posix_spawn_file_actions_t actions;
	double *a, *b;

	while (split < argc && strcmp(argv[split], "--") != 0)
		split++;
	if (runs < 1 || split + 1 >= argc)
		return 2;
	argv[split] = NULL;
	a = calloc((size_t)runs + 1, sizeof(*a));
	b = calloc((size_t)runs + 1, sizeof(*b));
	if (!a || !b)
		return 1;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	for (int i = -1; i < runs; i++) {
		a[i < 0 ? runs : i] = run(argv + 2, &actions);
		b[i < 0 ? runs : i] = run(argv + split + 1, &actions);
	}
	qsort(a, (size_t)runs, sizeof(*a), by_value);
	qsort(b, (size_t)runs, sizeof(*b), by_value);
	printf("%.0f us, %.0f us, ratio %.2f\n", a[runs / 2], b[runs / 2],
	       a[runs / 2] / b[runs / 2]);
	return 0;
}
