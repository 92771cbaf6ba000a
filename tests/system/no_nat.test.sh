#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# --no-nat: what goes to these destinations is routed untranslated (RFC 6888 REQ-6), in TCP, UDP, ICMP and
# fragments; all others are translated, and the leak guard still holds for them. Nothing comes in
# from outside unasked because of it.
#
#   client1, client2 ── gateway ── isp ── server 198.51.100.2 ($server), 198.51.100.3 ($plain)
#
# Here isp and server have a route to 10.0.0.0/24, as a tunnel's far end would.
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

plain=198.51.100.3

# pings HOST ADDRESS [OPTION of ping...]
pings() {
    inside "$1" ping -q -c 1 -W 5 "${@:3}" "$2" >/dev/null
}

build_topology
ip -n "$(netns server)" address add $plain/24 dev eth0
ip -n "$(netns isp)" route add 10.0.0.0/24 via $external
start_ends
for protocol in tcp udp; do
    ends serve $protocol-server $protocol server $server:5001 >/dev/null
    ends serve $protocol-plain $protocol server $plain:5001 >/dev/null
    ends serve $protocol-client $protocol client1 4500 >/dev/null
done
state_of gateway >"$work/before"
start_capture outside isp eth0 ip
start_capture at1 client1 eth0 ip
start_ctgate --no-nat $plain/32

for protocol in tcp udp; do
    check "$protocol: untranslated to the exempt address" equals $client1:4000 \
        "$(ends session "plain-$protocol" $protocol client1 4000 $plain:5001 $protocol-plain)"
    check "$protocol: translated to another" equals $external:4000 \
        "$(ends session "server-$protocol" $protocol client1 4000 $server:5001 $protocol-server)"
    check "$protocol: both go on" equals "$client1:4000 $external:4000" \
        "$(ends again "plain-$protocol") $(ends again "server-$protocol")"
done
check "ping" pings client1 $plain
check "ping in fragments" pings client1 $plain -s 3000
check "ping to another" pings client1 $server
check "the exempt were counted" counted to_stack_exempt 2
check "and got no mapping" equals 2 "$(counter mapping_created)"
check "nor a translation" has_entry "src=$client1 dst=$plain .*src=$plain dst=$client1 " -p tcp

# Nobody's session, straight to the inside: only those that were asked may answer.
ends begin straight tcp server $server:6000 $client1:4500 >/dev/null
check "another address is not let straight in" wait_for 5 counted drop_internal_destination 1
ends begin straight tcp server $plain:6000 $client1:4500 >/dev/null
check "neither is the exempt one, unasked" wait_for 5 counted guard_unsolicited 1
ends close straight >/dev/null
check "client1 has got neither" equals nothing "$(ends pending tcp-client)"

# A reload without it. (Sessions with the router itself are translated in no case.)
configure "no-nat = $plain/32" "no-nat = 10.0.0.0/8" "no-nat = 203.0.113.0/24"
stop_ctgate
flush_entries
run_ctgate --config "$work/ctgate.conf"
cuts() {
    equals "$1" "$(ctgate reload --dry-run --json | jq -r '.cut[]' | sort)"
}
for protocol in tcp udp; do
    check "$protocol: a session without NAT" equals $client1:4010 \
        "$(ends session "last-$protocol" $protocol client1 4010 $plain:5001 $protocol-plain)"
    check "$protocol: a translated one" equals $external:4011 \
        "$(ends session "first-$protocol" $protocol client1 4011 $server:5001 $protocol-server)"
done
check "ping the router inside" pings client1 10.0.0.1
check "ping the router outside" pings client1 $external
configure "no-nat = 198.51.100.2/31" "no-nat = 10.0.0.0/8" "no-nat = 203.0.113.0/24"
check "more exempt: all go on" cuts ""
configure "no-nat = 198.51.100.0/31"
check "exempt no more: its sessions would end, and only those" cuts \
    "tcp $client1:4010 to $plain:5001
udp $client1:4010 to $plain:5001"
check "none has" equals "$client1:4010 $client1:4010" "$(ends again last-tcp) $(ends again last-udp)"
ctgate reload >/dev/null
check "reload: they have ended" fails has_entry "src=$client1 dst=$plain sport=4010 .*src=$plain dst=$client1 "
check "the others go on" equals "$external:4011 $external:4011" "$(ends again first-tcp) $(ends again first-udp)"
configure "no-nat = $plain/32"
ctgate reload >/dev/null

kill_daemon
check "without a daemon: untranslated" equals $client1:4002 \
    "$(ends session late tcp client1 4002 $plain:5001 tcp-plain)"
check "without a daemon: translated" equals $external:4002 \
    "$(ends session late2 tcp client1 4002 $server:5001 tcp-server)"

# Nothing translates any more: TC alone holds.
inside gateway nft delete table ip ctgate
craft client1 "IP(dst='$server')/ICMP(type=8,id=77)/b'leak'"
check "leak guard: no internal source to others" wait_for 5 counted drop_internal_source 1
check "but to the exempt" pings client1 $plain
ctgate down
check "down leaves nothing" state_is "$work/before" gateway

stop_capture outside at1
check "outside: the exempt have the internal source" \
    seen outside "udp and src $client1 and src port 4000 and dst $plain and dst port 5001"
check "outside: with ICMP too" seen outside "icmp[icmptype] = icmp-echo and src $client1 and dst $plain"
check "outside: to all others nothing internal" unseen outside "src net 10.0.0.0/8 and not dst $plain"
check "outside: nothing translated to the exempt" unseen outside "src $external and dst $plain"
check "client1: nothing unasked" unseen at1 "dst $client1 and port 4500"

all_passed
