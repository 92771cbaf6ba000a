/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Paired pooling (RFC 4787 REQ-2): which of `count` external addresses an internal host gets.
 *
 * The result equals nftables' `jhash ip saddr mod COUNT seed CTGATE_PAIRING_SEED` (kernel:
 * include/linux/jhash.h and net/netfilter/nft_hash.c, which reduces by reciprocal_scale), so that
 * a session that the stack creates has the same external address as those BPF creates.
 */
#ifndef CTGATE_PAIRING_H
#define CTGATE_PAIRING_H

#include <linux/types.h>

#define CTGATE_PAIRING_SEED 0x63746761u

static inline __u32 ctgate_rol32(__u32 word, unsigned int shift)
{
    return (word << shift) | (word >> (32 - shift));
}

/* jhash() of the four bytes of an IPv4 address as they lie in memory (network order). */
static inline __u32 ctgate_jhash4(const __u8 *key, __u32 seed)
{
    __u32 a = 0xdeadbeefu + 4 + seed;
    __u32 b = a;
    __u32 c = a;

    a += (__u32)key[0] | ((__u32)key[1] << 8) | ((__u32)key[2] << 16) | ((__u32)key[3] << 24);
    c ^= b;
    c -= ctgate_rol32(b, 14);
    a ^= c;
    a -= ctgate_rol32(c, 11);
    b ^= a;
    b -= ctgate_rol32(a, 25);
    c ^= b;
    c -= ctgate_rol32(b, 16);
    a ^= c;
    a -= ctgate_rol32(c, 4);
    b ^= a;
    b -= ctgate_rol32(a, 14);
    c ^= b;
    c -= ctgate_rol32(b, 24);
    return c;
}

/* 0..count-1; count must not be 0. `internal`: four bytes, network order. */
static inline __u32 ctgate_pair(const __u8 *internal, __u32 count)
{
    return (__u32)(((__u64)ctgate_jhash4(internal, CTGATE_PAIRING_SEED) * count) >> 32);
}

#endif
