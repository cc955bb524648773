#!/bin/sh
# SPDX-License-Identifier: MIT
# Compiles a build folder, and says so: how many steps there are, and a line for each tenth of them.
# On a terminal ninja shows its own progress in one line. Warnings and errors are printed in full.
# usage: build.sh FOLDER COMPILER
set -u
folder=$1 compiler=$2
# A dry run counts the steps: "[12/430] Compiling ...".
if ! plan=$(ninja -C "$folder" -n); then
	exec ninja -C "$folder" --quiet
fi
steps=$(echo "$plan" | sed -n 's,^\[[0-9]*/\([0-9]*\)\].*,\1,p' | tail -n 1)
if [ -z "$steps" ]; then
	exit 0
fi
echo "compiling with $compiler in $folder: $steps steps ..."
if [ -t 1 ]; then
	exec ninja -C "$folder"
fi
{ ninja -C "$folder" 2>&1 || echo "rocpart-build-failed"; } | awk '
	$0 == "rocpart-build-failed" { failed = 1; next }
	/^ninja: Entering directory/ { next }
	match($0, /^\[[0-9]+\/[0-9]+\]/) {
		split(substr($0, 2, RLENGTH - 2), n, "/")
		if (n[1] >= shown + n[2] / 10 || n[1] == n[2]) {
			print "  " n[1] " of " n[2]
			fflush()
			shown = n[1]
		}
		next
	}
	{ print; fflush() }
	END { exit failed }'
