#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The external address goes and comes back: a TCP connection that the kernel's own NAT then picks up in
# its midst keeps its external port to itself, until it has ended.
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

gateway=$(netns gateway)

has_address() {
    ctgate status --json | grep -q "\"$external\""
}

entry_is_gone() {
    ! entries | grep -q 'sport=4500 '
}

# has_port ADDRESS: who has port 4500, as far as ctgate knows.
has_port() {
    matches "$1" "$(ctgate whois $external:4500 tcp)"
}

build_topology
start_services
background server "$python" "$system_tests/peer.py" web 8081 "$work/payload" >"$work/web2.log" 2>&1
wait_for 10 listens server tcp 8081
start_ctgate
start_capture outside isp eth0 ip
start_conversation stays client1 tcp 4500
check "a connection with its internal port" equals $external:4500 "$(converse stays)"

ip -n "$gateway" address delete $external/24 dev outside
check "the address goes: so does the session" wait_for 5 entry_is_gone
ip -n "$gateway" address add $external/24 dev outside
ip -n "$gateway" route replace default via $isp dev outside
check "the address is back" wait_for 5 has_address
check "the connection goes on" equals $external:4500 "$(converse stays)"
check "and once more" equals $external:4500 "$(converse stays)"
check "its port is known" has_port "10\.0\.0\.2:4500"
# Towards another port: conntrack could tell the two apart.
second=$(inside client2 curl --silent --noproxy '*' --max-time 10 --local-port 4500 "http://$server:8081/peer")
check "a second host with this internal port has an external one" matches "^$external:[0-9]+\$" "$second"
check "which is another" test "$second" != $external:4500
check "the first goes on" equals $external:4500 "$(converse stays)"
stop_capture outside
check "outside: no internal address" nothing_internal outside

all_passed
