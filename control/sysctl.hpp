// SPDX-License-Identifier: GPL-2.0-only
// Kernel settings below /proc/sys; those below net/ are the ones of the network namespace the
// thread is in.
#pragma once

#include <optional>
#include <string>

namespace ctgate::sysctl {

// `name`: path below /proc/sys, such as "net/ipv4/ip_forward". nullopt: there is no such setting.
std::optional<std::string> read(const std::string& name);
// May this network namespace change it?
bool writable(const std::string& name);
void write(const std::string& name, const std::string& value);

}  // namespace ctgate::sysctl
