// SPDX-License-Identifier: GPL-2.0-only
/* The conntrack kfuncs with wrong arguments: sizes are constants of each program, for the verifier
 * wants them known; the rest comes from `input`. */
#include "kernel.h"

#include "kfunc_probe.h"

struct kfunc_probe_input input = {};
struct kfunc_probe_output output = {};

/* Longer than any size that is claimed below. */
union long_opts {
    struct bpf_ct_opts___local opts;
    __u8 bytes[32];
};

static __always_inline void prepare(struct bpf_sock_tuple *tuple, union long_opts *opts)
{
    tuple->ipv4.saddr = bpf_htonl(0x0a000002);
    tuple->ipv4.daddr = bpf_htonl(0xcb007102);
    tuple->ipv4.sport = bpf_htons(40000);
    tuple->ipv4.dport = bpf_htons(80);
    opts->opts.netns_id = input.netns_id;
    opts->opts.l4proto = input.l4proto;
    opts->opts.reserved[0] = input.reserved[0];
    opts->opts.reserved[1] = input.reserved[1];
}

/* Each result is compared with NULL once: Linux 6.1 forgets that it already knows. */
#define LOOKUP(name, tuple_size, opts_size)                                                        \
    SEC("tc") int name(struct __sk_buff *skb)                                                      \
    {                                                                                              \
        struct bpf_sock_tuple tuple = {};                                                          \
        union long_opts opts = {};                                                                 \
        struct nf_conn *ct;                                                                        \
                                                                                                   \
        prepare(&tuple, &opts);                                                                    \
        ct = bpf_skb_ct_lookup(skb, &tuple, tuple_size, &opts.opts, opts_size);                    \
        output.error = opts.opts.error;                                                            \
        if (ct) {                                                                                  \
            output.returned = 1;                                                                   \
            bpf_ct_release(ct);                                                                    \
        }                                                                                          \
        return 0;                                                                                  \
    }

#define ALLOC(name, tuple_size, opts_size)                                                         \
    SEC("tc") int name(struct __sk_buff *skb)                                                      \
    {                                                                                              \
        struct bpf_sock_tuple tuple = {};                                                          \
        union long_opts opts = {};                                                                 \
        struct nf_conn___init *fresh;                                                              \
        struct nf_conn *ct;                                                                        \
                                                                                                   \
        prepare(&tuple, &opts);                                                                    \
        fresh = bpf_skb_ct_alloc(skb, &tuple, tuple_size, &opts.opts, opts_size);                  \
        output.error = opts.opts.error;                                                            \
        if (!fresh)                                                                                \
            return 0;                                                                              \
        output.returned = 1;                                                                       \
        ct = bpf_ct_insert_entry(fresh);                                                           \
        if (ct)                                                                                    \
            bpf_ct_release(ct);                                                                    \
        return 0;                                                                                  \
    }

LOOKUP(lookup, 12, 12)
LOOKUP(lookup_opts_11, 12, 11)
LOOKUP(lookup_opts_20, 12, 20)
LOOKUP(lookup_tuple_11, 11, 12)
LOOKUP(lookup_tuple_20, 20, 12)
ALLOC(alloc, 12, 12)
ALLOC(alloc_opts_11, 12, 11)
ALLOC(alloc_opts_20, 12, 20)
ALLOC(alloc_tuple_11, 11, 12)
ALLOC(alloc_tuple_20, 20, 12)

char LICENSE[] SEC("license") = "GPL";
