// SPDX-License-Identifier: GPL-2.0-only
// The records of a saved file, or the sessions that conntrack has, brought into a gateway.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "control/conntrack_insert.hpp"
#include "control/dataplane.hpp"
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
    // Into the gateway that serves this network namespace. `elapsed`: seconds since all was saved.
    Restoring(const RunDirectory& directory, const Serving& serving, std::uint32_t elapsed);
    // Into one that does not serve yet, of sessions that need not be restored.
    explicit Restoring(const Dataplane& dataplane);

    // What is there, is in use otherwise, or has expired meanwhile is left alone, and counted.
    void restore(const saved::Record& record);
    // A translated session that is in conntrack: its mappings, ports, contacts and place are here
    // afterwards. `again`: this is not the first time, so it is not counted as an open one.
    void adopt(const Session& session, bool again);
    // External ports of adopted sessions that are kept without a mapping.
    std::uint64_t resting() const { return resting_; }

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
    static std::vector<Use> uses_of(const Session& session);
    // Hairpinning: of both uses, `at_fault` is the one that cannot be had.
    ctgate_restored bring_back(const Session& session, const std::vector<Use>& uses,
                               const Use*& at_fault);
    ctgate_restored hold(const Session& session, const Use& use);
    void keep(const Session& session, const Use& use);
    ctgate_restored insert(const Session& session, const std::vector<Use>& uses);
    ctgate_address_use use_of(IpAddress external) const;
    ctgate_behaviour behaviour_of(IpAddress internal, std::uint8_t protocol) const;
    bool is_as_saved(std::uint8_t protocol, const Endpoint& external) const;
    ctgate_restore_request request_of(std::uint8_t protocol, const Use& use) const;
    ctgate_restore_request place_request(const Session& session, const Use& use) const;
    ctgate_restore_request keep_request(const Session& session, const Use& use) const;
    void adopt(const Session& session, const Use& use, bool outbound, bool again);
    ctgate_restored adopt_mapping(const Session& session, const Use& use, std::uint32_t mapped);
    ctgate_restored adopt_port(const Session& session, const Use& use);
    void note(Restored& counts, ctgate_restored result, const Skipped& what);

    FileDescriptor addresses_;
    FileDescriptor behaviours_;
    ctgate_settings settings_;
    std::uint32_t accepted_mark_ = 0;
    std::uint32_t elapsed_ = 0;
    RestorePrograms programs_;
    conntrack::Inserter inserter_;
    std::map<PortSpace, Ports> as_saved_;  // ports whose mapping is that of the file
    Restored mappings_, sessions_;
    std::uint64_t resting_ = 0;
    std::array<std::uint64_t, CTGATE_RESTORE_MAX> reasons_{};
    std::vector<Skipped> skipped_;
};

}  // namespace ctgate
