// SPDX-License-Identifier: GPL-2.0-only
// The BPF object of the gateway: loaded, its maps and programs pinned; or those that are pinned
// taken over.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "control/forwards.hpp"
#include "control/map_layout.hpp"
#include "control/nat_tables.hpp"
#include "control/pinned_programs.hpp"
#include "control/plan.hpp"
#include "control/port_spaces.hpp"
#include "control/run_directory.hpp"
#include "ctgate/pool.h"

struct ctgate_bpf;

namespace ctgate {

enum class Side { internal, external };

class Dataplane {
  public:
    // Programs of an earlier run are taken over if they are what would be loaded now. Throws with
    // the verifier's or libbpf's own words. `sessions`: that the session cache holds; 0: the
    // default.
    Dataplane(const RunDirectory& directory, std::uint32_t accepted_mark, std::uint64_t sessions);

    // Loads all programs, with maps of their own, and lets go of them. Throws as the constructor.
    static void try_out();
    // Are there maps of an earlier run?
    static bool left_behind(const RunDirectory& directory);
    // The kernel functions that the programs call, by name.
    static std::vector<std::string> called_functions();

    // Each of these is all there is from then on.
    void set_pools(const std::map<int, ctgate_pool>& pools);     // by ifindex
    void set_internal(const std::map<int, ctgate_link>& links);  // by ifindex
    void set_addresses(const AddressUses& uses);
    void set_ports(const PortPlans& ports);
    std::vector<DisplacedMapping> set_forwards(const Forwards& forwards);
    // Also makes all records of the session cache void.
    void set_nat(NatTables tables);

    PortMaps port_maps() const;
    // Descriptor of the map of that name, as in dataplane/maps.h; lives as long as this object.
    int map(const std::string& name) const;
    FileDescriptor share_map(const std::string& name) const;

    // What an earlier run left in another layout.
    const std::vector<map_layout::Change>& changes() const { return changes_; }
    // Maps, by name, that are empty for that reason while those of the earlier run serve.
    const std::vector<std::string>& begun_anew() const { return anew_; }
    // Programs are attached whose maps are not those that are pinned: a run before has ended while
    // it replaced maps.
    bool was_interrupted() const { return interrupted_; }
    // Before the programs are attached: maps that begin anew outlive the daemon from now on.
    void stage(const RunDirectory& directory) const;

    // Once the programs are attached: what is not in force any more goes, here and in the maps.
    void keep(const RunDirectory& directory);

    // Whether the pins are there; and puts back those that are not.
    bool is_pinned(const RunDirectory& directory) const;
    void pin(const RunDirectory& directory) const;

    // Descriptor of the program for such an interface; lives as long as this object.
    int ingress_program(Side side, bool ethernet) const;
    int egress_program() const;  // for external interfaces
    // Loaded when it is first asked for; throws as the constructor.
    int xdp_program(const RunDirectory& directory);

    struct CacheSize {
        std::uint64_t sessions = 0;
        std::uint64_t bytes = 0;  // of kernel memory
    };
    CacheSize session_cache() const;
    // Pins it, in place of that of an earlier run, so that others can read what it counts.
    void pin_session_cache(const RunDirectory& directory) const;

  private:
    Dataplane();
    bool take_over(const RunDirectory& directory);
    void load();
    FileDescriptor load_xdp() const;
    std::map<std::string, int> programs() const;
    void replace_pins(const RunDirectory& directory);
    void hand_over_sweeps() const;

    std::unique_ptr<ctgate_bpf, void (*)(ctgate_bpf*)> object_;
    PinnedPrograms pinned_;
    std::map<std::string, FileDescriptor> programs_;  // and the session cache, by name
    bool fresh_ = false;                              // these are newly loaded
    std::vector<map_layout::Change> changes_;
    std::vector<std::string> anew_;
    bool interrupted_ = false;
};

}  // namespace ctgate
