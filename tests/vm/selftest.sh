#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# selftest.sh VERSION VMLINUZ INITRAMFS DIRECTORY: proves that boot.sh accepts a machine whose tests
# passed and refuses every other end.
set -uo pipefail

version=$1
kernel=$2
initramfs=$3
directory=$4
scripts=$(dirname "$0")
wrong=0
cases=0

# expect STATUS MODE SENTENCE: boot.sh must end with STATUS and print SENTENCE.
expect() {
    local output status
    output=$("$scripts/boot.sh" "$version" "$kernel" "$initramfs" "$directory/selftest.log" "$2")
    status=$?
    cases=$((cases + 1))
    if [ $status -eq "$1" ] && [[ $output == *"$3"* ]]; then
        echo "ok - $2: $3"
    else
        echo "not ok - $2: status $status, expected $1 and '$3', got:"
        echo "$output"
        wrong=$((wrong + 1))
    fi
}

expect 0 pass "1 passed, 0 failed"
expect 1 fail "tests failed"
expect 1 crash "tests failed"
expect 1 empty "tests failed"
expect 1 panic "the kernel panicked or powered off"
expect 1 poweroff "the kernel panicked or powered off"
VM_TIMEOUT=15 expect 1 hang "it did not end within 15 s"
kernel=/dev/null expect 1 pass "qemu could not run"

echo "vm-selftest: $((cases - wrong)) passed, $wrong failed"
[ $wrong -eq 0 ]
