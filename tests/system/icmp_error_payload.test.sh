#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# ICMP errors from outside, and the packets that they quote (RFC 5508 REQ-3, REQ-4): with IPv4 options,
# a wrong transport checksum, padding, extensions or no more than 8 bytes of UDP they reach the client,
# translated back; with a wrong ICMP checksum, less than that, or about no session, they do not.
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# From outside the session of client1 looks like this.
session="IP(src='$external',dst='$server')/UDP(sport=4000,dport=5300)/b'12345678'"
options="IP(src='$external',dst='$server',options=IPOption_RR(routers=['0.0.0.0']*3))/UDP(sport=4000,dport=5300)"
wrong_udp="IP(src='$external',dst='$server')/UDP(sport=4000,dport=5300,chksum=0x1234)/b'12345678'"
wrong_ip="IP(src='$external',dst='$server',chksum=0x1234)/UDP(sport=4000,dport=5300)/b'12345678'"
# RFC 4884: 128 bytes of the packet (32 words), then an extension.
padded="Raw(bytes($session)+bytes(92)+b'\\x20\\x00\\xdf\\xff'+b'\\x00\\x08\\x01\\x01extn')"

# error NUMBER PAYLOAD [FIELDS of ICMP]: to the external address; NUMBER is its identification. Code 13,
# for which no socket of the gateway's nor of the client's answers.
error() {
    craft isp "IP(dst='$external',id=$1)/ICMP(type=3,code=13${3:+,$3})/$2"
}

# reaches_client NUMBER [FILTER]: translated back.
reaches_client() {
    seen client "icmp and ip[4:2] = $1 and src host $isp and icmp[0:2] = 0x030d and \
        icmp[20:4] = 0x0a000002 and icmp[24:4] = 0xc6336402 ${2:-}"
}

# is_dropped NUMBER
is_dropped() {
    seen outside "ip[4:2] = $1 and icmp" && unseen client "ip[4:2] = $1" && unseen other "ip[4:2] = $1"
}

# header_checksum right|wrong NUMBER: of the quoted packet, as tcpdump sees it.
header_checksum() {
    local verdict=right
    ! packets client "icmp and ip[4:2] = $2" -v | grep -q "bad cksum" || verdict=wrong
    equals "$1" "$verdict"
}

# quoted_in FILE NUMBER: is the UDP datagram "same" as client1's, its checksum included?
quoted_in() {
    run_python "$work/$1" "$2" "$client1" "$server" <<'PYTHON'
import sys
from scapy.layers.inet import IP, UDP
from scapy.utils import rdpcap

file, number, source, destination = sys.argv[1:]
error, = [packet for packet in rdpcap(file) if IP in packet and packet[IP].id == int(number)]
expected = IP(src=source, dst=destination) / UDP(sport=4000, dport=5300) / b"12345678"
print("same" if bytes(error)[-16:] == bytes(expected)[-16:] else "different")
PYTHON
}

build_topology
start_services
start_ctgate
check "client1 has a session" equals "$external:4000" "$(ask client1 4000)"
check "client2 has another" equals "$external:4001" "$(ask client2 4001)"
start_capture outside gateway outside icmp
start_capture client client1 eth0 icmp
start_capture other client2 eth0 icmp

error 1 "$session"
error 2 "$options"
error 3 "$wrong_udp"
error 4 "$padded" "length=32"
error 5 "Raw(bytes($session)[:28])"
error 6 "$wrong_ip"

error 11 "$session" "chksum=0x1234"
error 12 "Raw(bytes($session)[:24])"
error 13 "Raw(bytes($session)[:20])"
error 14 "Raw(bytes($session)[:10])"
error 15 "IP(src='$external',dst='$server')/UDP(sport=4000,dport=5301)/b'another remote port'"
error 16 "IP(src='$external',dst='$server')/UDP(sport=4002,dport=5300)/b'no external port'"
error 17 "IP(src='$external',dst='$isp')/UDP(sport=4000,dport=5300)/b'another remote address'"
error 18 "IP(src='$external',dst='$server')/TCP(sport=4000,dport=5300)"
error 19 "IP(src='$client1',dst='$server')/UDP(sport=4000,dport=5300)/b'as it is inside'"
error 20 "IP(src='$server',dst='$external')/UDP(sport=5300,dport=4000)/b'the other direction'"
error 21 "IP(src='$external',dst='$server',frag=100)/b'a later fragment, which has no ports'"
error 30 "$session"
check "the session goes on" equals "$external:4000" "$(ask client1 4000)"
stop_capture outside client other

check "the quoted packet is that of the client" reaches_client 1 "and icmp[28:2] = 4000"
check "the checksum of its header is right" header_checksum right 1
check "what it carries is what the client had sent, to the byte" equals same "$(quoted_in client.pcap 1)"
check "IPv4 options are stepped over" reaches_client 2 "and icmp[44:2] = 4000"
check "a wrong UDP checksum does not matter" reaches_client 3 "and icmp[28:2] = 4000"
check "padding and extension come along" \
    reaches_client 4 "and icmp[28:2] = 4000 and icmp[5] = 32 and icmp[136:4] = 0x2000dfff and icmp[144:4] = 0x6578746e"
check "8 bytes of UDP will do" reaches_client 5 "and icmp[28:2] = 4000"
check "a wrong IPv4 checksum stays wrong" header_checksum wrong 6
check "the last one, too, reaches the client" reaches_client 30

check "a wrong ICMP checksum" is_dropped 11
check "4 bytes of UDP" is_dropped 12
check "none" is_dropped 13
check "half an IPv4 header" is_dropped 14
check "another remote port" is_dropped 15
check "a port that nobody has" is_dropped 16
check "another remote address" is_dropped 17
check "another protocol" is_dropped 18
check "the internal endpoint" is_dropped 19
check "the other direction" is_dropped 20
check "a later fragment" is_dropped 21

all_passed
