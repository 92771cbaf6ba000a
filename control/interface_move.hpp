// SPDX-License-Identifier: GPL-2.0-only
// Interfaces on their way between network namespaces. The kernel sets them down and takes their
// addresses when they go; on the way back they get both again.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "control/fd.hpp"

namespace ctgate::interface_move {

// How the interface stands in `origin`, for the journal; nullopt: `origin` is the current
// namespace, or has no such interface.
std::optional<nlohmann::json> examine(const std::string& interface, const FileDescriptor& origin);

void move_here(const std::string& interface, const FileDescriptor& origin);

// `details`: what examine() told. Finds the namespace by its cookie: `origin`, that of process 1,
// or a named one. Throws when it is none of them. The interface being gone is no error.
void move_back(const nlohmann::json& details, const FileDescriptor& origin);

}  // namespace ctgate::interface_move
