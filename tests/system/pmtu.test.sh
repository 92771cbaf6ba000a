#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A path of 1400 bytes behind the gateway: the ICMP error of the router there reaches the client that
# sent too much, who then sends less; uploads and downloads arrive whole.
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# fits HOST BYTES: a ping of so many bytes in all, that may not be fragmented, is answered.
fits() {
    inside "$1" ping -n -c 1 -W 2 -M "do" -s $(($2 - 28)) $server >"$work/ping.log" 2>&1
}

# udp_too_big: the error number that a connected UDP socket gets after sending 1450 bytes.
udp_too_big() {
    run_python "$server" <<'PYTHON'
import socket
import sys
from peer import socket_in

client = socket_in("client2", socket.SOCK_DGRAM)
client.setsockopt(socket.IPPROTO_IP, 10, 2)  # IP_MTU_DISCOVER: IP_PMTUDISC_DO
client.settimeout(0.5)
client.connect((sys.argv[1], 5300))
try:
    for _ in range(4):
        client.send(bytes(1450))
        try:
            client.recv(2000)
        except socket.timeout:
            pass
except OSError as error:
    print(error.errno)
PYTHON
}

# learned HOST: the path's MTU that the client has noted.
learned() {
    inside "$1" ip route get $server | sed -n 's/.* mtu \([0-9]*\).*/\1/p'
}

build_topology
start_services
# The path is narrow in both directions, while both ends believe in 1500.
ip -n "$(netns isp)" route replace 198.51.100.0/24 dev eth1 mtu 1400
ip -n "$(netns isp)" route replace 203.0.113.0/24 dev eth0 mtu 1400
start_ctgate --clamp-mss off
start_capture inside client1 eth0 icmp
start_capture outside isp eth0 ip

check "upload" equals "$(payload_sum)" "$(upload client1)"
check "the client has learned 1400" equals 1400 "$(learned client1)"
check "download" equals "$(payload_sum)" "$(download client1)"
check "ping: 1400 bytes fit" fits client2 1400
check "ping: 1401 do not" fails fits client2 1401
check "ping says so" matches "From $isp .*mtu = 1400|mtu=1400" "$(cat "$work/ping.log")"
ip -n "$(netns client2)" route flush cache
check "UDP: EMSGSIZE" equals 90 "$(udp_too_big)"

stop_capture inside outside
needed="icmp[icmptype] = icmp-unreach and icmp[icmpcode] = 4 and icmp[6:2] = 1400"
check "outside: the error goes to the external address" \
    seen outside "$needed and src host $isp and dst host $external"
check "inside: it goes to the client, and quotes its own address" \
    seen inside "$needed and src host $isp and icmp[20:4] = 0x0a000002"
check "outside: no internal address" nothing_internal outside

all_passed
