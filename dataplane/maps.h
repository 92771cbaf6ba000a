/* SPDX-License-Identifier: GPL-2.0-only */
/* Every map and every configuration constant of the gateway's programs. Pinned by name in the
 * directory of the network namespace. */
#ifndef CTGATE_MAPS_H
#define CTGATE_MAPS_H

#include "ctgate/counters.h"
#include "ctgate/pool.h"
#include "kernel.h"

/* Bit of ct->mark that says: the host's firewall let this session through. */
const volatile __u32 accepted_mark = CTGATE_ACCEPTED_MARK;

/* ifindex of an external interface -> its external addresses. That an interface is external is
 * known by its being here. Written by the control plane. */
struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, CTGATE_MAX_INTERFACES);
    __type(key, __u32);
    __type(value, struct ctgate_pool);
    __uint(pinning, LIBBPF_PIN_BY_NAME);
} pools SEC(".maps");

/* ifindex of an internal interface -> 1. Written by the control plane. */
struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, CTGATE_MAX_INTERFACES);
    __type(key, __u32);
    __type(value, __u32);
    __uint(pinning, LIBBPF_PIN_BY_NAME);
} internal_interfaces SEC(".maps");

/* Address -> enum ctgate_address_role. */
struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __uint(max_entries, CTGATE_MAX_ADDRESSES);
    __type(key, struct ctgate_address);
    __type(value, __u32);
    __uint(pinning, LIBBPF_PIN_BY_NAME);
} addresses SEC(".maps");

/* enum ctgate_counter -> packets or sessions. */
struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, CTGATE_COUNTER_MAX);
    __type(key, __u32);
    __type(value, __u64);
    __uint(pinning, LIBBPF_PIN_BY_NAME);
} counters SEC(".maps");

#endif
