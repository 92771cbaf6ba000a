// SPDX-License-Identifier: GPL-2.0-only
/*
 * `ctgate lookup`: one bpf_skb_ct_lookup, exactly as the gateway does it, on a tuple from user
 * space. Run by BPF_PROG_TEST_RUN, whose packet sits on the loopback device of the caller's
 * network namespace; attached nowhere.
 */
#include "kernel.h"

#include "ctgate/lookup.h"

#define EIO 5

struct ctgate_lookup_request request = {};
struct ctgate_lookup_answer answer = {};

/* Every element by a constant index: clang 14 relocates the first element of a loop only. */
static __always_inline void describe(const struct nf_conn *ct, __u8 direction)
{
    answer.direction = direction;
    answer.status = ct->status;
    answer.mark = ct->mark;
    answer.timeout = ct->timeout - (__u32)bpf_jiffies64();
    answer.tcp_state = ct->proto.tcp.state;
    answer.tuples[0].source = ct->tuplehash[0].tuple.src.u3.all[0];
    answer.tuples[0].source_port = ct->tuplehash[0].tuple.src.u.all;
    answer.tuples[0].destination = ct->tuplehash[0].tuple.dst.u3.all[0];
    answer.tuples[0].destination_port = ct->tuplehash[0].tuple.dst.u.all;
    answer.tuples[1].source = ct->tuplehash[1].tuple.src.u3.all[0];
    answer.tuples[1].source_port = ct->tuplehash[1].tuple.src.u.all;
    answer.tuples[1].destination = ct->tuplehash[1].tuple.dst.u3.all[0];
    answer.tuples[1].destination_port = ct->tuplehash[1].tuple.dst.u.all;
}

SEC("tc")
int lookup_tuple(struct __sk_buff *skb)
{
    /* On the stack: the kernel reads netns_id twice, so it must not be in the shared maps. */
    struct bpf_ct_opts___local opts = {.netns_id = request.netns_id, .l4proto = request.protocol};
    struct bpf_sock_tuple tuple = {};
    struct nf_conn *ct;

    tuple.ipv4.saddr = request.tuple.source;
    tuple.ipv4.daddr = request.tuple.destination;
    tuple.ipv4.sport = request.tuple.source_port;
    tuple.ipv4.dport = request.tuple.destination_port;
    ct = bpf_skb_ct_lookup(skb, &tuple, sizeof(tuple.ipv4), &opts, sizeof(opts));
    if (!ct) {
        answer.error = opts.error ? opts.error : -EIO;
        return 0;
    }
    answer.error = 0;
    describe(ct, opts.dir);
    bpf_ct_release(ct);
    return 0;
}

char LICENSE[] SEC("license") = "GPL";
