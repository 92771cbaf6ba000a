#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# boot.sh VERSION VMLINUZ INITRAMFS LOG MODE: boots, runs MODE of ./init, keeps the console in LOG.
# MODE bench, bench-sessions: on a machine with one core whose clock counts instructions, a
# nanosecond each.
# Succeeds only if the tests inside said so twice: by qemu's exit status and by their closing line.
set -uo pipefail

version=$1
kernel=$2
initramfs=$3
log=$4
mode=$5
machine=(-cpu max -smp 2 -m 1024)
# A busy host lets the emulated timer be late, which some kernels take for a broken board.
options=(no_timer_check)
limit=900
if [[ $mode = bench* ]]; then
    # erms, fsrm: one instruction would copy as much as it likes.
    machine=(-cpu "max,-erms,-fsrm" -smp 1 -m 6144 -icount "shift=0,sleep=off,align=off" -seed 1
        -rtc "base=2026-01-01T00:00:00,clock=vm")
    options+=(tsc=reliable)
    limit=7200
fi
if [ "$mode" = units ]; then
    machine=(-cpu max -smp 2 -m 2048) # all of Debian is in its memory
fi
if [ "$mode" = million ]; then
    machine=(-cpu max -smp 2 -m 6144)
    limit=7200
fi
limit=${VM_TIMEOUT:-$limit}
# (42 << 1) | 1: what init's `quit 42` makes of qemu's status. Not 1, with which qemu ends when it
# cannot start; not 0, which is a power-off or a panic.
all_passed=85

if ! command -v qemu-system-x86_64 >/dev/null; then
    echo "boot.sh: qemu-system-x86_64 is missing; apt-get install qemu-system-x86" >&2
    exit 1
fi

# boot ACCELERATOR SECONDS MODE: the machine's console on stdout, its end as qemu's status.
# oops=panic and panic_on_warn: a kernel that complains has failed, whatever the tests say.
boot() {
    timeout --foreground -k 5 "$2" qemu-system-x86_64 -M q35 -accel "$1" \
        "${machine[@]}" -nodefaults -no-user-config -no-reboot -display none -serial stdio \
        -device isa-debug-exit,iobase=0xf4,iosize=1 -kernel "$kernel" -initrd "$initramfs" \
        -append "console=ttyS0 quiet panic=-1 oops=panic panic_on_warn=1 vm=$version mode=$3 ${options[*]}" \
        </dev/null 2>&1 | tr -d '\r'
}

# /dev/kvm may exist and not work (qemu even aborts): only a machine that ran to its end proves it.
kvm_works() {
    [ -w /dev/kvm ] && (ulimit -c 0; boot kvm 20 pass) >/dev/null 2>&1
    [ $? -eq $all_passed ]
}

accelerator=tcg
if [[ $mode = bench* ]]; then
    accelerator=tcg,thread=single # KVM does not count
elif kvm_works; then
    accelerator=kvm
fi

start=$SECONDS
boot "$accelerator" "$limit" "$mode" >"$log"
status=$?
seconds=$((SECONDS - start))

closing=$(grep "^vm $version: " "$log" | tail -n 1)
if [ $status -eq $all_passed ] && [[ $closing =~ :\ [1-9][0-9]*\ passed,\ 0\ failed ]]; then
    [[ $mode = bench* ]] && sed -n '/^# bench$/,/^# bench: /p' "$log"
    grep -E '^# .*: [0-9]+ passed|^skip - |^\[  SKIPPED \] .* ms\)$' "$log"
    echo "# console in $log, $seconds s with $accelerator"
    echo "$closing"
    exit 0
fi

case $status in
    0) reason="the kernel panicked or powered off" ;;
    1) reason="qemu could not run" ;;
    124 | 137) reason="it did not end within $limit s" ;;
    87) reason="tests failed" ;;
    *) reason="unexpected end" ;;
esac
tail -n 60 "$log"
echo "vm $version FAILED: $reason (qemu status $status, $seconds s with $accelerator, all of it in $log)"
exit 1
