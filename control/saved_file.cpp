// SPDX-License-Identifier: GPL-2.0-only
#include "control/saved_file.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <boost/crc.hpp>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <utility>

namespace ctgate::saved {
namespace {

constexpr std::size_t buffer_size = 65536;
constexpr std::size_t longest_line = 1024;

std::system_error failure(const std::string& what) {
    return {errno, std::generic_category(), what};
}

// Where the file is to be, once links are followed: it is replaced, not they.
std::string target_of(const std::string& path) {
    struct stat there {};
    if (::stat(path.c_str(), &there) == 0 && !S_ISREG(there.st_mode)) {
        throw std::runtime_error(fmt::format(
            "{} is there and no ordinary file; name another, or '-' for standard output", path));
    }
    std::error_code error;
    const std::filesystem::path target = std::filesystem::weakly_canonical(path, error);
    return error ? path : target.string();
}

// So that the name is on the disk, too.
void sync_directory_of(const std::string& path) {
    const std::string directory = std::filesystem::path(path).parent_path().string();
    const FileDescriptor opened(
        ::open(directory.empty() ? "." : directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (opened) {
        ::fsync(opened.get());
    }
}

}  // namespace

struct Checksum::State {
    boost::crc_32_type crc;
};

Checksum::Checksum() : state_(std::make_unique<State>()) {}
Checksum::~Checksum() = default;

void Checksum::add(const std::string& line) {
    state_->crc.process_bytes(line.data(), line.size());
    state_->crc.process_byte('\n');
}

std::uint32_t Checksum::value() const {
    return state_->crc.checksum();
}

Writer::Writer(std::string path, const Header& header) : path_(std::move(path)) {
    if (!to_stdout()) {
        path_ = target_of(path_);
        std::string draft = path_ + ".XXXXXX";
        file_ = FileDescriptor(::mkostemp(draft.data(), O_CLOEXEC));  // mode 0600
        if (!file_) {
            throw failure(fmt::format("Cannot create a file beside {}", path_));
        }
        draft_ = std::move(draft);
    }
    put_line(to_line(header));
}

Writer::~Writer() {
    if (!draft_.empty()) {
        ::unlink(draft_.c_str());
    }
}

void Writer::put(const Record& record) {
    put_line(to_line(record));
    counts_.add(record);
}

const Counts& Writer::finish() {
    put_line(end_line(counts_, checksum_.value()));
    flush();
    if (to_stdout()) {
        return counts_;
    }
    if (::fsync(file_.get()) != 0 || ::rename(draft_.c_str(), path_.c_str()) != 0) {
        throw failure(fmt::format("Cannot write {}", path_));
    }
    draft_.clear();
    sync_directory_of(path_);
    return counts_;
}

void Writer::put_line(const std::string& line) {
    checksum_.add(line);
    buffer_ += line;
    buffer_ += '\n';
    if (buffer_.size() >= buffer_size) {
        flush();
    }
}

void Writer::flush() {
    const int file = to_stdout() ? STDOUT_FILENO : file_.get();
    for (std::size_t done = 0; done < buffer_.size();) {
        const ssize_t written = ::write(file, buffer_.data() + done, buffer_.size() - done);
        if (written < 0 && errno != EINTR) {
            throw failure(to_stdout() ? "Cannot write to standard output"
                                      : fmt::format("Cannot write {}", path_));
        }
        done += written < 0 ? 0 : static_cast<std::size_t>(written);
    }
    buffer_.clear();
}

Reader::Reader(std::istream& input, std::string name) : input_(input), name_(std::move(name)) {
    const std::string first = line();
    try {
        header_ = parse_header(first);
    } catch (const BadRecord& error) {
        fail(error.what());
    }
    checksum_.add(first);
}

std::optional<Record> Reader::next() {
    const std::string text = line();
    try {
        const Line parsed = parse_line(text);
        if (const auto* end = std::get_if<End>(&parsed)) {
            check(*end);
            return std::nullopt;
        }
        checksum_.add(text);
        counts_.add(std::get<Record>(parsed));
        return std::get<Record>(parsed);
    } catch (const BadRecord& error) {
        fail(error.what());
    }
}

std::string Reader::line() {
    ++number_;
    std::array<char, longest_line> buffer{};
    input_.getline(buffer.data(), buffer.size());
    if (input_.bad()) {
        fail("it cannot be read");
    }
    if (input_.eof()) {
        fail("the file is cut off; nothing of it is used");
    }
    if (input_.fail()) {
        fail("the line is too long");
    }
    return {buffer.data(), static_cast<std::size_t>(input_.gcount()) - 1};
}

void Reader::fail(const std::string& what) const {
    throw std::runtime_error(fmt::format("{}:{}: {}", name_, number_, what));
}

void Reader::check(const End& end) {
    if (end.counts != counts_ || end.checksum != checksum_.value()) {
        fail(
            "the file is not as it was written (its counts or checksum differ); nothing of it is "
            "used");
    }
    if (input_.peek() != std::istream::traits_type::eof()) {
        fail("something follows the end; nothing of the file is used");
    }
}

}  // namespace ctgate::saved
