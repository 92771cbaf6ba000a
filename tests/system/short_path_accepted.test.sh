#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What the host's firewall has not let through has no short path: nothing is kept for it, and neither it
# nor its replies pass. Of a session that is let through the first packet and the first reply still go
# by the firewall.
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

refused=7777

# The last chain is after ours for NAT, before the one that accepts.
firewall() {
    inside gateway nft -f - <<RULES
table inet filter {
    chain forward {
        type filter hook forward priority filter; policy drop;
        ct state established,related counter accept
        iifname "inside" udp dport $refused counter drop
        iifname "inside" tcp dport $refused counter drop
        counter accept
    }
    chain late {
        type filter hook postrouting priority 150;
        udp dport $((refused + 1)) counter drop
    }
}
RULES
}

# knock PORT NUMBER: so many questions, and as many answers that nobody has asked for.
knock() {
    local i
    for i in $(seq "$2"); do
        craft client1 "IP(dst='$server')/UDP(sport=4000,dport=$1)/b'question $i'"
        craft server "IP(dst='$external')/UDP(sport=$1,dport=4000)/b'answer $i'"
    done
}

build_topology
start_services
firewall
start_ctgate
start_capture outside isp eth0 "ip and (udp or tcp)"
start_capture inside client1 eth0 "ip and (udp or tcp)"

for port in $refused $((refused + 1)); do
    dropped=$(counter drop_unaccepted_reply)
    knock "$port" 5
    check "UDP port $port: answers are dropped" \
        wait_for 5 counted drop_unaccepted_reply $((dropped + 5))
    check "UDP port $port: the session has no accepted bit" \
        has_entry "dport=$port .*\[UNREPLIED\].* mark=0 " -p udp
done
craft client1 "IP(dst='$server')/TCP(sport=4001,dport=$refused,flags='S',seq=100)"
craft server "IP(dst='$external')/TCP(sport=$refused,dport=4001,flags='SA',seq=900,ack=101)"
craft client1 "IP(dst='$server')/TCP(sport=4001,dport=$refused,flags='A',seq=101,ack=901)" \
    "IP(dst='$server')/TCP(sport=4001,dport=$refused,flags='PA',seq=101,ack=901)/b'data'"
check "TCP port $refused: answers are dropped" \
    wait_for 5 counted drop_unaccepted_reply $((dropped + 6))
check "nothing is kept for the short path" equals 0 "$(counter session_cached)"
check "nothing has taken it" equals 0 "$(counter short_path)"

check "others: an answer" equals "$external:4100" "$(ask client1 4100)"
check "others: first packet and first reply by the stack" equals 0 "$(counter short_path)"
check "others: another answer" equals "$external:4100" "$(ask client1 4100)"
check "others: past the stack, both ways" equals "2 2" \
    "$(counter short_path) $(counter session_cached)"

stop_capture outside inside
check "outside: nothing of the refused sessions" \
    unseen outside "src host $external and portrange $refused-$((refused + 1))"
check "inside: nothing of the refused sessions" \
    unseen inside "dst host $client1 and portrange $refused-$((refused + 1))"
check "outside: no internal address" nothing_internal outside

all_passed
