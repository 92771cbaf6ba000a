#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# "Port unreachable" from the server reaches the client whose session it is about, as a refused
# connection, and not the other one with the same port.
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# talk HOST: from port 4000 to a closed port of the server; "refused" or "silence".
talk() {
    inside "$1" $python - "$server" <<'PYTHON'
import socket, sys
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
    s.bind(("", 4000))
    s.settimeout(0.3)
    s.connect((sys.argv[1], 7001))
    for attempt in range(4):
        try:
            s.send(b"is anybody there?")
            s.recv(100)
        except socket.timeout:
            continue
        except ConnectionRefusedError:
            print("refused")
            break
    else:
        print("silence")
PYTHON
}

# answers_only FILTER: the server refuses those alone, and is silent to others.
answers_only() {
    inside server nft -f - <<RULES
table ip silent
delete table ip silent
table ip silent { chain input { type filter hook input priority 0; udp dport 7001 $1 drop; }; }
RULES
}

build_topology
start_ctgate
start_capture outside isp eth0 ip
start_capture first client1 eth0 ip
start_capture second client2 eth0 ip

answers_only "udp sport != 4000"
check "the first client, whose port is kept, is refused" equals refused "$(talk client1)"
check "the second, which has another external port, is not" equals silence "$(talk client2)"
answers_only "udp sport 4000"
check "the other way round: the second is refused" equals refused "$(talk client2)"
check "the other way round: the first is not" equals silence "$(talk client1)"

stop_capture outside first second
unreachable="icmp[icmptype] = icmp-unreach"
check "outside: no internal address" nothing_internal outside
# Offset 28: the quoted IP header; 12 bytes into it the source that the client itself used.
check "the first client's error quotes its own address" \
    seen first "$unreachable and dst host $client1 and icmp[20:4] = 0x0a000002 and icmp[28:2] = 4000"
check "the second client's error quotes its own address" \
    seen second "$unreachable and dst host $client2 and icmp[20:4] = 0x0a000003 and icmp[28:2] = 4000"
check "no error quotes the external address inside" \
    unseen first "$unreachable and icmp[20:4] = 0xcb007101"

all_passed
