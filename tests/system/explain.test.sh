#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# `ctgate explain` says what a packet will do: the counters that it names are those that the packet
# then raises, the endpoints those that it then gets. And it leaves no trace.
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

remote=198.51.100.9
other=198.51.100.10
alone=203.0.113.3

# What other packets raise at any time: neighbour discovery and errors of IPv4.
dumps=""
background_noise='["internal_packets", "external_packets", "to_stack_not_plain"]'

counters() {
    ctgate show counters --json | jq -c "(.counters + .drops) | del(.[${background_noise}[]])"
}

# sessions: but for the time that they have left.
sessions() {
    entries | sed -E 's/^([a-z]+ +[0-9]+) [0-9]+ /\1 /' | sort
}

# traces: all that a packet could change.
traces() {
    sessions
    counters
    bpftool batch file - <<<"$dumps"
}

# choose_dumps: of each map that the dataplane writes; of each port that may be given out.
choose_dumps() {
    local map id port
    for map in mappings hosts contacts places placed session_cache; do
        dumps+="map dump pinned $(pins_of gateway)/$map"$'\n'
    done
    for id in $(inner_maps port_sets); do
        dumps+="map dump id $id"$'\n'
    done
    for id in $(inner_maps port_slots); do
        for port in 5000 5001 5002 5003 5004 5005 5006 6000; do
            dumps+="map lookup id $id key $((port % 256)) $((port / 256)) 0 0"$'\n'
        done
    done
}

