#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A new `ctgate run` where an earlier one left its dataplane: one that is refused changes nothing, and
# `status` says 0 only when the new one serves. What others have at our place is not touched.
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# filters: the numbers of our programs that hang as filters, one for each place.
filters() {
    local place
    for place in "inside ingress" "outside ingress" "outside egress"; do
        # shellcheck disable=SC2086 # device and hook
        inside gateway tc -j filter show dev $place |
            jq -r --arg place "$place" '.[].options.prog.id // empty | "\($place) \(.)"'
    done
}

build_topology
start_services
start_ctgate --attach clsact
before=$(filters)
check "there are three filters" equals 3 "$(wc -l <<<"$before")"
kill_daemon
check "without daemon they are the same" equals "$before" "$(filters)"
start_ctgate --attach clsact
check "taken over as it is: no filter was replaced" equals "$before" "$(filters)"
kill_daemon

inside gateway ip link add other type veth peer name other1
inside gateway ip link set other up
inside gateway ip address add 192.0.2.1/24 dev other
inside gateway tc qdisc add dev other clsact
inside gateway tc filter add dev other ingress pref 199 handle 1 protocol all \
    bpf bytecode '1,6 0 0 4294967295,' flowid 1:1
check "a foreign filter at our place refuses the start" \
    exits 1 ctgate run --internal inside --external other --attach clsact
check "refused: the earlier one serves, unattended" exits 4 ctgate status
check "refused: sessions" equals "$external:4000" "$(ask client1 4000)"
check "refused: the foreign filter is there" \
    matches "flowid 1:1" "$(inside gateway tc filter show dev other ingress)"
inside gateway tc qdisc del dev other clsact

start_ctgate
check "taken over" equals "$external:4001" "$(ask client1 4001)"

# --- what is removed from the configuration is closed before the table forgets it ------------------
printf 'internal = inside\nexternal = outside\nexternal = other\n' >"$work/gw.conf"
stop_ctgate
run_ctgate --config "$work/gw.conf"
check "both external interfaces are served" matches "other +(tcx|clsact)" "$(ctgate status)"
printf 'internal = inside\nexternal = outside\n' >"$work/gw.conf"
kill -HUP $daemon
is_closed() {
    equals 0 "$(inside gateway cat /proc/sys/net/ipv4/conf/other/forwarding)"
}
check "reload without one: its forwarding is off again" wait_for 5 is_closed
check "reload without one: the other goes on" equals "$external:4002" "$(ask client1 4002)"

# --- the table is held to what it was, not only to its being there ---------------------------------
inside gateway nft flush chain ip ctgate guard
check "a chain that was emptied: repaired" wait_for 5 exits 0 ctgate status
check "a chain that was emptied: it guards again" \
    matches "goto guard_session" "$(inside gateway nft list chain ip ctgate guard)"
kill_daemon
inside gateway nft flush table ip ctgate
check "without a daemon: status says that it is broken" exits 1 ctgate status

all_passed
