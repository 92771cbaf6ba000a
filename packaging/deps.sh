#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# deps.sh [--if-missing] GROUP...: installs these groups of debian-packages.txt; with --if-missing
# only when one of their packages is not there.
set -euo pipefail

list=$(dirname "$0")/debian-packages.txt
if_missing=false
if [ "${1:-}" = --if-missing ]; then
    if_missing=true
    shift
fi

# packages_of GROUP...
packages_of() {
    awk -v groups=" $* " '
        { sub(/#.*/, "") }
        /^\[/ { gsub(/[][ \t]/, ""); wanted = index(groups, " " $0 " "); next }
        NF && wanted { print $1 }' "$list"
}

# missing PACKAGE...: those that are not installed.
missing() {
    dpkg-query -W -f '${Package} ${db:Status-Status}\n' "$@" 2>/dev/null |
        awk '$2 == "installed" { print $1 }' | sort -u |
        comm -13 - <(printf '%s\n' "$@" | sort -u)
}

mapfile -t packages < <(packages_of "$@")
if [ ${#packages[@]} -eq 0 ]; then
    echo "deps: $list has no group '$*'" >&2
    exit 2
fi
if ! command -v apt-get >/dev/null; then
    echo "deps: this needs Debian's apt-get; elsewhere install the likes of: ${packages[*]}" >&2
    exit 1
fi
if $if_missing; then
    mapfile -t absent < <(missing "${packages[@]}" || true)
    [ ${#absent[@]} -ne 0 ] || exit 0
    echo "deps: missing: ${absent[*]}"
fi
if [ "$(id -u)" -ne 0 ]; then
    echo "deps: only root can install packages; run 'sudo make deps'" >&2
    exit 1
fi

# A new machine may be busy with its own updates: wait for them.
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=300 \
    -o Dpkg::Use-Pty=0 "${packages[@]}"
