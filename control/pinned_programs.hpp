// SPDX-License-Identifier: GPL-2.0-only
// The programs in force as pins, by which a new daemon of the same make finds them: what has not
// changed is not loaded and attached anew. Used by dataplane.cpp.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "control/fd.hpp"
#include "control/run_directory.hpp"

namespace ctgate {

class PinnedPrograms {
  public:
    // `make`: of the object, and of all that is settled when it is loaded. The pins are called
    // program-MAKE-NAME.
    explicit PinnedPrograms(std::uint64_t make);

    // Of a program, or of a map that belongs to it. Empty: there is no such pin.
    FileDescriptor find(const RunDirectory& directory, const std::string& name) const;

    bool has(const RunDirectory& directory, const std::string& name) const;
    // Exactly these are pinned from then on: descriptors by name. Throws std::system_error.
    void keep(const RunDirectory& directory, const std::map<std::string, int>& all) const;

  private:
    std::string pin_of(const std::string& name) const;

    std::string prefix_;
};

// The kernel's number for a program; 0: there is none.
std::uint32_t program_id(int program);

}  // namespace ctgate
