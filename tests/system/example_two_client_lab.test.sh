#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# examples/two-client-lab, with its very files: two networks inside, two external addresses, and the
# addresses and the route that ctgate sets up, here and in a namespace of its own.
#
# The topology's gateway without its bridge: the clients' ports are lab1 and lab2, outside is uplink.
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

example=$(realpath "$system_tests/../../examples/two-client-lab")
lab=$(netns lab)

rename() {
    ip -n "$(netns gateway)" link set "$1" down
    ip -n "$(netns gateway)" address flush dev "$1"
    ip -n "$(netns gateway)" link set "$1" name "$2" up
}

# readdress HOST NETWORK
readdress() {
    ip -n "$(netns "$1")" address flush dev eth0
    ip -n "$(netns "$1")" address add "$2.2/24" dev eth0
    ip -n "$(netns "$1")" route add default via "$2.1"
}

# everything WHERE PORT: what the lab is for.
everything() {
    local host seen port=$2
    for host in client1 client2; do
        port=$((port + 1))
        check "$1: $host: download" equals "$(payload_sum)" "$(download $host)"
        seen=$(ask $host $port)
        check "$1: $host: one of the addresses, port kept" \
            matches "^203\.0\.113\.[12]:$port\$" "$seen"
        check "$1: $host: the same with TCP" equals "$seen" "$(seen_as $host --local-port $port)"
        check "$1: $host: ping" inside $host ping -n -q -c 1 -W 3 $server >"$work/ping.log"
    done
}

serves_lab() {
    ctgate status --netns "$lab" || has_ended "$daemon"
}

build_topology
start_services
ip -n "$(netns gateway)" link set client1 nomaster
ip -n "$(netns gateway)" link set client2 nomaster
ip -n "$(netns gateway)" link delete inside
rename client1 lab1
rename client2 lab2
rename outside uplink
readdress client1 10.0.1
readdress client2 10.0.2
start_capture outside isp eth0 ip
state_of gateway >"$work/before"

check "the file is valid" exits 0 ctgate check --config "$example/ctgate.conf"
run_ctgate --config "$example/ctgate.conf"
inside gateway nft -f "$example/firewall.nft"
everything "here" 25000
check "the clients do not see each other" \
    fails inside client1 ping -n -q -c 1 -W 0.3 10.0.2.2 >"$work/ping.log"
check "but the box, by ping" inside client1 ping -n -q -c 1 -W 3 10.0.1.1 >"$work/ping.log"
stop_ctgate
inside gateway nft delete table inet lab
check "down: everything is as before" state_is "$work/before" gateway

background gateway "$CTGATE" run --config "$example/ctgate.conf" --netns "$lab" \
    --move lab1 --move lab2 --move uplink >>"$work/ctgate.log" 2>&1
daemon=$!
check "in a namespace of its own: serves" wait_for 10 serves_lab
everything "there" 25100
check "down there" ctgate down --netns "$lab"
check "the interfaces are back, everything is as before" state_is "$work/before" gateway

stop_capture outside
check "outside: no internal address" nothing_internal outside

all_passed
