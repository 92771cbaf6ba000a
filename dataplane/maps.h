/* SPDX-License-Identifier: GPL-2.0-only */
/* Every map and every configuration constant of the gateway's programs. Pinned by name in the
 * directory of the network namespace. */
#ifndef CTGATE_MAPS_H
#define CTGATE_MAPS_H

#include "ctgate/behaviour.h"
#include "ctgate/counters.h"
#include "ctgate/events.h"
#include "ctgate/hosts.h"
#include "ctgate/pool.h"
#include "ctgate/ports.h"
#include "ctgate/session_cache.h"
#include "kernel.h"

/* Bit of ct->mark that says: the host's firewall let this session through. */
const volatile __u32 accepted_mark = CTGATE_ACCEPTED_MARK;
/* In skb->cb of what the short path sends: our program at egress need not look at it again. Set by
 * the control plane at random: what the stack leaves there is not to be taken for it. */
const volatile __u32 short_path_seal[2] = {0x5ea1ed00, 0x5ea1ed01};

/* ifindex of an external interface -> its external addresses. That an interface is external is
 * known by its being here. Written by the control plane. */
struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, CTGATE_MAX_INTERFACES);
    __type(key, __u32);
    __type(value, struct ctgate_pool);
    __uint(pinning, LIBBPF_PIN_BY_NAME);
} pools SEC(".maps");

/* ifindex of an internal interface -> enum ctgate_link. Written by the control plane. */
struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, CTGATE_MAX_INTERFACES);
    __type(key, __u32);
    __type(value, __u32);
    __uint(pinning, LIBBPF_PIN_BY_NAME);
} internal_interfaces SEC(".maps");

/* Written by the control plane. */
struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __uint(max_entries, CTGATE_MAX_ADDRESSES);
    __type(key, struct ctgate_address);
    __type(value, struct ctgate_address_use);
    __uint(pinning, LIBBPF_PIN_BY_NAME);
} addresses SEC(".maps");

/* Internal address -> the external one that stands for it alone. Written by the control plane. */
struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __uint(max_entries, CTGATE_MAX_ADDRESSES);
    __type(key, struct ctgate_address);
    __type(value, struct ctgate_address);
    __uint(pinning, LIBBPF_PIN_BY_NAME);
} one_to_one SEC(".maps");

/* Written by the control plane. */
struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct ctgate_settings);
    __uint(pinning, LIBBPF_PIN_BY_NAME);
} configuration SEC(".maps");

/* Internal prefix and protocol. Written by the control plane; what it does not name has the
 * defaults (defaults.h). */
struct {
    __uint(type, BPF_MAP_TYPE_LPM_TRIE);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __uint(max_entries, CTGATE_MAX_PREFIXES);
    __type(key, struct ctgate_behaviour_key);
    __type(value, struct ctgate_behaviour);
    __uint(pinning, LIBBPF_PIN_BY_NAME);
} behaviours SEC(".maps");

/* Destinations that are routed untranslated -> 1. Written by the control plane. */
struct {
    __uint(type, BPF_MAP_TYPE_LPM_TRIE);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __uint(max_entries, CTGATE_MAX_PREFIXES);
    __type(key, struct ctgate_prefix);
    __type(value, __u32);
    __uint(pinning, LIBBPF_PIN_BY_NAME);
} exemptions SEC(".maps");

/* Remote prefixes of port forwards -> 1: may, 0: may not. Written by the control plane. */
struct {
    __uint(type, BPF_MAP_TYPE_LPM_TRIE);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __uint(max_entries, CTGATE_MAX_PREFIXES);
    __type(key, struct ctgate_access_key);
    __type(value, __u32);
    __uint(pinning, LIBBPF_PIN_BY_NAME);
} forward_access SEC(".maps");

/* The inner maps can be mapped into the memory of the control plane: it has its own ports, and
 * those that are forwarded, to claim as atomically as the dataplane does. (clang emits no complete
 * type for their values, hence the sizes.) */
struct port_set_map {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(map_flags, BPF_F_MMAPABLE);
    __uint(max_entries, 1);
    __uint(key_size, sizeof(__u32));
    __uint(value_size, sizeof(struct ctgate_port_set));
};

