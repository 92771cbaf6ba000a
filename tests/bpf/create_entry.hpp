// SPDX-License-Identifier: GPL-2.0-only
// Conntrack entries of the gateway's kind, made by the kfuncs without any packet.
#pragma once

#include <arpa/inet.h>
#include <libnetfilter_conntrack/libnetfilter_conntrack.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <system_error>

#include "bpf/create_entry.h"
#include "bpf/test_run.hpp"
#include "control/ip.hpp"
// After the types of its global variables.
#include "create_entry.skel.h"

namespace ctgate {

struct NewEntry {
    std::uint8_t protocol = IPPROTO_UDP;
    Endpoint source{}, destination{};
    std::optional<Endpoint> translated_source{}, translated_destination{};
    std::uint32_t mark = 0;
    std::uint32_t timeout_ms = 100'000;  // 0: has expired already, but nobody has collected it
    std::uint32_t status = 0;            // IPS_SEEN_REPLY, IPS_ASSURED, IPS_FIXED_TIMEOUT
};

class EntryCreator {
  public:
    // In the namespace the thread is in. Throws when the kernel refuses.
    void create(const NewEntry& entry) {
        programs_->bss->input = to_input(entry);
        run_once(programs_->progs.create_entry);
        if (const int error = programs_->bss->output.error; error != 0) {
            throw std::system_error(-error, std::generic_category(), "create_entry");
        }
    }

  private:
    static create_entry_input to_input(const NewEntry& entry) {
        const Endpoint to_source = entry.translated_source.value_or(Endpoint{});
        const Endpoint to_destination = entry.translated_destination.value_or(Endpoint{});
        return {.source = entry.source.address.v4,
                .destination = entry.destination.address.v4,
                .source_port = htons(entry.source.port),
                .destination_port = htons(entry.destination.port),
                .translated_source = to_source.address.v4,
                .translated_destination = to_destination.address.v4,
                .translated_source_port = to_source.port,
                .translated_destination_port = to_destination.port,
                .mark = entry.mark,
                .timeout = entry.timeout_ms,
                .status = entry.status,
                .protocol = entry.protocol,
                .padding = {}};
    }

    SkeletonOwner<create_entry_bpf> programs_;
};

// enum tcp_conntrack; by ctnetlink, for a program may only read it.
inline void set_tcp_state(const NewEntry& entry, std::uint8_t state) {
    const std::unique_ptr<nf_conntrack, void (*)(nf_conntrack*)> change(nfct_new(), nfct_destroy);
    const std::unique_ptr<nfct_handle, int (*)(nfct_handle*)> handle(nfct_open(CONNTRACK, 0),
                                                                     nfct_close);
    if (!change || !handle) {
        throw std::system_error(errno, std::generic_category(), "nfct_open");
    }
    nfct_set_attr_u8(change.get(), ATTR_L3PROTO, AF_INET);
    nfct_set_attr_u8(change.get(), ATTR_L4PROTO, entry.protocol);
    nfct_set_attr_u32(change.get(), ATTR_IPV4_SRC, entry.source.address.v4);
    nfct_set_attr_u32(change.get(), ATTR_IPV4_DST, entry.destination.address.v4);
    nfct_set_attr_u16(change.get(), ATTR_PORT_SRC, htons(entry.source.port));
    nfct_set_attr_u16(change.get(), ATTR_PORT_DST, htons(entry.destination.port));
    nfct_set_attr_u8(change.get(), ATTR_TCP_STATE, state);
    if (nfct_query(handle.get(), NFCT_Q_UPDATE, change.get()) != 0) {
        throw std::system_error(errno, std::generic_category(), "NFCT_Q_UPDATE");
    }
}

}  // namespace ctgate
