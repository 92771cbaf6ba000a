#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# examples/two-labs, with its very files: two gateways on one machine, with the same network inside.
# Only the names of their network namespaces, which are the whole machine's, are the test's own.
#
#   client1 10.0.0.2 ── red0  [gateway: red]  red1  203.0.113.1 ── isp
#   client2 10.0.0.2 ── blue0 [gateway: blue] blue1 192.0.2.1 ──── isp
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

example=$(realpath "$system_tests/../../examples/two-labs")

# rename DEVICE NAME: without addresses.
rename() {
    ip -n "$(netns gateway)" link set "$1" nomaster down
    ip -n "$(netns gateway)" address flush dev "$1"
    ip -n "$(netns gateway)" link set "$1" name "$2" up
}

# in_lab LAB VERB [OPTION...]
in_lab() {
    ctgate "$2" --netns "$(netns "$1")" "${@:3}"
}

serves() {
    in_lab "$1" status || has_ended "$daemon"
}

# start LAB
start() {
    background gateway "$CTGATE" run --config "$example/$1.conf" --netns "$(netns "$1")" \
        >>"$work/ctgate.log" 2>&1
    daemon=$!
    wait_for 20 serves "$1"
    in_lab "$1" status >/dev/null
}

# external_ends LAB: of its UDP sessions.
external_ends() {
    in_lab "$1" show sessions --json --protocol udp |
        jq -r '.[] | "\(.internal.address):\(.internal.port) \(.external.address):\(.external.port)"'
}

# is_there LAB: its namespace.
is_there() {
    namespaces | grep -qx "$(netns "$1")"
}

build_topology
start_services
rename client1 red0
rename client2 blue0
rename outside red1
ip -n "$(netns gateway)" link delete inside
add_link gateway blue1 - isp eth2 192.0.2.254/24
ip -n "$(netns client2)" address flush dev eth0
ip -n "$(netns client2)" address add 10.0.0.2/24 dev eth0
ip -n "$(netns client2)" route add default via 10.0.0.1
start_capture red isp eth0 ip
start_capture blue isp eth2 ip
state_of gateway >"$work/before"

for lab in red blue; do
    check "$lab: the file is valid" exits 0 ctgate check --config "$example/$lab.conf"
    check "$lab: names a namespace" grep -qx "netns = $lab" "$example/$lab.conf"
    check "$lab: starts" start $lab
done
check "the same endpoint in both, each with its own address" equals "$external:4000 192.0.2.1:4000" \
    "$(ask client1 4000) $(ask client2 4000)"
check "red shows its own session" equals "10.0.0.2:4000 $external:4000" "$(external_ends red)"
check "blue shows its own" equals "10.0.0.2:4000 192.0.2.1:4000" "$(external_ends blue)"
check "downloads through both" equals "$(payload_sum) $(payload_sum)" \
    "$(download client1) $(download client2)"
check "nothing serves the namespace that they came from" exits 3 ctgate status

start_conversation stays client2 tcp 4100
check "a TCP session of blue" equals "192.0.2.1:4100" "$(converse stays)"
check "down of red" in_lab red down
check "its namespace is gone" fails is_there red
check "blue goes on, and has new sessions" equals "192.0.2.1:4100 192.0.2.1:4101" \
    "$(converse stays) $(seen_as client2 --local-port 4101)"
check "red starts again" start red
check "and works" equals "$external:4001" "$(ask client1 4001)"
check "down of red again" in_lab red down
check "down of blue" in_lab blue down
check "the interfaces are back, everything is as before" state_is "$work/before" gateway

stop_capture red blue
check "outside of red: no internal address" nothing_internal red
check "outside of blue: none either" nothing_internal blue

all_passed
