// SPDX-License-Identifier: GPL-2.0-only
// --help of `run` and `check`: the table of options, and what a table cannot say.
#include <sstream>

#include "control/option_table.hpp"
#include "control/options.hpp"

namespace ctgate {
namespace {

constexpr const char* file_and_examples = R"(
The file of --config has the same options without dashes, one a line:

  # home gateway
  internal = lan0
  external = wan0
  external-address = 203.0.113.5
  port-range = 203.0.113.5=20000-59999

The command line adds to the options that may stand more than once (interfaces,
addresses, port ranges, hosts, forwards, routes) and wins over the file with all
others. '#' begins a comment; blank lines do not matter.

Examples:
  ctgate run --internal lan0 --internal lab0 --external wan0
  ctgate run --config /etc/ctgate/ctgate.conf --log-level debug
  ctgate run --netns gw --move eth1 --move eth2 \
      --internal eth1 --address eth1=10.0.0.1/24 \
      --external eth2 --address eth2=203.0.113.5/24 \
      --route 0.0.0.0/0,via=203.0.113.1
)";

}  // namespace

std::string options_help() {
    std::stringstream table;
    table << describe_options();
    std::string result;
    for (std::string line; std::getline(table, line);) {
        line.erase(line.find_last_not_of(' ') + 1);  // Boost leaves the space at which it wraps
        result += line + '\n';
    }
    return result + file_and_examples;
}

}  // namespace ctgate
