#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# --external-address: not the interface's first address but the one that was asked for, be it on the
# interface or routed to the gateway, with the port range of that address.
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

second=203.0.113.7
routed=192.0.2.9

# all_use ADDRESS LOW-HIGH: what the server sees of UDP and TCP, of fragments and of ping.
all_use() {
    local range=$2
    matches "^$1:" "$(ask client1 4000)" &&
        matches "^$1:" "$(seen_as client2)" &&
        equals same "$(ask client1 4001 5000)" &&
        inside client1 ping -n -q -c 1 -W 3 $server >"$work/ping.log" &&
        unseen outside "src net not 198.51.100.0/24 and not src host $1 and not src host $isp" &&
        unseen outside "src host $1 and (tcp or udp) and ip[6:2] & 0x1fff = 0 and not src portrange $range"
}

build_topology
start_services
ip -n "$(netns gateway)" address add $second/24 dev outside
ip -n "$(netns gateway)" address add $routed/32 dev lo
ip -n "$(netns isp)" route add $routed/32 via $external

start_capture outside isp eth0 "ip and host $server"
start_ctgate --external-address $second --port-range $second=6000-6009
check "an address of the interface" all_use $second 6000-6009
stop_ctgate
flush_entries
stop_capture outside
check "outside: no internal address" nothing_internal outside

start_capture outside isp eth0 "ip and host $server"
start_ctgate --external-address outside=$routed --port-range 7000-7099
check "an address that is routed to the gateway" all_use $routed 7000-7099
stop_capture outside
check "outside: no internal address" nothing_internal outside
check "new packets to it from outside are not forwarded" \
    fails inside isp ping -n -q -c 1 -W 0.3 $client1 >/dev/null 2>&1

all_passed
