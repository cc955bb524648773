/* SPDX-License-Identifier: MIT */
#ifndef RP_CLI_WORDS_H
#define RP_CLI_WORDS_H

#include "cli/cli.h"

/*
 * Append the words of a kind, each with a tab and its description where it has one; arg is that of
 * the option, start what is typed of the word. 0 or a negative errno.
 */
int cli_add_words(struct cli *cli, enum cli_words words, const char *arg, const char *start,
		  struct rp_names *ret);

/* completion_scripts.c: the script of a shell; NULL: there is none. */
const char *cli_completion_script(const char *shell);

#endif
