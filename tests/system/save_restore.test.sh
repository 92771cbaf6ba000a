#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# `ctgate save` on one gateway, `ctgate restore` on another that takes its place: sessions go on, a TCP
# transfer among them, mappings let in whom they let in before, and new sessions get none of their ports.
#
#   client1, client2 ── gateway ──── 203.0.113.254 isp ── server 198.51.100.2, 198.51.100.3
#               (then ── gateway2 ── 203.0.113.254)       ($server)     ($server2)
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

server2=198.51.100.3
file=$work/sessions

second() {
    inside gateway2 "$CTGATE" "$@"
}

serves_second() {
    second status || has_ended "$second_daemon"
}

start_second() {
    background gateway2 "$CTGATE" run --internal inside --external outside "$@" >>"$work/ctgate2.log" 2>&1
    second_daemon=$!
    wait_for 20 serves_second
    second status >/dev/null
}

# restored FILTER: of what `restore --json` said.
restored() {
    jq -c "$1" "$work/restored"
}

# has_bytes NUMBER: so much of the transfer has arrived.
has_bytes() {
    [ "$(stat -c %s "$work/transfer")" -ge "$1" ]
}

# is_up HOST DEVICE: it carries packets.
is_up() {
    [ "$(ip -n "$(netns "$1")" -j link show "$2" | jq -r '.[0].operstate')" = UP ]
}

# The bridge keeps its address, so the clients need not ask for it again.
move_client() {
    ip -n "$(netns gateway)" link set "$1" netns "$(netns gateway2)"
    ip -n "$(netns gateway2)" link set "$1" up master inside
    wait_for 10 is_up gateway2 "$1"
}

# take_away: the first gateway loses its links.
take_away() {
    ip -n "$(netns gateway)" link set outside down
    ip -n "$(netns isp)" address del $isp/24 dev eth0
    ip -n "$(netns gateway)" link set client1 down
    ip -n "$(netns gateway)" link set client2 down
}

# take_over: and the second one gets them.
take_over() {
    ip -n "$(netns isp)" address add $isp/24 dev eth2
    move_client client1
    move_client client2
    wait_for 10 is_up gateway2 inside
}

second_short_path() {
    [ "$(second show counters --json | jq .counters.short_path)" -gt "$1" ]
}

build_topology
start_services 20000000
ip -n "$(netns server)" address add $server2/24 dev eth0
add_host gateway2
ip -n "$(netns gateway2)" link add inside type bridge
ip -n "$(netns gateway2)" link set inside address \
    "$(ip -n "$(netns gateway)" -j link show inside | jq -r '.[0].address')"
set_up gateway2 inside 10.0.0.1/24 1500
set_sysctl gateway2 net/bridge/bridge-nf-call-iptables 0
add_link gateway2 outside $external/24 isp eth2 -
ip -n "$(netns gateway2)" route add default via $isp
start_ends

check "save where nothing serves" exits 3 second save "$file"
check "restore where nothing serves" exits 3 second restore "$file"
start_ctgate --filtering endpoint-independent
check "the second starts" start_second --filtering endpoint-independent --max-sessions-per-host 50

start_conversation udp client1 udp 4100
start_conversation tcp client1 tcp 4100
check "UDP session" equals "$external:4100" "$(converse udp)"
check "TCP connection" equals "$external:4100" "$(converse tcp)"
ends serve open udp client1 4200 >/dev/null
ends serve first udp server $server:5001 >/dev/null
ends serve other udp server $server2:6001 >/dev/null
ends send open $server:5001 hello >/dev/null
check "a mapping" equals "$external:4200 hello" "$(ends receive first)"
fetch client1 payload --limit-rate 5M --max-time 60 --local-port 4300 >"$work/transfer" &
transfer=$!
wait_for 10 has_bytes 500000

kill_daemon
check "save" ctgate save "$file"
check "for root alone" equals 600 "$(stat -c %a "$file")"
check "nothing else stays" equals "$file" "$(echo "$file"*)"
check "to standard output" matches '^\{"end":' "$(ctgate save - 2>/dev/null | tail -n 1)"
take_away

head -c -1 "$file" >"$work/cut"
check "what is cut off is refused" exits 1 second restore "$work/cut"
sed 's/:4100"/:4101"/' "$file" >"$work/changed"
check "what was changed is refused" exits 1 second restore "$work/changed"
second restore "$file" --json >"$work/restored"
check "all sessions are restored" equals '{"restored":4,"already_there":0,"expired":0,"skipped":0}' \
    "$(restored .sessions)"
check "all mappings" equals '{"restored":4,"already_there":0,"expired":0,"skipped":0}' \
    "$(restored .mappings)"
take_over

before=$(second show counters --json | jq .counters.short_path)
check "the UDP session goes on" equals "$external:4100" "$(converse udp)"
check "the TCP connection goes on" equals "$external:4100" "$(converse tcp)"
check "another remote endpoint reaches the mapping" equals \
    "$server2:6001 in" "$(ends send other $external:4200 in >/dev/null && ends receive open)"
other=$(ask client2 4100)
check "another host's session" matches "^$external:[0-9]+$" "$other"
check "has not the restored port" fails equals "$external:4100" "$other"
check "the transfer ends" wait "$transfer"
check "and is as it was sent" equals "$(payload_sum)" "$(sha256sum <"$work/transfer" | cut -d' ' -f1)"
check "by the short path" second_short_path "$before"

second restore "$file" --json >"$work/restored"
check "again: what is there is left alone" equals '[4,0]' \
    "$(restored '[.mappings.already_there, .mappings.restored]')"
check "and sessions" equals '0' "$(restored .sessions.skipped)"
check "they go on" equals "$external:4100 $external:4100" "$(converse udp) $(converse tcp)"
check "the second saves them as well" matches "Saved [0-9]+ mappings" "$(second save "$file")"
check "down" second down

all_passed
