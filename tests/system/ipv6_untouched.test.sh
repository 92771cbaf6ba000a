#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# IPv6 passes as if ctgate were not there, and as it did before; `status` warns when it is forwarded,
# because nothing of ctgate guards it.
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# try_all WHEN: ping, a download, and the hop limit, which only the two routers lower.
try_all() {
    check "$1: ping" inside client1 ping -n -q -c 1 -W 3 fd00:2::2 >"$work/ping.log"
    check "$1: download" equals "$(payload_sum)" "$(
        inside client1 curl --silent --fail --noproxy '*' --max-time 5 "http://[fd00:2::2]:8081/payload" |
            sha256sum | cut -d' ' -f1
    )"
    check "$1: from outside, too" inside server ping -n -q -c 1 -W 3 fd00:1::2 >"$work/ping.log"
}

# ipv6_state: what ctgate must not touch.
ipv6_state() {
    inside gateway sysctl -a -r '^net\.ipv6\.' 2>/dev/null
    ip -n "$(netns gateway)" -6 route
    inside gateway nft list ruleset | grep -A1000 'table \(ip6\|inet\)' || true
}

# address HOST DEVICE ADDRESS [ROUTE...]
address() {
    ip -n "$(netns "$1")" -6 address add "$3/64" dev "$2" nodad
    [ $# -eq 3 ] || ip -n "$(netns "$1")" -6 route add "${@:4}"
}

# warns: status has a sentence about IPv6.
warns() {
    ctgate status 2>&1 | grep -q IPv6
}

build_topology
start_services
address client1 eth0 fd00:1::2 default via fd00:1::1
address gateway inside fd00:1::1
address gateway outside fd00:3::1 default via fd00:3::2
address isp eth0 fd00:3::2 fd00:1::/64 via fd00:3::1
address isp eth1 fd00:2::1
address server eth0 fd00:2::2 default via fd00:2::1
set_sysctl isp net/ipv6/conf/all/forwarding 1
background server $python -m http.server 8081 --bind fd00:2::2 --directory "$work" >"$work/web6.log" 2>&1
wait_for 10 listens server tcp 8081

start_ctgate
check "no forwarding of IPv6: no warning" fails warns
stop_ctgate

set_sysctl gateway net/ipv6/conf/all/forwarding 1
ipv6_state >"$work/before"
try_all "before"
start_ctgate
start_capture outside isp eth0 ip6
try_all "while ctgate serves"
stop_capture outside
check "addresses and hop limit are the clients' own" \
    seen outside "ip6 and src host fd00:1::2 and dst host fd00:2::2 and ip6[7] = 63"
check "none are translated" unseen outside "tcp and ip6 and not host fd00:1::2"
check "status warns" warns
check "status is 0 all the same" exits 0 ctgate status
stop_ctgate
try_all "after"
ipv6_state >"$work/after"
check "nothing has changed" diff "$work/before" "$work/after"

all_passed
