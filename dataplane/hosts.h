/* SPDX-License-Identifier: GPL-2.0-only */
/* What each internal host uses, and was refused. */
#ifndef CTGATE_DATAPLANE_HOSTS_H
#define CTGATE_DATAPLANE_HOSTS_H

#include "behaviour.h"
#include "clock.h"

static __always_inline struct ctgate_host *host_of(const struct ctgate_address *internal,
                                                   __u8 protocol)
{
    static const struct ctgate_host none; /* not on the stack, which is short */
    struct ctgate_host_key key = {.address = *internal, .protocol = protocol};
    struct ctgate_host *host = bpf_map_lookup_elem(&hosts, &key);

    if (host)
        return host;
    bpf_map_update_elem(&hosts, &key, &none, BPF_NOEXIST);
    return bpf_map_lookup_elem(&hosts, &key);
}

/* One more port for this host; false: it has as many as it may (RFC 6888 REQ-4). */
static __always_inline bool take_quota(const struct ctgate_address *internal, __u8 protocol)
{
    const struct ctgate_settings *settings = configured();
    struct ctgate_host *host = host_of(internal, protocol);
    __u32 before;

    if (!host)
        return true;
    before = __sync_fetch_and_add(&host->ports, 1);
    if (!settings || !settings->max_ports_per_host || before < settings->max_ports_per_host)
        return true;
    __sync_fetch_and_add(&host->ports, -1);
    return false;
}

/* It has none to take any more: to be asked before something is reserved for one. */
static __always_inline bool quota_is_used_up(const struct ctgate_address *internal, __u8 protocol)
{
    const struct ctgate_settings *settings = configured();
    const struct ctgate_host_key key = {.address = *internal, .protocol = protocol};
    const struct ctgate_host *host;

    if (!settings || !settings->max_ports_per_host)
        return false;
    host = bpf_map_lookup_elem(&hosts, &key);
    return host && host->ports >= settings->max_ports_per_host;
}

/* One more session in this second; false: the host has begun as many as it may (RFC 6888
 * REQ-4-C). */
static __always_inline bool within_rate(const struct ctgate_address *internal, __u8 protocol)
{
    const struct ctgate_settings *settings = configured();
    const __u32 now = seconds_now();
    struct ctgate_host *host;

    if (!settings || !settings->max_new_per_second)
        return true;
    host = host_of(internal, protocol);
    if (!host)
        return true;
    if (host->second != now) {
        host->second = now;
        host->fresh = 0;
    }
    return __sync_fetch_and_add(&host->fresh, 1) < settings->max_new_per_second;
}

static __always_inline void return_quota(const struct ctgate_address *internal, __u8 protocol)
{
    struct ctgate_host_key key = {.address = *internal, .protocol = protocol};
    struct ctgate_host *host = bpf_map_lookup_elem(&hosts, &key);

    if (host && host->ports)
        __sync_fetch_and_add(&host->ports, -1);
}

/* True: it should be told, which is done once a second at most (RFC 5508 REQ-8, RFC 1812
 * section 4.3.2.8). */
static __always_inline bool note_refusal(const struct ctgate_address *internal, __u8 protocol,
                                         enum ctgate_refusal why)
{
    const struct ctgate_settings *settings = configured();
    struct ctgate_host *host = host_of(internal, protocol);
    const __u32 now = seconds_now();

    if (!host)
        return false;
    __sync_fetch_and_add(&host->refused[why], 1);
    if (!settings || !settings->refusal_icmp || host->told == now)
        return false;
    host->told = now;
    return true;
}

#endif
