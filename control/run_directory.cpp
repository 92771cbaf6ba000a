// SPDX-License-Identifier: GPL-2.0-only
#include "control/run_directory.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <linux/magic.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <set>
#include <system_error>

#include "control/host_mounts.hpp"
#include "control/netns.hpp"

namespace ctgate {
namespace {

namespace fs = std::filesystem;

constexpr const char* root = "/run/ctgate";
constexpr const char* bpffs = "/run/ctgate/bpf";

[[noreturn]] void fail(const std::string& what) {
    throw std::system_error(errno, std::generic_category(), what);
}

FileDescriptor open_directory(const std::string& path) {
    return FileDescriptor(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

FileDescriptor open_if_there(const std::string& path) {
    FileDescriptor directory = open_directory(path);
    if (!directory && errno != ENOENT) {
        fail(fmt::format("Cannot open {} (needs root)", path));
    }
    return directory;
}

// For root only: whoever could open these could also lock them.
// False: it was there.
bool make_directory(const std::string& path) {
    if (::mkdir(path.c_str(), 0700) == 0) {
        return true;
    }
    if (errno != EEXIST) {
        fail(fmt::format("Cannot create {} (needs root)", path));
    }
    return false;
}

bool is_bpffs(const char* path) {
    struct statfs info {};
    return ::statfs(path, &info) == 0 && info.f_type == BPF_FS_MAGIC;
}

void mount_bpffs() {
    make_directory(bpffs);
    if (!is_bpffs(bpffs) && ::mount("bpf", bpffs, "bpf", 0, "mode=0700") != 0) {
        fail(fmt::format("Cannot mount a BPF file system at {} (needs CAP_SYS_ADMIN)", bpffs));
    }
}

// Held while directories come and go, so that the last gateway to leave does not take them away
// from the next one. Whoever holds it may remove the directory: what is locked is compared with
// what is there.
FileDescriptor lock_root() {
    for (;;) {
        make_directory(root);
        FileDescriptor directory = open_directory(root);
        if (!directory && errno == ENOENT) {
            continue;
        }
        if (!directory || ::flock(directory.get(), LOCK_EX) != 0) {
            fail(fmt::format("Cannot lock {} (needs root)", root));
        }
        struct stat held {};
        struct stat named {};
        if (::fstat(directory.get(), &held) == 0 && ::stat(root, &named) == 0 &&
            held.st_ino == named.st_ino && held.st_dev == named.st_dev) {
            return directory;
        }
    }
}

// The kernel puts files of its own (*.debug) into each bpffs.
bool has_directories(const char* path) {
    std::error_code none;
    const fs::directory_iterator entries(path, none);
    return std::any_of(begin(entries), end(entries),
                       [](const fs::directory_entry& each) { return each.is_directory(); });
}

// Nothing goes that another gateway uses.
void remove_what_is_empty() {
    if (is_bpffs(bpffs) && !has_directories(bpffs)) {
        ::umount2(bpffs, MNT_DETACH);
    }
    ::rmdir(bpffs);
    ::rmdir(root);
}

struct Paths {
    std::string files, pins;
};

Paths paths_of(const std::string& cookie) {
    return {fmt::format("{}/{}", root, cookie), fmt::format("{}/{}", bpffs, cookie)};
}

Paths paths() {
    return paths_of(std::to_string(netns::current_cookie()));
}

// Of all namespaces that have something here.
std::set<std::string> cookies() {
    std::set<std::string> found;
    for (const char* parent : {root, bpffs}) {
        std::error_code none;
        for (const fs::directory_entry& each : fs::directory_iterator(parent, none)) {
            if (const std::string name = each.path().filename();
                name != "bpf" && each.is_directory()) {
                found.insert(name);
            }
        }
    }
    return found;
}

// True: none of both was there.
bool make_directories(const Paths& at) {
    try {
        mount_bpffs();
        const bool files = make_directory(at.files);
        const bool pins = make_directory(at.pins);
        return files && pins;
    } catch (...) {
        remove_what_is_empty();
        throw;
    }
}

std::string path_of(const FileDescriptor& directory, const std::string& name) {
    return fmt::format("/proc/self/fd/{}/{}", directory.get(), name);
}

// Unlike flock(2), this kind of lock can be asked for without being taken.
struct flock whole_file() {
    struct flock lock {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    return lock;
}

void remove_tree(const std::string& path) {
    std::error_code error;
    fs::remove_all(path, error);
    if (error) {
        throw std::system_error(error, fmt::format("Cannot remove {}", path));
    }
}

}  // namespace

RunDirectory::RunDirectory(FileDescriptor files, FileDescriptor pins, bool fresh)
    : files_(std::move(files)), pins_(std::move(pins)), fresh_(fresh) {}

RunDirectory::~RunDirectory() {
    if (fresh_ && files_) {
        try {
            remove();
        } catch (const std::exception&) {
            // What stopped the start says more than what it left behind.
        }
    }
}

RunDirectory RunDirectory::create() {
    const Paths at = paths();
    FileDescriptor files;
    FileDescriptor pins;
    bool fresh = false;
    in_host_mounts([&] {
        const FileDescriptor lock = lock_root();
        fresh = make_directories(at);
        files = open_directory(at.files);
        pins = open_directory(at.pins);
        if (!files || !pins) {
            fail(fmt::format("Cannot open {}", root));
        }
    });
    return {std::move(files), std::move(pins), fresh};
}

std::optional<RunDirectory> RunDirectory::find() {
    const Paths at = paths();
    FileDescriptor files;
    FileDescriptor pins;
    in_host_mounts([&] {
        files = open_if_there(at.files);
        pins = open_if_there(at.pins);
    });
    if (!files && !pins) {
        return std::nullopt;
    }
    return RunDirectory(std::move(files), std::move(pins), false);
}

bool RunDirectory::is_whole() const {
    const auto is_linked = [](const FileDescriptor& directory) {
        struct stat info {};
        return ::fstat(directory.get(), &info) == 0 && info.st_nlink != 0;
    };
    return is_linked(files_) && is_linked(pins_);
}

// The new ones take the numbers of the old ones, which are in the paths that others keep.
void RunDirectory::restore() {
    RunDirectory now = create();
    now.keep();
    for (const auto& [from, to] :
         {std::pair(&now.files_, &files_), std::pair(&now.pins_, &pins_)}) {
        if (::dup3(from->get(), to->get(), O_CLOEXEC) < 0) {
            fail("Cannot hold the directories below /run/ctgate");
        }
    }
}

std::string RunDirectory::file(const std::string& name) const {
    return path_of(files_, name);
}

std::string RunDirectory::pin(const std::string& name) const {
    return path_of(pins_, name);
}

std::string RunDirectory::pins() const {
    return fmt::format("/proc/self/fd/{}", pins_.get());
}

void RunDirectory::remove() {
    const Paths at = paths();
    // Open descriptors would keep the file system busy.
    files_ = FileDescriptor();
    pins_ = FileDescriptor();
    in_host_mounts([&] {
        const FileDescriptor lock = lock_root();
        remove_tree(at.pins);
        remove_tree(at.files);
        remove_what_is_empty();
    });
}

bool RunDirectory::remove_all() {
    bool removed = false;
    in_host_mounts([&] {
        if (!open_if_there(root)) {
            return;
        }
        const FileDescriptor lock = lock_root();
        for (const std::string& cookie : cookies()) {
            const Paths at = paths_of(cookie);
            const RunDirectory each(open_if_there(at.files), open_if_there(at.pins), false);
            if (DaemonLock::holder(each) == 0) {
                remove_tree(at.pins);
                remove_tree(at.files);
                removed = true;
            }
        }
        remove_what_is_empty();
    });
    return removed;
}

DaemonLock::DaemonLock(const RunDirectory& directory)
    : file_(::open(directory.file("lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
    if (!file_) {
        fail("Cannot create the lock of this network namespace; 'ctgate down' may be at work");
    }
    struct flock wanted = whole_file();
    if (::fcntl(file_.get(), F_OFD_SETLK, &wanted) != 0) {
        throw std::runtime_error(
            fmt::format("Another ctgate (process {}) already serves this network namespace, or "
                        "takes it down; 'ctgate down' ends it",
                        holder(directory)));
    }
    const std::string pid = fmt::format("{}\n", ::getpid());
    if (::ftruncate(file_.get(), 0) != 0 ||
        ::write(file_.get(), pid.data(), pid.size()) != static_cast<ssize_t>(pid.size())) {
        fail("Cannot write the lock of this network namespace");
    }
}

void DaemonLock::renew(const RunDirectory& directory) {
    struct stat held {};
    if (::fstat(file_.get(), &held) != 0 || held.st_nlink == 0) {
        *this = DaemonLock(directory);
    }
}

int DaemonLock::holder(const RunDirectory& directory) {
    const FileDescriptor file(::open(directory.file("lock").c_str(), O_RDONLY | O_CLOEXEC));
    struct flock held = whole_file();
    if (!file || ::fcntl(file.get(), F_OFD_GETLK, &held) != 0 || held.l_type != F_WRLCK) {
        return 0;
    }
    char text[16] = {};
    int pid = 0;
    if (const ssize_t length = ::read(file.get(), text, sizeof(text)); length > 0) {
        std::from_chars(text, text + length, pid);
    }
    return pid;
}

}  // namespace ctgate
