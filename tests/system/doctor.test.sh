#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# `ctgate doctor` finds nothing bad where nothing is, and names each fault with its remedy: before
# ctgate serves, while it does, and after its daemon was killed.
# What belongs to the whole machine (compiler, clock) is looked at, or shown to it as if it were so.
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

# with_compiler MODE [OPTION...]: doctor sees that value of bpf_jit_enable, which only the machine's own
# network namespace has.
with_compiler() {
    # shellcheck disable=SC2016 # for the other shell
    inside gateway unshare --mount sh -c 'mount -t tmpfs none /proc/sys/net/core
        echo "$1" >/proc/sys/net/core/bpf_jit_enable
        shift
        exec "$@"' sh "$1" "$CTGATE" doctor --json "${@:2}" >"$work/findings"
}

# clock_of_kernel: "good" where it says that the clock is synchronised.
clock_of_kernel() {
    $python -c "import ctypes, struct
timex = ctypes.create_string_buffer(208)
state = ctypes.CDLL(None).adjtimex(timex)
unsynchronised = state == 5 or struct.unpack_from('i', timex, 40)[0] & 0x40
print('warning: the clock is not synchronised' if unsynchronised else 'good: synchronised')"
}

# make_legacy_table: as iptables-legacy does, by asking for it.
make_legacy_table() {
    inside gateway $python -c "import ctypes, socket, sys
asker = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
table, size = ctypes.create_string_buffer(b'filter', 84), ctypes.c_uint(84)
sys.exit(ctypes.CDLL(None).getsockopt(asker.fileno(), 0, 64, table, ctypes.byref(size)))"  # IPT_SO_GET_INFO
}

sides=(--internal inside --external outside)

build_topology

check "a healthy box: nothing is bad" examine 0 "${sides[@]}"
check "it says that nothing serves" equals false "$(jq .serving "$work/findings")"
check "the kernel takes the programs" names bpf-programs "^good"
check "the kernel takes the table" names nftables "^good"
check "the clock" names clock "^$(clock_of_kernel)"
for name in docker iptables-legacy conntrack-bypass offloads mtu ipv6; do
    check "no $name" names $name "^(good|not_applicable): "
done
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
ip -n "$(netns gateway)" link add docker0 type bridge
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
check "Docker: its bridge" names docker "^warning: Docker is here"
check "a listening port that is forwarded" names forwards "^bad: --forward .*8080.* -> end what uses"

inside gateway nft delete table ip mine
ip -n "$(netns gateway)" route add default via $isp
set_sysctl gateway net/bridge/bridge-nf-call-iptables 0
ip -n "$(netns gateway)" link delete docker0
kill "$listener"
wait_for 5 has_ended "$listener"
check "it changes nothing itself" state_is "$work/before" gateway

inside gateway nft -f - <<'RULES'
table ip mine {
    chain DOCKER-USER {
    }
    chain early {
        type filter hook prerouting priority raw
        iifname "inside" udp dport 53 notrack
        iifname "outside" ct zone set 5
        iifname "other" udp dport 53 notrack
    }
}
RULES
ip -n "$(netns gateway)" link set outside mtu 1400
ip -n "$(netns gateway)" address delete $external/24 dev outside
set_sysctl gateway net/ipv6/conf/inside/forwarding 1
set_sysctl gateway net/netfilter/nf_conntrack_acct 1
ip -n "$(netns isp)" link set eth0 down
legacy=0
make_legacy_table || legacy=$?
check "a box with other faults" examine 1 "${sides[@]}" --clamp-mss off
check "Docker: its chains" names docker "^warning: Docker is here.*-> keep rules .* in its chain DOCKER-USER"
check "notrack" names conntrack-bypass \
    "^warning: chain 'ip mine early' keeps packets from conntrack \(notrack\).*nft delete rule ip mine early"
check "a conntrack zone" names conntrack-bypass "^warning: chain 'ip mine early' puts packets into a .* zone"
check "not that of other interfaces" equals 2 "$(finding conntrack-bypass | wc -l)"
check "a narrow way out" names mtu "^warning: 'inside' takes packets of 1500 .*'outside' of 1400.*--clamp-mss on"
check "no address outside" names external-address "^bad: .*'outside' has no address.*-> ip address add"
check "IPv6" names ipv6 "^warning: IPv6 is forwarded from 'inside'.*conf/inside/forwarding=0"
check "counts of bytes" names conntrack-accounting "^warning: .*nf_conntrack_acct.*-> --fast-path off"
check "no carrier" names interfaces "^warning: interface 'outside' has no carrier"
if [ $legacy -eq 0 ]; then
    check "rules of iptables-legacy" names iptables-legacy \
        "^warning: iptables-legacy has tables here \(filter\).*iptables-legacy-save"
else
    echo "skip - rules of iptables-legacy (the kernel has none)"
fi

# The loopback interface is the only one here that passes for hardware.
inside gateway ethtool -K lo gro off
check "a machine with faults" exits 1 with_compiler 0 --internal lo --external outside
check "no compiler" names bpf-jit "^bad: BPF programs are not compiled -> sysctl -w net.core.bpf_jit_enable=1"
check "GRO that was turned off" names offloads "^warning: GRO is off at 'lo'.*-> ethtool -K lo gro on"
inside gateway ethtool -K lo gro on
check "the same without them" exits 1 with_compiler 1 --internal lo --external outside
check "a compiler" names bpf-jit "^good: BPF programs are compiled"
check "GRO that is on" names offloads "^good"

inside gateway nft delete table ip mine
ip -n "$(netns isp)" link set eth0 up
ip -n "$(netns gateway)" link set outside mtu 1500
ip -n "$(netns gateway)" address add $external/24 dev outside
ip -n "$(netns gateway)" route replace default via $isp
set_sysctl gateway net/ipv6/conf/inside/forwarding 0
set_sysctl gateway net/netfilter/nf_conntrack_acct 0
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
