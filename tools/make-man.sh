#!/bin/sh
# SPDX-License-Identifier: MIT
# Makes one man page: its frame and OPTIONS from the program's own tables, its text from docs/man.
# OPTIONS follow the description, which ends where a body begins its first section.
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
	# a verb may have a dash, as accept-gpu has; groups have two words: `sim create`, `cdi list`
	verb=${name#rocpart-}
	"$rocpart" help --scdoc "$verb" >"$output.frame" 2>/dev/null ||
		"$rocpart" help --scdoc "$(echo "$verb" | sed 's/-/ /')" >"$output.frame"
	sed '/^# /,$d' "$body" >"$output.body"
	sed -n '/^# /,$p' "$body" >"$output.sections"
	sed -e "/^@BODY@$/{r $output.body" -e 'd}' -e "/^@SECTIONS@$/{r $output.sections" -e 'd}' \
		"$output.frame" | "$scdoc" >"$output"
	rm "$output.frame" "$output.body" "$output.sections"
fi
