#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A flood of SYNs, from inside or from outside, leaves established sessions alone, and with quotas new
# ones of other hosts too. Half-open entries are bounded in number by the quota and in time by the
# transitory timeout (RFC 5382 REQ-5), after which the flooded host is as before.
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

nowhere=198.51.100.77
anybody="'192.0.2.%d' % (i % 250 + 1)"
syns=2000
transitory=5

# flood HOST SOURCE DESTINATION PORT PORT: so many SYNs, the i-th with these. By and by, for each
# answer of craft is waited for only so long.
flood() {
    local first
    for ((first = 0; first < syns; first += 500)); do
        craft "$1" "[IP(src=$2,dst='$3')/TCP(sport=$4,dport=$5,flags='S') for i in range($first, $first + 500)]"
    done
}

# half_open: entries of TCP that no peer has answered, or no client.
half_open() {
    entries -p tcp | grep -c -E 'SYN_(SENT|RECV)' || [ $? -eq 1 ]
}

gets_out() {
    matches "^$external:[0-9]+$" "$(ends session "$1-$2" tcp "$1" "$2" $server:5001 server)"
}

goes_on() {
    matches "^$external:[0-9]+$" "$(ends again "$1")"
}

# refused COUNTER SINCE: all but what client1 may have, and may have again whenever half-open entries have
# timed out.
refused() {
    counted "$1" $((syns - 50 * (2 + (SECONDS - $2) / transitory)))
}

no_more_than() {
    [ "$2" -le "$1" ] && return
    echo "  expected at most $1, got $2"
    return 1
}

build_topology
start_ends
ends serve server tcp server $server:5001 >/dev/null
ends serve client1 tcp client1 $client1:80 >/dev/null
for swallowed in $nowhere/32 192.0.2.0/24; do
    ip -n "$(netns isp)" route add blackhole "$swallowed"
done

start_ctgate --max-ports-per-host 100 --max-sessions-per-host 50 --forward tcp:8080:$client1:80 \
    --tcp-transitory-timeout $transitory --dangerous-timeouts yes
check "client1 has a session" gets_out client1 4000
check "and client2" gets_out client2 4000

began=$SECONDS
flood client1 "'$client1'" $nowhere "10000 + i" 9
check "inside: the flood was refused" refused drop_session_quota $began
check "inside: half-open entries are bounded" no_more_than 49 "$(half_open)"
check "inside: what client1 had goes on" goes_on client1-4000
check "inside: and what client2 had" goes_on client2-4000
check "inside: client2 is not hurt" gets_out client2 4001
check "inside: client1 soon has what it may again" wait_for 20 gets_out client1 4001

check "a session from outside" matches "^$server:6000$" \
    "$(ends session outside-6000 tcp server 6000 $external:8080 client1)"
began=$SECONDS
flood isp "$anybody" $external "1024 + i" 8080
check "outside: the flood of the forward was refused" refused drop_inbound_session_quota $began
check "outside: half-open entries are bounded" no_more_than 50 "$(half_open)"
check "outside: what came from there goes on" matches "^$server:6000$" "$(ends again outside-6000)"
check "outside: what client1 had goes on" goes_on client1-4000
check "outside: and what client2 had" goes_on client2-4001
check "outside: client2 is not hurt" gets_out client2 4002
check "outside: client1 soon has what it may again" wait_for 20 gets_out client1 4002

before=$(entries -p tcp | wc -l)
flood isp "$anybody" $external "1024 + i" "10000 + i"
check "unsolicited: no entries" no_more_than "$before" "$(entries -p tcp | wc -l)"
check "unsolicited: established sessions go on" goes_on client2-4002
check "unsolicited: and new ones begin" gets_out client2 4003

all_passed
