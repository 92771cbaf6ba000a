#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Datagrams of 3000 bytes in fragments that arrive in order, last to first, and each twice (RFC 4787
# REQ-14), as the first packets of sessions: from inside, where they get a mapping; from outside, to a
# forward and to mappings that let them in, or do not; between clients (hairpinning). Also with IPv4
# options.
#
#   client1, client2 ── gateway ── isp ── server 198.51.100.2 ($server), 198.51.100.3 ($server2)
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

server2=198.51.100.3
record_route="options=IPOption_RR(routers=['0.0.0.0'] * 3)"
declare -A order=(
    [in order]="F"
    [last to first]="F[::-1]"
    [each twice]="[f for f in F for _ in range(2)]"
    [last to first, each twice]="[f for f in F[::-1] for _ in range(2)]"
)

# craft_fragments ORDER HOST FROM TO [FIELDS of IP]: their data is in $text, another each time.
number=0
craft_fragments() {
    number=$((number + 1))
    text=$(head -c 1500 /dev/urandom | od -An -v -tx1 | tr -d ' \n')
    craft "$2" "(lambda F: ${order[$1]})(fragment(IP(src='${3%:*}',dst='${4%:*}',id=$number${5:+,$5})/\
UDP(sport=${3#*:},dport=${4#*:})/b'$text',fragsize=1376))"
}

# digest TEXT
digest() {
    sha256sum <<<"$1" | cut -d' ' -f1
}

# arrived NAME FROM (extended regular expression): at that socket, from there, the data of the last
# fragments, once. It is in $from, too.
arrived() {
    local data
    read -r from data <<<"$(ends receive "$1")"
    equals "$(digest "$text")" "$(digest "$data")" && matches "^$2$" "$from" &&
        equals nothing "$(ends pending "$1")"
}

# is_translated SOURCE DESTINATION EXTERNAL: conntrack has the session from inside so.
is_translated() {
    has_entry "src=${1%:*} dst=${2%:*} sport=${1#*:} dport=${2#*:} .*src=${2%:*} dst=${3%:*} \
sport=${2#*:} dport=${3#*:} " -p udp
}

build_topology
ip -n "$(netns server)" address add $server2/24 dev eth0
start_ends
ends serve server udp server $server:5001 >/dev/null
ends serve server2 udp server $server2:5001 >/dev/null
ends serve forwarded udp client2 80 >/dev/null
ends serve open udp client1 4000 >/dev/null
ends serve filtered udp client2 4000 >/dev/null
start_capture outside isp eth0 ip
start_ctgate --forward "udp:8080:$client2:80" --host "$client1/32,filtering=endpoint-independent"

port=4100
for each in "${!order[@]}"; do
    port=$((port + 1))
    mappings=$(counter mapping_created)
    craft_fragments "$each" client1 $client1:$port $server:5001
    check "from inside, $each: they arrive" arrived server $external:$port
    check "by a mapping" equals $((mappings + 1)) "$(counter mapping_created)"
    check "which conntrack has" is_translated $client1:$port $server:5001 $external:$port
    craft_fragments "$each" client1 $client1:$port $server2:5001
    check "to another address: by the same" arrived server2 $external:$port
    craft_fragments "$each" client2 $client2:$port $server:5001
    check "from the other client, same port: they arrive" arrived server "$external:[0-9]+"
    check "by another mapping" test "$from" != $external:$port
    check "which conntrack has" is_translated $client2:$port $server:5001 "$from"
    check "two mappings more" equals $((mappings + 2)) "$(counter mapping_created)"
done

check "client1 has a mapping" equals $external:4000 \
    "$(ends session contact1 udp client1 4000 $server:5001 server)"
two=$(ends session contact2 udp client2 4000 $server:5001 server)
check "client2 has another" matches "^$external:[0-9]+$" "$two"
for each in "${!order[@]}"; do
    port=$((port + 1))
    craft_fragments "$each" server $server:$port $external:8080
    check "from outside, $each: to the forward" arrived forwarded $server:$port
    craft_fragments "$each" server $server2:$port $external:4000
    check "to a mapping with endpoint-independent filtering" arrived open $server2:$port
    filtered=$(counter drop_filtered)
    craft_fragments "$each" server $server2:$port "$two"
    check "to one that has not sent to there: filtered" \
        wait_for 5 counted drop_filtered $((filtered + 1))
    check "and does not arrive" equals nothing "$(ends pending filtered)"
    craft_fragments "$each" server $server:$port "$two"
    check "to one that has" arrived filtered $server:$port
    craft_fragments "$each" client2 $client2:$port $external:4000
    check "from the other client" arrived open "$external:$port"
done
check "so many sessions from outside" equals $((3 * ${#order[@]})) "$(counter session_created_inbound)"
check "and so many hairpinned" equals ${#order[@]} "$(counter session_created_hairpinned)"

mappings=$(counter mapping_created)
craft client1 "IP(src='$client1',dst='$server',$record_route)/UDP(sport=4300,dport=5001)/b'options'"
check "with options: a mapping, too" equals "$external:4300 options" "$(ends receive server)"
check "one more" equals $((mappings + 1)) "$(counter mapping_created)"
craft server "IP(src='$server',dst='$external',$record_route)/UDP(sport=4301,dport=8080)/b'options'"
check "and the forward" equals "$server:4301 options" "$(ends receive forwarded)"
craft_fragments "last to first" client1 $client1:4302 $server:5001 "$record_route"
check "and in fragments" arrived server $external:4302

stop_capture outside
check "outside: fragments left with the external address" \
    seen outside "src host $external and ip[6:2] & 0x1fff != 0"
check "outside: no internal address" nothing_internal outside
check "outside: nothing was unreachable" unseen outside "icmp[icmptype] = icmp-unreach"

all_passed
