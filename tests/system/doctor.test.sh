#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# `ctgate doctor` finds nothing bad where nothing is, and names each fault with its remedy: before
# ctgate serves, while it does, and after its daemon was killed.
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# examine STATUS [OPTION...]: that exit status; what was found is in $work/findings.
examine() {
    local status=0
    ctgate doctor --json "${@:2}" >"$work/findings" || status=$?
    equals "$1" "$status" && return
    jq -r '.findings[] | select(.grade == "bad") | "  \(.name): \(.found)"' "$work/findings"
    return 1
}

# finding NAME: grade, what was found, remedy; one a line.
finding() {
    jq -r --arg name "$1" \
        '.findings[] | select(.name == $name) | "\(.grade): \(.found) -> \(.remedy)"' "$work/findings"
}

# names NAME PATTERN
names() {
    matches "$2" "$(finding "$1")"
}

sides=(--internal inside --external outside)

build_topology

check "a healthy box: nothing is bad" examine 0 "${sides[@]}"
check "it says that nothing serves" equals false "$(jq .serving "$work/findings")"
check "the kernel takes the programs" names bpf-programs "^good"
check "the kernel takes the table" names nftables "^good"
ctgate doctor "${sides[@]}" >"$work/text"
check "text: a line for each finding" grep -qE "^good +default-route +leads to 'outside'$" "$work/text"
check "text: the sum" matches "^0 bad, [0-9]+ warnings$" "$(tail -n 1 "$work/text")"
check "wrong usage" exits 2 ctgate doctor --internal inside
state_of gateway >"$work/before"

inside gateway nft -f - <<'RULES'
table ip mine {
    chain source {
        type nat hook postrouting priority srcnat
        oifname "outside" masquerade
    }
    chain passing {
        type filter hook forward priority filter; policy drop
        ct state established,related accept
    }
    chain marking {
        type filter hook prerouting priority mangle
        ct mark set 5
    }
}
RULES
ip -n "$(netns gateway)" route delete default
set_sysctl gateway net/bridge/bridge-nf-call-iptables 1
background gateway socat TCP-LISTEN:8080,fork,reuseaddr - >/dev/null
listener=$!
wait_for 5 inside gateway sh -c "ss -Hltn sport = :8080 | grep -q ."

check "a box with faults" examine 1 "${sides[@]}" --forward tcp:8080:10.0.0.2:80
check "other masquerade" \
    names other-nat "^warning: .*'ip mine source' has a masquerade.*nft delete rule ip mine source handle"
check "forward policy drop" names forward-chains \
    "^bad: .*'ip mine passing' drops new sessions from 'inside' to 'outside' -> nft 'insert rule ip mine passing"
check "forward policy drop: what is forwarded" names forward-chains "^bad: .*from outside.*ct status dnat"
check "forward policy drop: replies do pass" fails grep -q "drops replies" "$work/findings"
check "a connection mark that clears ctgate's bit" \
    names connection-mark "^bad: .*0x80000000.*ct mark set ct mark and 0x80000000 or 0x5"
check "no default route" \
    names default-route "^bad: .*no default route -> ip route add default via GATEWAY dev outside"
if [ "$(get_sysctl gateway net/bridge/bridge-nf-call-iptables)" = 1 ]; then
    check "bridge-nf-call-iptables" \
        names bridge-netfilter "^bad: .*sysctl -w net.bridge.bridge-nf-call-iptables=0"
fi
check "a listening port among the external ones" \
    names router-ports "^warning: .*tcp 0.0.0.0:8080 -> --port-range"
check "a listening port that is forwarded" names forwards "^bad: --forward .*8080.* -> end what uses"

inside gateway nft delete table ip mine
ip -n "$(netns gateway)" route add default via $isp
set_sysctl gateway net/bridge/bridge-nf-call-iptables 0
kill "$listener"
wait_for 5 has_ended "$listener"
check "it changes nothing itself" state_is "$work/before" gateway

start_ctgate --attach clsact
check "where ctgate serves: nothing is bad" examine 0
check "it says so" equals true "$(jq .serving "$work/findings")"

kill_daemon
inside gateway tc filter delete dev inside ingress pref 199
set_sysctl gateway net/ipv4/conf/outside/forwarding 0
set_sysctl gateway net/netfilter/nf_conntrack_tcp_be_liberal 0
inside gateway nft delete table ip ctgate
check "where it serves no more" examine 1
check "no daemon" names daemon "^warning: .*-> 'ctgate run'"
check "a program that is gone" names gateway "^bad: .*'inside' is not attached.*-> 'ctgate run'"
check "forwarding that was turned off" \
    names forwarding "^bad: .*'outside'.*-> sysctl -w net/ipv4/conf/outside/forwarding=1"
check "window checks" names tcp-windows "^bad: .*-> sysctl -w .*tcp_be_liberal=1"
check "the router's own ports are not kept out" names local-port-range "^warning: .*-> 'ctgate run'"
check "a table that is gone" names gateway "^bad: .*'ip ctgate' is gone"

all_passed
