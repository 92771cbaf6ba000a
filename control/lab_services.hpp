// SPDX-License-Identifier: GPL-2.0-only
// What runs in the lab's server during the demo: a web server, a DNS server, a capture.
#pragma once

#include <string>

#include "control/process.hpp"

namespace ctgate::lab {

inline constexpr const char* web_directory = "/run/ctgate-lab/www";
inline constexpr const char* web_file = "random.bin";  // a few MB, made by Services

// Throws one sentence with every program that the demo misses and the Debian packages to install.
void require_programs();

class Services {
  public:
    // Returns when each of them serves.
    explicit Services(const Interrupts& interrupts);

    // tcpdump's lines so far; ends it.
    std::string end_capture();
    // Web and DNS server go on until the lab is removed.
    void release();

  private:
    struct Service {
        Service(const Words& words, const char* ready, const Interrupts& interrupts);
        FileDescriptor output;
        Process process;
    };
    Service web_, dns_, capture_;
};

}  // namespace ctgate::lab
