#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The short path comes and goes under traffic, and sessions go on in the stack: `fast-path` by SIGHUP,
# the programs taken away, the daemon killed, `ctgate down` where somebody else masquerades.
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# both COMMAND...: of the TCP and of the UDP stream.
both() {
    "$@" tcp && "$@" udp
}

# past_stack: both are, as far as what the other one does lets one see.
past_stack() {
    local before
    before=$(counter short_path)
    both flows && counted short_path $((before + 70))
}

by_stack() {
    local before
    before=$(counter short_path)
    both flows && equals "$before" "$(counter short_path)"
}

same_endpoints() {
    equals "$external:4000 $external:4001" "$(translated_to tcp) $(translated_to udp)"
}

# detach: our programs, while nobody puts them back.
detach() {
    local hook
    for hook in "inside ingress" "outside ingress" "outside egress"; do
        # shellcheck disable=SC2086 # two words
        inside gateway tc filter del dev $hook
    done
}

build_topology
start_services
set_sysctl gateway net/ipv4/ip_forward 1
inside gateway nft -f - <<'RULES'
table ip old {
    chain out { type nat hook postrouting priority srcnat; oifname "outside" masquerade; }
    chain forward {
        type filter hook forward priority filter; policy drop;
        ct state established,related accept
        iifname "inside" accept
    }
}
RULES
configure "attach = clsact" "fast-path = off"
run_ctgate --config "$work/ctgate.conf"
start_capture outside isp eth0 ip
start_stream tcp client1 tcp 4000
start_stream udp client2 udp 4001

check "off: by the stack" by_stack
configure "attach = clsact" "fast-path = tc"
reload "Reloaded"
check "tc: past it" past_stack
configure "attach = clsact" "fast-path = off"
reload "Reloaded"
check "off again: by the stack" by_stack
configure "attach = clsact"
reload "Reloaded"
check "auto: past it" past_stack

kill_daemon
check "no daemon: past it" past_stack
# More than any window: the stack has missed it all.
check "upload" equals "$(payload_sum)" "$(upload client1)"
detach
check "programs detached: by the stack" by_stack
run_ctgate --config "$work/ctgate.conf"
check "another daemon: past it" past_stack
check "all the time the same endpoints" same_endpoints

stop_ctgate
check "down: TCP goes on" flows tcp
check "down: UDP goes on" flows udp
check "down: the same endpoints" same_endpoints
check "nothing was lost for long" equals 0 "$(lost tcp)"

stop_capture outside
check "outside: no internal address" nothing_internal outside
check "outside: no TCP reset" unseen outside "tcp[tcpflags] & tcp-rst != 0 and port 4000"

all_passed
