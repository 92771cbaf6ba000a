#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# An external device with an MTU of 1400: the maximum segment size is clamped in both directions,
# unless switched off; then path MTU discovery has to do it.
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# mss NAME FILTER: that in the first SYN of a capture.
mss() {
    packets "$1" "tcp[tcpflags] & tcp-syn != 0 and ($2)" |
        sed -n 's/.*mss \([0-9]*\).*/\1/p' | head -n 1
}

# try OPTION OUTSIDE INSIDE: what the server and the client are offered.
try() {
    start_ctgate --clamp-mss "$1"
    start_capture outside isp eth0 ip
    start_capture inside client1 eth0 ip
    check "$1: download" equals "$(payload_sum)" "$(download client1)"
    check "$1: upload" equals "$(payload_sum)" "$(upload client1)"
    stop_capture outside inside
    check "$1: the server is offered $2" equals "$2" "$(mss outside "src host $external")"
    check "$1: the client is offered $3" equals "$3" "$(mss inside "src host $server")"
    check "$1: nothing is too big outside" unseen outside "src host $external and greater 1415"
    check "$1: no internal address outside" nothing_internal outside
    stop_ctgate
    # Neither end remembers the path.
    ip -n "$(netns client1)" route flush cache
    ip -n "$(netns server)" route flush cache
}

build_topology
start_services
# No super-packets in the captures.
inside client1 ethtool -K eth0 tso off gso off >/dev/null
inside gateway ethtool -K outside tso off gso off gro off >/dev/null
inside gateway ethtool -K client1 gro off >/dev/null
ip -n "$(netns gateway)" link set outside mtu 1400
ip -n "$(netns isp)" link set eth0 mtu 1400

try on 1360 1360
try auto 1360 1360
try off 1460 1460

all_passed
