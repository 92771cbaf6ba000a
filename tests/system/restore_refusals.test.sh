#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What `ctgate restore` does not restore, and why; and what it does, piece by piece: mappings end when
# their time is over, sessions keep their ports, both directions of NAT, blocks, limits of a host.
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# restore AGE LINE...: as if saved so many seconds ago; what it said is in $work/restored.
restore() {
    run_python "$@" <<'PROGRAM' | ctgate restore - --json >"$work/restored"
import json, sys, time, zlib
age, records = int(sys.argv[1]), sys.argv[2:]
header = {"format": "ctgate sessions", "version": 1, "time": int(time.time()) - age, "program": "test"}
text = "".join(line + "\n" for line in [json.dumps(header), *records])
counts = {f"{kind}s": sum(kind in json.loads(line) for line in records)
          for kind in ("mapping", "contact", "session")}
print(text + json.dumps({"end": {**counts, "crc32": f"{zlib.crc32(text.encode()):08x}"}}))
PROGRAM
}

# said FILTER
said() {
    jq -c "$1" "$work/restored"
}

# mapping INTERNAL EXTERNAL [SECONDS]
mapping() {
    echo "{\"mapping\":{\"protocol\":\"udp\",\"external\":\"$2\",\"internal\":\"$1\"," \
        "\"contact\":\"$server\",\"mapped\":${3:-100},\"held\":${3:-100}}}"
}

# session SOURCE DESTINATION REPLY-SOURCE REPLY-DESTINATION [SECONDS]
session() {
    echo "{\"session\":{\"protocol\":\"udp\",\"original\":[\"$1\",\"$2\"],\"reply\":[\"$3\",\"$4\"]," \
        "\"replied\":true,\"assured\":true,\"mark\":5,\"timeout\":${5:-100}}}"
}

# outbound INTERNAL EXTERNAL [SECONDS]
outbound() {
    session "$1" $server:5300 $server:5300 "$2" "${3:-100}"
}

build_topology
start_services 1000
start_ctgate --max-sessions-per-host 6 --max-ports-per-host 4

restore 0 "$(mapping $client1:4000 $external:4000 4)"
check "a mapping of four seconds" equals 1 "$(said .mappings.restored)"
check "ends, though no other port was ever given out" wait_for 10 counted mapping_ended 1

check "client2 has a mapping" equals $external:4100 "$(ask client2 4100)"
background gateway socat UDP-LISTEN:4300 /dev/null
wait_for 5 listens gateway udp 4300
restore 50 "$(mapping $client1:4100 $external:4100)" \
    "$(mapping $client2:4100 $external:4199)" \
    "$(mapping $client1:1000 $external:1000)" \
    "$(mapping $client1:4400 $external:4400 50)" \
    "$(outbound $client1:4100 $external:4100)" \
    "$(outbound $client2:4100 $external:4199)" \
    "$(outbound $client1:4200 192.0.2.9:4200)" \
    "$(outbound $client1:4300 $external:4300)" \
    "$(outbound $client1:4400 $external:4400 50)"
check "expired" equals '[1,1]' "$(said '[.mappings.expired, .sessions.expired]')"
check "mappings that cannot be had" equals '["port_in_use","other_mapping","port_out_of_range"]' \
    "$(said '[.skipped[] | select(.kind == "mapping").reason]')"
check "sessions that cannot be had" equals \
    '["port_in_use","other_session","not_our_address","router_socket"]' \
    "$(said '[.skipped[] | select(.kind == "session").reason]')"

for port in 1 2 3 4 5; do
    mappings[port]=$(mapping $client1:490$port $external:490$port)
    sessions[port]=$(outbound $client1:480$port $external:480$port)
done
restore 40 "${mappings[@]}" "$(outbound $client1:4500 $external:4500)" \
    "$(session $server:7000 $external:4600 $client1:46 $server:7000)" \
    "$(session $client1:47 $external:4700 $client2:47 $external:4701)" "${sessions[@]}"
check "a host gets no more ports than it may, and sessions" \
    equals '[4,6,{"port_quota":1,"session_quota":2}]' \
    "$(said '[.mappings.restored, .sessions.restored, .reasons]')"
check "a session without mapping has the time that is left" matches \
    "udp +17 [56][0-9] src=$client1 .*sport=4500.*dport=4500 .*mark=2147483653" "$(entries)"
check "it goes on" equals $external:4500 "$(ask client1 4500)"
check "nobody else gets its port" fails equals $external:4500 "$(ask client2 4500)"
check "an inbound one" has_entry "src=$server dst=$external sport=7000 dport=4600 src=$client1 \
dst=$server sport=46 dport=7000"
check "a hairpinned one" has_entry "src=$client1 dst=$external sport=47 dport=4700 src=$client2 \
dst=$external sport=47 dport=4701"
stop_ctgate
flush_entries

start_ctgate --port-block-size 64
taken=$(ask client2 4100)
taken=${taken#*:}
free=$((taken < 30000 ? 40000 : 20000))
restore 0 "$(mapping $client1:4101 $external:$((taken ^ 1)))" "$(mapping $client1:4300 $external:$free)"
check "a port in another host's block" equals '{"port_block":1}' "$(said .reasons)"
check "a mapping takes its block" equals 1 "$(said .mappings.restored)"
check "which is its host's" matches "$client1" "$(ctgate whois $external:$((free + 1)) udp)"

restore 0 "$(session $client1:48 192.0.2.9:4801 $client2:48 $external:$((free + 2)))"
check "hairpinned to an address that is not given out: that one is named" equals \
    "[\"not_our_address\",\"$client2:48\",\"192.0.2.9:4801\"]" \
    "$(said '.skipped[0] | [.reason, .internal, .external]')"

all_passed
