#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Hairpinning (RFC 4787 REQ-9, RFC 5382 REQ-8): a client talks to the external endpoint of another
# client on the same bridge. The other sees the sender's external endpoint (REQ-9a), its answers come
# back, there is one entry, nobody is redirected to the direct way, nothing leaves. Also with oneself.
# Filtering applies as from outside.
#
#   client1 ─┐
#            ├─ inside (bridge), gateway, outside ── isp ── server
#   client2 ─┘
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# open PROTOCOL CLIENT PORT: the client serves that port, which has a mapping from then on.
open() {
    ends serve "$2-$1" "$1" "$2" "$3" >/dev/null
    check "$1: $2 has a mapping" equals "$external:$3" \
        "$(ends session "$2-$1-contact" "$1" "$2" "$3" $server:5001 "server-$1")"
}

# refused PROTOCOL PORT: from client1's port 4600 to that of client2, which has nothing.
refused() {
    local filtered
    filtered=$(counter drop_filtered)
    ends begin out "$1" client1 4600 "$external:$2" >/dev/null
    wait_for 5 counted drop_filtered $((filtered + 1)) &&
        equals nothing "$(ends pending "client2-$1")" && ends close out >/dev/null
}

build_topology
# As most machines have it: the interface itself would redirect.
for device in all inside; do
    set_sysctl gateway net/ipv4/conf/$device/send_redirects 1
done
start_ends
for protocol in udp tcp; do
    ends serve server-$protocol $protocol server $server:5001 >/dev/null
done
start_capture outside isp eth0 ip
start_capture at1 client1 eth0 ip
start_capture at2 client2 eth0 ip

start_ctgate --filtering endpoint-independent
for protocol in udp tcp; do
    open $protocol client2 4000
    check "$protocol: client1 reaches it, and is seen at its external endpoint" equals $external:4500 \
        "$(ends session pair-$protocol $protocol client1 4500 $external:4000 client2-$protocol)"
    check "$protocol: and again" equals $external:4500 "$(ends again pair-$protocol)"
    check "$protocol: exactly one entry, with both ends translated" equals 1 \
        "$(entries -p $protocol --orig-port-src 4500 | grep -c "src=$client1 dst=$external sport=4500 \
dport=4000 src=$client2 dst=$external sport=4000 dport=4500 ")"
    check "$protocol: and no other of these two ports" equals 1 \
        "$(entries -p $protocol | grep -c '=4500 ')"
    ends serve client1-$protocol $protocol client1 4501 >/dev/null
    open $protocol client1 4501
    check "$protocol: client1 reaches itself by its external endpoint" matches "^$external:4502$" \
        "$(ends session self-$protocol $protocol client1 4502 $external:4501 client1-$protocol)"
    check "$protocol: and again" equals $external:4502 "$(ends again self-$protocol)"
done
check "two hairpinned sessions of each protocol" equals 4 "$(counter session_created_hairpinned)"
check "none was taken for one from outside" equals 0 "$(counter session_created_inbound)"
kill_daemon
check "without a daemon: both go on" equals "$external:4500 $external:4500" \
    "$(ends again pair-udp) $(ends again pair-tcp)"
check "and others begin" equals $external:4503 \
    "$(ends session pair2 udp client1 4503 $external:4000 client2-udp)"
ctgate down
flush_entries

start_ctgate --host "$client1/32,filtering=endpoint-independent"
for protocol in udp tcp; do
    open $protocol client2 4001
    check "address-dependent, $protocol: refused before client2 has sent to that address" \
        refused $protocol 4001
    open $protocol client1 4504
    check "$protocol: client2 sends there, to another port" equals $external:4001 \
        "$(ends session opener $protocol client2 4001 $external:4504 client1-$protocol)"
    check "$protocol: from then on client1 reaches it" equals $external:4600 \
        "$(ends session let-in $protocol client1 4600 $external:4001 client2-$protocol)"
done
stop_ctgate
stop_capture outside at1 at2

for at in at1 at2; do
    check "$at: no ICMP redirect" unseen $at "icmp[icmptype] = icmp-redirect"
    check "$at: no ICMP at all" unseen $at icmp
    check "$at: nothing comes the direct way" unseen $at "src $client1 and dst $client2"
    check "$at: and nothing goes back by it" unseen $at "src $client2 and dst $client1"
done
check "client2 sees the external endpoint" \
    seen at2 "udp and src $external and src port 4500 and dst $client2 and dst port 4000"
check "client1 has its answers from the external endpoint" \
    seen at1 "udp and src $external and src port 4000 and dst $client1 and dst port 4500"
check "outside: nothing of all that" \
    unseen outside "src port (4500 or 4502 or 4503 or 4600) or dst port (4500 or 4502 or 4503 or 4600)"
check "outside: no internal address" nothing_internal outside

all_passed
