#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# examples/games-console, with its very files: client1 and client2 are the consoles, client1 at 10.0.0.9
# is a host that is none.
#
#   client1, client2 ── gateway (lan0, wan0) ── isp ── server 198.51.100.2, player 198.51.100.3
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

example=$(realpath "$system_tests/../../examples/games-console")
player=198.51.100.3
other=10.0.0.9

rename() {
    ip -n "$(netns gateway)" link set "$1" down
    ip -n "$(netns gateway)" link set "$1" name "$2" up
}

build_topology
rename inside lan0
rename outside wan0
ip -n "$(netns gateway)" route add default via $isp
ip -n "$(netns server)" address add $player/24 dev eth0
ip -n "$(netns client1)" address add $other/24 dev eth0
start_ends

check "the file is valid" exits 0 ctgate check --config "$example/ctgate.conf" >/dev/null
run_ctgate --config "$example/ctgate.conf"
inside gateway nft -f "$example/firewall.nft"
start_capture outside isp eth0 ip

for protocol in udp tcp; do
    ends serve server-$protocol $protocol server $server:5001 >/dev/null
    ends serve host-$protocol $protocol client1 $client1:3074 >/dev/null
    ends serve guest-$protocol $protocol client2 3074 >/dev/null
    check "$protocol: a player calls the hosting console, which has sent nothing" equals $player:6000 \
        "$(ends session call $protocol server $player:6000 $external:3074 host-$protocol)"
    check "$protocol: that port is its own towards outside" equals $external:3074 \
        "$(ends session home $protocol client1 $client1:3074 $server:5001 server-$protocol)"
    guest=$(ends session away $protocol client2 3074 $server:5001 server-$protocol)
    check "$protocol: the other console has another port" matches "^$external:[0-9]+\$" "$guest"
    check "$protocol: a player it has not sent to calls it there" equals $player:6001 \
        "$(ends session call2 $protocol server $player:6001 "$guest" guest-$protocol)"
    check "$protocol: and so does the hosting console, by its own external endpoint" \
        equals $external:4000 \
        "$(ends session pair $protocol client1 $client1:4000 "$guest" guest-$protocol)"
    check "$protocol: it calls that one, too" equals "$external:4001" \
        "$(ends session pair2 $protocol client2 4001 $external:3074 host-$protocol)"

    ends serve other-$protocol $protocol client1 $other:4002 >/dev/null
    check "$protocol: a host that is no console keeps its port" equals $external:4002 \
        "$(ends session other $protocol client1 $other:4002 $server:5001 server-$protocol)"
    before=$(counter drop_filtered)
    ends begin out $protocol server $player:6002 $external:4002 >/dev/null
    check "$protocol: but is not to be called by players" wait_for 5 counted drop_filtered $((before + 1))
    check "$protocol: it has nothing" equals nothing "$(ends pending other-$protocol)"
    ends close out >/dev/null
done

stop_capture outside
check "outside: no internal address" nothing_internal outside

all_passed
