// SPDX-License-Identifier: GPL-2.0-only
// The records of a saved file brought into the gateway that serves this network namespace.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "control/conntrack_insert.hpp"
#include "control/fd.hpp"
#include "control/port_spaces.hpp"
#include "control/restore_programs.hpp"
#include "control/saved.hpp"
#include "control/serving.hpp"
#include "ctgate/behaviour.h"

namespace ctgate {

// What came of the records of one kind.
struct Restored {
    std::uint64_t done = 0, there = 0, expired = 0, skipped = 0;
};

struct Skipped {
    const char* kind;  // "mapping" or "session"
    std::uint8_t protocol;
    Endpoint internal, external;
    ctgate_restored why;
};

// The stable name of a reason, and its sentence.
const char* restore_reason(ctgate_restored why);
std::string restore_sentence(ctgate_restored why);

class Restoring {
  public:
    // `elapsed`: seconds since all was saved.
    Restoring(const RunDirectory& directory, const Serving& serving, std::uint32_t elapsed);

    // What is there, is in use otherwise, or has expired meanwhile is left alone, and counted.
    void restore(const saved::Record& record);

    const Restored& mappings() const { return mappings_; }
    const Restored& sessions() const { return sessions_; }
    const std::array<std::uint64_t, CTGATE_RESTORE_MAX>& reasons() const { return reasons_; }
    // The first ones, so that memory does not grow.
    const std::vector<Skipped>& skipped() const { return skipped_; }

  private:
    // An external endpoint of a session, and the internal and remote ones that it stands between.
    struct Use {
        Endpoint external, internal, remote;
    };

    void add(const saved::Mapping& mapping);
    void add(const saved::Contact& contact);
    void add(Session session);
    ctgate_restored bring_back(const Session& session);
    ctgate_restored hold(const Session& session, const Use& use);
    void keep(const Session& session, const Use& use);
    ctgate_restored insert(const Session& session, const std::vector<Use>& uses);
    ctgate_address_use use_of(IpAddress external) const;
    bool is_as_saved(std::uint8_t protocol, const Endpoint& external) const;
    ctgate_restore_request request_of(std::uint8_t protocol, const Use& use) const;
    void note(Restored& counts, ctgate_restored result, const Skipped& what);

    FileDescriptor addresses_;
    ctgate_settings settings_;
    std::uint32_t accepted_mark_;
    std::uint32_t elapsed_;
    RestorePrograms programs_;
    conntrack::Inserter inserter_;
    std::map<PortSpace, Ports> as_saved_;  // ports whose mapping is that of the file
    Restored mappings_, sessions_;
    std::array<std::uint64_t, CTGATE_RESTORE_MAX> reasons_{};
    std::vector<Skipped> skipped_;
};

}  // namespace ctgate
