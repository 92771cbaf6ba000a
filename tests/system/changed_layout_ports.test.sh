#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A changed layout of maps (see changed_layout) with hairpinned sessions, whose two ends have a mapping
# each, and with shared ports (address-and-port-dependent mapping), which have none.
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

server2=198.51.100.3

# take_over OPTION...: by a daemon that lays out the maps of mappings differently.
take_over() {
    kill_daemon
    change_mappings
    start_ctgate "$@"
}

# mappings: without times.
mappings() {
    ctgate show mappings --json |
        jq -c '[.[] | [.protocol, .internal.address, .internal.port, .external.port]] | sort'
}

build_topology
ip -n "$(netns server)" address add $server2/24 dev eth0
start_ends
for protocol in udp tcp; do
    ends serve server-$protocol $protocol server $server:5001 >/dev/null
    ends serve server2-$protocol $protocol server $server2:5001 >/dev/null
done

start_ctgate --filtering endpoint-independent
for protocol in udp tcp; do
    ends serve open-$protocol $protocol client2 4000 >/dev/null
    check "$protocol: client2 has a mapping" equals "$external:4000" \
        "$(ends session contact-$protocol $protocol client2 4000 $server:5001 server-$protocol)"
    check "$protocol: client1 reaches it" equals "$external:4500" \
        "$(ends session pair-$protocol $protocol client1 4500 $external:4000 open-$protocol)"
done
# Of this mapping the hairpinned session is then the only one.
inside gateway conntrack -D -p udp --orig-src $client2 >/dev/null 2>&1
before=$(mappings)
take_over --filtering endpoint-independent
check "the mappings of both ends are there" equals "$before" "$(mappings)"
for protocol in udp tcp; do
    check "$protocol: hairpinned, it goes on" equals "$external:4500" "$(ends again pair-$protocol)"
    check "$protocol: the receiver's mapping is the same towards another" equals "$external:4000" \
        "$(ends session later-$protocol $protocol client2 4000 $server2:5001 server2-$protocol)"
    check "$protocol: and the caller's" equals "$external:4500" \
        "$(ends session later2-$protocol $protocol client1 4500 $server2:5001 server2-$protocol)"
done
stop_ctgate
flush_entries

shared=(--mapping address-and-port-dependent --port-range 5000-5000)
start_ctgate "${shared[@]}"
for protocol in udp tcp; do
    check "$protocol: the only port" equals "$external:5000" \
        "$(ends session one-$protocol $protocol client1 4100 $server:5001 server-$protocol)"
done
take_over "${shared[@]}"
for protocol in udp tcp; do
    check "$protocol: it goes on" equals "$external:5000" "$(ends again one-$protocol)"
    check "$protocol: its port is shared as before" equals "$external:5000" \
        "$(ends session two-$protocol $protocol client2 4200 $server2:5001 server2-$protocol)"
    refused=$(counter drop_ports_exhausted)
    ends begin three $protocol client2 4201 $server:5001 >/dev/null
    check "$protocol: but not towards the same remote endpoint" \
        wait_for 5 counted drop_ports_exhausted $((refused + 1))
    ends close three >/dev/null
done
stop_ctgate

all_passed
