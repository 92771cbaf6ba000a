// SPDX-License-Identifier: GPL-2.0-only
#include "control/privileges.hpp"

#include <cap-ng.h>
#include <sys/prctl.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>

namespace ctgate::privileges {
namespace {

constexpr auto in_force = static_cast<capng_type_t>(CAPNG_EFFECTIVE | CAPNG_PERMITTED);

bool has(capng_type_t type, unsigned capability) {
    return capng_have_capability(type, capability) != 0;
}

bool apply() {
    return capng_apply(CAPNG_SELECT_CAPS) == 0;
}

// libcap-ng keeps one state for each thread; it may be another's, or an earlier one.
bool read_state() {
    return capng_get_caps_process() == 0;
}

}  // namespace

void drop() {
    if (!read_state()) {
        throw std::runtime_error("Cannot read the capabilities of this process; is /proc mounted?");
    }
    const bool admin = has(CAPNG_PERMITTED, CAP_SYS_ADMIN);
    capng_clear(CAPNG_SELECT_CAPS);
    capng_updatev(CAPNG_ADD, in_force, CAP_NET_ADMIN, CAP_BPF, CAP_PERFMON, -1);
    if (admin) {
        capng_update(CAPNG_ADD, CAPNG_PERMITTED, CAP_SYS_ADMIN);
    }
    // Without new privileges, root's exec does not bring back what was dropped.
    if (!apply() || ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        throw std::system_error(errno, std::generic_category(), "Cannot drop capabilities");
    }
}

SystemAdmin::SystemAdmin() {
    if (!read_state() || has(CAPNG_EFFECTIVE, CAP_SYS_ADMIN) ||
        !has(CAPNG_PERMITTED, CAP_SYS_ADMIN)) {
        return;
    }
    capng_update(CAPNG_ADD, CAPNG_EFFECTIVE, CAP_SYS_ADMIN);
    raised_ = apply();
}

SystemAdmin::~SystemAdmin() {
    if (raised_ && read_state()) {
        capng_update(CAPNG_DROP, CAPNG_EFFECTIVE, CAP_SYS_ADMIN);
        apply();
    }
}

}  // namespace ctgate::privileges
