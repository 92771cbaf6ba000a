#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Deterministic ports (RFC 7422): what the server sees of a client leads back to that client, by the
# configuration alone, also where nothing runs. Two external addresses; ping; a host outside of the
# prefix is refused.
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

second=203.0.113.2
stranger=10.0.0.20

# whois ENDPOINT [PROTOCOL]: by the configuration, at the server, where nothing of ctgate runs.
whois() {
    inside server "$CTGATE" whois "$@" --config "$work/ctgate.conf"
}

# leads_back HOST ENDPOINT PROTOCOL
leads_back() {
    equals "$1" "$(whois "$2" "$3" --json | jq -r '.hosts[0].internal.address')"
}

# pings ADDRESS: from there, with an answer.
pings() {
    inside client1 ping -n -q -c 1 -W 1 -I "$1" $server >/dev/null
}

build_topology
start_services
ip -n "$(netns gateway)" address add $second/24 dev outside
ip -n "$(netns client1)" address add $stranger/24 dev eth0
configure "external-address = $external" "external-address = $second" \
    "deterministic = 10.0.0.0/28" "port-range = 2048-2687"
run_ctgate --config "$work/ctgate.conf"
start_capture outside isp eth0 ip

for client in client1 client2; do
    for ((i = 0; i < 5; i++)); do
        check "UDP of $client leads back" leads_back "${!client}" "$(ask $client 0)" udp
        check "TCP of $client leads back" leads_back "${!client}" "$(seen_as $client)" tcp
    done
done
ip -n "$(netns client1)" address add 10.0.0.12/24 dev eth0
seen=$(seen_as client1 --interface 10.0.0.12)
check "a host that has no room in the first address has the second" matches "^$second:" "$seen"
check "and that leads back" leads_back 10.0.0.12 "$seen" tcp
check "ping works" pings 10.0.0.12

check "a host outside of the prefix is refused" fails seen_as client1 --interface $stranger 2>/dev/null
check "and counted" counted drop_outside_prefix 1
check "its pings too" fails pings $stranger

check "the running gateway says the same" \
    equals 10.0.0.12 "$(ctgate whois "$seen" tcp --json | jq -r '.hosts[0].internal.address')"
check "nobody: exit status 1" exits 1 whois $external:1024
check "no external address of ours: exit status 1" exits 1 whois 192.0.2.1:2050

stop_capture outside
check "outside: the ping had it" seen outside "icmp and src host $second"
check "outside: no internal address" nothing_internal outside

all_passed
