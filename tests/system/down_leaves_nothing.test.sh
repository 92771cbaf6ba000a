#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# `ctgate down` leaves everything as it was before the start: tc, nft, bpffs, /run, sysctls,
# addresses and routes; for TCX and clsact, with a living daemon and after kill -9. What others had
# there stays.
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# The programs that our pinned links hold, and those of our tc filters.
programs() {
    local pin
    for pin in "$(pins_of gateway)"/link-*; do
        [ ! -e "$pin" ] || bpftool -j link show pinned "$pin" | jq '.prog_id'
    done
    for hook in "inside ingress" "outside ingress" "outside egress"; do
        # shellcheck disable=SC2086 # two words
        inside gateway tc filter show dev $hook |
            sed -n 's/.*direct-action.* id \([0-9]*\) .*/\1/p'
    done
}

none_loaded() {
    local id
    for id in $1; do
        ! bpftool prog show id "$id" >/dev/null 2>&1 || return 1
    done
}

foreign_things() {
    inside gateway nft -f - <<'RULES'
table inet firewall {
    chain forward { type filter hook forward priority 0; policy accept; counter accept; }
}
table ip other { chain hooked { type nat hook postrouting priority 200; policy accept; }; }
RULES
    inside gateway tc qdisc add dev outside clsact
    inside gateway tc filter add dev outside ingress pref 7 protocol ip \
        bpf bytecode '1,6 0 0 4294967295,' flowid 1:1
}

# without_counts: the state, except nft's packet counters.
without_counts() {
    state_of gateway | sed 's/packets [0-9]* bytes [0-9]*//'
}

same_state() {
    without_counts | diff "$work/before" -
}

# round MODE [kill|unpin]: how the daemon ends, and whether its pins are there for `down`.
round() {
    local loaded
    start_ctgate --attach "$1" --address inside=10.7.0.1/24 --address outside=192.0.2.77/32 \
        --route 198.18.0.0/15,via=$isp,dev=outside
    check "$*: serves" equals "$external:4000" "$(ask client1 4000)"
    check "$*: download" equals "$(payload_sum)" "$(download client2)"
    check "$*: it has changed something" fails same_state >"$work/changes"
    loaded=$(programs)
    check "$*: three programs are attached" equals 3 "$(wc -w <<<"$loaded")"
    if [ -n "${2:-}" ]; then
        kill_daemon
    fi
    [ "${2:-}" != unpin ] || rm -rf "$(pins_of gateway)"
    check "$*: down" ctgate down
    check "$*: the daemon has ended" wait_for 10 has_ended "$daemon"
    check "$*: everything is as before" same_state
    check "$*: no program stays" wait_for 10 none_loaded "$loaded"
    check "$*: no daemon, nothing serves" exits 3 ctgate status
    check "$*: down again is no error" exits 0 ctgate down
}

build_topology
start_services
foreign_things
without_counts >"$work/before"

round tcx
round clsact
round tcx kill
round clsact kill
inside gateway tc qdisc del dev outside clsact
inside gateway nft flush ruleset
without_counts >"$work/before"
round clsact kill
round clsact unpin
round auto

all_passed
