/* SPDX-License-Identifier: GPL-2.0-only */
/* Shared by kfunc_errors.bpf.c and its test. */
#ifndef CTGATE_KFUNC_PROBE_H
#define CTGATE_KFUNC_PROBE_H

#include <linux/types.h>

struct kfunc_probe_input {
    __s32 netns_id;
    __u8 l4proto;
    __u8 reserved[2]; /* the last two of the 12 bytes of struct bpf_ct_opts */
    __u8 padding;
};

struct kfunc_probe_output {
    __s32 error;    /* opts->error afterwards; it was 0 before */
    __u32 returned; /* 1: the kfunc returned an entry */
};

#endif
