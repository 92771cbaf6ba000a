#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The MTU of the external link goes down to 1400 while ctgate serves, and up again. Sessions that there
# are, past the stack, keep to it: TCP is told, UDP is cut; new ones get an MSS that fits.
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# set_mtu MTU: of both ends of the link.
set_mtu() {
    ip -n "$(netns gateway)" link set outside mtu "$1"
    ip -n "$(netns isp)" link set eth0 mtu "$1"
}

# start_uploads: one TCP connection of client1's; `ask_pipe uploads ""` sends the payload by it, and
# prints the checksum of what the server got.
start_uploads() {
    start_pipe uploads nsenter --net="/run/netns/$(netns client1)" "$python" -c "
import http.client, sys
connection = http.client.HTTPConnection('$server', 8080, timeout=30, source_address=('', 4100))
payload = open('$work/payload', 'rb').read()
for _ in sys.stdin:
    connection.request('PUT', '/sum', payload)
    print(connection.getresponse().read().decode().strip(), flush=True)"
}

# uploads: by the connection that there is.
uploads() {
    equals "$(payload_sum)" "$(ask_pipe uploads "")"
}

# exchanges: a datagram of 1500 bytes that may be cut, and its answer, in the session that there is.
exchanges() {
    equals same "$(ask client1 4000 1472)"
}

# exchanges_past_stack: both by the short path, as it is only when they fit.
exchanges_past_stack() {
    local before
    before=$(counter short_path)
    exchanges && counted short_path $((before + 2))
}

# learned: the path's MTU that client1 has noted.
learned() {
    inside client1 ip route get $server | sed -n 's/.* mtu \([0-9]*\).*/\1/p'
}

# mss NAME FILTER: that in the first SYN of a capture.
mss() {
    packets "$1" "tcp[tcpflags] & tcp-syn != 0 and ($2)" |
        sed -n 's/.*mss \([0-9]*\).*/\1/p' | head -n 1
}

clamps() {
    inside gateway nft list chain ip ctgate clamp
}

# check_new WHEN MSS: what the ends of a new connection are offered.
check_new() {
    start_capture new_outside isp eth0 tcp
    start_capture new_inside client2 eth0 tcp
    check "$1: a new download" equals "$(payload_sum)" "$(download client2)"
    check "$1: a new upload" equals "$(payload_sum)" "$(upload client2)"
    stop_capture new_outside new_inside
    check "$1: the server is offered $2" equals "$2" "$(mss new_outside "src host $external")"
    check "$1: the client is offered $2" equals "$2" "$(mss new_inside "src host $server")"
}

build_topology
start_services
# No super-packets in the captures.
for client in client1 client2; do
    inside $client ethtool -K eth0 tso off gso off >/dev/null
    inside gateway ethtool -K $client gro off >/dev/null
done
inside gateway ethtool -K outside tso off gso off gro off >/dev/null
start_ctgate
start_uploads
check "at first: TCP" uploads
check "at first: UDP, past the stack" wait_for 5 exchanges_past_stack
check "at first: nothing clamps" fails clamps 2>/dev/null
check_new "at first" 1460

set_mtu 1400
start_capture told client1 eth0 icmp
check "1400: the TCP session goes on" uploads
check "1400: its client has learned it" equals 1400 "$(learned)"
check "1400: UDP goes on" wait_for 5 exchanges
stop_capture told
check "1400: the router has told it" seen told \
    "src host 10.0.0.1 and icmp[icmptype] = icmp-unreach and icmp[icmpcode] = 4 and icmp[6:2] = 1400"
# From here on for both, whatever the sessions were used to.
start_capture narrow gateway outside ip
check "1400: TCP again" uploads
check "1400: UDP again" exchanges
stop_capture narrow
check "1400: large packets leave" seen narrow "tcp and src host $external and greater 1400"
check "1400: UDP is cut" seen narrow "udp and src host $external and ip[6:2] & 0x3fff = 0x2000"
check "1400: nothing larger leaves" unseen narrow "src host $external and greater 1415"
check "1400: it clamps" wait_for 5 clamps
check_new 1400 1360

set_mtu 1500
ip -n "$(netns client1)" route flush cache
ip -n "$(netns client2)" route flush cache
ip -n "$(netns server)" route flush cache
check "1500 again: nothing clamps" wait_for 5 fails clamps
check "1500 again: UDP, past the stack" wait_for 5 exchanges_past_stack
start_capture wide gateway outside ip
check "1500 again: UDP" exchanges
check "1500 again: TCP" uploads
stop_capture wide
check "1500 again: UDP is not cut" seen wide "udp and src host $external and ip[2:2] = 1500"
check "1500 again: TCP fills it" seen wide "tcp and src host $external and ip[2:2] = 1500"
check_new "1500 again" 1460

all_passed
