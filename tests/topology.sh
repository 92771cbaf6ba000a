#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The network that the system tests run in: five network namespaces, nothing of the host's own.
#
#   client1                 gateway                  isp                     server
#   10.0.0.2 eth0 ─┐                                 (a plain router)
#                  ├─ inside        outside ──── eth0        eth1 ──── eth0
#   10.0.0.3 eth0 ─┘  10.0.0.1   203.0.113.1  203.0.113.254  198.51.100.1  198.51.100.2
#   client2           (bridge)
#
# Neither isp nor server has a route to 10.0.0.0/8: only what leaves translated gets an answer.
# The gateway does not forward until something makes it.
#
# By hand, as root:
#   tests/topology.sh up                 build it
#   tests/topology.sh exec HOST CMD...   run a command there, e.g. exec client1 ping 198.51.100.2
#   tests/topology.sh down               end the processes in it and remove it
#
# Sourced, it gives a test its own copy: `build_topology`, `inside HOST COMMAND...`, and a trap that
# removes everything, whatever happens, and fails the test when something stayed behind.

hosts="client1 client2 gateway isp server"

# Read by the scripts that source this one.
# shellcheck disable=SC2034
{
    client1=10.0.0.2
    client2=10.0.0.3
    external=203.0.113.1
    isp=203.0.113.254
    server=198.51.100.2
}

# netns HOST: the name of its network namespace. Another copy of the network: another $topology.
netns() {
    echo "$topology-$1"
}

# inside HOST COMMAND...: not `ip netns exec`, which hides bpffs behind a new /sys.
inside() {
    local host=$1
    shift
    nsenter --net="/run/netns/$topology-$host" "$@"
}

# background HOST COMMAND...: $! is the command's own process id.
background() {
    local host=$1
    shift
    (exec nsenter --net="/run/netns/$topology-$host" "$@") </dev/null &
}

# add_host HOST
add_host() {
    ip netns add "$(netns "$1")"
    ip -n "$(netns "$1")" link set lo up
}

# add_link HOST DEVICE ADDRESS HOST DEVICE ADDRESS [MTU]; an ADDRESS may be "-".
add_link() {
    ip -n "$(netns "$1")" link add "$2" type veth peer name "$5" netns "$(netns "$4")"
    set_up "$1" "$2" "$3" "${7:-1500}"
    set_up "$4" "$5" "$6" "${7:-1500}"
}

# set_up HOST DEVICE ADDRESS MTU
set_up() {
    [ "$3" = - ] || ip -n "$(netns "$1")" address add "$3" dev "$2"
    ip -n "$(netns "$1")" link set "$2" mtu "$4" up
}

# add_client HOST ADDRESS
add_client() {
    add_link "$1" eth0 "$2/24" gateway "$1" -
    ip -n "$(netns gateway)" link set "$1" master inside
    ip -n "$(netns "$1")" route add default via 10.0.0.1
}

# build_topology [MTU of the link between isp and server]
# shellcheck disable=SC2120
build_topology() {
    local host
    for host in $hosts; do
        add_host "$host"
    done
    ip -n "$(netns gateway)" link add inside type bridge
    set_up gateway inside 10.0.0.1/24 1500
    # A fresh namespace may hand bridged packets to netfilter twice; ctgate refuses that.
    set_sysctl gateway net/bridge/bridge-nf-call-iptables 0
    add_client client1 $client1
    add_client client2 $client2
    add_link gateway outside $external/24 isp eth0 $isp/24
    add_link isp eth1 198.51.100.1/24 server eth0 $server/24 "${1:-1500}"
    set_sysctl isp net/ipv4/ip_forward 1
    ip -n "$(netns gateway)" route add default via $isp
    ip -n "$(netns server)" route add default via 198.51.100.1
}

# set_sysctl HOST FILE VALUE; nothing happens where the kernel does not have it.
set_sysctl() {
    local file="/proc/sys/$2"
    if inside "$1" test -e "$file"; then
        inside "$1" sh -c "echo $3 >$file"
    fi
}

# get_sysctl HOST FILE
get_sysctl() {
    inside "$1" cat "/proc/sys/$2" 2>/dev/null || echo absent
}

# Every namespace of this copy, also those that a test added.
namespaces() {
    ip netns list | cut -d' ' -f1 | grep "^$topology-" || true
}

inhabitants() {
    local namespace
    for namespace in $(namespaces); do
        ip netns pids "$namespace"
    done
}

is_deserted() {
    [ -z "$(inhabitants)" ]
}

# signal_inhabitants SIGNAL
signal_inhabitants() {
    local pid
    for pid in $(inhabitants); do
        kill "-$1" "$pid" 2>/dev/null || true
    done
}

# Fails when something could not be removed.
remove_topology() {
    local namespace
    signal_inhabitants TERM
    wait_for 2 is_deserted || signal_inhabitants KILL
    wait_for 5 is_deserted || echo "# processes that do not end: $(inhabitants | xargs)"
    for namespace in $(namespaces); do
        ip netns delete "$namespace"
    done
    [ -z "$(namespaces)" ]
}

by_hand() {
    case "${1:-}" in
    up)
        # shellcheck disable=SC2119
        build_topology
        echo "Up: $hosts. Try: $0 exec gateway ip -brief address"
        ;;
    down) remove_topology ;;
    exec)
        shift
        [ $# -ge 2 ] || usage
        inside "$@"
        ;;
    *) usage ;;
    esac
}

usage() {
    sed -n '3,/^$/s/^# \{0,1\}//p' "$0" >&2
    exit 2
}

# shellcheck disable=SC1091
. "$(dirname "${BASH_SOURCE[0]}")/vm/checks.sh"

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
    set -eu
    topology=ctgate-byhand
    by_hand "$@"
else
    topology=ctgate-test$$
fi
