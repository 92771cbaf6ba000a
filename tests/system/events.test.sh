#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# `ctgate events` tells what happens: to several readers, filtered, without daemon, and of nothing
# once nobody reads. The NAT log and the IPFIX collector get the same, the log without destinations.
set -eu
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# read_events NAME [OPTION...]: into $work/NAME.json, once it listens; the process id in $reader.
read_events() {
    background gateway "$CTGATE" events --json "${@:2}" >"$work/$1.json" 2>>"$work/$1.err"
    reader=$!
    wait_for 10 has_event "$1" '.event == "listening"'
}

# has_event NAME CONDITION (of jq)
has_event() {
    jq -e -s "any(.[]; $2)" "$work/$1.json" >/dev/null 2>&1
}

# tells NAME CONDITION: within some seconds.
tells() {
    wait_for 10 has_event "$1" "$2" && return
    echo "  nothing with '$2' in:"
    cat "$work/$1.json"
    return 1
}

# datagram CLIENT PORT: from there to the server.
datagram() {
    inside "$1" bash -c "echo hello | socat -u - udp:$server:5009,bind=:$2"
}

# try_datagram CLIENT PORT: ICMP tells socat of a refusal, or comes too late for that.
try_datagram() {
    if ! datagram "$@"; then
        echo "# told by ICMP"
    fi
}

is_silent() {
    inside gateway bpftool -j map dump pinned "$(pins_of gateway)/listening" |
        jq -e '.[0].formatted.value.until // 0 == 0' >/dev/null
}

# dissected FILTER [OPTION...]: by Wireshark.
dissected() {
    tshark -r "$work/ipfix.pcap" -d udp.port==4739,cflow -Y "$1" "${@:2}" 2>>"$work/tshark.err"
}

has_nothing_wrong() {
    local found
    found=$(dissected "_ws.malformed or _ws.expert") && equals "" "$found"
}

is_of_client1='.protocol == "udp" and .internal.address == "'$client1'" and .internal.port == 4000'
is_there='.external.address == "'$external'" and .external.port == 4000'
to_server='.remote.address == "'$server'" and .remote.port == 5009'

build_topology
configure "max-sessions-per-host = 1"
run_ctgate --config "$work/ctgate.conf"
check "nobody reads: nothing is written" is_silent
read_events all
first=$reader
read_events other --host $client2 --kind session_created --count 1
second=$reader

datagram client1 4000
check "a mapping begins" tells all ".event == \"mapping_created\" and $is_of_client1 and $is_there"
check "a session begins" tells all \
    ".event == \"session_created\" and $is_of_client1 and $is_there and $to_server"
try_datagram client1 4001
check "one too many is refused" tells all '.event == "refused" and .reason == "drop_session_quota"
    and .source.address == "'$client1'" and .source.port == 4001'
inside gateway conntrack -D -p udp --orig-src $client1 >/dev/null 2>&1
check "the session ends" tells all \
    ".event == \"session_ended\" and .reason == \"deleted\" and $is_of_client1 and $to_server"
datagram client2 4000
check "a second reader ends when it has enough" wait_for 5 has_ended "$second"
check "and saw what it asked for alone" equals "listening session_created" \
    "$(jq -r .event "$work/other.json" | xargs)"

reload "Reloaded"
check "a reload" tells all '.event == "reloaded"'
inside gateway ip address delete $external/24 dev outside
external=203.0.113.77
inside gateway ip address add $external/24 dev outside
inside gateway ip route replace default via $isp
check "another external address" tells all \
    '.event == "addresses_changed" and .message == "'$external'"'

# The daemon stands still until what it last asked for is over.
kill -STOP "$daemon"
wait_for 5 is_stopped "$daemon"
inside gateway bpftool map update pinned "$(pins_of gateway)/listening" \
    key 0 0 0 0 value 1 0 0 0 0 0 0 0
try_datagram client2 4002
kill -CONT "$daemon"
check "who listens too late tells that something is lost" tells all \
    '.event == "lost" and .reason == "listening" and .count == 0'

full_reader() {
    inside gateway timeout 20 "$CTGATE" events >/dev/full 2>"$work/full"
}
check "a reader whose output is full ends" exits 1 full_reader
check "and says so" grep -q "Cannot write to standard output" "$work/full"

kill -9 "$first"
check "the only reader was killed: nothing is written" wait_for 10 is_silent

kill_daemon
read_events alone --kind session_created
check "without daemon it reads the dataplane itself" tells alone \
    '.event == "listening" and (.message | contains("no daemon"))'
datagram client1 4100
check "and tells of sessions" tells alone '.event == "session_created" and .internal.port == 4100'

background gateway $python "$system_tests/ipfix_collector.py" 4739 >"$work/ipfix.json"
collector=$!
wait_for 5 test -s "$work/ipfix.json"
start_capture ipfix gateway lo "udp port 4739"
start_ctgate --max-sessions-per-host 2 --nat-log "$work/nat.log" --ipfix 127.0.0.1:4739
check "it goes over to a daemon" tells alone '.event == "listening" and .message == "from the daemon"'
datagram client1 4200
check "and tells of sessions" tells alone '.event == "session_created" and .internal.port == 4200'
try_datagram client1 4201
try_datagram client1 4202
log_line="mapping_created udp $client1:4200 $external:4200"
check "the NAT log has the mapping" wait_for 5 grep -q " $log_line\$" "$work/nat.log"
check "but no destination" fails grep -qF $server "$work/nat.log"
mv "$work/nat.log" "$work/nat.log.1"
reload "Reloaded"
datagram client2 4300
check "SIGHUP opens it anew" wait_for 5 grep -q " $client2:4300 " "$work/nat.log"

# natEvent: 4 session and 8 mapping created, 13 quota exceeded (RFC 8158).
check "IPFIX: a session" tells ipfix '."230" == 4 and ."8" == "'$client1'" and ."7" == 4200 and
    ."225" == "'$external'" and ."227" == 4200 and ."12" == "'$server'" and ."11" == 5009 and ."4" == 17'
check "IPFIX: a mapping" tells ipfix '."230" == 8 and ."8" == "'$client1'" and ."227" == 4200'
check "IPFIX: a limit" tells ipfix '."230" == 13 and ."466" == 3 and ."473" == 2'
check "IPFIX: after SIGHUP too" tells ipfix '."230" == 4 and ."7" == 4300'
check "IPFIX: the collector has nothing to object" fails has_ended "$collector"
stop_capture ipfix
check "IPFIX: Wireshark sees a mapping and a session in one message" equals \
    "8,4 $client1,$client1 4200,4200 $external,$external 5009" \
    "$(dissected cflow.nat_event -T fields -E separator=/s -e cflow.nat_event -e cflow.srcaddr \
        -e cflow.srcport -e cflow.post_natsource_ipv4_address -e cflow.dstport | grep -m1 "^8,4 ")"
check "IPFIX: and a limit" matches "Maximum entries per user" "$(dissected cflow -V)"
check "IPFIX: and nothing wrong" has_nothing_wrong

stop_ctgate
check "after down the reader ends" wait_for 10 has_ended "$reader"
status=0
wait "$reader" || status=$?
check "with status 3" equals 3 $status
check "and without gateway, status 3" equals 3 "$(ctgate events 2>/dev/null; echo $?)"

all_passed