struct port_slot_map {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(map_flags, BPF_F_MMAPABLE);
    __uint(max_entries, CTGATE_PORTS);
    __uint(key_size, sizeof(__u32));
    __uint(value_size, sizeof(struct ctgate_port_slot));
};

struct {
    __uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
    __uint(max_entries, CTGATE_MAX_PORT_SPACES);
    __type(key, struct ctgate_port_space);
    __uint(pinning, LIBBPF_PIN_BY_NAME);
    __array(values, struct port_set_map);
} port_sets SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
    __uint(max_entries, CTGATE_MAX_PORT_SPACES);
    __type(key, struct ctgate_port_space);
    __uint(pinning, LIBBPF_PIN_BY_NAME);
    __array(values, struct port_slot_map);
} port_slots SEC(".maps");

/* The timer that gives back the ports of one space. */
struct sweep {
    struct bpf_timer timer;
    __u32 started;
    __u32 next; /* word of the port set */
};

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, CTGATE_MAX_PORT_SPACES);
    __type(key, struct ctgate_port_space);
    __type(value, struct sweep);
    __uint(pinning, LIBBPF_PIN_BY_NAME);
} sweeps SEC(".maps");

/* Endpoint-independent mappings. Written by the dataplane. */
struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __uint(max_entries, CTGATE_MAX_MAPPINGS);
    __type(key, struct ctgate_mapping_key);
    __type(value, struct ctgate_mapping);
    __uint(pinning, LIBBPF_PIN_BY_NAME);
} mappings SEC(".maps");

/* Written by the dataplane. */
struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, CTGATE_MAX_HOSTS);
    __type(key, struct ctgate_host_key);
    __type(value, struct ctgate_host);
    __uint(pinning, LIBBPF_PIN_BY_NAME);
} hosts SEC(".maps");

/* Sessions of internal hosts while their number is limited, both ways; a place counts only if the
 * two agree. Written by the dataplane. */
struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __uint(max_entries, CTGATE_MAX_MAPPINGS);
    __type(key, struct ctgate_place);
    __type(value, struct ctgate_tenant);
    __uint(pinning, LIBBPF_PIN_BY_NAME);
} places SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __uint(max_entries, CTGATE_MAX_MAPPINGS);
    __type(key, struct ctgate_tuple);
    __type(value, struct ctgate_place);
    __uint(pinning, LIBBPF_PIN_BY_NAME);
} placed SEC(".maps");

/* Not pinned by name: new programs begin with an empty one, which the control plane sizes, and pins
 * once they are attached. Written by the dataplane. */
struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, CTGATE_CACHE_RECORDS);
    __type(key, struct ctgate_cache_key);
    __type(value, struct ctgate_cache_record);
} session_cache SEC(".maps");

/* Where an external port has sent to, beyond the first remote address. Written by the dataplane. */
struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, CTGATE_MAX_CONTACTS);
    __type(key, struct ctgate_contact);
    __type(value, __u32);
    __uint(pinning, LIBBPF_PIN_BY_NAME);
} contacts SEC(".maps");

/* enum ctgate_counter -> packets or sessions. */
struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, CTGATE_COUNTER_MAX);
    __type(key, __u32);
    __type(value, __u64);
    __uint(pinning, LIBBPF_PIN_BY_NAME);
} counters SEC(".maps");

/* struct ctgate_event. Written by the dataplane. */
struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, CTGATE_EVENT_RING);
    __uint(pinning, LIBBPF_PIN_BY_NAME);
} events SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct ctgate_listening);
    __uint(pinning, LIBBPF_PIN_BY_NAME);
} listening SEC(".maps");

/* enum ctgate_event_kind -> events for which the ring had no room. Written by the dataplane. */
struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, CTGATE_EVENT_MAX);
    __type(key, __u32);
    __type(value, __u64);
    __uint(pinning, LIBBPF_PIN_BY_NAME);
} events_lost SEC(".maps");

/* Written by the dataplane. */
struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, CTGATE_COUNTER_MAX);
    __type(key, __u32);
    __type(value, struct ctgate_refusal_rate);
    __uint(pinning, LIBBPF_PIN_BY_NAME);
} refusal_rates SEC(".maps");

#endif
