#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# UDP past the stack, from networks of 9000 and of 1500 bytes to one of 1400: contents, checksums (or
# none), TTL and type of service on the wire, both ways. What dies here, or does not fit, is the
# stack's: it answers by ICMP, or cuts it.
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# set_mtu HOST DEVICE MTU
set_mtu() {
    ip -n "$(netns "$1")" link set "$2" mtu "$3"
}

# converse_in_udp: the session of client1:4000 with the server's port 5400. One line for each step.
converse_in_udp() {
    run_python "$server" "$external" <<'PYTHON'
import select
import socket
import sys
from peer import socket_in

SERVER, EXTERNAL = sys.argv[1:]
IP_TOS, IP_TTL, IP_MTU_DISCOVER, IP_RECVERR = 1, 2, 10, 11
NEVER, ALWAYS, PROBE = 0, 2, 3  # IP_PMTUDISC_*: the DF bit; PROBE: without regard to the path's MTU
SO_NO_CHECK, UDP_SEGMENT = 11, 103

client = socket_in("client1", socket.SOCK_DGRAM, 4000)
served = socket_in("server", socket.SOCK_DGRAM, 5400)
client.connect((SERVER, 5400))
for end in client, served:
    end.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, NEVER)
    end.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)


def exchange(size=100):
    question, answer = bytes([size % 251]) * size, bytes([size % 241]) * size
    client.send(question)
    data, peer = served.recvfrom(65535)
    served.sendto(answer, peer)
    return peer == (EXTERNAL, 4000) and data == question and client.recv(65535) == answer


def exchanges(*sizes):
    return all([exchange(size) for size in sizes])


def set_both(level, option, value):
    for end in client, served:
        end.setsockopt(level, option, value)


def error_of(end):
    """From whom an ICMP error came, its type and code, and what MTU it tells."""
    poll = select.poll()
    poll.register(end, 0)  # POLLERR alone
    if not poll.poll(3000):
        return "nothing"
    _, controls, _, _ = end.recvmsg(2000, 1000, socket.MSG_ERRQUEUE)
    end.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    error = controls[0][2]
    return (f"{socket.inet_ntoa(error[20:24])} {error[5]}/{error[6]} "
            f"{int.from_bytes(error[8:12], sys.byteorder)}")


def step(name, result):
    print(f"{name}: {result}", flush=True)


step("begun", exchanges(*range(20)))
step("sizes", exchanges(0, 1, 2, 3, 1000, 1371, 1372, *range(100, 150)))

set_both(socket.SOL_SOCKET, SO_NO_CHECK, 1)
step("without checksum", exchanges(301, 302, 303))
set_both(socket.SOL_SOCKET, SO_NO_CHECK, 0)

set_both(socket.IPPROTO_IP, IP_TOS, 0xb8)
step("type of service", exchanges(401, 402, 403))
set_both(socket.IPPROTO_IP, IP_TOS, 0)

client.setsockopt(socket.IPPROTO_IP, IP_TTL, 1)
client.send(b"dies at the gateway")
step("TTL, from inside", error_of(client))
client.setsockopt(socket.IPPROTO_IP, IP_TTL, 64)
served.setsockopt(socket.IPPROTO_IP, IP_TTL, 2)
served.sendto(b"dies at the gateway", (EXTERNAL, 4000))
step("TTL, from outside", error_of(served))
served.setsockopt(socket.IPPROTO_IP, IP_TTL, 64)
step("after that", exchanges(100, 101))

client.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, PROBE)
client.send(bytes(1373))
step("too big", error_of(client))
client.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, NEVER)
client.send(bytes(1373))
step("too big, may be cut", served.recv(65535) == bytes(1373))
step("after that", exchanges(100, 101))

client.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, PROBE)
client.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, 1200)
client.send(b"".join(bytes([n]) * 1200 for n in range(8)))
step("super-packet", [served.recv(65535) for _ in range(8)] == [bytes([n]) * 1200 for n in range(8)])
client.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, 1380)
client.send(bytes(1380 * 4))
step("super-packet, too big", error_of(client))
client.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, 0)
step("in the end", exchanges(100, 101))
PYTHON
}

# says NAME RESULT: each such step.
says() {
    equals "$2" "$(sed -n "s/^$1: //p" "$work/steps" | sort -u)"
}

# check_session HOW
check_session() {
    local before
    before=$(counter short_path)
    converse_in_udp >"$work/steps" || cat "$work/steps"
    for step in begun sizes "without checksum" "type of service" "after that" "in the end" \
        "too big, may be cut" "super-packet"; do
        check "$1: $step" says "$step" True
    done
    check "$1: TTL 1 from inside is answered by the router" says "TTL, from inside" "10.0.0.1 11/0 0"
    check "$1: TTL 1 from outside, too" says "TTL, from outside" "$external 11/0 0"
    check "$1: too big, and not to be cut: the router says what fits" says "too big" "10.0.0.1 3/4 1400"
    check "$1: so is a super-packet of such" says "super-packet, too big" "10.0.0.1 3/4 1400"
    # 90 exchanges, of which the first is the stack's.
    check "$1: past the stack" counted short_path $((before + 170))
}

build_topology
start_services
set_mtu gateway outside 1400
set_mtu isp eth0 1400
for host in client1 server; do
    checksums_in_software $host
done
start_ctgate
start_capture outside isp eth0 "udp or icmp"
start_capture inside client1 eth0 "udp or icmp"

check_session 1500
inside client1 ip route flush cache
set_mtu client1 eth0 9000
set_mtu gateway client1 9000
set_mtu gateway inside 9000
flush_entries
check_session 9000

stop_capture outside inside
check "outside: no internal address" nothing_internal outside
check "outside: TTL is one lower" unseen outside "src host $external and udp and ip[8] != 63"
check "inside: TTL is two lower" unseen inside "src host $server and udp and ip[8] != 62"
sized="udp[4:2] >= 309 and udp[4:2] <= 311"
check "without checksum: outside it has none" seen outside "src host $external and $sized"
check "without checksum: outside all have none" \
    unseen outside "src host $external and $sized and udp[6:2] != 0"
check "without checksum: inside it has none" seen inside "src host $server and $sized"
check "without checksum: inside all have none" unseen inside "src host $server and $sized and udp[6:2] != 0"
check "outside: no others are without" unseen outside \
    "udp and not ($sized) and udp[6:2] = 0 and ip[6:2] & 0x1fff = 0"
check "outside: no wrong checksum" equals 0 "$(packets outside "udp and src host $external" -vv | grep -c 'bad udp')"
check "inside: no wrong checksum" equals 0 "$(packets inside "udp and src host $server" -vv | grep -c 'bad udp')"
sized="udp[4:2] >= 409 and udp[4:2] <= 411"
check "type of service: outside as sent" seen outside "src host $external and $sized"
check "type of service: outside in all" unseen outside "src host $external and $sized and ip[1] != 0xb8"
check "type of service: inside as sent" seen inside "src host $server and $sized"
check "type of service: inside in all" unseen inside "src host $server and $sized and ip[1] != 0xb8"
check "others have none" unseen outside "src host $external and udp and not ($sized) and ip[1] != 0"

all_passed
