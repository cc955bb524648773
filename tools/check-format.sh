#!/bin/sh
# SPDX-License-Identifier: MIT
# Formatting differs between major versions of clang-format: the one of Debian 12 decides.
set -eu
cd "$(dirname "$0")/.."
format=clang-format-14
command -v $format >/dev/null || format=clang-format
$format --version 2>/dev/null | grep -q 'version 14\.' || {
	echo "skipped: clang-format 14 is not installed"
	[ -z "${ROCPART_WITNESSES+set}" ]
	exit 77
}
# Without a clone (an archive, or one of another user, in which git does nothing) all files are ours.
files() {
	git ls-files '*.c' '*.h' 2>/dev/null | grep . ||
		find bench cli examples include src tests -name '*.[ch]'
}
bad=$(files | xargs $format --dry-run 2>&1 | grep -c 'should be clang-formatted' || true)
[ "$bad" = 0 ] || {
	echo "$bad places are not formatted: run 'make format'"
	exit 1
}
echo "formatted"
