#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# image.sh MODULES QUIT OUTPUT [BINARY...]: packs an initramfs of busybox, the tools with which the
# tests look at the kernel, the module tree MODULES, the scripts beside this one and each BINARY
# (in /ctgate), with the shared libraries that they need on this machine.
set -euo pipefail

modules=$1
quit=$2
output=$3
shift 3
scripts=$(dirname "$0")
tools=(bash ip tc nft conntrack bpftool socat kmod wg pppd pppoe-server pppoe)

missing=()
for tool in "${tools[@]}" busybox cpio; do
    command -v "$tool" >/dev/null || missing+=("$tool")
done
if [ ${#missing[@]} -ne 0 ]; then
    echo "image.sh: missing: ${missing[*]}; apt-get install bash iproute2 nftables conntrack" \
        "bpftool socat kmod busybox-static cpio wireguard-tools ppp pppoe" >&2
    exit 1
fi

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
mkdir -p "$root"/{dev,proc,sys,run,tmp,etc,ctgate} "$root"/usr/{bin,sbin,lib,lib64}
for directory in bin sbin lib lib64; do
    ln -s "usr/$directory" "$root/$directory"
done

# add_program FILE DIRECTORY: the file, and at their own paths the libraries that ldd names.
add_program() {
    install -m 755 "$1" "$root/$2/"
    # A static program has none: ldd fails, and that is all right.
    { ldd "$1" 2>/dev/null || true; } | sed -n 's|^[^/]*\(/[^ ]*\) (0x.*|\1|p' |
        while read -r library; do
            (cd / && cp -L --parents "${library#/}" "$root/")
        done
}

for tool in "${tools[@]}"; do
    add_program "$(command -v "$tool")" usr/sbin
done
add_program "$(command -v busybox)" usr/bin
add_program "$quit" usr/sbin
ln -s ../sbin/bash "$root/usr/bin/sh"
ln -s ../sbin/bash "$root/usr/bin/bash"
# The kernel's request_module calls /sbin/modprobe.
ln -s kmod "$root/usr/sbin/modprobe"
# pppd's, which it loads by itself.
plugin=(/usr/lib/pppd/*/rp-pppoe.so)
mkdir -p "$root/etc/ppp" "$root${plugin[0]%/*}"
cp "${plugin[0]}" "$root${plugin[0]}"
cp /etc/protocols /etc/services "$root/etc/" 2>/dev/null || true
cp -r "$modules/lib/." "$root/usr/lib/"

install -m 755 "$scripts/init" "$root/init"
install -m 755 "$scripts"/*.sh "$root/ctgate/"
cp -r "$scripts/../../examples" "$root/ctgate/"
for binary in "$@"; do
    if [ ! -x "$binary" ]; then
        echo "image.sh: $binary is missing; build it with 'make build'" >&2
        exit 1
    fi
    add_program "$binary" ctgate
done

(cd "$root" && find . | cpio --quiet -o -H newc) >"$output"
