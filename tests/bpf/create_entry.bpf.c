// SPDX-License-Identifier: GPL-2.0-only
/* Makes one conntrack entry as the gateway does, from user space (create_entry.hpp). */
#include "kernel.h"

#include "create_entry.h"

#define EEXIST 17

/* Only the bits that a program may set; the others are refused or ignored. */
extern int bpf_ct_set_status(const struct nf_conn___init *ct, __u32 status) __ksym;

struct create_entry_input input = {};
struct create_entry_output output = {};

static __always_inline int set_nat(struct nf_conn___init *fresh)
{
    union ct_inet_addr address = {};
    int error = 0;

    if (input.translated_source) {
        address.ip = input.translated_source;
        error =
            bpf_ct_set_nat_info(fresh, &address, input.translated_source_port, NF_NAT_MANIP_SRC);
    }
    if (!error && input.translated_destination) {
        address.ip = input.translated_destination;
        error = bpf_ct_set_nat_info(fresh, &address, input.translated_destination_port,
                                    NF_NAT_MANIP_DST);
    }
    return error;
}

SEC("tc")
int create_entry(struct __sk_buff *skb)
{
    struct bpf_ct_opts___local opts = {.netns_id = BPF_F_CURRENT_NETNS, .l4proto = input.protocol};
    struct bpf_sock_tuple tuple = {};
    struct nf_conn___init *fresh;
    struct nf_conn *ct;

    tuple.ipv4.saddr = input.source;
    tuple.ipv4.daddr = input.destination;
    tuple.ipv4.sport = input.source_port;
    tuple.ipv4.dport = input.destination_port;
    fresh = bpf_skb_ct_alloc(skb, &tuple, sizeof(tuple.ipv4), &opts, sizeof(opts));
    if (!fresh) {
        output.error = opts.error;
        return 0;
    }
    output.error = set_nat(fresh);
    if (!output.error && input.status)
        output.error = bpf_ct_set_status(fresh, input.status);
    bpf_ct_set_timeout(fresh, input.timeout);
    ct = bpf_ct_insert_entry(fresh);
    if (!ct) {
        output.error = -EEXIST;
        return 0;
    }
    ct->mark = input.mark;
    bpf_ct_release(ct);
    return 0;
}

char LICENSE[] SEC("license") = "GPL";
