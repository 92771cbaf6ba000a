#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The short path follows the routing table and the neighbours under traffic: another next hop, another
# interface, no route; a neighbour whose address changed, is forgotten, or changes without a word.
#
#   client1 ── inside gateway outside ─── eth0 203.0.113.254 isp ── server
#                                           └ other 203.0.113.253 ┤
#                             outside2 ──── eth2 192.0.2.254 ─────┘
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

other=203.0.113.253

# goes_by HOST DEVICE ADDRESS: what the client sends comes in there, within two seconds, translated; and
# nothing stays behind on its way.
goes_by() {
    wait_for 2 is_seen_on "$@" && flows stream
}

is_seen_on() {
    inside "$1" timeout 1 tcpdump -n -c 5 -Z root --immediate-mode -p -Q in -i "$2" \
        "src host $external and udp and ether dst $3"
}

# mac_of HOST DEVICE
mac_of() {
    ip -n "$(netns "$1")" -j link show "$2" | jq -r '.[].address'
}

# route NEXT-HOP...: the gateway's default route.
route() {
    ip -n "$(netns gateway)" route replace default "$@"
}

# set_mac HOST DEVICE ADDRESS
set_mac() {
    ip -n "$(netns "$1")" link set "$2" address "$3"
}

# forgets_neighbours DEVICE HITS: and so many packets have gone to the stack. Again and again, since they
# may be heard of before a packet is.
forgets_neighbours() {
    ip -n "$(netns gateway)" neigh flush dev "$1" && counted session_hit "$2"
}

# impatient_neighbours DEVICE: so that the stack soon finds out when one does not answer any more.
impatient_neighbours() {
    set_sysctl gateway "net/ipv4/neigh/$1/base_reachable_time_ms" 500
    set_sysctl gateway "net/ipv4/neigh/$1/delay_first_probe_time" 1
    set_sysctl gateway "net/ipv4/neigh/$1/retrans_time_ms" 100
}

build_topology
start_services
ip -n "$(netns isp)" link add link eth0 name other type macvlan mode bridge
set_up isp other $other/32 1500
add_link gateway outside2 192.0.2.1/24 isp eth2 192.0.2.254/24
for device in all default eth0 eth1 eth2 other; do
    set_sysctl isp net/ipv4/conf/$device/rp_filter 0
    # Each address is answered by its own device.
    set_sysctl isp net/ipv4/conf/$device/arp_ignore 1
done
impatient_neighbours outside
run_ctgate --internal inside --external outside --external outside2
start_capture outside isp eth0 ip
start_capture outside2 isp eth2 ip

start_stream stream client1 udp 4000
check "past the stack" takes_short_path stream
check "to the next hop" goes_by isp eth0 "$(mac_of isp eth0)"

route via $other
check "another next hop: it goes there" goes_by isp other "$(mac_of isp other)"
check "past the stack" takes_short_path stream
route via 192.0.2.254
check "another interface: it goes there" goes_by isp eth2 "$(mac_of isp eth2)"
check "past the stack" takes_short_path stream
ip -n "$(netns gateway)" route replace blackhole $server/32
check "no route: it stops" wait_for 3 stands_still stream
ip -n "$(netns gateway)" route delete blackhole $server/32
route via $isp
check "the first next hop again: it goes there" goes_by isp eth0 "$(mac_of isp eth0)"
check "past the stack" takes_short_path stream

for device in outside inside; do
    check "neighbours on $device forgotten: the stack asks" \
        wait_for 5 forgets_neighbours $device $(($(counter session_hit) + 1))
    check "past the stack" takes_short_path stream
done

set_mac isp eth0 02:00:00:00:00:fe
ip -n "$(netns gateway)" neigh replace $isp lladdr 02:00:00:00:00:fe dev outside nud stale
check "another MAC address of the next hop: it goes there" goes_by isp eth0 02:00:00:00:00:fe
check "past the stack" takes_short_path stream
# The next hop asks nobody either.
ip -n "$(netns isp)" neigh replace $external lladdr "$(mac_of gateway outside)" dev eth0 nud permanent
ip -n "$(netns gateway)" neigh replace $isp lladdr 02:00:00:00:00:fe dev outside nud stale
set_mac isp eth0 02:00:00:00:00:fd
check "another, which nobody tells: it goes there" wait_for 15 is_seen_on isp eth0 02:00:00:00:00:fd
check "past the stack" takes_short_path stream

stop_capture outside outside2
check "outside: no internal address" nothing_internal outside
check "outside2: no internal address" nothing_internal outside2

all_passed
