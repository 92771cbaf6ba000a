#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# README.md, "When something goes wrong": the tests that its table names exist, and each line has just
# the kernels that these tests run on. No root, no kernel state.
set -uo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=expect.sh
. "$(dirname "$0")/expect.sh"

# exists NAME: such a test, or target of make.
exists() {
    case $1 in
        '`make -f Makefile.vm '*'`') grep -q "^$(tr -d '`' <<<"${1##* }"):" "$root/Makefile.vm" ;;
        '`make '*'`') grep -q "^$(tr -d '`' <<<"${1#*make }"):" "$root/Makefile" ;;
        vm/*) grep -q "^ *part [a-z0-9-]* ${1#vm/}\.sh" "$root/tests/vm/init" && [ -x "$root/tests/$1.sh" ] ;;
        *.*) grep -rqE "^TEST(_F|_P)?\(${1%.*}, ${1#*.}\)" "$root/tests/bpf" ;;
        *) [ -x "$root/tests/system/$1.test.sh" ] ;;
    esac
}

# kernels_of NAME
kernels_of() {
    case $1 in
        vm/*) printf '6.1\n6.12\n' ;;
        '`make -f Makefile.vm '*) echo 6.12 ;;
        '`'*) echo 6.18 ;;
        *.*) printf '6.1\n6.12\n6.18\n' ;;
        *) echo 6.18 ;;
    esac
}

rows=0
while IFS='|' read -r _ fault happens kernels tests _; do
    rows=$((rows + 1))
    expect "$fault: something happens" test -n "${happens// /}"
    expect "$fault: tests are named" test -n "${tests// /}"
    shown=
    while read -r name; do
        expect "$fault: $name exists" exists "$name"
        shown+=$(kernels_of "$name")$'\n'
    done < <(tr ',' '\n' <<<"$tests")
    expect "$fault: kernels of its tests" \
        test "$(sort -uV <<<"$shown" | xargs)" = "$(tr -d ',' <<<"$kernels" | xargs)"
done < <(sed -n '/^## When something goes wrong/,/^## How/p' "$root/README.md" |
    grep -E '^\|' | grep -vE '^\|(---| fault )')
expect "there are rows" test "$rows" -gt 0

echo "faults: $checks checks, $failures failed"
[ "$failures" -eq 0 ]
