#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# `ctgate down --all` finds gateways in namespaces with a name, with a process only, and what is left of
# one whose namespace is gone. All of it with processes and /run of its own: it would find those of other
# tests, too.
set -eu
if [ -z "${ALONE:-}" ]; then
    [ "$(id -u)" -eq 0 ] || { echo "# skipped: needs root"; exit 77; }
    exec unshare --mount --pid --fork --kill-child --mount-proc env ALONE=yes "$0"
fi
mount -t tmpfs tmpfs /run
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# Without addresses it waits for one, having set up everything else.
interfaces="ip link add inside type veth peer name outside
    ip link set inside up; ip link set outside up"

# served NUMBER: so many namespaces have something of ctgate.
served() {
    equals "$1" "$(find /run/ctgate/bpf -mindepth 1 -maxdepth 1 -type d 2>/dev/null | wc -l)"
}

build_topology
start_ctgate
unshare --net bash -c "$interfaces; exec '$CTGATE' run --internal inside --external outside" \
    >"$work/nameless.log" 2>&1 &
nameless=$!
wait_for 10 served 2
unshare --net bash -c "$interfaces; exec '$CTGATE' run --internal inside --external outside" \
    >"$work/gone.log" 2>&1 &
gone=$!
wait_for 10 grep -q "Waiting for an address" "$work/gone.log"
kill -9 $gone
wait_for 10 has_ended $gone
check "what is left of one whose namespace is gone" served 3

check "down --all" exits 0 "$CTGATE" down --all
check "ends the daemon in the namespace with a name" wait_for 10 has_ended "$daemon"
check "and the one in the namespace without" wait_for 10 has_ended "$nameless"
check "nothing is left in /run" fails test -e /run/ctgate
check "again: there is nothing" matches "in any network namespace" "$("$CTGATE" down --all)"
check "not with --netns" exits 2 "$CTGATE" down --all --netns "$(netns gateway)"

all_passed
