#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Hole punching behind one NAT (RFC 5128 section 3.3.1; RFC 4787 REQ-8, REQ-9): with address-dependent
# filtering two clients send to each other's external endpoint. The first packet is refused, but its
# sender has then sent to that address, so the other's packet gets in.
#
#   client1 ─┐
#            ├─ inside (bridge), gateway 203.0.113.1 ($external) ── isp ── server
#   client2 ─┘
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

build_topology
start_ends
for protocol in udp tcp; do
    ends serve server-$protocol $protocol server $server:5001 >/dev/null
done
start_capture outside isp eth0 ip
start_ctgate

for protocol in udp tcp; do
    for client in client1 client2; do
        ends serve $client-$protocol $protocol $client 4000 >/dev/null
        one=$(ends session $client-$protocol-contact $protocol $client 4000 $server:5001 \
            server-$protocol)
        check "$protocol: $client has a mapping" matches "^$external:[0-9]+$" "$one"
        [ $client = client1 ] || two=$one
        [ $client = client2 ] || first=$one
    done
    filtered=$(counter drop_filtered)
    ends begin knock $protocol client1 4000 "$two" >/dev/null
    check "$protocol: client1 is refused" wait_for 5 counted drop_filtered $((filtered + 1))
    ends close knock >/dev/null
    check "$protocol: but has opened the way for client2" equals "$two" \
        "$(ends session punch-$protocol $protocol client2 4000 "$first" client1-$protocol)"
done

stop_capture outside
check "outside: no internal address" nothing_internal outside
check "outside: nothing between the two" unseen outside "src $external and dst $external"

all_passed
