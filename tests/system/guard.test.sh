#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What comes unasked from outside: packets routed straight to internal addresses and new packets to
# external ports are not forwarded but counted; the router's internal address does not answer; its
# own service does.
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# unasked_for ADDRESS: packets of every kind.
unasked_for() {
    craft isp "IP(dst='$1')/UDP(sport=9,dport=4000)/b'unasked'" \
        "IP(dst='$1')/TCP(sport=9,dport=4001,flags='S')" \
        "IP(dst='$1')/TCP(sport=9,dport=4001,flags='A')" \
        "IP(dst='$1')/ICMP()/b'unasked'" \
        "IP(dst='$1',proto=47)/b'unasked'" \
        "IP(dst='$1',options=IPOption(b'\\x01\\x01\\x01\\x00'))/UDP(sport=9,dport=4000)/b'unasked'" \
        "fragment(IP(dst='$1')/UDP(sport=9,dport=4000)/bytes(3000))"
}

# intruders MINIMUM: dropped in TC.
intruders() {
    counted drop_internal_destination "$1"
}

# guard_drops MINIMUM: the guard's counters together.
guard_drops() {
    local drops
    drops=$(ctgate show counters --json |
        jq '[.drops | to_entries[] | select(.key | startswith("guard_")) | .value] | add')
    [ "$drops" -ge "$1" ] && return
    echo "  the guard has counted $drops, expected at least $1"
    return 1
}

# reaches HOST ADDRESS: its web service at port 8081.
reaches() {
    inside "$1" curl --silent --fail --noproxy '*' --max-time 1 "http://$2:8081/peer"
}

build_topology
start_services
background gateway $python "$system_tests/peer.py" web 8081 "$work/payload" >"$work/own.log" 2>&1
wait_for 10 listens gateway tcp 8081
ip -n "$(netns isp)" route add 10.0.0.0/8 via $external
start_ctgate
start_capture first client1 eth0 ip
start_capture own gateway inside "ip and host $isp"

unasked_for $client1
check "straight to a client: all seven are counted" wait_for 5 intruders 7
check "a session with port 4000 exists" equals "$external:4000" "$(ask client1 4000)"
check "a session with port 4001 exists" equals "$external:4001" "$(seen_as client1 --local-port 4001)"
unasked_for $external
check "ping to the external address is answered" \
    inside isp ping -n -q -c 1 -W 3 $external >"$work/ping.log"

before=$(counter drop_internal_destination)
check "the router's internal address does not answer pings" \
    fails inside isp ping -n -q -c 1 -W 0.3 10.0.0.1 >"$work/ping.log"
check "nor its service there" fails reaches isp 10.0.0.1
check "that is counted" intruders $((before + 2))
check "its service answers outside" equals "$isp:" "$(reaches isp $external | sed 's/[0-9]*$//')"
check "and inside" equals "$client1:" "$(reaches client1 10.0.0.1 | sed 's/[0-9]*$//')"
check "and inside at the external address" \
    equals "$client1:" "$(reaches client1 $external | sed 's/[0-9]*$//')"
check "clients still get through" equals "$(payload_sum)" "$(download client1)"

stop_capture first own

# --- the nft table guards alone when somebody takes the program away, and no daemon puts it back ---
stop_ctgate
start_ctgate --attach clsact
start_capture alone client1 eth0 ip
kill_daemon
inside gateway tc filter del dev outside ingress pref 199
unasked_for $client1
check "without the program: all seven are counted" wait_for 5 guard_drops 7
check "without the program: the router's internal address" \
    fails inside isp ping -n -q -c 1 -W 0.3 10.0.0.1 >"$work/ping.log"
check "without the program: that is counted" counted guard_internal_destination 1
stop_capture alone
check "without the program: nothing reached the client" unseen alone "host $isp"

check "nothing from outside reached the client" unseen first "host $isp"
check "nor the inside" unseen own ip

all_passed
