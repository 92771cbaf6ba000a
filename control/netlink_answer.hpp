// SPDX-License-Identifier: GPL-2.0-only
// How an answer over netlink ends, for what libnl has no calls for and libmnl reads.
#pragma once

#include <libmnl/libmnl.h>

namespace ctgate {

// 0, a positive error number, or -1 when this message does not end the answer. (libmnl's own loop
// takes no notice of the error with which a dump may end.)
int end_of_answer(const nlmsghdr* message);

}  // namespace ctgate
