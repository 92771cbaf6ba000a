#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# ctgate on a box that already masquerades with nftables: live connections continue over its start,
# and over `down`; sessions of its own time continue, too.
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

created_more_than() {
    [ "$(counter session_created)" -gt "$1" ]
}

# keeps_its_port PORT: idle, it has it to itself, also towards others than its own remote endpoint.
keeps_its_port() {
    local others
    matches "10\.0\.0\.2:$1" "$(ctgate whois "$external:$1" tcp)" || return 1
    others=$(inside client2 curl --silent --noproxy '*' --max-time 10 --local-port "$1" \
        "http://$server:8081/peer")
    matches "^$external:" "$others" && fails equals "$external:$1" "$others" >/dev/null
}

build_topology
start_services
background server "$python" "$system_tests/peer.py" web 8081 "$work/payload" >"$work/web2.log" 2>&1
wait_for 10 listens server tcp 8081
set_sysctl gateway net/ipv4/ip_forward 1
inside gateway nft -f - <<'RULES'
table ip old {
    chain out { type nat hook postrouting priority srcnat; oifname "outside" masquerade; }
    chain forward {
        type filter hook forward priority filter; policy drop;
        ct state established,related accept
        iifname "inside" accept
    }
}
RULES
start_capture outside isp eth0 ip

start_conversation old client1 tcp 4100
start_conversation old_udp client2 udp 4100
before=$(converse old)
before_udp=$(converse old_udp)
check "the box masquerades" matches "^$external:" "$before"

start_ctgate
check "start: the TCP connection keeps its port" keeps_its_port 4100
check "start: the TCP connection continues" equals "$before" "$(converse old)"
check "start: the UDP session continues" equals "$before_udp" "$(converse old_udp)"
check "new sessions are made in TC" equals "$external:4101" "$(ask client1 4101)"
check "that is counted" created_more_than 0
check "upload while both are there" equals "$(payload_sum)" "$(upload client1)"
start_conversation new client1 tcp 4102
during=$(converse new)
start_conversation new_udp client2 udp 4102
during_udp=$(converse new_udp)

stop_ctgate
check "down: the old TCP connection continues" equals "$before" "$(converse old)"
check "down: the old UDP session continues" equals "$before_udp" "$(converse old_udp)"
check "down: the one made meanwhile continues" equals "$during" "$(converse new)"
check "down: and the UDP session" equals "$during_udp" "$(converse new_udp)"
check "down: the box masquerades new ones" matches "^$external:" "$(ask client1 4103)"
check "down: forwarding is still on" equals 1 "$(get_sysctl gateway net/ipv4/ip_forward)"

start_ctgate
check "started again: they keep their ports" keeps_its_port 4102
check "started again: all continue" equals "$before $before_udp $during $during_udp" \
    "$(converse old) $(converse old_udp) $(converse new) $(converse new_udp)"

stop_capture outside
check "outside: no internal address" nothing_internal outside

all_passed
