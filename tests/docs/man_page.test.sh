#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The man page and the --help texts name the same commands and options. No root, no kernel state.
set -uo pipefail

ctgate=${CTGATE:?path of the program}
page=$(dirname "$0")/../../docs/ctgate.8.scd
# shellcheck source=expect.sh
. "$(dirname "$0")/expect.sh"

# options_in: each option that the text on stdin names.
options_in() {
    grep -oE -- '--[a-z][a-z-]+' | sort -u
}

# contains WORD TEXT
contains() {
    grep -qE -- "(^|[^a-z-])$1([^a-z-]|$)" <<<"$2"
}

# Without what it says about other people's programs.
text=$(cat "$page")
usage=$("$ctgate" help) || exit 1
run_help=$("$ctgate" run --help) || exit 1
all_help=$run_help

commands=$(sed -n 's/^  \([a-z]*\) .*/\1/p' <<<"$usage")
expect "ctgate help lists commands" test -n "$commands"
for command in $commands; do
    expect "the man page has command '$command'" contains "\*(ctgate )?${command}[ *]" "$text"
    expect "ctgate $command --help works" "$ctgate" "$command" --help
    all_help+=$("$ctgate" "$command" --help 2>/dev/null)
done

expect "ctgate run --help lists options" contains --internal "$run_help"
section=$(sed -n '/^# OPTIONS OF RUN/,/^# OPTIONS OF OTHER/p' "$page")
for option in $(options_in <<<"$run_help"); do
    expect "option $option of run has a paragraph" grep -qE -- "^\*.*$option\*" <<<"$section"
done
for option in $(options_in <<<"$section"); do
    expect "option $option of the man page is one of run" contains "$option" "$run_help"
done
for option in $(options_in <<<"$all_help"); do
    expect "the man page has option $option" contains "$option" "$text"
done
for option in $(options_in <<<"$text"); do
    expect "option $option of the man page is in a --help" contains "$option" "$all_help"
done

echo "man page: $checks checks, $failures failed"
[ "$failures" -eq 0 ]
