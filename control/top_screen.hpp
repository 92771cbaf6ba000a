// SPDX-License-Identifier: GPL-2.0-only
// The terminal in the hands of `ctgate top`; given back with this object.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ctgate {

class TopScreen {
  public:
    // Throws when the terminal cannot be used.
    TopScreen();
    ~TopScreen();
    TopScreen(const TopScreen&) = delete;
    TopScreen& operator=(const TopScreen&) = delete;

    std::size_t rows() const;
    // What does not fit is cut off.
    void show(const std::vector<std::string>& lines);
    // The next key; nullopt: none came within this time, or the size of the terminal has changed.
    std::optional<char> key(int milliseconds);
};

}  // namespace ctgate
