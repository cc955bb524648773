#!/bin/sh
# SPDX-License-Identifier: MIT
# `rocpart run true` beside the bare exec of true; it shall add less than 5 ms. usage:
# run_command.sh BUILD
set -eu
build=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export XDG_STATE_HOME="$work" ROCPART_DATA="$PWD"
for machine in mi300x-1 mi300x-8; do
	"$build/cli/rocpart" --sim "$machine" set --compute CPX --memory NPS4 >/dev/null 2>&1
	echo "run on $machine, beside the bare command (us, limit 5000 more):" \
		"$("$build/bench/pair_time" 100 "$build/cli/rocpart" --sim "$machine" run \
			--bytes 1G true -- true 2>/dev/null)"
done
