# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Sourced by what a virtual machine runs first: runs scripts of tests, counts, ends the machine.

# Seconds for one part: a part that hangs is ended while the machine still can say so.
part_limit=480
passed=0
failed=0
skipped=0

# count PATTERN FILE
count() {
    grep -c -E "$1" "$2"
}

# part NAME COMMAND...: runs it and counts its tests, in the notation of the shell tests here
# ("ok - ", "not ok - ", "skip - ") or of GoogleTest.
part() {
    local name=$1 output=/tmp/$1.out status ok bad skip
    shift
    echo "# $name"
    timeout -k 5 $part_limit "$@" 2>&1 | tee "$output"
    status=${PIPESTATUS[0]}
    ok=$(count '^(ok - |\[       OK \] )' "$output")
    bad=$(count '^not ok - |^\[  FAILED  \] .* ms\)$' "$output")
    skip=$(count '^skip - |^\[  SKIPPED \] .* ms\)$' "$output")
    if [ "$bad" -eq 0 ] && { [ "$status" -ne 0 ] || [ "$ok" -eq 0 ]; }; then
        echo "not ok - $name ended with status $status after $ok tests"
        bad=1
    fi
    echo "# $name: $ok passed, $bad failed, $skip skipped"
    passed=$((passed + ok))
    failed=$((failed + bad))
    skipped=$((skipped + skip))
}

# end_machine: its closing line and its status say whether all passed.
end_machine() {
    local closing="vm ${vm:-?}: $passed passed, $failed failed"
    [ "$skipped" -eq 0 ] || closing+=", $skipped skipped"
    echo "$closing"
    if [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]; then
        quit 42
    fi
    quit 43
}
