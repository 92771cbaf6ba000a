#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The daemon as its systemd unit starts it: with the capabilities that the unit grants, and in a mount
# namespace of its own. While it serves, few of them are in force; that is enough for what it does
# then, and others find the gateway. systemd hears of it.
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

command -v setpriv >/dev/null || skip "needs setpriv"
unit=$system_tests/../../packaging/systemd/ctgate.service.in
gateway=$(netns gateway)

# mask CAPABILITY_NUMBER...: as /proc/PID/status has it.
mask() {
    local each value=0
    for each in "$@"; do
        value=$((value | 1 << each))
    done
    printf '%016x' $value
}

# daemon_has LABEL VALUE: in its /proc/PID/status.
daemon_has() {
    equals "$2" "$(awk -v label="$1:" '$1 == label { print $2 }' "/proc/$daemon/status")"
}

# granted: what the unit grants, as setpriv wants it: +net_admin,+bpf,...
granted() {
    sed -n 's/^CapabilityBoundingSet=//p' "$unit" | tr 'A-Z ' 'a-z,' | sed 's/cap_/+/g'
}

# uses PATTERN: what the server sees of a new session.
uses() {
    matches "^$1\$" "$(ask client1 0)"
}

# heard PATTERN [NUMBER]: systemd has been told so, so often.
heard() {
    [ "$(grep -o "$1" "$work/notify" | wc -l)" -ge "${2:-1}" ]
}

build_topology
start_services
ip -n "$gateway" address add 203.0.113.2/24 dev outside
configure "port-range = 5000-5099"

socat -u "UNIX-RECV:$work/notify.socket" "OPEN:$work/notify,creat,append" &
listener=$!
wait_for 10 test -S "$work/notify.socket"
background gateway unshare --mount --propagation slave \
    env NOTIFY_SOCKET="$work/notify.socket" WATCHDOG_USEC=600000 \
    setpriv --bounding-set "-all,$(granted)" --no-new-privs \
    "$CTGATE" run --config "$work/ctgate.conf" >>"$work/ctgate.log" 2>&1
daemon=$!
wait_until_served
wait_for 10 heard READY=1 || fail "systemd is not told that it serves"

# CAP_NET_ADMIN, CAP_PERFMON, CAP_BPF; and CAP_SYS_ADMIN at hand.
check "few capabilities are in force" wait_for 10 daemon_has CapEff "$(mask 12 38 39)"
check "one more is at hand" daemon_has CapPrm "$(mask 12 21 38 39)"
check "executing programs brings none back" daemon_has NoNewPrivs 1
check "others see the pins" test -d "$(pins_of gateway)"
check "sessions are translated" uses "$external:50[0-9][0-9]"
check "systemd's watchdog hears of it" wait_for 10 heard WATCHDOG=1 3

configure "port-range = 6000-6099" "external-address = 203.0.113.2" "attach = clsact" \
    "address = inside=10.5.0.1/24"
check "reload: other addresses, ports, programs" reload "Reloaded"
check "systemd is told that it begins" heard RELOADING=1
check "and that it is done" wait_for 10 heard READY=1 2
check "new sessions follow it" uses "203.0.113.2:60[0-9][0-9]"
configure "port-range = 6000-6099" "attach = clsact"
check "another reload" reload "Reloaded"
check "back to the first address" uses "$external:60[0-9][0-9]"
ip -n "$gateway" address del $external/24 dev outside
ip -n "$gateway" address add 203.0.113.7/24 dev outside
ip -n "$gateway" route replace default via $isp
check "it follows a change of address" wait_for 10 uses "203.0.113.7:60[0-9][0-9]"
inside gateway nft delete table ip ctgate
check "it puts its nft table back" wait_for 10 inside gateway nft list table ip ctgate >/dev/null
check "no more capabilities than before" wait_for 10 daemon_has CapEff "$(mask 12 38 39)"

check "down ends it" stop_ctgate
check "and removes the pins" fails test -e "$(pins_of gateway)"
kill "$listener"

all_passed
