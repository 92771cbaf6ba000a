// SPDX-License-Identifier: GPL-2.0-only
// libnftables in the network namespace the thread is in.
#pragma once

#include <string>

namespace ctgate::nft {

enum class Format { text, json, stateless };

// Runs nft commands as one transaction; what they print. Throws "WHAT: nftables' reason".
std::string run(const std::string& commands, const std::string& what, Format format = Format::text);

// Has the kernel check them, and changes nothing. Throws as run().
void try_out(const std::string& commands, const std::string& what);

// What our table holds, except counts, in a form to be compared; empty when there is none.
std::string fingerprint();
// No error when there is none.
void remove_table();

}  // namespace ctgate::nft
