#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# An unsolicited SYN from outside (RFC 5382 REQ-4): to a port that may be given out it gets no answer,
# for an internal host may be about to send its own; to other ports a reset as ever, to a listening
# socket of the router its answer.
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# unanswered HOST PORT: its SYN is.
unanswered() {
    local before
    before=$(counter drop_early_reset)
    ends begin syn tcp "$1" 6000 "$external:$2" >/dev/null
    wait_for 5 counted drop_early_reset $((before + 1)) && ends close syn >/dev/null
}

# outcome_of HOST PORT
outcome_of() {
    ends begin syn tcp "$1" 6001 "$external:$2" >/dev/null
    ends outcome syn
    ends close syn >/dev/null
}

# has_reset PORT: the router has sent one from there, to where the acknowledgement said.
has_reset() {
    seen outside "tcp[tcpflags] = tcp-rst and src $external and src port $1 and tcp[4:4] = 4711"
}

build_topology
start_ends
ends serve low tcp gateway 22 >/dev/null
ends serve high tcp gateway 30000 >/dev/null
start_capture outside isp eth0 tcp

start_ctgate
for host in server isp; do
    for port in 1024 4000 65535; do
        check "$host: a SYN to port $port is not answered" unanswered $host $port
    done
    check "$host: below the port range it is, with a reset" \
        equals ECONNREFUSED "$(outcome_of $host 1023)"
    for port in 22 30000; do
        check "$host: a socket of the router answers at port $port" \
            equals connected "$(outcome_of $host $port)"
    done
done
craft server "IP(dst='$external')/TCP(sport=6002,dport=4001,flags='A',seq=7,ack=4711)"
check "an ACK out of nowhere has a reset, as ever" wait_for 5 has_reset 4001

kill_daemon
check "without a daemon: no answer either" unanswered server 4002
ctgate down
check "after down: a reset" equals ECONNREFUSED "$(outcome_of server 4000)"

start_ctgate --port-range 20000-20999
check "another range: not answered in it" unanswered server 20000
check "but outside of it" equals ECONNREFUSED "$(outcome_of server 4000)"
check "and right above" equals ECONNREFUSED "$(outcome_of server 21000)"

stop_capture outside
check "outside: the SYNs were there" \
    seen outside "tcp[tcpflags] = tcp-syn and src $server and dst $external and dst port 65535"
check "outside: no answer to them" unseen outside \
    "src $external and src port (1024 or 4002 or 65535 or 20000)"
check "outside: no internal address" nothing_internal outside

all_passed
