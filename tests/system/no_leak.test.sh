#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Whatever happens, no packet with an internal source address leaves: before the start, while ctgate
# starts, serves, loses its external address, is killed, is taken down and is started again, under
# packets of every kind from two clients.
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# flood HOST: until the end, every kind of packet; new sessions and old ones.
flood() {
    local to="IP(dst='$server'" client
    client=$(eval "echo \$$1")
    background "$1" $python "$system_tests/craft.py" --forever \
        "$to)/UDP(sport=20000+turn%400,dport=5300)/b'peer'" \
        "$to)/UDP(sport=5000,dport=5300)/b'peer'" \
        "$to)/TCP(sport=20000+turn%400,dport=8080,flags='S')" \
        "$to)/TCP(sport=20000+turn%400,dport=8080,flags=('A','PA','FA','R','RA','SA')[turn%6])/b'x'" \
        "$to)/TCP(sport=30000+turn%400,dport=8080,flags=('A','PA','FA','R','','FPU')[turn%6])/b'x'" \
        "$to)/ICMP(id=turn%400)/b'ping'" \
        "$to)/ICMP(type=3,code=3)/IP(src='$server',dst='$client')/UDP(sport=5300,dport=5000)/b'forged'" \
        "$to,proto=47)/b'experiment'" \
        "$to,ttl=2)/UDP(sport=5001,dport=33434)/b'traceroute'" \
        "$to,options=IPOption(b'\\x01\\x01\\x01\\x00'))/UDP(sport=5002+turn%9,dport=5300)/b'peer'" \
        "fragment($to,id=turn%60000)/UDP(sport=20000+turn%400,dport=5300)/bytes(3000))" \
        "$to,flags='MF',id=turn%60000)/UDP(sport=5100,dport=5300)/bytes(8)" \
        "$to,frag=5,id=turn%60000)/bytes(8)" \
        "IP(dst='$isp')/TCP(sport=20000+turn%400,dport=9,flags='S')" \
        >"$work/flood.$1.log" 2>&1
    wait_for 10 flows "$1" "src host $client" 20
}

# flows HOST FILTER COUNT: so many such packets come by there now.
flows() {
    timeout 2 nsenter --net="/run/netns/$(netns "$1")" \
        tcpdump -n --immediate-mode -i eth0 -c "$3" "$2" >/dev/null 2>&1
}

# Every kind that has something to be translated comes out.
check_flow() {
    local kind
    for kind in "udp and src port 5000" "tcp[tcpflags] = tcp-syn" "icmp[icmptype] = icmp-echo" \
        "ip proto 47" "ip[6:2] & 0x3fff != 0"; do
        check "$1: comes out: $kind" wait_for 10 flows isp "src host $external and $kind" 3
    done
}

build_topology
start_services
start_capture outside isp eth0 ip
flood client1
flood client2

start_ctgate
check_flow "serving"
ip -n "$(netns gateway)" address delete $external/24 dev outside
ip -n "$(netns gateway)" route replace default via $isp dev outside onlink
check "without external address: counted" wait_for 10 counted drop_no_external_address 50
ip -n "$(netns gateway)" address add $external/24 dev outside
check_flow "address back"

stop_ctgate
check "down: nothing is forwarded" fails flows isp "src host $external and ip[8] = 63" 1
start_ctgate
check "second start: it flows" wait_for 10 flows isp "src host $external" 20

kill_daemon
check_flow "killed"
start_ctgate
check_flow "taken over"
stop_ctgate

stop_capture outside
check "outside: no internal address" nothing_internal outside

all_passed
