#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A client downloads, uploads, asks and pings through `ctgate run`; the daemon dies; `ctgate down`.
set -eu
# shellcheck disable=SC1091
. /ctgate/checks.sh
# shellcheck source=network.sh
. /ctgate/network.sh

# ask SOURCE-PORT WORD
ask() {
    echo "$2" | inside client socat -t 5 - "UDP4:$server:5300,sourceport=$1" | head -n 1
}

# entry PROTOCOL PORT: conntrack's line of the client's session with that port of the server.
entry() {
    inside gateway conntrack -L -p "$1" -s $internal --dport "$2" 2>/dev/null | head -n 1
}

# is_accepted ENTRY: translated to the external address, and with the accepted bit in its mark.
is_accepted() {
    local mark
    mark=$(sed -n 's/.* mark=\([0-9]*\).*/\1/p' <<<"$1")
    [[ $1 == *"src=$server dst=$external"* ]] && ((${mark:-0} & 0x80000000)) && return
    echo "  entry: '$1'"
    return 1
}

sessions_created() {
    counter session_created
}

# shows_session INTERNAL EXTERNAL
shows_session() {
    inside gateway ctgate show sessions | grep -q "$1 .*$2 "
}

created_by_bpf() {
    [ "$(sessions_created)" -ge 1 ]
}

# explains SOURCE WORD [DESTINATION]: of a UDP packet.
explains() {
    inside gateway ctgate explain --json udp "$1" "${3:-$server:5300}" | grep -q -- "$2"
}

clsact_of() {
    inside gateway tc qdisc show dev "$1" | grep clsact || true
    inside gateway tc filter show dev "$1" ingress 2>/dev/null || true
}

# ctgate's own modules, none of which anything before it has loaded.
modules="nf_conntrack nf_nat sch_ingress cls_bpf nf_tables"

for module in $modules; do
    if module_loaded "$module"; then
        echo "Bail out: $module is loaded before ctgate started"
        exit 1
    fi
done

trap leave EXIT
trap 'exit 1' TERM
build_namespaces
build_links
start_services
forwarding=$(inside gateway cat /proc/sys/net/ipv4/ip_forward)

# --- the daemon serves ------------------------------------------------------------------------
check "status before run: nothing serves" exits 3 inside gateway ctgate status
nsenter --net=/run/netns/gateway ctgate run --internal in0 --external out0 \
    >$work/daemon.log 2>&1 &
daemon=$!
check "run: status 0" wait_for 30 inside gateway ctgate status
if has_ended $daemon; then
    echo "# ctgate run has ended"
    exit 1
fi
for module in nf_conntrack nf_nat nf_tables; do
    check "run loaded $module" module_loaded "$module"
done
check "programs for TC are loaded" test "$(bpf_programs)" -gt 0

check "download has the right checksum" equals "$(sum_of_payload)" "$(download)"
check "upload has the right checksum" equals "$(sum_of_payload)" "$(upload)"
check "UDP question is answered" equals "hello" "$(ask 4000 hello)"
check "the server saw only the external address" peers_are "$external:[0-9]+"
check "UDP port is preserved" grep -q -x "$external:4000" $work/peers
check "ping" inside client ping -q -c 2 -W 5 $server
check "TCP entry is translated and accepted" is_accepted "$(entry tcp 8080)"
check "UDP entry is translated and accepted" is_accepted "$(entry udp 5300)"
check "the entries were created in TC" created_by_bpf
check "show sessions prints the UDP session" shows_session "$internal:4000" "$external:4000"
check "lookup finds the UDP session" \
    inside gateway ctgate lookup --proto udp $internal:4000 $server:5300
check "explain says what becomes of a packet from inside" explains $internal:4004 "$external:4004"
check "explain says what becomes of a packet from outside" explains $server:9 to_stack_unsolicited $external:4004
check "save" inside gateway ctgate save $work/saved
check "restore: all is there already" inside gateway ctgate restore $work/saved
check "reload" inside gateway ctgate reload

# --- the daemon dies --------------------------------------------------------------------------
before=$(sessions_created)
kill -9 $daemon
wait $daemon 2>/dev/null || true
check "killed: status 4" exits 4 inside gateway ctgate status
check "killed: new download" equals "$(sum_of_payload)" "$(download)"
check "killed: new UDP session" equals "again" "$(ask 4001 again)"
check "killed: the server saw only the external address" peers_are "$external:[0-9]+"
check "killed: new sessions were created in TC" test "$(sessions_created)" -gt "$before"

# --- down -------------------------------------------------------------------------------------
check "down" inside gateway ctgate down
check "down: status 3" exits 3 inside gateway ctgate status
check "down: no nft table" equals "" "$(inside gateway nft list tables)"
check "down: no qdisc or filter inside" equals "" "$(clsact_of in0)"
check "down: no qdisc or filter outside" equals "" "$(clsact_of out0)"
check "down: no pins" equals "" "$(ls -A /run/ctgate/bpf 2>/dev/null || true)"
check "down: no programs loaded" wait_for 15 no_bpf_programs
check "down: forwarding as before" \
    equals "$forwarding" "$(inside gateway cat /proc/sys/net/ipv4/ip_forward)"

all_passed
