#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# 1,000,000 sessions: restored, shown and saved; to show them takes the memory that a thousand take.
set -eu
# shellcheck disable=SC1091
. /ctgate/checks.sh

work=/tmp/million
number=1000000
mkdir -p $work

# saved NUMBER: as `ctgate save` writes it, of one host, 50,000 ports towards each remote endpoint.
saved() {
    local checksum
    {
        echo "{\"format\": \"ctgate sessions\", \"version\": 1, \"time\": $(date +%s), \"program\": \"test\"}"
        awk -v number="$1" 'BEGIN {
            for (i = 0; i < number; i++) {
                port = 10000 + i % 50000
                remote = "198.51.100." int(i / 50000) + 1 ":5300"
                printf "{\"session\":{\"protocol\":\"udp\",\"original\":[\"10.0.0.2:%d\",\"%s\"],", port, remote
                printf "\"reply\":[\"%s\",\"203.0.113.1:%d\"],\"replied\":true,\"assured\":true,", remote, port
                print "\"mark\":0,\"timeout\":30000}}"
            }
        }'
    } >$work/saved
    checksum=$(gzip -1 -c $work/saved | tail -c 8 | hexdump -n 4 -e '"%08x"')
    echo "{\"end\":{\"mappings\":0,\"contacts\":0,\"sessions\":$1,\"crc32\":\"$checksum\"}}" >>$work/saved
}

restored() {
    ctgate restore $work/saved --json | tr -d '\n' |
        sed -n 's/.*"sessions": *{[^}]*"restored": *\([0-9]*\).*/\1/p'
}

# shown OPTION...: lines with a session; what it took of memory, in the unit of time -v, in $work/time.
shown() {
    busybox time -v -o $work/time ctgate show sessions "$@" | grep -c 203.0.113.1
}

memory() {
    sed -n 's/.*Maximum resident set size.*: //p' $work/time
}

# not_much_more MEMORY MEMORY: the second is at most an eighth larger.
not_much_more() {
    [ "$2" -le $(($1 + $1 / 8)) ] && return
    echo "  expected about $1, got $2"
    return 1
}

make_sides
ip route add default dev out0
ctgate run --internal in0 --external out0 --max-sessions $number >$work/log 2>&1 &
check "run --max-sessions $number: status 0" wait_for 30 ctgate status

saved 1000
check "restore: 1,000" equals 1000 "$(restored)"
check "show sessions: 1,000" equals 1000 "$(shown)"
few=$(memory)
check "show sessions --json: 1,000" equals 1000 "$(shown --json)"
few_json=$(memory)
saved $number
check "restore: the others" equals $((number - 1000)) "$(restored)"
check "show sessions: $number" equals $number "$(shown)"
check "in no more memory" not_much_more "$few" "$(memory)"
check "show sessions --json: $number" equals $number "$(shown --json)"
check "in no more memory" not_much_more "$few_json" "$(memory)"
check "save" ctgate save $work/saved
check "save: $number" grep -q "\"sessions\":${number}[,}]" $work/saved
check "down" ctgate down

all_passed || cat $work/log
all_passed
