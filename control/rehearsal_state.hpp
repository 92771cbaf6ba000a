// SPDX-License-Identifier: GPL-2.0-only
// What the dataplane has written, as far as one packet may have to do with it, for a rehearsal.
#pragma once

#include <optional>
#include <set>

#include "control/map_copy.hpp"
#include "control/pinned_map.hpp"
#include "control/port_spaces.hpp"
#include "control/rehearsal.hpp"

struct bpf_object;

namespace ctgate {

class RehearsalState {
  public:
    // As it is now. `session_cache`: descriptor of that map, which has no pin.
    RehearsalState(const RunDirectory& directory, int session_cache, const RehearsedPacket& packet,
                   const ctgate_settings& settings);

    void size(const bpf_object* object) const;  // before it is loaded
    void write(const bpf_object* object, const std::set<PortSpace>& spaces) const;  // afterwards

    const std::optional<ctgate_cache_record>& record() const { return record_; }
    std::optional<ctgate_cache_record> record_in(const bpf_object* object) const;
    std::optional<ctgate_host> host() const;  // that the packet comes from

  private:
    FileDescriptor sets_, slots_;
    ctgate_host_key host_key_{};
    ctgate_cache_key cache_key_{};
    std::optional<ctgate_cache_record> record_;
    MapCopy<ctgate_mapping_key, ctgate_mapping> mappings_;
    MapCopy<ctgate_host_key, ctgate_host> hosts_;
    MapCopy<ctgate_place, ctgate_tenant> places_;
    MapCopy<ctgate_tuple, ctgate_place> placed_;
    MapCopy<ctgate_contact, __u32> contacts_;
};

}  // namespace ctgate
