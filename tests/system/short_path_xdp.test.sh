#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# XDP on the interfaces that can (a veth inside, and outside), TC on the one that cannot (the bridge):
# transfers arrive whole, most packets of the first go by XDP, conntrack sees the sessions close;
# somebody else's program is respected; without NAPI at its other end an interface takes no frames;
# `down` leaves nothing.
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

third=10.1.0.2

mode() {
    ctgate status --json | jq -r .short_path.mode
}

warnings() {
    ctgate status --json | jq -r '.warnings[]'
}

in_xdp() {
    inside gateway ip -json link show dev "$1" | jq -r '.[0].xdp.mode // 0'
}

# all_packets: so many have come until now, from inside and from outside.
all_packets() {
    echo $(($(counter internal_packets) + $(counter external_packets)))
}

# most_in_xdp [ALL IN-XDP]: at least nine of ten packets, since there were that many.
most_in_xdp() {
    counted short_path_xdp $((${2:-0} + ($(all_packets) - ${1:-0}) * 9 / 10))
}

# is_put_back DEVICE: there is a program in XDP again, and it was counted as the first repair.
is_put_back() {
    equals 1 "$(in_xdp "$1")" && equals 1 "$(ctgate status --json | jq .repairs.program)"
}

# fails_naming PATTERN: a start with a bridge and a tunnel only.
fails_naming() {
    inside gateway ip tuntap add tunnel mode tun
    ip -n "$(netns gateway)" link set tunnel up
    exits 1 ctgate run --internal inside --external tunnel --fast-path xdp 2>"$work/error" || return
    matches "$1" "$(cat "$work/error")"
}

build_topology
add_host client3
add_link client3 eth0 $third/24 gateway direct 10.1.0.1/24
ip -n "$(netns client3)" route add default via 10.1.0.1
checksums_in_software client1 client3 isp server
inside client3 ethtool -K eth0 gro on
inside isp ethtool -K eth0 gro on
start_services

check "auto does without it on a veth" run_ctgate --internal direct --internal inside --external outside
check "and says so" equals tc "$(mode)"
check "and why" matches "is a veth" "$(ctgate status --json | jq -r '.short_path.reasons[]')"
stop_ctgate

check "where no interface can have XDP it is an error that names them" \
    fails_naming "no interface can have it: .*'inside'.*'tunnel'"
check "it starts with XDP" run_ctgate --internal direct --internal inside --external outside \
    --fast-path xdp
check "status: XDP" equals xdp "$(mode)"
check "status: not on the bridge" matches "'inside' does not run XDP" \
    "$(ctgate status --json | jq -r '.short_path.reasons[]')"
check "the kernel has it on the veth inside" equals 1 "$(in_xdp direct)"
check "the kernel has it outside" equals 1 "$(in_xdp outside)"

check "download" equals "$(payload_sum)" "$(download client3 --local-port 40000)"
check "upload" equals "$(payload_sum)" "$(upload client3 --local-port 40001)"
check "most packets went by XDP" most_in_xdp
check "conntrack has seen the close" has_entry "TIME_WAIT .*dport=8080 .*ASSURED" -p tcp --sport 40000

check "TC and XDP at once: download behind the bridge" equals "$(payload_sum)" "$(download client1)"
check "TC and XDP at once: upload behind the bridge" equals "$(payload_sum)" "$(upload client1)"

kill_daemon
check "without the daemon" equals "$(payload_sum)" "$(download client3)"
check "a new one takes over" run_ctgate --internal direct --internal inside --external outside \
    --fast-path xdp
check "and goes on" equals "$(payload_sum)" "$(download client3)"

index=$(inside gateway ip -json link show dev direct | jq '.[0].ifindex')
inside gateway bpftool link detach pinned "$(pins_of gateway)/link-$index-xdp"
check "a program that somebody removes is put back and counted" wait_for 5 is_put_back direct
all=$(all_packets)
in_xdp=$(counter short_path_xdp)
check "and the path is right" equals "$(payload_sum)" "$(upload client3)"
check "by XDP again" most_in_xdp "$all" "$in_xdp"

inside isp ethtool -K eth0 gro off
kill_daemon
check "it starts where outside takes no frames" run_ctgate --internal direct --internal inside \
    --external outside --fast-path xdp
check "status says so" matches "'outside' takes no frames from XDP" "$(warnings)"
check "and the path is right" equals "$(payload_sum)" "$(upload client3)"

stop_ctgate
check "nothing is left inside" equals 0 "$(in_xdp direct)"
check "nothing is left outside" equals 0 "$(in_xdp outside)"
check "down is complete" exits 3 ctgate status

all_passed
