#!/bin/sh
# SPDX-License-Identifier: MIT
# Whether a folder has room for the files of tests, and lets them be executed. usage: try-folder.sh FOLDER
set -eu
df -Pm "$1" | awk 'END {exit $4 < 256}'
top=$(mktemp -d "$1/rocpart-try-XXXXXX")
trap 'rm -rf "$top"' EXIT
printf '#!/bin/sh\n' >"$top/program"
chmod 755 "$top/program"
"$top/program"
