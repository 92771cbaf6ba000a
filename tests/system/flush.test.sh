#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# `ctgate flush` ends the sessions that match, and only those: others go on, as do sessions that are
# not translated. With --mappings, mappings end too.
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# flushed EXPECTED OPTION...: what it says in JSON.
flushed() {
    equals "$1" "$(ctgate flush --json "${@:2}" | jq -c .)"
}

# listed EXPECTED FILTER OPTION...: in the JSON of --dry-run.
listed() {
    equals "$1" "$(ctgate flush --dry-run --json "${@:3}" | jq -c "$2")"
}

# is_mapped PORT: of client2.
is_mapped() {
    ctgate show mappings --host $client2 --port "$1" --json | jq -e 'length == 1' >/dev/null
}

# port_in_use PROTOCOL PORT
ports_in_use() {
    equals "$2" "$(ctgate status --json |
        jq --arg protocol "$1" '[.occupancy.ports[] | select(.protocol == $protocol).used] | add')"
}

build_topology
start_services
check "nothing serves: status 3" exits 3 ctgate flush --all 2>/dev/null
start_ctgate
start_conversation gone client1 tcp 4000
start_conversation stays client2 tcp 4001
start_conversation udp client2 udp 4002
for name in gone stays udp; do
    converse $name >/dev/null
done
inside gateway ping -n -q -c 1 -W 3 $isp >"$work/ping.log"

check "without a filter: status 2" exits 2 ctgate flush 2>/dev/null
check "with a filter and --all: status 2" exits 2 ctgate flush --all --port 1 2>/dev/null
check "--mappings with --remote: status 2" exits 2 ctgate flush --mappings --remote $server 2>/dev/null
check "nothing matches" flushed '{"dry_run":false,"sessions":0,"mappings":null}' --port 9999

check "--dry-run lists" listed '["10.0.0.2:4000"]' \
    '.sessions | map("\(.internal.address):\(.internal.port)")' --host $client1
check "--dry-run --mappings lists both" listed '[true,1,1]' \
    '[.dry_run, (.sessions | length), (.mappings | length)]' --mappings --port 4002
check "and ends nothing" equals "$external:4000" "$(converse gone)"

check "flush --host: one session" flushed '{"dry_run":false,"sessions":1,"mappings":null}' \
    --host $client1 --state established
check "it has ended" fails has_entry 'sport=4000' -p tcp
check "the other goes on" equals "$external:4001" "$(converse stays)"
check "and so does UDP" equals "$external:4002" "$(converse udp)"

check "flush by remote endpoint" flushed '{"dry_run":false,"sessions":1,"mappings":null}' \
    --remote $server:5300
check "the mapping is still there" is_mapped 4002
check "and a session that begins anew has it" equals "$external:4002" "$(converse udp)"
check "flush --mappings" flushed '{"dry_run":false,"sessions":1,"mappings":1}' \
    --mappings --host $client2 --protocol udp
check "the mapping has ended" fails is_mapped 4002
check "and its port comes back" wait_for 10 ports_in_use udp 0
check "the TCP session of the same host goes on" equals "$external:4001" "$(converse stays)"
check "its mapping too" is_mapped 4001

check "flush --all, for people" equals "1 session ended" "$(ctgate flush --all)"
check "no translated session is left" equals "[]" \
    "$(ctgate show sessions --json | jq -c 'map(select(.nat != "none"))')"
check "the router's own are" has_entry "src=$external dst=$isp" -p icmp

# Many at once are no damage to the daemon. That it has looked since, another repair tells.
repaired() {
    ctgate status --json | jq -e ".repairs | $1"
}
ask_often() {
    local port
    for port in $(seq 4100 4119); do
        ask client1 "$port" >/dev/null
    done
    ctgate reload >/dev/null # the daemon knows of them
}
ask_often
check "flush of many" flushed '{"dry_run":false,"sessions":20,"mappings":null}' --host $client1
inside gateway nft delete table ip ctgate
check "the daemon has looked" wait_for 5 has_lines "nft table 'ip ctgate'; it is put back" 1
check "it is no damage" wait_for 5 repaired '.table == 1 and .conntrack == 0'
check "and nothing to warn of" fails grep -q "conntrack -F" "$work/ctgate.log"
ask_often
flush_entries
inside gateway nft delete table ip ctgate
check "but another's is" wait_for 5 repaired '.table == 2 and .conntrack == 1'

all_passed
