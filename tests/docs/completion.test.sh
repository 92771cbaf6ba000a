#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The shells complete what each --help names: commands, options, values. No root, no kernel state.
set -uo pipefail

ctgate=${CTGATE:?path of the program}
# shellcheck source=expect.sh
. "$(dirname "$0")/expect.sh"
# shellcheck source=/dev/null
source <("$ctgate" completion bash)

# complete_words WORD...: what bash offers for the last of them, one a line.
complete_words() {
    COMP_WORDS=(ctgate "$@")
    COMP_CWORD=$#
    COMPREPLY=()
    _ctgate
    printf '%s\n' "${COMPREPLY[@]}"
}

# offers WORDS WORD...
offers() {
    [ "$(complete_words "${@:2}" | sort | xargs)" = "$1" ]
}

# offers_also WORD WORD...
offers_also() {
    grep -qxF -- "$1" <<<"$(complete_words "${@:2}")"
}

# options_in: each option that the text on stdin names as its own: in its usage, or at the begin of a
# line.
options_in() {
    sed -nE '/^(Usage:| +ctgate )/p; s/^  (-h \[ )?(--[a-z-]+).*/\2/p' | grep -oE -- '--[a-z][a-z-]+' | sort -u
}

commands=$("$ctgate" help | sed -nE 's/^  ([a-z-]+) .*/\1/p')
expect "commands" offers "$(printf '%s\nhelp\n' "$commands" | sort | xargs)" ""
for command in $commands; do
    help=$("$ctgate" "$command" --help)
    for option in $(options_in <<<"$help"); do
        expect "ctgate $command: offers $option; if new, add it to control/completion.cpp" \
            offers_also "$option" "$command" "$option"
    done
    for option in $(complete_words "$command" --); do
        case $help in *"[OPTION"*) continue ;; esac
        [ "$option" = --help ] ||
            expect "ctgate $command: $option is in its --help" grep -qF -- "$option" <<<"$help"
    done
done
run_help=$("$ctgate" run --help)
for option in $(complete_words run --); do
    expect "run: $option is in its --help" grep -qF -- "$option" <<<"$run_help"
done

expect "the begin of a command" offers "save selftest show status" s
expect "words of show" offers "config counters" show c
expect "options after words" offers "--json" show sessions --j
expect "choices" offers "auto clsact tcx" run --attach ""
expect "choices behind '='" offers "off on" run --clamp-mss = o
expect "choices at '='" offers "no yes" run --refusal-icmp =
expect "behaviours" offers "endpoint-independent" run --internal lan0 --mapping end
expect "interfaces" offers_also lo run --internal l
expect "no option in place of a value" offers "" show sessions --netns --
expect "nothing for what nobody can guess" offers "" run --port-range ""
expect "files" offers_also /etc/passwd check --config /etc/passw
expect "options of run elsewhere" offers_also --port-range check --port
expect "the protocol of lookup" offers "tcp udp" lookup --proto ""

# offers_what_is_taken OPTION COMMAND...: the values that the complaint about another one lists.
offers_what_is_taken() {
    local values
    values=$("$ctgate" "${@:2}" "$1" '?' 2>&1 | sed -n 's/.* is none of //p' | tr -d , | xargs -n 1 | sort | xargs)
    [ -n "$values" ] && offers "$values" "${@:2}" "$1" ""
}

expect "kinds of events" offers_what_is_taken --kind events
expect "states" offers_what_is_taken --state show sessions
expect "states to flush" offers_what_is_taken --state flush
expect "orders of hosts" offers_what_is_taken --sort show hosts
expect "orders of top" offers_what_is_taken --sort top

expect "shells" offers "zsh" completion z

if command -v zsh >/dev/null; then
    expect "zsh reads its completion" zsh -fc \
        "autoload -U compinit; compinit -D -u; source <('$ctgate' completion zsh); [ \$_comps[ctgate] = _ctgate ]"
else
    echo "skip - zsh is missing"
fi

echo "completion: $checks checks, $failures failed"
[ "$failures" -eq 0 ]
