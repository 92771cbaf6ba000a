#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Standard output and error may be closed or full, and a configuration no file: the status is that of
# what was asked for, and nothing waits. No root, no kernel state.
set -uo pipefail

ctgate=${CTGATE:?path of the program}
# shellcheck source=expect.sh
. "$(dirname "$0")/expect.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# ends STATUS COMMAND...
ends() {
    local status=0
    timeout 20 "${@:2}" >/dev/null || status=$?
    [ $status -eq "$1" ]
}

# closed COMMAND..., full COMMAND...: so is standard error.
closed() {
    "$@" 2>&-
}
full() {
    "$@" 2>/dev/full
}

for how in closed full; do
    expect "error $how: unknown command" $how ends 2 "$ctgate" foo
    expect "error $how: unknown option" $how ends 2 "$ctgate" status --bogus
    expect "error $how: no such file" $how ends 2 "$ctgate" check --config /nonexistent
    expect "error $how: nothing to say" $how ends 0 "$ctgate" version
done
expect "output closed" bash -c "! '$ctgate' version >&- 2>'$work/error'"
expect "is told" grep -q "Cannot write to standard output" "$work/error"
expect "output full" bash -c "! '$ctgate' version >/dev/full 2>'$work/error'"
expect "is told" grep -q "Cannot write to standard output: No space" "$work/error"

mkfifo "$work/fifo"
told() {
    "$@" 2>"$work/error"
}
expect "a configuration that is a pipe" told ends 2 "$ctgate" check --config "$work/fifo"
expect "is told" grep -q "it is a pipe" "$work/error"

echo "streams: $checks checks, $failures failed"
[ "$failures" -eq 0 ]
