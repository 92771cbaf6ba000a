#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Port forwards: one port, a shifted range, both protocols, below the port range, open to some remote
# addresses only, to the router's own internal address; from outside and from another client
# (hairpinning). Added and removed by SIGHUP. A port of the router's own is refused.
#
#   client1, client2 ── gateway ── isp ── server 198.51.100.2 ($server), 198.51.100.3 ($server2)
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

server2=198.51.100.3
allowed="from=198.51.100.0/24,not-from=$server2/32"

# reaches PROTOCOL EXTERNAL-PORT SERVED: a session of the server's does, which is seen untranslated.
sender=6000
reaches() {
    sender=$((sender + 1))
    equals $server:$sender \
        "$(ends session "from-$sender" "$1" server $server:$sender "$external:$2" "$3")"
}

# stays_out PROTOCOL HOST ADDRESS EXTERNAL-PORT SERVED COUNTER: the first packet of a session from there
# is counted so, and nothing arrives.
stays_out() {
    local before
    before=$(counter "$6")
    sender=$((sender + 1))
    ends begin out "$1" "$2" "$3:$sender" "$external:$4" >/dev/null
    wait_for 5 counted "$6" $((before + 1)) && equals nothing "$(ends pending "$5")" &&
        ends close out >/dev/null
}

build_topology
ip -n "$(netns server)" address add $server2/24 dev eth0
start_ends
for protocol in tcp udp; do
    for port in 80 81 82 84 9000 9001 9009; do
        ends serve $protocol-$port $protocol client1 $port >/dev/null
    done
    ends serve $protocol-server $protocol server $server:5001 >/dev/null
done
ends serve own tcp gateway 10.0.0.1:22 >/dev/null
state_of gateway >"$work/before"
start_capture outside isp eth0 ip

configure "forward = tcp:8080:$client1:80" "forward = udp:8081:$client1:81" \
    "forward = tcp+udp:82:$client1:82" "forward = udp:7000-7009:$client1:9000-9009" \
    "forward = tcp+udp:$external:8083:$client1:84,$allowed" "forward = tcp:2222:10.0.0.1:22"
run_ctgate --config "$work/ctgate.conf"

check "TCP: another port inside" reaches tcp 8080 tcp-80
check "conntrack has it, with its destination translated" \
    has_entry "src=$server dst=$external .*dport=8080 src=$client1 dst=$server sport=80 " -p tcp --dst-nat
check "not for UDP" stays_out udp server $server 8080 udp-80 to_stack_unsolicited
check "UDP" reaches udp 8081 udp-81
check "not for TCP" stays_out tcp server $server 8081 tcp-81 to_stack_unsolicited
check "tcp+udp, below the port range: TCP" reaches tcp 82 tcp-82
check "UDP" reaches udp 82 udp-82
check "a shifted range: the first" reaches udp 7000 udp-9000
check "the second" reaches udp 7001 udp-9001
check "the last" reaches udp 7009 udp-9009
check "not the one behind it" stays_out udp server $server 7010 udp-9009 to_stack_unsolicited

for protocol in tcp udp; do
    check "$protocol: from= lets the server in" reaches $protocol 8083 $protocol-84
    check "$protocol: not-from= keeps its other address out" \
        stays_out $protocol server $server2 8083 $protocol-84 drop_forward_refused
    check "$protocol: who is not of from= is kept out" \
        stays_out $protocol isp $isp 8083 $protocol-84 drop_forward_refused
    check "$protocol: so is another client" \
        stays_out $protocol client2 $client2 8083 $protocol-84 drop_forward_refused
done

check "what client1 sends from there has the forwarded endpoint" equals $external:8080 \
    "$(ends session sent tcp client1 80 $server:5001 tcp-server)"
check "with UDP too" equals $external:7001 "$(ends session sent udp client1 9001 $server:5001 udp-server)"

check "hairpinning: client2 reaches the TCP forward" equals $external:4500 \
    "$(ends session hairpin tcp client2 4500 $external:8080 tcp-80)"
check "and the UDP range" equals $external:4501 \
    "$(ends session hairpin udp client2 4501 $external:7009 udp-9009)"
check "and client1 its own" equals $external:4502 \
    "$(ends session hairpin tcp client1 4502 $external:8080 tcp-80)"
check "the router's own internal address" reaches tcp 2222 own
check "hairpinning: that, too" equals $external:4503 \
    "$(ends session hairpin tcp client2 4503 $external:2222 own)"

ends session stays tcp server $server:6500 $external:8080 tcp-80 >/dev/null
ends session stays-udp udp server $server:6501 $external:7000 udp-9000 >/dev/null
configure "forward = tcp:8080:$client1:80" "forward = udp:7000-7009:$client1:9000-9009" \
    "forward = tcp:8090:$client1:81"
check "SIGHUP" reload "Reloaded"
check "the added one works" reaches tcp 8090 tcp-81
check "a removed one does not" stays_out tcp server $server 82 tcp-82 to_stack_unsolicited
check "another does not" stays_out udp server $server 8081 udp-81 to_stack_unsolicited
check "a session through another goes on" equals $server:6500 "$(ends again stays)"
check "with UDP too" equals $server:6501 "$(ends again stays-udp)"

ends serve taken tcp gateway 8095 >/dev/null
configure "forward = tcp:8080:$client1:80" "forward = tcp:8094-8096:$client1:81-83"
check "a port of the router's own socket: the reload is refused" reload "Reload refused"
check "the log names the socket and the forward" \
    grep -q "forward tcp:8094-8096:$client1:81-83: .*tcp 0.0.0.0:8095" "$work/ctgate.log"
check "the old ones are in force" reaches tcp 8090 tcp-81
check "the router's socket is reached as ever" reaches tcp 8095 taken

kill_daemon
check "without a daemon: forwarded" reaches tcp 8080 tcp-80
check "and the session goes on" equals $server:6500 "$(ends again stays)"
ctgate down
check "down leaves nothing" state_is "$work/before" gateway
flush_entries
check "starting with that conflict: an error" exits 1 ctgate run --config "$work/ctgate.conf" \
    2>"$work/refused.log"
check "it names the socket" grep -q "tcp 0.0.0.0:8095" "$work/refused.log"
check "and leaves nothing" state_is "$work/before" gateway

stop_capture outside
check "outside: no internal address" nothing_internal outside
check "outside: answers come from the external endpoint, TCP" \
    seen outside "tcp[tcpflags] = tcp-syn|tcp-ack and src $external and src port 8080 and dst $server"
check "outside: UDP" seen outside "udp and src $external and src port 7009 and dst $server"
check "outside: and from no internal port" \
    unseen outside "src $external and src port (80 or 81 or 84 or 22 or 9000 or 9001 or 9009)"
check "outside: those who were kept out got no answer" \
    unseen outside "src $external and src port 8083 and dst ($server2 or $isp)"

all_passed
