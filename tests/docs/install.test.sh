#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# `make install` puts everything in its place, and the systemd units have a tight sandbox. No root, no
# kernel state.
set -uo pipefail

build=${BUILD:?directory of the build}
# shellcheck source=expect.sh
. "$(dirname "$0")/expect.sh"

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

# install_to PREFIX
install_to() {
    DESTDIR=$root cmake --install "$build" --prefix "$1"
}

# has_line FILE LINE
has_line() {
    grep -qxF -- "$2" "$root/$1"
}

# exposed UNIT: its exposure, in tenths, is at most that high.
tight() {
    systemd-analyze security --offline=true --threshold=30 "$root/usr/lib/systemd/system/$1"
}

expect "it installs" install_to /usr
for file in sbin/ctgate share/bash-completion/completions/ctgate share/zsh/vendor-completions/_ctgate \
    share/doc/ctgate/README.md share/doc/ctgate/LICENSE share/doc/ctgate/docs/packet-path.md; do
    expect "$file" test -s "$root/usr/$file"
done
for file in "$(dirname "$0")"/../../examples/*/*; do
    example=$(basename "$(dirname "$file")")/$(basename "$file")
    expect "example $example" cmp "$file" "$root/usr/share/doc/ctgate/examples/$example"
done
if [ -e "$build/ctgate.8" ]; then
    expect "the man page" test -s "$root/usr/share/man/man8/ctgate.8"
else
    echo "skip - no man page: scdoc is missing"
fi
expect "the configuration is an example: it asks for nothing" \
    test -z "$(grep -v '^#' "$root/etc/ctgate/ctgate.conf" | tr -d '[:space:]')"

units=usr/lib/systemd/system
expect "the service has its file" \
    has_line $units/ctgate.service "ExecStart=/usr/sbin/ctgate run --config /etc/ctgate/ctgate.conf"
expect "each instance has its own" \
    has_line $units/ctgate@.service "ExecStart=/usr/sbin/ctgate run --config /etc/ctgate/%i.conf"
if command -v systemd-analyze >/dev/null; then
    expect "ctgate.service: exposure at most 3.0" tight ctgate.service
    expect "ctgate@.service: exposure at most 3.0" tight ctgate@.service
else
    echo "skip - exposure of the units: systemd-analyze is missing"
fi

echo edited >"$root/etc/ctgate/ctgate.conf"
expect "again" install_to /usr
expect "an edited configuration stays" has_line etc/ctgate/ctgate.conf edited
expect "below another prefix" install_to /opt/gateway
expect "units name the program there" has_line opt/gateway/lib/systemd/system/ctgate.service \
    "ExecStart=/opt/gateway/sbin/ctgate run --config /opt/gateway/etc/ctgate/ctgate.conf"

echo "install: $checks checks, $failures failed"
[ "$failures" -eq 0 ]
