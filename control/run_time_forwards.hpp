// SPDX-License-Identifier: GPL-2.0-only
// Port forwards that `ctgate forward` has made: in the file "forwards" of the run directory, until
// `ctgate down`, a reload, or another `ctgate run`.
#pragma once

#include <string>
#include <vector>

#include "control/config.hpp"
#include "control/fd.hpp"
#include "control/run_directory.hpp"

namespace ctgate {

// The file; nobody else changes it, nor the forwards of the dataplane, while such an object lives.
class RunTimeForwards {
  public:
    // Waits for others. Throws std::system_error.
    explicit RunTimeForwards(const RunDirectory& directory);

    const std::vector<ForwardOption>& all() const { return all_; }
    // A number that none of them has, nor will a configured one.
    std::uint32_t free_number() const;
    void write(std::vector<ForwardOption> forwards);

  private:
    std::string path_;
    FileDescriptor lock_;
    std::vector<ForwardOption> all_;
};

// The configuration with these forwards behind its own.
Config merged(Config config, const std::vector<ForwardOption>& forwards);

// The text of the file, and back; what is no such text holds none.
std::string to_file(const std::vector<ForwardOption>& forwards);
std::vector<ForwardOption> from_file(const std::string& text);

// One more than the highest, and above all places in a configuration.
std::uint32_t free_number(const std::vector<ForwardOption>& forwards);

}  // namespace ctgate
