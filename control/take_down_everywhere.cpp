// SPDX-License-Identifier: GPL-2.0-only
// `ctgate down --all`
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>

#include <algorithm>
#include <exception>
#include <filesystem>
#include <set>
#include <utility>
#include <vector>

#include "control/gateway.hpp"
#include "control/netns.hpp"

namespace ctgate {
namespace {

namespace fs = std::filesystem;

// Network namespaces, each once.
class Namespaces {
  public:
    // What cannot be opened is none: a process that has ended, a file left by `ip netns`.
    void add(const std::string& path) {
        FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
        struct stat info {};
        if (file && ::fstat(file.get(), &info) == 0 &&
            seen_.emplace(info.st_dev, info.st_ino).second) {
            list_.push_back(std::move(file));
        }
    }
    const std::vector<FileDescriptor>& list() const { return list_; }

  private:
    std::set<std::pair<dev_t, ino_t>> seen_;
    std::vector<FileDescriptor> list_;
};

Namespaces find_namespaces() {
    Namespaces found;
    found.add("/proc/thread-self/ns/net");
    std::error_code none;
    for (const fs::directory_entry& each : fs::directory_iterator("/run/netns", none)) {
        if (netns::exists(each.path().filename())) {
            found.add(each.path());
        }
    }
    for (const fs::directory_entry& each : fs::directory_iterator("/proc", none)) {
        const std::string name = each.path().filename();
        if (std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; })) {
            found.add(each.path() / "ns/net");
        }
    }
    return found;
}

}  // namespace

bool take_down_everywhere(const FileDescriptor& origin) {
    bool removed = false;
    std::exception_ptr first;
    const Namespaces found = find_namespaces();
    for (const FileDescriptor& each : found.list()) {
        try {
            const netns::Scope scope(each);
            removed = (RunDirectory::find() && take_down(origin)) || removed;
        } catch (const std::exception&) {
            first = first ? first : std::current_exception();
        }
    }
    if (first) {
        std::rethrow_exception(first);
    }
    return RunDirectory::remove_all() || removed;
}

}  // namespace ctgate
