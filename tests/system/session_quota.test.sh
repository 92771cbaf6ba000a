#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# With --max-sessions-per-host a host at its limit is refused by ICMP 3/13 and counted, begun from
# inside or from outside; others are not hurt, and a session that ends makes room (RFC 6888 REQ-4,
# REQ-5). `show hosts` says what each has and was refused, and why.
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# takes PROTOCOL CLIENT PORT: a new session; what the server sees.
takes() {
    ends session "$2-$1-$3" "$1" "$2" "$3" $server:5001 "server-$1"
}

gets_in() {
    matches "^$external:[0-9]+$" "$(takes "$@")"
}

# is_refused PROTOCOL CLIENT PORT: the client gets to know, and it is counted.
is_refused() {
    local before
    before=$(counter drop_session_quota)
    ends begin refused "$1" "$2" "$3" $server:5001 >/dev/null
    equals EHOSTUNREACH "$(ends outcome refused)" &&
        counted drop_session_quota $((before + 1)) && ends close refused >/dev/null
}

# host_has CLIENT PROTOCOL FIELD: of `show hosts`.
host_has() {
    ctgate show hosts --json | jq -c --arg host "$1" --arg protocol "$2" \
        ".[] | select(.host == \$host and .protocol == \$protocol) | .$3"
}

build_topology
start_ends
for protocol in udp tcp; do
    ends serve server-$protocol $protocol server $server:5001 >/dev/null
done

start_ctgate --max-sessions-per-host 2 --max-ports-per-host 9 --refusal-icmp yes \
    --forward "udp:6000:$client1:6000"
for protocol in udp tcp; do
    check "$protocol: the first session" gets_in $protocol client1 4000
    check "$protocol: the second" gets_in $protocol client1 4001
    check "$protocol: no third: refused" is_refused $protocol client1 4002
    check "$protocol: client2 is not hurt" gets_in $protocol client2 4000
    check "$protocol: the first goes on" matches "^$external:" \
        "$(ends again client1-$protocol-4000)"
    check "$protocol: sessions of client1" equals 2 "$(host_has $client1 $protocol sessions)"
    check "$protocol: its limit" equals 2 "$(host_has $client1 $protocol max_sessions)"
    check "$protocol: its ports" equals 2 "$(host_has $client1 $protocol ports)"
    check "$protocol: their limit" equals 9 "$(host_has $client1 $protocol max_ports)"
    check "$protocol: was refused for that alone" equals \
        '{"ports_exhausted":0,"port_quota":0,"session_quota":1,"session_rate":0,"tables_full":0,"no_external_address":0,"outside_prefix":0}' \
        "$(host_has $client1 $protocol 'refused | map_values(if . > 1 then 1 else . end)')"
    check "$protocol: client2 never was" equals 0 \
        "$(host_has $client2 $protocol 'refused | add')"
done
check "show hosts, for people" matches "^$client1 +tcp +2/2 +2/9 +[0-9]+ +[0-9]+ +[0-9]+ \(session_quota [0-9]+\)$" \
    "$(ctgate show hosts)"

inside server bash -c "echo hello | socat - udp:$external:6000,bind=$server:6001" >/dev/null
check "from outside it counts too" counted drop_inbound_session_quota 1
check "and made no session" fails has_entry 'sport=6001' -p udp

inside gateway conntrack -D -p udp --orig-src $client1 --orig-port-src 4000 >/dev/null 2>&1
check "a UDP session that ended makes room" wait_for 5 gets_in udp client1 4003
ends close client1-tcp-4000 >/dev/null
check "a TCP session that was closed makes room" wait_for 5 gets_in tcp client1 4003
check "but not for more than one" is_refused tcp client1 4004
stop_ctgate

check "show hosts, when nothing serves" equals 3 "$(ctgate show hosts 2>/dev/null; echo $?)"

start_ctgate --port-range 5000-5001 --overload-when-full yes
check "status declares overloading" matches "overload when full" "$(ctgate status)"
check "and so it does in JSON" equals true "$(ctgate status --json | jq .overload_when_full)"
stop_ctgate
start_ctgate
check "but not unless it is on" equals false "$(ctgate status --json | jq .overload_when_full)"

all_passed
