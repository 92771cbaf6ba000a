#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The host's firewall refuses port 7777 from inside, and accepts established. A helper outside that
# answers before it was asked, also in fragments and with a source route, and forged ICMP errors, must
# not open that door: not one packet of those sessions crosses the gateway, in either direction.
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

refused=7777

firewall() {
    inside gateway nft -f - <<RULES
table inet filter {
    chain forward {
        type filter hook forward priority filter; policy drop;
        ct state established,related accept
        iifname "inside" meta l4proto { tcp, udp } th dport $refused drop
        accept
    }
}
RULES
}

udp_out="IP(dst='$server')/UDP(sport=5000,dport=$refused)/b'let me out'"
udp_in="IP(dst='$external')/UDP(sport=$refused,dport=5000)"
source_routed="IP(src='$server',dst='$external',options=IPOption_LSRR(routers=['$client1']))"
source_routed+="/UDP(sport=$refused,dport=5000,chksum=0)"
quoted_in="IP(src='$server',dst='$client1')/UDP(sport=$refused,dport=5000)/b'12345678'"
quoted_out="IP(src='$external',dst='$server')/UDP(sport=5000,dport=$refused)/b'12345678'"
tcp_out="IP(dst='$server')/TCP(sport=5001,dport=$refused"
tcp_in="IP(dst='$external')/TCP(sport=$refused,dport=5001,flags='SA',seq=900,ack=101)"

# entry PROTOCOL: the session that the refused packet has left behind.
entry() {
    entries -p "$1" -s $client1 --dport $refused
}

build_topology
start_services
firewall
start_ctgate
start_capture outside isp eth0 "ip and (tcp or udp or icmp)"
start_capture inside client1 eth0 "ip and (tcp or udp or icmp)"

check "the firewall lets others through" equals "$external:4000" "$(ask client1 4000)"

# Each step begins as the first did: the entry is there, and not accepted.
craft client1 "$udp_out"
check "UDP: an entry, without a reply" matches UNREPLIED "$(entry udp)"
craft server "$udp_in/b'early reply'"
check "UDP: the early reply is dropped in TC" wait_for 5 counted drop_unaccepted_reply 1
check "UDP: conntrack has not seen it" matches UNREPLIED "$(entry udp)"
craft client1 "$udp_out"
craft server "fragment($udp_in/bytes(3000))" "fragment($udp_in/bytes(3000))[::-1]"
check "UDP: so are the first fragments of early replies" wait_for 5 counted drop_unaccepted_reply 3
check "UDP: conntrack has not seen them" matches UNREPLIED "$(entry udp)"
craft client1 "$udp_out"
# From isp, for no router on the way would take it: TC leaves it to the stack, which drops it as well,
# but after conntrack.
craft isp "$source_routed/b'early reply'"
check "UDP: conntrack does see one with a source route" wait_for 5 fails has_entry UNREPLIED \
    -p udp -s $client1 --dport $refused
craft client1 "$udp_out" "$udp_out"
check "UDP: the session begins anew" wait_for 5 counted session_restarted_unaccepted 1
check "UDP: and has not seen a reply" matches UNREPLIED "$(entry udp)"

dropped=$(counter guard_unaccepted)
craft client1 "IP(dst='$server')/ICMP(type=3,code=3)/$quoted_in"
check "forged ICMP error from inside is dropped" wait_for 5 counted guard_unaccepted $((dropped + 1))
craft client1 "$udp_out"
craft server "$udp_in/b'reply after that'"
dropped=$(counter guard_unaccepted)
craft isp "IP(dst='$external')/ICMP(type=3,code=3)/$quoted_out"
check "forged ICMP error from outside is dropped" wait_for 5 counted guard_unaccepted $((dropped + 1))
craft client1 "$udp_out"
craft server "$udp_in/b'reply after that'"

craft client1 "$tcp_out,flags='S',seq=100)"
dropped=$(counter drop_unaccepted_reply)
craft server "$tcp_in"
check "TCP: the early SYN-ACK is dropped in TC" \
    wait_for 5 counted drop_unaccepted_reply $((dropped + 1))
craft client1 "$tcp_out,flags='S',seq=100)"
dropped=$(counter guard_unaccepted)
craft server "fragment($tcp_in,fragsize=8)"
check "TCP: in fragments it is dropped by the guard" \
    wait_for 5 counted guard_unaccepted $((dropped + 1))
craft client1 "$tcp_out,flags='A',seq=101,ack=901)" "$tcp_out,flags='PA',seq=101,ack=901)/b'hello'"

check "the firewall still lets others through" equals "$external:4001" "$(ask client1 4001)"
stop_capture outside inside
check "outside: nothing of the refused sessions" \
    unseen outside "src host $external and (port $refused or icmp)"
check "outside: the helper's packets did arrive there" seen outside "dst port $refused or src port $refused"
check "inside: nothing of the refused sessions" unseen inside "dst host $client1 and (port $refused or icmp)"
check "outside: no internal address" nothing_internal outside

all_passed
