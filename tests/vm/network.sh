# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Sourced by the scripts of the virtual machine that send packets through `ctgate run`.
#
#   client              gateway                            server
#   10.0.0.2 eth0 ──── in0 10.0.0.1   out0 203.0.113.1 ──── eth0 203.0.113.2
#
# The server has no route back to 10.0.0.0/24: only what leaves translated gets an answer.

internal=10.0.0.2
external=203.0.113.1
server=203.0.113.2
work=/tmp/network
mkdir -p $work

# inside NAMESPACE COMMAND...: without the new /sys of `ip netns exec`. The command replaces a
# background shell, so that $! is its process id.
inside() {
    local namespace=$1
    shift
    nsenter --net="/run/netns/$namespace" "$@"
}

# link NAMESPACE DEVICE ADDRESS NAMESPACE DEVICE ADDRESS
link() {
    ip -n "$1" link add "$2" type veth peer name "$5" netns "$4"
    ip -n "$1" address add "$3" dev "$2"
    ip -n "$4" address add "$6" dev "$5"
    ip -n "$1" link set "$2" up
    ip -n "$4" link set "$5" up
}

build_namespaces() {
    for namespace in client gateway server; do
        ip netns add $namespace
        ip -n $namespace link set lo up
    done
}

build_links() {
    link client eth0 $internal/24 gateway in0 10.0.0.1/24
    link gateway out0 $external/24 server eth0 $server/24
    ip -n client route add default via 10.0.0.1
}

# The services note whom they talk to in $work/peers, one line per connection or datagram. None may
# keep this script's output open: init reads it to its end.
start_services() {
    local note="echo \"\$SOCAT_PEERADDR:\$SOCAT_PEERPORT\" >>$work/peers"
    head -c 2000000 /dev/urandom >$work/payload
    inside server socat TCP4-LISTEN:8080,reuseaddr,fork "SYSTEM:$note; cat $work/payload" >$work/services.log 2>&1 &
    inside server socat TCP4-LISTEN:8081,reuseaddr,fork "SYSTEM:$note; sha256sum >$work/sum" >$work/services.log 2>&1 &
    inside server socat UDP4-RECVFROM:5300,reuseaddr,fork "SYSTEM:$note; cat" >$work/services.log 2>&1 &
    wait_for 10 listens 8080
    wait_for 10 listens 8081
    wait_for 10 listens 5300
}

listens() {
    inside server netstat -lntu | grep -q ":$1 "
}

sum_of_payload() {
    sha256sum <$work/payload | cut -d' ' -f1
}

download() {
    timeout 10 nsenter --net=/run/netns/client socat -u TCP4:$server:8080 - |
        sha256sum | cut -d' ' -f1
}

upload() {
    rm -f $work/sum
    timeout 10 nsenter --net=/run/netns/client socat -u FILE:$work/payload TCP4:$server:8081
    wait_for 5 test -s $work/sum
    cut -d' ' -f1 $work/sum
}

# counter NAME
counter() {
    inside gateway ctgate show counters --json | sed -n "s/.*\"$1\": *\([0-9]*\).*/\1/p"
}

# peers_are PATTERN: every peer that the server noted matches it, and there is one.
peers_are() {
    [ -s $work/peers ] && ! grep -v -x -E "$1" $work/peers
}

# packets: that came in from both sides.
packets() {
    echo $(($(counter internal_packets) + $(counter external_packets)))
}

# goes_past_stack upload|download: whole, and of ten packets eight at least do: those that are late or
# of a session that has ended go to the stack.
goes_past_stack() {
    local before short
    before=$(packets)
    short=$(counter short_path)
    equals "$(sum_of_payload)" "$("$1")" || return 1
    before=$((($(packets) - before) * 8 / 10))
    short=$(($(counter short_path) - short))
    [ $short -ge $before ] && return
    echo "  $short packets past the stack, expected $before"
    return 1
}

# start_gateway OPTION of run...
start_gateway() {
    nsenter --net=/run/netns/gateway ctgate run "$@" >$work/daemon.log 2>&1 &
    daemon=$!
    check "run $*: status 0" wait_for 30 inside gateway ctgate status
}

stop_gateway() {
    check "down" inside gateway ctgate down
    check "down: the daemon has ended" wait_for 15 has_ended "$daemon"
}

# What the machine looks like when a check has failed, or the script was ended half-way.
explain() {
    echo "# daemon log"
    cat $work/daemon.log
    inside gateway nft list ruleset
    inside gateway conntrack -L
    inside gateway ctgate show counters
} 2>&1

# For a trap on EXIT. The services hold the namespaces; the machine is the next script's.
leave() {
    local status=$? namespace
    set +e # whatever fails here, the rest is to be done
    [ $status -eq 0 ] || explain
    for namespace in client gateway server; do
        ip netns pids $namespace | xargs -r kill -9
        ip netns del $namespace
    done
    rm -rf $work
    exit $status
}
