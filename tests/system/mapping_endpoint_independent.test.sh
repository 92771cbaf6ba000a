#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Endpoint-independent mapping (RFC 4787 REQ-1, RFC 5382 REQ-1): one internal endpoint has one external
# endpoint, whatever it talks to, also where another host was there first with the same port, and also
# without a daemon. With address-and-port-dependent mapping the port is shared.
#
#   client1, client2 ── gateway ── isp ── server 198.51.100.2 ($server), 198.51.100.3 ($server2)
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

server2=198.51.100.3

# towards PROTOCOL CLIENT PORT REMOTE: the external endpoint of a new session, as the remote sees it.
sessions=0
declare -A before
towards() {
    sessions=$((sessions + 1))
    towards=$(ends session "s$sessions" "$1" "$2" "$3" "$4" "$1-$4")
}

build_topology
ip -n "$(netns server)" address add $server2/24 dev eth0
start_ends
for protocol in udp tcp; do
    for remote in $server:5001 $server:5002 $server:5003 $server2:5001 $server2:5002; do
        ends serve "$protocol-$remote" $protocol server "$remote" >/dev/null
    done
done
start_ctgate
start_capture outside isp eth0 ip

for protocol in udp tcp; do
    for remote in $server:5001 $server:5002 $server2:5001 $server2:5002; do
        towards $protocol client1 4100 "$remote"
        check "$protocol: towards $remote the same" equals $external:4100 "$towards"
    done
    towards $protocol client1 4101 $server:5001
    check "$protocol: another internal port has another" equals $external:4101 "$towards"
done
check "four internal endpoints, four mappings" equals 4 "$(counter mapping_created)"

for protocol in udp tcp; do
    towards $protocol client2 4000 $server2:5001
    check "$protocol: client2 is first with port 4000" equals $external:4000 "$towards"
    towards $protocol client1 4000 $server:5001
    one=$towards
    check "$protocol: client1 gets another" matches "^$external:[0-9]+$" "$one"
    check "$protocol: which is not client2's" test "$one" != $external:4000
    towards $protocol client1 4000 $server2:5001
    check "$protocol: and has it towards the other remote too" equals "$one" "$towards"
    towards $protocol client1 4000 $server2:5002
    check "$protocol: and another port of that" equals "$one" "$towards"
    towards $protocol client2 4000 $server:5001
    check "$protocol: client2 keeps its own" equals $external:4000 "$towards"
    before[$protocol]=$one
done
check "eight mappings" equals 8 "$(counter mapping_created)"

kill_daemon
for protocol in udp tcp; do
    towards $protocol client1 4000 $server:5002
    check "$protocol, no daemon: a new session has that mapping" \
        equals "${before[$protocol]}" "$towards"
    towards $protocol client2 4000 $server:5002
    check "$protocol, no daemon: client2's, too" equals $external:4000 "$towards"
done
check "no further mapping" equals 8 "$(counter mapping_created)"

start_ctgate
for protocol in udp tcp; do
    towards $protocol client1 4000 $server:5003
    check "$protocol, a new daemon: still that mapping" equals "${before[$protocol]}" "$towards"
    towards $protocol client2 4000 $server:5003
    check "$protocol, a new daemon: client2's, too" equals $external:4000 "$towards"
done
check "still no further mapping" equals 8 "$(counter mapping_created)"
stop_ctgate
flush_entries

start_ctgate --mapping address-and-port-dependent
for protocol in udp tcp; do
    towards $protocol client2 4300 $server2:5001
    check "$protocol, address-and-port-dependent: client2" equals $external:4300 "$towards"
    towards $protocol client1 4300 $server:5001
    check "$protocol: client1 shares its port to another remote" equals $external:4300 "$towards"
    towards $protocol client1 4300 $server2:5001
    check "$protocol: but has another to the same" matches "^$external:[0-9]+$" "$towards"
    check "$protocol: indeed" test "$towards" != $external:4300
done
check "no mapping was made" equals 0 "$(counter mapping_created)"

stop_capture outside
check "outside: no internal address" nothing_internal outside

all_passed
