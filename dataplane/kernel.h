/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What we use of the kernel beyond its UAPI: minimal CO-RE declarations of conntrack types and the
 * conntrack kfuncs. No vmlinux.h, so the build needs no BTF of the build host.
 */
#ifndef CTGATE_KERNEL_H
#define CTGATE_KERNEL_H

#include <stdbool.h>

#include <linux/bpf.h>
#include <linux/types.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#ifndef __ksym
#define __ksym __attribute__((section(".ksyms")))
#endif

/* net/netfilter/nf_conntrack_bpf.c; size 12 is accepted by every kernel that has the kfuncs (from
 * 6.11 on there is a longer form with the zone). Lives on the stack: it must not be shared memory.
 */
struct bpf_ct_opts___local {
    __s32 netns_id; /* BPF_F_CURRENT_NETNS */
    __s32 error;    /* negative errno, written only on failure */
    __u8 l4proto;   /* IPPROTO_TCP or IPPROTO_UDP */
    __u8 dir;       /* out, look-up: enum ip_conntrack_dir */
    __u8 reserved[2];
};

/* include/uapi/linux/netfilter.h, without its user-space includes. */
union ct_inet_addr {
    __u32 all[4];
    __be32 ip;
};

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct nf_conntrack_tuple {
    struct {
        union {
            __u32 all[4];
        } u3;
        union {
            __be16 all;
        } u;
    } src;
    struct {
        union {
            __u32 all[4];
        } u3;
        union {
            __be16 all;
        } u;
        __u8 protonum;
    } dst;
};

struct nf_conntrack_tuple_hash {
    struct nf_conntrack_tuple tuple;
};

struct ip_ct_tcp {
    __u8 state; /* enum tcp_conntrack */
};

struct nf_conn {
    struct nf_conntrack_tuple_hash tuplehash[2]; /* enum ip_conntrack_dir */
    unsigned long status;                        /* IPS_* */
    __u32 mark;
    __u32 timeout; /* jiffies, absolute, low 32 bits */
    union {
        struct ip_ct_tcp tcp;
    } proto;
};

struct nf_conn___init {
    int nothing_here_may_be_read_before_insert;
};

#pragma clang attribute pop

/* include/uapi/linux/netfilter/nf_conntrack_common.h and nf_conntrack_tcp.h */
enum {
    IP_CT_DIR_ORIGINAL = 0,
    IP_CT_DIR_REPLY = 1,
};
enum {
    IPS_SEEN_REPLY = 1 << 1,
    IPS_ASSURED = 1 << 2,
    IPS_SRC_NAT = 1 << 4,
    IPS_DST_NAT = 1 << 5,
    IPS_SEQ_ADJUST = 1 << 6,
    IPS_FIXED_TIMEOUT = 1 << 10,
    IPS_HELPER = 1 << 13,
};
enum {
    TCP_CONNTRACK_SYN_SENT = 1,
    TCP_CONNTRACK_SYN_RECV = 2,
    TCP_CONNTRACK_ESTABLISHED = 3,
    TCP_CONNTRACK_LAST_ACK = 6,
    TCP_CONNTRACK_TIME_WAIT = 7,
    TCP_CONNTRACK_CLOSE = 8,
};
enum nf_nat_manip_type {
    NF_NAT_MANIP_SRC,
    NF_NAT_MANIP_DST,
};

/* Look-up: any direction of the entry, as the sender of this packet sees the tuple. NULL: see
 * opts->error. A result must be released. */
extern struct nf_conn *bpf_skb_ct_lookup(struct __sk_buff *skb, struct bpf_sock_tuple *tuple,
                                         __u32 tuple_size, struct bpf_ct_opts___local *opts,
                                         __u32 opts_size) __ksym;
extern void bpf_ct_release(struct nf_conn *ct) __ksym;
/* New entry; the only way to give it back is to insert it. */
extern struct nf_conn___init *bpf_skb_ct_alloc(struct __sk_buff *skb, struct bpf_sock_tuple *tuple,
                                               __u32 tuple_size, struct bpf_ct_opts___local *opts,
                                               __u32 opts_size) __ksym;
/* addr: network order; port: HOST order, 1..65535. Once per manip type. 0 or a negative errno. */
extern int bpf_ct_set_nat_info(struct nf_conn___init *ct, union ct_inet_addr *addr, int port,
                               enum nf_nat_manip_type manip) __ksym;
/* Milliseconds from insertion. */
extern void bpf_ct_set_timeout(struct nf_conn___init *ct, __u32 timeout) __ksym;
/* Consumes ct. NULL (without a reason): a tuple is taken, or the bucket is full. */
extern struct nf_conn *bpf_ct_insert_entry(struct nf_conn___init *ct) __ksym;
/* Milliseconds from now; 0 ends the entry: the next look-up collects it. */
extern int bpf_ct_change_timeout(struct nf_conn *ct, __u32 timeout) __ksym;
/* status: all of the entry's bits, and those to be added. */
extern int bpf_ct_change_status(struct nf_conn *ct, __u32 status) __ksym;

#define VLAN_ID_MASK 0xfff

/* Not of this device. VLAN 0 is none: such a tag has a priority only (IEEE 802.1Q). */
static __always_inline bool is_of_vlan(const struct __sk_buff *skb)
{
    return skb->vlan_present && (skb->vlan_tci & VLAN_ID_MASK);
}

#endif
