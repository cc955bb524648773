#!/bin/sh
# SPDX-License-Identifier: MIT
# Formatting differs between major versions of clang-format: the one of Debian 12 decides.
set -eu
cd "$(dirname "$0")/.."
format=clang-format-14
command -v $format >/dev/null || format=clang-format
bad=$(git ls-files '*.c' '*.h' | xargs $format --dry-run 2>&1 | grep -c 'should be clang-formatted' ||
	true)
[ "$bad" = 0 ] || {
	echo "$bad places are not formatted: run 'make format'"
	exit 1
}
echo "formatted"
