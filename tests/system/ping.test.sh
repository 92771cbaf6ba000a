#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Ping: from both clients at once, with the same identifier, with fragments; to the server, to the
# next router and to the gateway itself.
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# pings HOST ADDRESS [OPTION of ping...]
pings() {
    inside "$1" ping -n -q -c 2 -i 0.2 -W 3 "${@:3}" "$2" >"$work/ping.$1.log"
}

# both_ping: the second starts before the first has ended.
both_ping() {
    pings client1 $server -e 77 -c 5 &
    local first=$! second=0
    pings client2 $server -e 77 -c 5 || second=$?
    wait $first && [ $second -eq 0 ]
}

build_topology
start_ctgate
start_capture outside isp eth0 icmp

check "the server" pings client1 $server
check "the next router" pings client1 $isp
check "the gateway, inside address" pings client1 10.0.0.1
check "the gateway, external address" pings client1 $external
check "both clients with the same identifier" both_ping
check "5000 bytes" pings client2 $server -s 5000
check "one client sees the other" pings client2 $client1
check "the gateway itself reaches the server" pings gateway $server
check "also with its internal address" pings gateway $server -I 10.0.0.1

stop_capture outside
check "outside: no internal address" nothing_internal outside
check "outside: requests come from the external address" \
    unseen outside "icmp[icmptype] = icmp-echo and not src host $external"
check "outside: two identifiers in place of the one" equals 2 "$(
    packets outside "icmp[icmptype] = icmp-echo and icmp[8:4] != 0 and ip[8] = 63 and ip[2:2] = 84" |
        sed -n 's/.* id \([0-9]*\), seq [345],.*/\1/p' | sort -u | wc -l
)"
check "outside: TTL is one lower, or the gateway's own" \
    unseen outside "icmp[icmptype] = icmp-echo and ip[8] != 63 and ip[8] != 64"

all_passed
