/* SPDX-License-Identifier: MIT */
/*
 * Signals during a change: they wait until the library asks, where the machine is whole. They stay
 * deferred until the end of the command: how the change ended is printed.
 */
#include "cli/cli.h"

#include <signal.h>
#include <time.h>

static sigset_t deferred;
static bool has_deferred, had_hangup;

void cli_defer_signals(void)
{
	static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

	sigemptyset(&deferred);
	for (size_t i = 0; i < RP_ARRAY_LEN(numbers); i++) {
		struct sigaction action;

		/* nohup and shells in the background ignore some; a blocked one would arrive. */
		if (sigaction(numbers[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
			sigaddset(&deferred, numbers[i]);
	}
	has_deferred = sigprocmask(SIG_BLOCK, &deferred, NULL) == 0;
}

/* A terminal that goes away sends HUP, and its shell once more: that is one wish, not two. */
static bool is_new(int number)
{
	bool is_first = number != SIGHUP || !had_hangup;

	had_hangup |= number == SIGHUP;
	return is_first;
}

bool cli_take_signal(void)
{
	const struct timespec now = {0};
	bool any = false;

	for (int n = 1; has_deferred && n > 0;) {
		n = sigtimedwait(&deferred, NULL, &now);
		any |= n > 0 && is_new(n);
	}
	return any;
}
