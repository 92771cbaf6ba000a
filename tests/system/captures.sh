# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154
# Part of lib.sh: captures of what crosses a device, and questions about them.

# A frame of an experimental type that marks "up to here" in a capture.
marker_type=0x88b5
declare -A capture_pid capture_host capture_device

# start_capture NAME HOST DEVICE [FILTER]: it listens when this returns.
start_capture() {
    # An earlier one of that name has said the same.
    rm -f "$work/$1.err"
    # Its usual buffer has room for a few packets only, as super-packets may be.
    background "$2" tcpdump -n -U -B 16384 -Z root --immediate-mode -i "$3" -w "$work/$1.pcap" \
        "(${4:-ip}) or ether proto $marker_type" 2>"$work/$1.err"
    capture_pid[$1]=$!
    capture_host[$1]=$2
    capture_device[$1]=$3
    wait_for 10 grep -s -q 'listening on' "$work/$1.err"
}

# stop_capture NAME...: everything that crossed the device before this is in the file.
stop_capture() {
    local name
    for name in "$@"; do
        send_marker "${capture_host[$name]}" "${capture_device[$name]}"
        wait_for 10 has_marker "$name"
        kill -INT "${capture_pid[$name]}"
        wait "${capture_pid[$name]}" || true
    done
}

# send_marker HOST DEVICE
send_marker() {
    inside "$1" "$python" -c "import socket
with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as s:
    s.bind(('$2', 0))
    s.send(b'\\xff' * 6 + b'\\x02' * 6 + ($marker_type).to_bytes(2, 'big') + bytes(46))"
}

has_marker() {
    tcpdump -r "$work/$1.pcap" "ether proto $marker_type" 2>/dev/null | grep -q .
}

# packets NAME FILTER [OPTION of tcpdump...]: one per line.
packets() {
    tcpdump -n -t -r "$work/$1.pcap" "${@:3}" "($2) and not ether proto $marker_type" 2>/dev/null
}

# packet_count NAME FILTER
packet_count() {
    packets "$1" "$2" | wc -l
}

# seen NAME FILTER: there is such a packet.
seen() {
    [ "$(packet_count "$1" "$2")" -gt 0 ] && return
    echo "  no packet of '$1' matches: $2"
    return 1
}

# unseen NAME FILTER: there is none.
unseen() {
    local found
    found=$(packets "$1" "$2" -v | head -n 10)
    [ -z "$found" ] && return
    echo "  in '$1' there is:"
    # shellcheck disable=SC2001
    sed 's/^/    /' <<<"$found"
    return 1
}

# nothing_internal NAME: the capture has packets, and none has an internal address.
nothing_internal() {
    seen "$1" ip && unseen "$1" "net 10.0.0.0/8"
}

# has_unanswered_at_most NAME NUMBER: so many of client1's questions in that capture have no answer.
# Unlike what a stream says, this leaves out what only came late.
has_unanswered_at_most() {
    local questions answers
    questions=$(packet_count "$1" "src host $client1")
    answers=$(packet_count "$1" "dst host $client1")
    [ "$questions" -gt 20 ] && [ $((questions - answers)) -le "$2" ]
}
