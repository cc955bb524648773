/* SPDX-License-Identifier: MIT */
/*
 * Seconds behind a step that takes long, on a terminal: a reload of the driver takes a minute or
 * two, and a person wants to see that the program lives. A timer writes them, for the library does
 * not return meanwhile and starts no thread.
 */
#include "cli/cli.h"

#include <signal.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define FIRST_SECOND 2

static struct timespec began;
static volatile sig_atomic_t has_written;

/* Only what a handler may call. */
static void write_seconds(int signo)
{
	char text[] = "           s\r";
	char *at = text + sizeof(text) - 5;
	struct timespec now;
	int saved = errno;
	long seconds;

	(void)signo;
	if (clock_gettime(CLOCK_MONOTONIC, &now) == 0) {
		for (seconds = now.tv_sec - began.tv_sec; seconds > 0 && at >= text; seconds /= 10)
			*at-- = (char)('0' + seconds % 10);
		has_written = write(STDERR_FILENO, text, sizeof(text) - 1) > 0;
	}
	errno = saved;
}

static void set_timer(long first)
{
	const struct itimerval timer = {.it_value.tv_sec = first,
					.it_interval.tv_sec = first ? 1 : 0};

	(void)setitimer(ITIMER_REAL, &timer, NULL);
}

void cli_elapsed_begin(void)
{
	struct sigaction action = {.sa_handler = write_seconds, .sa_flags = SA_RESTART};

	if (!isatty(STDERR_FILENO) || clock_gettime(CLOCK_MONOTONIC, &began) < 0 ||
	    sigaction(SIGALRM, &action, NULL) < 0)
		return;
	set_timer(FIRST_SECOND);
}

void cli_elapsed_end(void)
{
	static const char clear[] = "           \r";

	set_timer(0);
	if (has_written && write(STDERR_FILENO, clear, sizeof(clear) - 1) < 0)
		return; /* nothing can be shown there */
	has_written = 0;
}