# inner_maps MAP: their numbers.
inner_maps() {
    local value
    for value in $(bpftool -j map dump pinned "$(pins_of gateway)/$1" |
        jq -r '.[].value | map(ltrimstr("0x")) | reverse | join("")'); do
        echo $((16#$value))
    done
}

# explains FILTER EXPECTED ARGUMENT...: that of its JSON.
explains() {
    equals "$2" "$(ctgate explain --json "${@:3}" | jq -r "$1")"
}

# becomes VERDICT ARGUMENT...: action and counter.
becomes() {
    explains '.verdict | "\(.action) \(.counter)"' "$@"
}

# comes_true VERDICT HOST EXPRESSION ARGUMENT...: what is explained for the arguments is what the
# packet does, and not before.
comes_true() {
    local answer before moved
    sessions >"$work/sessions"
    before=$(counters)
    answer=$(ctgate explain --json "${@:4}")
    sessions | diff "$work/sessions" - && equals "$before" "$(counters)" || return 1
    equals "$1" "$(jq -r '.verdict | "\(.action) \(.counter)"' <<<"$answer")" || return 1
    craft "$2" "$3"
    wait_for 5 has_changed "$before" || true
    moved=$(jq -c -n --argjson before "$before" --argjson after "$(counters)" \
        '[$after | to_entries[] | select(.value != $before[.key]).key] | sort')
    equals "$(jq -c ".counters - $background_noise | sort" <<<"$answer")" "$moved"
}

has_changed() {
    [ "$1" != "$(counters)" ]
}

# udp SOURCE-ADDRESS SOURCE-PORT ADDRESS PORT: such a packet, as an expression.
udp() {
    echo "IP(src='$1', dst='$3')/UDP(sport=$2, dport=$4)"
}

# tcp FLAGS SEQUENCE ACKNOWLEDGEMENT, and as above.
tcp() {
    echo "IP(src='$4', dst='$6')/TCP(sport=$5, dport=$7, flags='$1', seq=$2, ack=$3)"
}

# silence HOST: it answers nothing.
silence() {
    inside "$1" nft -f - <<<'add table ip silence
add chain ip silence input { type filter hook input priority 0; policy drop; }'
}

build_topology
check "where nothing serves: 3" exits 3 ctgate explain tcp $client1:5000 $remote:80 2>/dev/null
for host in client1 client2 server; do
    silence $host
done
ip -n "$(netns server)" address add $remote/24 dev eth0
ip -n "$(netns server)" address add $other/24 dev eth0
inside gateway nft -f - <<<'add table inet home
add chain inet home forward { type filter hook forward priority 5; policy accept; }'

start_ctgate --port-range 5000-5006 --max-ports-per-host 2 --udp-timeout 7200 --no-nat 198.51.100.128/25 \
    --host "$client2/32,filtering=endpoint-independent" \
    --host "10.0.0.4/32,filtering=address-and-port-dependent" \
    --forward "udp:6000:$client1:6000,from=$remote/32"

check "a new UDP session from inside" comes_true "stack session_created" client1 \
    "$(udp $client1 5000 $remote 53)" udp $client1:5000 $remote:53
check "it got what is there to be explained" has_entry \
    "src=$client1 dst=$remote sport=5000 dport=53 .*dst=$external sport=53 dport=5000" -p udp
check "an answer" comes_true "stack session_hit" server \
    "$(udp $remote 53 $external 5000)" udp $remote:53 $external:5000
check "an established session" comes_true "short_path short_path" client1 \
    "$(udp $client1 5000 $remote 53)" udp $client1:5000 $remote:53
check "filtering by address lets in whom it was sent to" comes_true \
    "stack session_created_inbound" server "$(udp $remote 54 $external 5000)" \
    udp $remote:54 $external:5000
check "but nobody else" comes_true "dropped drop_filtered" server \
    "$(udp 198.51.100.2 54 $external 5000)" udp 198.51.100.2:54 $external:5000
craft client2 "$(udp $client2 5001 $remote 53)"
wait_for 5 has_entry "src=$client2 .*sport=5001" -p udp
check "endpoint-independent filtering lets anybody in" comes_true \
    "stack session_created_inbound" server "$(udp $other 54 $external 5001)" \
    udp $other:54 $external:5001
craft client1 "$(udp 10.0.0.4 5002 $remote 53)"
wait_for 5 has_entry "src=10.0.0.4 .*sport=5002" -p udp
check "filtering by address and port does not" comes_true "dropped drop_filtered" server \
    "$(udp $remote 54 $external 5002)" udp $remote:54 $external:5002
check "the reason comes with a remedy" explains '.verdict.remedy | contains("--forward")' true \
    udp $remote:54 $external:5002

check "unsolicited, to the router itself" comes_true "stack to_stack_unsolicited" server \
    "$(udp $remote 54 $external 4000)" udp $remote:54 $external:4000
check "which is said" explains '.steps[] | select(.stage == "route").result' local \
    udp $remote:54 $external:4000
ip -n "$(netns isp)" route add 10.0.0.0/24 via $external
check "straight to what is inside" comes_true "dropped drop_internal_destination" server \
    "$(udp $remote 54 $client1 5000)" udp $remote:54 $client1:5000
ip -n "$(netns isp)" route delete 10.0.0.0/24
check "a forward" comes_true "stack session_created_inbound" server \
    "$(udp $remote 54 $external 6000)" udp $remote:54 $external:6000
check "one that is not open" comes_true "dropped drop_forward_refused" server \
    "$(udp $other 54 $external 6000)" udp $other:54 $external:6000
check "hairpinned" comes_true "stack session_created_hairpinned" client1 \
    "$(udp $client1 5000 $external 5001)" udp $client1:5000 $external:5001
check "exempt" comes_true "stack to_stack_exempt" client1 \
    "$(udp $client1 5000 198.51.100.130 53)" udp $client1:5000 198.51.100.130:53
add_link gateway other 192.0.2.1/24 isp eth2 192.0.2.2/24
check "out of an interface that is not served" comes_true "dropped guard_not_served" client1 \
    "$(udp $client1 5000 192.0.2.2 53)" udp $client1:5000 192.0.2.2:53
check "which has a remedy" explains '.verdict.remedy | contains("net.ipv4.ip_forward")' true \
    udp $client1:5000 192.0.2.2:53
check "conntrack makes no session of a RST" comes_true "dropped guard_not_tracked" client1 \
    "$(tcp R 1 0 $client1 4444 $remote 80)" tcp $client1:4444 $remote:80 --flags rst
craft client1 "$(udp $client1 5003 $remote 53)"
wait_for 5 has_entry "src=$client1 .*sport=5003" -p udp
ip -n "$(netns gateway)" route add $remote via 192.0.2.2
check "a session, whose route has changed" comes_true "dropped guard_not_served" client1 \
    "$(udp $client1 5003 $remote 53)" udp $client1:5003 $remote:53
ip -n "$(netns gateway)" route delete $remote
check "a host at its quota" comes_true "refused drop_port_quota" client1 \
    "$(udp $client1 5004 $remote 53)" udp $client1:5004 $remote:53
craft client1 "$(udp 10.0.0.4 5004 $remote 53)" "$(udp $client2 5005 $remote 53)" \
    "$(udp 10.0.0.5 5006 $remote 53)"
wait_for 5 has_entry "src=10.0.0.5 .*sport=5006" -p udp
check "no port is left" comes_true "refused drop_ports_exhausted" client1 \
    "$(udp 10.0.0.6 5000 $remote 53)" udp 10.0.0.6:5000 $remote:53

check "TCP: a new session" comes_true "stack session_created" client1 \
    "$(tcp S 100 0 $client1 5000 $remote 80)" tcp $client1:5000 $remote:80
check "its SYN-ACK" comes_true "stack session_hit" server \
    "$(tcp SA 500 101 $remote 80 $external 5000)" \
    tcp $remote:80 $external:5000 --flags syn,ack
craft client1 "$(tcp A 101 501 $client1 5000 $remote 80)"
wait_for 5 has_entry "ESTABLISHED src=$client1 " -p tcp
check "an established session" becomes "short_path short_path" \
    tcp $remote:80 $external:5000 --flags ack
craft client1 "$(tcp R 101 501 $client1 5000 $remote 80)"
wait_for 5 has_entry "CLOSE src=$client1 " -p tcp
check "a SYN replaces the closed session" comes_true "stack session_created" client1 \
    "$(tcp S 900 0 $client1 5000 $remote 80)" tcp $client1:5000 $remote:80
check "a spoofed source arrives where it is said to, and goes no further" becomes \
    "dropped drop_foreign_source" tcp $other:5001 198.51.100.2:80 --interface inside

# The daemon itself now and then writes which ports may be given out.
kill_daemon
inside gateway conntrack -U -p udp --orig-src $client1 --orig-dst $remote --orig-port-src 5000 \
    -t 999 >/dev/null 2>&1
choose_dumps
traces >"$work/before"
check "the short path has a session that could be changed" test \
    "$(bpftool -j map dump pinned "$(pins_of gateway)/session_cache" | jq length)" -ge 1
text=$(ctgate explain udp $client1:5000 198.51.100.2:53)
for arguments in "udp $client1:5000 $remote:53" "udp $client1:5000 $external:5002" \
    "udp $client1:5004 $remote:53" "tcp $client2:5005 $remote:80" \
    "udp $remote:53 $external:5000" "udp $remote:55 $external:5000" \
    "udp $other:54 $external:5002" "tcp $remote:80 $external:5000 --flags fin,ack"; do
    # shellcheck disable=SC2086 # several words
    ctgate explain $arguments >/dev/null
done
traces >"$work/after"
check "no trace of any in maps, sessions and counters" diff "$work/before" "$work/after"
check "nor is a session refreshed" has_entry \
    "^udp +17 [0-9]{1,3} src=$client1 dst=$remote sport=5000 dport=53 " -p udp

check "for people: the endpoints" matches \
    "^Becomes $external:5000 -> 198.51.100.2:53, by the stack \(session_created\)$" "$text"
check "the route" matches "route +to 198.51.100.2 out of 'outside' via $isp" "$text"
check "the quota" matches "quota +$client1 has 2 external ports of 2" "$text"
check "and the host's firewall" matches "inet home forward \(policy accept\)" "$text"

check "no such interface" exits 1 ctgate explain udp $client1:1 $remote:1 --interface x 2>/dev/null
check "one that is not served" exits 1 ctgate explain udp $client1:1 $remote:1 --interface lo \
    2>/dev/null
check "what the router sends itself arrives nowhere" exits 1 ctgate explain udp $external:1 \
    $remote:1 2>/dev/null
check "wrong usage" exits 2 ctgate explain icmp $client1:1 $remote:1 2>/dev/null

# --- port blocks: nothing has a port but from the block of its host ---
start_ctgate --port-block-size 64 --one-to-one "$alone=$client2"
check "what begins no session, from a host with a block" comes_true "dropped guard_internal_source" \
    client1 "$(tcp A 1 1 $client1 4444 $remote 80)" tcp $client1:4444 $remote:80 --flags ack
check "from a host that has an address for itself" comes_true "stack to_stack_tcp_no_syn" client2 \
    "$(tcp A 1 1 $client2 4444 $remote 80)" tcp $client2:4444 $remote:80 --flags ack
set_sysctl gateway net/ipv4/ip_forward 1
inside gateway sysctl -q -w net.netfilter.nf_conntrack_tcp_loose=0
check "conntrack picks up no session" comes_true "dropped guard_not_tracked" client1 \
    "$(tcp A 1 1 $client1 4445 $remote 80)" tcp $client1:4445 $remote:80 --flags ack
check "where the whole machine forwards, to any interface" comes_true "stack to_stack_not_outbound" \
    client1 "$(udp $client1 5000 192.0.2.2 53)" udp $client1:5000 192.0.2.2:53

all_passed
