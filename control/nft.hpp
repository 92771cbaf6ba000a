// SPDX-License-Identifier: GPL-2.0-only
// libnftables in the network namespace the thread is in.
#pragma once

#include <string>

namespace ctgate::nft {

enum class Format { text, json };

// Runs nft commands as one transaction; what they print. Throws "WHAT: nftables' reason".
std::string run(const std::string& commands, const std::string& what, Format format = Format::text);

// Is there a table `ip ctgate`?
bool table_exists();
// No error when there is none.
void remove_table();

}  // namespace ctgate::nft
