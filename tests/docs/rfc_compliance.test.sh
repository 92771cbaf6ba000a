#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# docs/rfc-compliance.md: the tests that its tables name exist, every row has a state and something to
# show it (or says that there is none), and every requirement of the selftest is in it. No root, no
# kernel state.
set -uo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
page=$root/docs/rfc-compliance.md
# shellcheck source=expect.sh
. "$(dirname "$0")/expect.sh"

# contains WORD TEXT: as a line of its own.
contains() {
    grep -qxF -- "$1" <<<"$2"
}

# names TEXT: what it has in backticks, one a line.
names() {
    # shellcheck disable=SC2016
    grep -oE '`[^`]+`' <<<"$1" | tr -d '`'
}

# exists NAME: a test or a requirement of the selftest.
exists() {
    case $1 in
        *.test.sh) [ -x "$root/tests/system/$1" ] ;;
        *.*) contains "$1" "$gtests" ;;
        *) contains "$1" "$requirements" ;;
    esac
}

gtests=$(grep -rhoE '^TEST(_F|_P)?\([A-Za-z0-9]+, [A-Za-z0-9]+\)' "$root/tests" |
    sed -E 's/^TEST(_F|_P)?\(([^,]*), (.*)\)$/\2.\3/')
requirements=$(sed -nE 's/^ *Requirement\{"([^"]+)".*/\1/p' "$root/control/selftest_table.cpp")
expect "there are tests of GoogleTest" test -n "$gtests"
expect "there are requirements of the selftest" test -n "$requirements"

# shellcheck disable=SC2016
tests_or_none='^ (no test|(`[^`]+`(, )?)+) $'
shown=
rows=0
while IFS='|' read -r _ requirement state tests _; do
    rows=$((rows + 1))
    expect "$requirement has a state" \
        grep -qE '^ \*\*(met|partly|not met|kernel)\*\*' <<<"$state"
    expect "$requirement: what is missing is said" \
        grep -qvE '^ \*\*(partly|not met)\*\* *$' <<<"$state"
    expect "$requirement names tests, or says that there is none" \
        grep -qE "$tests_or_none" <<<"$tests"
    for name in $(names "$tests"); do
        expect "$requirement: $name exists" exists "$name"
        shown+=$name$'\n'
    done
done < <(grep -E '^\|' "$page" | grep -vE '^\|(---| requirement )')
expect "there are rows" test "$rows" -gt 0

for requirement in $requirements; do
    expect "requirement $requirement of the selftest is in the tables" contains "$requirement" "$shown"
done

echo "RFC compliance: $checks checks, $failures failed"
[ "$failures" -eq 0 ]
