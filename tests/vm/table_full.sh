#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# conntrack's table is full: a session that goes on is unhurt, new ones are refused by name, and once
# the others have ended there are new ones again. Only a machine of its own may have so small a table.
set -eu
# shellcheck disable=SC1091
. /ctgate/checks.sh
# shellcheck source=network.sh
. /ctgate/network.sh

# flood NUMBER: so many sessions.
flood() {
    inside client bash -c "for ((i = 0; i < $1; i++)); do echo flood >/dev/udp/$server/9; done"
}

is_refused() {
    [ "$(counter drop_table_full)" -gt 0 ]
}

# says WORD: over the connection that goes on.
says() {
    echo "$1" >&"$talk"
    wait_for 10 grep -qx "$1" $work/echo
}

is_answered() {
    local answer
    answer=$(echo again | inside client socat -t 1 - "UDP4:$server:5300,sourceport=4000")
    [ "$answer" = again ]
}

trap leave EXIT
trap 'exit 1' TERM
build_namespaces
build_links
start_services
inside server socat TCP4-LISTEN:8082 SYSTEM:cat >$work/services.log 2>&1 &
wait_for 10 listens 8082
start_gateway --internal in0 --external out0 --udp-timeout 20 --dangerous-timeouts yes

mkfifo $work/talk
inside client socat - TCP4:$server:8082 <$work/talk >$work/echo 2>$work/services.log &
exec {talk}>$work/talk
check "a connection" says before

limit=$(value_of net/netfilter/nf_conntrack_max)
sysctl -q -w net.netfilter.nf_conntrack_max=20
flood 100
check "the table is full: new sessions are refused by name" is_refused
check "the connection goes on" says meanwhile
check "a new session when the others have ended" wait_for 40 is_answered
check "and the connection goes on" says afterwards
stop_gateway
sysctl -q -w net.netfilter.nf_conntrack_max="$limit"

all_passed
