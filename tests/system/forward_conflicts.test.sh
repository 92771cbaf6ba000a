#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Forwards and what has the port already: a socket of the router at another address does not matter;
# a mapping gives way to a forward that a reload brings, and gets another port, while its sessions go
# on; a forwarded internal endpoint that had a mapping has the forwarded one for new sessions.
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

build_topology
start_ends
for protocol in udp tcp; do
    for port in 5001 5002 5003; do
        ends serve server-$protocol-$port $protocol server $server:$port >/dev/null
    done
    ends serve client1-$protocol $protocol client1 80 >/dev/null
done
start_capture outside isp eth0 ip

configure
run_ctgate --config "$work/ctgate.conf"
for protocol in udp tcp; do
    check "$protocol: client2 has port 8080" equals $external:8080 \
        "$(ends session holder-$protocol $protocol client2 8080 $server:5001 server-$protocol-5001)"
    check "$protocol: client1 has a mapping of port 9000" equals $external:9000 \
        "$(ends session later-$protocol $protocol client1 9000 $server:5001 server-$protocol-5001)"
    ends serve client1-$protocol-9000 $protocol client1 9000 >/dev/null
done

configure "forward = tcp+udp:8080:$client1:80" "forward = tcp+udp:8090:$client1:9000"
check "forwards: reloaded" reload "Reloaded"
for protocol in udp tcp; do
    check "$protocol: client2's session goes on" equals $external:8080 "$(ends again holder-$protocol)"
    check "$protocol: the port is both theirs" equals \
        "[\"$client1:80 forward\",\"$client2:8080 session\"]" \
        "$(ctgate whois $external:8080 $protocol --json |
            jq -c '[.hosts[] | "\(.internal.address):\(.internal.port) \(.how)"]')"
    check "$protocol: the forward works" equals $server:6001 \
        "$(ends session in-$protocol $protocol server $server:6001 $external:8080 client1-$protocol)"
    two=$(ends session moved-$protocol $protocol client2 8080 $server:5002 server-$protocol-5002)
    check "$protocol: client2's new session has another endpoint" matches "^$external:[0-9]+$" "$two"
    check "$protocol: which is not the forward's" test "$two" != $external:8080
    check "$protocol: and it keeps that" equals "$two" \
        "$(ends session kept-$protocol $protocol client2 8080 $server:5003 server-$protocol-5003)"
    check "$protocol: client1's session goes on" equals $external:9000 "$(ends again later-$protocol)"
    check "$protocol: its new one has the forwarded endpoint" equals $external:8090 \
        "$(ends session new-$protocol $protocol client1 9000 $server:5002 server-$protocol-5002)"
done

configure
check "without: reloaded" reload "Reloaded"
for protocol in udp tcp; do
    check "$protocol: the forwarded session goes on" equals $server:6001 "$(ends again in-$protocol)"
    check "$protocol: client1's port has a mapping as any other" matches "^$external:[0-9]+$" \
        "$(ends session last-$protocol $protocol client1 9000 $server:5003 server-$protocol-5003)"
done
stop_ctgate
flush_entries

ends serve inner tcp gateway 10.0.0.1:2222 >/dev/null
configure "forward = tcp:2222:10.0.0.1:2222"
run_ctgate --config "$work/ctgate.conf"
check "a socket at the internal address alone is no conflict, and is reached" equals $server:6002 \
    "$(ends session inner-session tcp server $server:6002 $external:2222 inner)"

stop_capture outside
check "outside: no internal address" nothing_internal outside

all_passed
