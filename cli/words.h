/* SPDX-License-Identifier: MIT */
#ifndef RP_CLI_WORDS_H
#define RP_CLI_WORDS_H

#include "cli/cli.h"

/* Append the words of a kind; arg is that of the option. 0 or a negative errno. */
int cli_add_words(struct cli *cli, enum cli_words words, const char *arg, struct rp_names *ret);

#endif
