/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef CTGATE_CLOCK_H
#define CTGATE_CLOCK_H

#include "kernel.h"

/* Seconds of CLOCK_MONOTONIC, up to a tick late. */
static __always_inline __u32 seconds_now(void)
{
    return bpf_ktime_get_coarse_ns() / 1000000000ull;
}

#endif
