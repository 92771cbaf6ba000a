# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154
# Part of lib.sh: sessions with questions and answers all the time, and which way they go.

declare -A stream_pid

# start_stream NAME HOST tcp|udp SOURCE-PORT
start_stream() {
    local port=8080
    [ "$3" = tcp ] || port=5300
    start_pipe "$1" nsenter --net="/run/netns/$(netns "$2")" \
        "$python" "$system_tests/peer.py" stream "$3" "$server" $port "$4"
    stream_pid[$1]=$!
    wait_for 10 has_answers "$1" 1
}

# end_stream NAME
end_stream() {
    kill "${stream_pid[$1]}"
    ! wait "${stream_pid[$1]}" 2>/dev/null
}

# answers NAME: so many came until now.
answers() {
    local numbers
    numbers=$(ask_pipe "$1" "")
    echo "${numbers%% *}"
}

# lost NAME: so many did not.
lost() {
    local numbers
    numbers=$(ask_pipe "$1" "")
    numbers=${numbers#* }
    echo "${numbers%% *}"
}

# translated_to NAME: the ADDRESS:PORT that the server saw last.
translated_to() {
    local numbers
    numbers=$(ask_pipe "$1" "")
    echo "${numbers##* }"
}

# has_answers NAME NUMBER: or more.
has_answers() {
    local number
    number=$(answers "$1")
    [ "${number:-0}" -ge "$2" ]
}

# flows NAME [SECONDS]: 20 more answers, within that time.
flows() {
    wait_for "${2:-3}" has_answers "$1" $(($(answers "$1") + 20))
}

# stands_still NAME: no answer while 5 questions are lost.
stands_still() {
    local before lost
    before=$(answers "$1")
    lost=$(lost "$1")
    wait_for 3 has_lost "$1" $((lost + 5)) && equals "$before" "$(answers "$1")"
}

# has_lost NAME NUMBER: or more.
has_lost() {
    [ "$(lost "$1")" -ge "$2" ]
}

# takes_short_path NAME: nearly all of its packets now, both ways.
takes_short_path() {
    local before answered
    before=$(counter short_path)
    answered=$(answers "$1")
    flows "$1" && counted short_path $((before + 2 * ($(answers "$1") - answered) * 9 / 10 - 10))
}

# takes_stack NAME: it goes on, and nothing goes by the short path.
takes_stack() {
    local before
    before=$(counter short_path)
    flows "$1" && equals "$before" "$(counter short_path)"
}
