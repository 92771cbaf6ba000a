// SPDX-License-Identifier: GPL-2.0-only
// The socket that --listen-http asks for.
#pragma once

#include "control/config.hpp"
#include "control/fd.hpp"

namespace ctgate {

// In the network namespace the thread is in, and at that address alone. The address may come to an
// interface later (the gateway itself may add it). Throws when the port is taken; the sentence
// names option and remedy.
FileDescriptor listen_on(const ListenOption& option);

// Has an interface of this namespace the address? The unspecified one is always there.
bool is_address_here(const ListenOption& option);
// It is the unspecified one: every interface leads there, external ones too.
bool is_everywhere(const ListenOption& option);

}  // namespace ctgate
