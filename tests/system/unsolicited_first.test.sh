#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A peer outside that sends before there is a mapping, and goes on (RFC 4787 REQ-1, REQ-8; RFC 5382
# REQ-2): what the router made of its packets does not stand between it and the client that then gets
# that port and sends to it.
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

build_topology
start_ends
for protocol in udp tcp; do
    ends serve server-$protocol $protocol server $server:5001 >/dev/null
    ends serve peer-$protocol $protocol server $server:6001 >/dev/null
    ends serve peer2-$protocol $protocol server $server:6002 >/dev/null
done
start_capture outside isp eth0 ip
start_ctgate

for protocol in udp tcp; do
    unsolicited=$(counter to_stack_unsolicited)
    for port in 6001 6002; do
        ends begin early-$port $protocol server $server:$port $external:4001 >/dev/null
    done
    check "$protocol: two peers knock at a port that is nobody's" \
        wait_for 5 counted to_stack_unsolicited $((unsolicited + 2))
    ends close early-6001 >/dev/null
    ends close early-6002 >/dev/null
    ends serve client1-$protocol $protocol client1 4001 >/dev/null
    check "$protocol: then client1 gets that port, by talking to another" equals $external:4001 \
        "$(ends session other-$protocol $protocol client1 4001 $server:5001 server-$protocol)"
    check "$protocol: it reaches the first peer from it" equals $external:4001 \
        "$(ends session peer-session $protocol client1 4001 $server:6001 peer-$protocol)"
    check "$protocol: the second peer reaches it by it" equals $server:6002 \
        "$(ends session peer2-session $protocol server $server:6002 $external:4001 client1-$protocol)"
done
check "no session was given up" equals 0 "$(counter drop_session_clash)"

stop_capture outside
check "outside: no internal address" nothing_internal outside

all_passed
