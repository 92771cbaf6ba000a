// SPDX-License-Identifier: GPL-2.0-only
// The lines of saved.hpp written to, and read from, a file.
#pragma once

#include <cstdint>
#include <istream>
#include <memory>
#include <optional>
#include <string>

#include "control/fd.hpp"
#include "control/saved.hpp"

namespace ctgate::saved {

// CRC-32 of all lines so far, with their ends.
class Checksum {
  public:
    Checksum();
    ~Checksum();
    void add(const std::string& line);
    std::uint32_t value() const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

// Writes into a file for root alone that takes its name once it is complete and on the disk; what
// is not finished, vanishes.
class Writer {
  public:
    // "-": standard output.
    Writer(std::string path, const Header& header);
    ~Writer();
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;

    void put(const Record& record);
    const Counts& finish();

  private:
    void put_line(const std::string& line);
    void flush();
    bool to_stdout() const { return path_ == "-"; }

    std::string path_;
    std::string draft_;  // its name until then; empty: there is none
    FileDescriptor file_;
    std::string buffer_;
    Checksum checksum_;
    Counts counts_;
};

// One pass through such a file. Throws std::runtime_error with name and line when it is not whole.
class Reader {
  public:
    Reader(std::istream& input, std::string name);

    const Header& header() const { return header_; }
    // nullopt: the end, and all of it was as it was written.
    std::optional<Record> next();

  private:
    std::string line();
    [[noreturn]] void fail(const std::string& what) const;
    void check(const End& end);

    std::istream& input_;
    std::string name_;
    std::uint64_t number_ = 0;
    Header header_;
    Checksum checksum_;
    Counts counts_;
};

}  // namespace ctgate::saved
