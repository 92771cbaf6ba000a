#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The short path where packets are lost and overtake each other (netem), and between VLAN devices:
# what the kernels of these machines have and not every other. Transfers arrive whole, and most of
# their packets do not see the stack.
set -eu
# shellcheck disable=SC1091
. /ctgate/checks.sh
# shellcheck source=network.sh
. /ctgate/network.sh

# vlan NAMESPACE DEVICE ADDRESS: moves the address to VLAN 5 of the device.
vlan() {
    ip -n "$1" address flush dev "$2"
    ip -n "$1" link add link "$2" name "$2.5" type vlan id 5
    ip -n "$1" address add "$3" dev "$2.5"
    ip -n "$1" link set "$2.5" up
}

# lost NAMESPACE: some of its packets.
lost() {
    ip netns exec "$1" tc -s qdisc show dev eth0 | grep -q 'dropped [1-9]'
}

trap leave EXIT
trap 'exit 1' TERM
build_namespaces
build_links
start_services

# --- loss and reordering ----------------------------------------------------------------------
start_gateway --internal in0 --external out0
for namespace in client server; do
    # Single packets, so that there are many to be lost.
    ip -n $namespace link set eth0 gso_max_segs 1
    ip netns exec $namespace tc qdisc add dev eth0 root netem delay 2ms reorder 75% 50% loss 1%
done
for kind in download upload; do
    check "$kind with loss and reordering past the stack" goes_past_stack $kind
done
for namespace in client server; do
    check "packets of the $namespace were lost" lost $namespace
    ip netns exec $namespace tc qdisc del dev eth0 root
done
stop_gateway

# --- VLAN devices -----------------------------------------------------------------------------
vlan client eth0 $internal/24
vlan gateway in0 10.0.0.1/24
vlan gateway out0 $external/24
vlan server eth0 $server/24
ip -n client route add default via 10.0.0.1
start_gateway --internal in0.5 --external out0.5
for kind in download upload; do
    check "$kind past the stack between VLAN devices" goes_past_stack $kind
done
stop_gateway

all_passed
