#!/bin/sh
# SPDX-License-Identifier: MIT
# Makes one man page: its frame and OPTIONS from the program's own tables, its text from docs/man.
# usage: make-man.sh ROCPART SCDOC BODY.scd OUTPUT
set -eu
rocpart=$1 scdoc=$2 body=$3 output=$4
name=$(basename "$body" .scd)
if [ "$name" = rocpart ]; then
	"$rocpart" help --scdoc rocpart >"$output.options"
	sed -e "/^@OPTIONS@$/{r $output.options" -e 'd}' "$body" | "$scdoc" >"$output"
	rm "$output.options"
elif [ "${name%.5}" != "$name" ]; then
	"$scdoc" <"$body" >"$output"
else
	# groups have two words: `sim create`, `cdi list`
	verb=$(echo "${name#rocpart-}" | sed 's/-/ /')
	"$rocpart" help --scdoc "$verb" >"$output.frame"
	sed -e "/^@BODY@$/{r $body" -e 'd}' "$output.frame" | "$scdoc" >"$output"
	rm "$output.frame"
fi
