#!/bin/sh
# SPDX-License-Identifier: MIT
# Installs what is missing of packaging/apt-packages.txt: `build`, or `all` for both parts.
set -eu
list=$(dirname "$0")/../packaging/apt-packages.txt
part=$1
wanted=$(awk -v part="$part" '/^\[/ {section = $0; next} /^#/ || !NF {next}
	part == "all" || section == "[" part "]" {print $1}' "$list")
missing=""
for package in $wanted; do
	state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
	[ "$state" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0
echo "installing:$missing"
sudo=""
[ "$(id -u)" = 0 ] || sudo=sudo
if [ -n "$sudo" ] && ! command -v sudo >/dev/null; then
	echo "not root and no sudo: install these packages, then call make again" >&2
	exit 1
fi
export DEBIAN_FRONTEND=noninteractive
$sudo apt-get update -qq
# shellcheck disable=SC2086 # words on purpose
$sudo apt-get install -y -qq --no-install-recommends $missing >/dev/null
