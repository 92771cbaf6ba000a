#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A reload without an internal interface: nothing of the hosts behind it goes on, whether they are
# connected there or routed; nor does anybody outside reach them by the mappings they had.
#
#   client3 10.7.0.2 ─── lan2 gateway outside ── isp ── server
#   client3 10.9.9.9, of 10.9.0.0/16 behind 10.7.0.2; but 10.9.1.0/24 is reached by `inside`
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# udp_from HOST ADDRESS:PORT NAME
udp_from() {
    ends session "$3" udp "$1" "$2" $server:5001 udp-server
}

# cuts PATTERN: `reload --dry-run` names such a session.
cuts() {
    ctgate reload --dry-run --json | jq -e --arg pattern "$1" '.cut | any(test($pattern))' >/dev/null
}

# has_mapping ADDRESS PORT
has_mapping() {
    ctgate show mappings --host "$1" --port "$2" --json | jq -e 'length == 1' >/dev/null
}

# asked_by ADDRESS:PORT FROM-PORT NAME: isp, a stranger, sends there.
asked_by() {
    ends begin "$3" udp isp "$isp:$2" "$1" >/dev/null
}

build_topology
# So is many a router's: what the gateway does not hold back is forwarded.
set_sysctl gateway net/ipv4/ip_forward 1
add_host client3
add_link client3 eth0 10.7.0.2/24 gateway lan2 10.7.0.1/24
ip -n "$(netns client3)" route add default via 10.7.0.1
ip -n "$(netns client3)" address add 10.9.9.9/32 dev lo
ip -n "$(netns gateway)" route add 10.9.0.0/16 via 10.7.0.2
ip -n "$(netns gateway)" route add 10.9.1.0/24 via $client2
ip -n "$(netns client2)" address add 10.9.1.2/32 dev lo
start_ends
ends serve udp-server udp server $server:5001 >/dev/null
configure "filtering = endpoint-independent" "internal = lan2"
run_ctgate --config "$work/ctgate.conf"

check "connected: a session" equals $external:4000 "$(udp_from client3 10.7.0.2:4000 connected)"
check "routed: a session" equals $external:4001 "$(udp_from client3 10.9.9.9:4001 routed)"
check "of another interface: a session" equals $external:4002 "$(udp_from client1 4002 stays)"
check "routed to another interface: a session" equals $external:4003 \
    "$(udp_from client2 10.9.1.2:4003 stays2)"
start_capture behind client3 eth0 ip

configure "filtering = endpoint-independent"
check "--dry-run: the connected one would end" cuts '10\.7\.0\.2:4000'
check "--dry-run: the routed one too" cuts '10\.9\.9\.9:4001'
check "--dry-run: those of other interfaces would not" fails cuts '10\.0\.0\.2:4002|10\.9\.1\.2:4003'
ctgate reload >/dev/null
check "the connected one has ended" fails has_entry "src=10\.7\.0\.2"
check "the routed one too" fails has_entry "src=10\.9\.9\.9"
check "so has the mapping" fails has_mapping 10.7.0.2 4000
check "and that of the routed one" fails has_mapping 10.9.9.9 4001
check "those of other interfaces go on" equals "$external:4002 $external:4003" \
    "$(ends again stays) $(ends again stays2)"
for port in 4000 4001; do
    asked_by $external:$port 7001 "stranger$port"
done
asked_by $external:4002 7001 stranger4002
check "a stranger still reaches a host of another interface" wait_for 5 has_entry \
    "src=$isp dst=$external sport=7001 dport=4002 .*src=$client1"
check "but none behind the one that has gone" fails has_entry "sport=7001 dport=400[01] src=10\.[79]\."
stop_capture behind
check "nothing came to them" unseen behind "src $isp"

stop_ctgate
all_passed
