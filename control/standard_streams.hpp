// SPDX-License-Identifier: GPL-2.0-only
// Standard input, output and error as this process finds them: closed, full, or well.
#pragma once

namespace ctgate {

// To be called first of all. No file that is opened later takes the place of one that is closed,
// and a message that cannot be written to standard error changes nothing else. Standard output that
// is closed stays an error to who writes there (EBADF).
void settle_standard_streams();

}  // namespace ctgate
