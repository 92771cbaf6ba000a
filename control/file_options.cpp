// SPDX-License-Identifier: GPL-2.0-only
#include "control/file_options.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <iterator>
#include <vector>

namespace ctgate {

FileOptions parse_file_options(const std::string& command, const std::string& stream,
                               Arguments arguments) {
    // "-" is no option here.
    std::vector<std::string> words;
    std::vector<std::string> files;
    std::partition_copy(arguments.begin(), arguments.end(), std::back_inserter(files),
                        std::back_inserter(words),
                        [](const std::string& word) { return word == "-"; });
    FileOptions result{parse_common(command, words), ""};
    if (result.common.help) {
        return result;
    }
    files.insert(files.end(), result.common.positional.begin(), result.common.positional.end());
    if (files.size() != 1 || files[0].empty()) {
        throw ConfigError({fmt::format("'{}' takes one FILE, or '-' for {}", command, stream)});
    }
    result.file = files[0];
    return result;
}

}  // namespace ctgate
