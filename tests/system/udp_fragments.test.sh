#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Datagrams of 5000 bytes, in fragments, both ways: in a known session, and as the first packet of a
# new one. All fragments leave with the external address.
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

build_topology
start_services
start_ctgate
start_capture outside isp eth0 ip

check "a small question first" equals "$external:4000" "$(ask client1 4000)"
check "then 5000 bytes come back" equals same "$(ask client1 4000 5000)"
check "a new session that begins with 5000 bytes" equals same "$(ask client1 4001 5000)"
check "of the second client with the same port, too" equals same "$(ask client2 4001 5000)"
check "30000 bytes come back" equals same "$(ask client2 4002 30000)"
check "small ones still come back" equals same "$(ask client1 4001 100)"

stop_capture outside
fragment="(ip[6:2] & 0x3fff != 0)"
check "outside: the questions are in fragments" seen outside "src host $external and $fragment"
check "outside: so are the answers" seen outside "dst host $external and $fragment"
check "outside: no internal address" nothing_internal outside
check "outside: TTL is one lower" unseen outside "src host $external and ip[8] != 63"

all_passed
