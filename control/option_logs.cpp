// SPDX-License-Identifier: GPL-2.0-only
// Where logs of what is translated go: --nat-log, --ipfix.
#include "control/option_values.hpp"

namespace ctgate {

Complaint take_nat_log(const std::string& value, Config& config) {
    if (value != "stderr" && (!value.starts_with('/') || value.ends_with('/'))) {
        return "is no place for the NAT log; write the path of a file, such as "
               "/var/log/ctgate-nat.log, or stderr";
    }
    config.nat_log = value;
    return std::nullopt;
}

Complaint take_ipfix(const std::string& value, Config& config) {
    const std::optional<Endpoint> collector = Endpoint::parse(value);
    if (!collector || collector->address.v4 == 0 || collector->port == 0) {
        return "is no endpoint of an IPFIX collector; write one such as 192.0.2.9:4739";
    }
    config.ipfix = collector;
    return std::nullopt;
}

}  // namespace ctgate
