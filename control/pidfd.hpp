// SPDX-License-Identifier: GPL-2.0-only
// pidfd_open(2) and pidfd_send_signal(2): the header of glibc 2.36 forgets to say that they are C.
#pragma once

extern "C" {
#include <sys/pidfd.h>
}
