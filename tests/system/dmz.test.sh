#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# --dmz: client1 gets what comes from outside and belongs to nobody else. Mappings of client2, forwards
# and the router's own sockets have what is theirs; filtering is not undone by it.
#
#   client1 (DMZ), client2 ── gateway ── isp ── server
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# reaches PROTOCOL EXTERNAL-PORT SERVED: a session of the server's does, which is seen untranslated.
sender=6000
reaches() {
    sender=$((sender + 1))
    equals $server:$sender \
        "$(ends session "from-$sender" "$1" server $server:$sender "$external:$2" "$3")"
}

build_topology
start_ends
for protocol in tcp udp; do
    ends serve $protocol-server $protocol server $server:5001 >/dev/null
    for port in 22 4000 4100 8080 9000; do
        ends serve $protocol-dmz-$port $protocol client1 $port >/dev/null
        ends serve $protocol-other-$port $protocol client2 $port >/dev/null
    done
    ends serve $protocol-own $protocol gateway 9000 >/dev/null
done
state_of gateway >"$work/before"
start_capture outside isp eth0 ip
start_ctgate --dmz $client1 --forward "tcp+udp:8080:$client2:8080" \
    --filtering address-and-port-dependent

for protocol in tcp udp; do
    check "$protocol: below the port range: to the DMZ" reaches $protocol 22 $protocol-dmz-22
    check "$protocol: in it, too" reaches $protocol 4000 $protocol-dmz-4000
    check "$protocol: a forward has precedence" reaches $protocol 8080 $protocol-other-8080
    check "$protocol: a socket of the router has" reaches $protocol 9000 $protocol-own
    check "$protocol: client2 gets a mapping" equals $external:4100 \
        "$(ends session "out-$protocol" $protocol client2 4100 $server:5001 $protocol-server)"
    filtered=$(counter drop_filtered)
    ends begin stray $protocol server $server:6100 $external:4100 >/dev/null
    check "$protocol: what its filtering keeps out is dropped" \
        wait_for 5 counted drop_filtered $((filtered + 1))
    ends close stray >/dev/null
    check "$protocol: and is not the DMZ's" equals nothing "$(ends pending $protocol-dmz-4100)"
    check "$protocol: nor client2's" equals nothing "$(ends pending $protocol-other-4100)"
    check "$protocol: client2's session goes on" equals $external:4100 "$(ends again "out-$protocol")"
done
check "conntrack has the session to the DMZ, with its destination translated" \
    has_entry "src=$server dst=$external .*dport=22 src=$client1 dst=$server sport=22 " -p tcp --dst-nat

kill_daemon
check "without a daemon: to the DMZ" reaches udp 22 udp-dmz-22
check "without a daemon: to the forward" reaches tcp 8080 tcp-other-8080
ctgate down
check "down leaves nothing" state_is "$work/before" gateway

stop_capture outside
check "outside: no internal address" nothing_internal outside
check "outside: the answers come from the external endpoint" \
    seen outside "tcp[tcpflags] = tcp-syn|tcp-ack and src $external and src port 22 and dst $server"

all_passed
