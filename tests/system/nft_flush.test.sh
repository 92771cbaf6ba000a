#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Somebody flushes all of nftables, as restarting Debian's nftables.service does, and ctgate's table
# with it. Nothing may leave untranslated, with a daemon or without; a daemon puts the table back.
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# try_to_leak: packets of old and new sessions, and some that no session has.
try_to_leak() {
    echo >&"${pipe_in[old]}"
    craft client1 "IP(dst='$server')/UDP(sport=4001,dport=5300)/b'peer'" \
        "IP(dst='$server')/TCP(sport=4002,dport=8080,flags='S')" \
        "IP(dst='$server')/TCP(sport=4003,dport=8080,flags='A')" \
        "IP(dst='$server')/ICMP()/b'ping'" \
        "fragment(IP(dst='$server')/UDP(sport=4004,dport=5300)/bytes(3000))" \
        "IP(dst='$server',proto=47)/b'experiment'"
}

# try_to_get_in: from the next router, straight to a client.
try_to_get_in() {
    craft isp "IP(dst='10.0.0.2')/UDP(sport=9,dport=4000)/b'intruder'" \
        "IP(dst='10.0.0.2')/TCP(sport=9,dport=4000,flags='S')" "IP(dst='10.0.0.2')/ICMP()/b'intruder'"
}

goes_on() {
    equals "$external:4000" "$(converse old)"
}

translates() {
    matches "^$external:" "$(ask client1 0)" && matches "^$external:" "$(seen_as client2)"
}

build_topology
start_services
start_ctgate
start_capture outside isp eth0 ip
start_capture inside client1 eth0 ip
start_conversation old client1 tcp 4000
check "at first" equals "$external:4000" "$(converse old)"

ip -n "$(netns isp)" route add 10.0.0.0/8 via $external
inside gateway nft flush ruleset
try_to_leak
try_to_get_in
check "the daemon puts its table back" wait_for 5 ctgate status
check "new sessions are translated" translates
check "the old one goes on" wait_for 10 goes_on

kill_daemon
inside gateway nft flush ruleset
try_to_leak
try_to_get_in
check "without a daemon: status 1" exits 1 ctgate status
start_ctgate
check "a new daemon puts it back" translates

stop_capture outside
check "outside: no internal address" unseen outside "src net 10.0.0.0/8"
stop_capture inside
check "inside: nothing from the next router" unseen inside "src host $isp"

all_passed
