// SPDX-License-Identifier: GPL-2.0-only
// Any bytes as a file of `ctgate save`, and any line as a record of one: the only exceptions are
// those of their refusal, which is one printable line, and what is accepted reads the same when
// written again.
#include <cstdint>
#include <cstdlib>
#include <sstream>
#include <stdexcept>
#include <string>

#include "control/saved_file.hpp"

namespace {

using namespace ctgate::saved;

void require(bool condition) {
    if (!condition) {
        std::abort();
    }
}

void require_sentence(const std::string& text) {
    require(!text.empty());
    for (const char c : text) {
        require(c >= ' ' && c <= '~');
    }
}

void require_same_again(const Record& record) {
    const std::string line = to_line(record);
    require(to_line(std::get<Record>(parse_line(line))) == line);
}

void as_file(const std::string& text) {
    std::istringstream input(text);
    try {
        Reader reader(input, "file");
        while (const auto record = reader.next()) {
            require_same_again(*record);
        }
    } catch (const std::runtime_error& error) {
        require_sentence(error.what());
    }
}

void as_records(const std::string& text) {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        try {
            if (const Line parsed = parse_line(line); std::holds_alternative<Record>(parsed)) {
                require_same_again(std::get<Record>(parsed));
            }
        } catch (const BadRecord& error) {
            require_sentence(error.what());
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(reinterpret_cast<const char*>(data), size);
    as_file(text);
    as_records(text);
    return 0;
}
