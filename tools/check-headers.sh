#!/bin/sh
# SPDX-License-Identifier: MIT
# Each public header compiles alone, as C99, C11 and C++17. usage: check-headers.sh CC CXX
set -eu
cd "$(dirname "$0")/.."
for header in include/rocpart/*.h; do
	name=rocpart/$(basename "$header")
	for std in c99 c11; do
		echo "#include <$name>" | "$1" -std=$std -pedantic -Wall -Wextra -Werror -Iinclude \
			-fsyntax-only -x c -
	done
	echo "#include <$name>" | "$2" -std=c++17 -pedantic -Wall -Wextra -Werror -Iinclude \
		-fsyntax-only -x c++ -
done
echo "every header stands alone"
