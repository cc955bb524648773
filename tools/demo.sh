#!/bin/sh
# SPDX-License-Identifier: MIT
# What `make run` shows: a simulated 8 x MI300X node goes from SPX/NPS1 to CPX/NPS4.
set -eu
rocpart=$1
state=$(mktemp -d)
trap 'rm -rf "$state"' EXIT
export XDG_STATE_HOME="$state"

show() {
	printf '\n$ rocpart --sim mi300x-8 %s\n' "$*"
	"$rocpart" --sim mi300x-8 "$@"
}

echo "A simulated node of 8 x MI300X: no hardware is needed, none is touched."
show status
show set --compute CPX --memory NPS4 --dry-run || [ $? -eq 7 ] # 7: there is something to do
show set --compute CPX --memory NPS4
show list
printf '\nNext: %s help\n' "$rocpart"
