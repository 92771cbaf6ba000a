#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A frame with a tag of VLAN 0 has a priority and no VLAN (IEEE 802.1Q): the kernel takes it as if it had
# none. So must the dataplane, or its limits are none, and a forward is closed to such an uplink.
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# send_tagged HOST MAC PACKET-OF-SCAPY
send_tagged() {
    inside "$1" "$python" -c "from scapy.all import Dot1Q, Ether, IP, UDP, sendp
sendp(Ether(dst='$2') / Dot1Q(vlan=0, prio=7) / $3, iface='eth0', verbose=False)"
}

has_come() {
    tcpdump -n -r "$work/client2.pcap" "dst host $client2 and dst port 5000" 2>/dev/null | grep -q .
}

build_topology
start_services
start_ctgate --max-ports-per-host 2 --forward udp:5000:$client2:5000
start_capture outside isp eth0 "src host $external"
start_capture client2 client2 eth0 ip

inside_mac=$(ip -n "$(netns gateway)" -j link show inside | jq -r '.[0].address')
outside_mac=$(ip -n "$(netns gateway)" -j link show outside | jq -r '.[0].address')
for port in 4000 4001 4002; do
    send_tagged client1 "$inside_mac" "IP(src='$client1', dst='$server') / UDP(sport=$port, dport=5300) / b'peer'"
done
check "from inside: the host has its two ports" wait_for 5 counted mapping_created 2
check "and no third" wait_for 5 counted drop_port_quota 1
check "the answers come" wait_for 5 counted session_hit 2
send_tagged isp "$outside_mac" "IP(src='$server', dst='$external') / UDP(sport=7000, dport=5000) / b'tagged'"
check "from outside: the forward is open" wait_for 5 has_come
stop_capture outside client2
check "two sessions left" equals 2 "$(packets outside 'dst port 5300' | wc -l)"
check "outside: no internal address" nothing_internal outside

all_passed
