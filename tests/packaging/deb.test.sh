#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# deb.test.sh PACKAGE: lintian finds nothing in it; and in a Debian of its own (with its own processes,
# mounts and network, but no systemd) it is installed, upgraded with sessions going on, removed, purged.
# Needs a mirror of Debian, so it is not run by `make test`: `make deb-test`.
set -euo pipefail

package=$(realpath "${1:?path of the package}")
here=$(dirname "$(realpath "$0")")
[ "$(id -u)" -eq 0 ] || { echo "deb-test: only root can; run 'sudo make deb-test'" >&2; exit 1; }

lintian --allow-root --fail-on error,warning "$package"

work=$(mktemp -d /tmp/ctgate-deb.XXXXXX)
trap 'rm -rf --one-file-system "$work"' EXIT
mkdir "$work/packages"
cp "$package" "$work/packages/ctgate.deb"

# The same program with a higher version, to upgrade to.
dpkg-deb -R "$package" "$work/next"
sed -i 's/^Version: .*/&+next/' "$work/next/DEBIAN/control"
dpkg-deb --root-owner-group -b "$work/next" "$work/packages/next.deb" >/dev/null

# What it depends on comes along, so that dpkg alone suffices afterwards.
depends=$(dpkg-deb -f "$package" Depends | sed -E 's/ *\([^)]*\)//g; s/ //g')
mmdebstrap --quiet --variant=minbase --include="$depends,iproute2,python3-minimal,nftables" \
    bookworm "$work/root"
cp -r "$work/packages" "$work/root/packages"
cp "$here/in_chroot.sh" "$here/echo.py" "$work/root/packages/"

# shellcheck disable=SC2016
unshare --mount --net --pid --ipc --uts --fork --kill-child --propagation private bash -euc '
    mount --bind "$1" "$1"
    cd "$1"
    mount -t proc proc proc
    mount -t sysfs sysfs sys
    mount -t tmpfs tmpfs run
    mount --rbind /dev dev
    mkdir old
    # Not chroot: ctgate enters the mount namespace of process 1, and so its root.
    pivot_root . old
    umount -l old
    rmdir old
    exec /packages/in_chroot.sh' bash "$work/root"
