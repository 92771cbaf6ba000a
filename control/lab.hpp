// SPDX-License-Identifier: GPL-2.0-only
// The lab: four network namespaces of this machine, two clients behind a gateway, one server.
// Its parts, used by the subcommand (lab.cpp) and by its demo (lab_demo.cpp).
//
//   client1 10.0.0.2 --+
//                      +-- inside 10.0.0.1 | gateway | 203.0.113.1 outside -- 203.0.113.2 server
//   client2 10.0.0.3 --+                                                     198.51.100.2
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "control/fd.hpp"
#include "control/process.hpp"

namespace ctgate::lab {

struct Host {
    std::string_view name;   // as `ctgate lab exec` takes it
    std::string_view netns;  // below /run/netns
    std::string_view explanation;
};

inline constexpr Host client1{"client1", "ctgate-lab-client1", "10.0.0.2, behind the gateway"};
inline constexpr Host client2{"client2", "ctgate-lab-client2", "10.0.0.3, behind the gateway"};
inline constexpr Host gateway{"gateway", "ctgate-lab-gateway",
                              "inside 10.0.0.1, outside 203.0.113.1, runs ctgate"};
inline constexpr Host server{"server", "ctgate-lab-server", "203.0.113.2 and 198.51.100.2"};
inline constexpr std::array hosts{client1, client2, gateway, server};

inline constexpr const char* internal_interface = "inside";
inline constexpr const char* external_interface = "outside";
inline constexpr const char* directory = "/run/ctgate-lab";
inline constexpr const char* gateway_log = "/run/ctgate-lab/gateway.log";

FileDescriptor open_netns(const Host& host);

// Held by each command that builds or removes the lab; throws when another one holds it. Creates
// the directory, and removes it when nothing is left in it.
class Lock {
  public:
    Lock();
    ~Lock();
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;

  private:
    FileDescriptor directory_;
};

// lab_topology.cpp: namespaces, links, addresses, routes.
bool any_netns_exists();
void build_topology();
// Ends every process that lives in the lab's namespaces, except this one.
void end_processes();
void remove_topology();

// lab_gateway.cpp: `ctgate run` as a daemon in the gateway.
void start_gateway(const Interrupts& interrupts);
// Ends the daemon and takes ctgate out of the gateway.
void stop_gateway();

// lab.cpp: the whole of it. `up` removes what it has built when it fails.
void up(const Interrupts& interrupts);
// Also what is left of a broken lab; nothing to do when there is none.
void down();

// lab_demo.cpp: builds the lab, tries everything, removes it unless `keep`. True when all worked.
bool demo(bool keep, const Interrupts& interrupts);

}  // namespace ctgate::lab
