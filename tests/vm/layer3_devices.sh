#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# An outside without Ethernet: WireGuard, and PPPoE as an access provider speaks it, with the files of
# examples/. Transfers arrive whole and go past the stack, and the server sees the address that the device
# has.
set -eu
# shellcheck disable=SC1091
. /ctgate/checks.sh
# shellcheck source=network.sh
. /ctgate/network.sh

# serves_through DEVICE EXAMPLE: as the external interface, from start to `down`.
serves_through() {
    rm -f $work/peers
    start_gateway --config "/ctgate/examples/$2/ctgate.conf"
    for kind in download upload; do
        check "$kind past the stack through $1" goes_past_stack $kind
    done
    check "the server saw only $external" peers_are "$external:[0-9]+"
    stop_gateway
}

# wireguard NAMESPACE ADDRESS PEER-NAMESPACE PEER-ENDPOINT
wireguard() {
    ip -n "$1" link add wg0 type wireguard
    inside "$1" wg set wg0 listen-port 51820 private-key "$work/$1.key" \
        peer "$(wg pubkey <"$work/$3.key")" endpoint "$4:51820" allowed-ips 0.0.0.0/0
    ip -n "$1" address add "$2/24" dev wg0
    ip -n "$1" link set wg0 up
}

# has_address DEVICE
has_address() {
    ip -n gateway -4 address show dev "$1" | grep -q " $external "
}

trap leave EXIT
trap 'exit 1' TERM
build_namespaces
link client eth0 $internal/24 gateway lan0 10.0.0.1/24
link gateway wan0 192.0.2.1/24 server eth0 192.0.2.2/24
ip -n client route add default via 10.0.0.1

# --- WireGuard --------------------------------------------------------------------------------
for namespace in gateway server; do
    (umask 077 && wg genkey >$work/$namespace.key)
done
wireguard gateway $external server 192.0.2.2
wireguard server $server gateway 192.0.2.1
start_services
serves_through wg0 wireguard
for namespace in gateway server; do
    ip -n $namespace link del wg0
done

# --- PPPoE ------------------------------------------------------------------------------------
modprobe pppoe
printf 'noauth\nnoipv6\nnodetach\n' >$work/ppp-options
inside server pppoe-server -F -I eth0 -L $server -R $external -N 1 -O $work/ppp-options \
    >$work/pppoe-server.log 2>&1 &
inside gateway pppd nodetach noauth noipv6 noipdefault nolog plugin rp-pppoe.so wan0 \
    >$work/pppd.log 2>&1 &
check "PPPoE comes up" wait_for 30 has_address ppp0
serves_through ppp0 pppoe

all_passed
