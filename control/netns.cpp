// SPDX-License-Identifier: GPL-2.0-only
#include "control/netns.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <linux/magic.h>
#include <net/if.h>
#include <sched.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <system_error>

#include "control/host_mounts.hpp"

namespace ctgate::netns {
namespace {

constexpr const char* directory = "/run/netns";

[[noreturn]] void fail(const std::string& what) {
    throw std::system_error(errno, std::generic_category(), what);
}

std::string path_of(const std::string& name) {
    if (name.empty() || name == "." || name == ".." || name.find('/') != std::string::npos) {
        throw std::runtime_error(fmt::format("'{}' cannot name a network namespace", name));
    }
    return fmt::format("{}/{}", directory, name);
}

bool is_namespace(const std::string& path) {
    struct statfs info {};
    return ::statfs(path.c_str(), &info) == 0 && info.f_type == NSFS_MAGIC;
}

// /run/netns as `ip netns` wants it: shared, so that a namespace removed in one mount namespace
// goes in all of them. It becomes a mount point first, because only a mount can be shared. The
// caller holds the lock: two processes doing this at once would mount it twice.
void share_directory() {
    if (::mount("", directory, "none", MS_SHARED | MS_REC, nullptr) == 0) {
        return;
    }
    if (errno != EINVAL) {
        fail(fmt::format("Cannot make {} a shared mount", directory));
    }
    if (::mount(directory, directory, "none", MS_BIND | MS_REC, nullptr) != 0 ||
        ::mount("", directory, "none", MS_SHARED | MS_REC, nullptr) != 0) {
        fail(fmt::format("Cannot make {} a shared mount", directory));
    }
}

// The lock that newer iproute2 takes too; it ends with the descriptor.
FileDescriptor prepare_directory() {
    if (::mkdir(directory, 0755) != 0 && errno != EEXIST) {
        fail(fmt::format("Cannot create {}", directory));
    }
    FileDescriptor lock(::open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!lock || ::flock(lock.get(), LOCK_EX) != 0) {
        fail(fmt::format("Cannot lock {}", directory));
    }
    share_directory();
    return lock;
}

void loopback_up() {
    const FileDescriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ifreq request{};
    std::strcpy(request.ifr_name, "lo");
    if (!socket || ::ioctl(socket.get(), SIOCGIFFLAGS, &request) != 0) {
        fail("Cannot read the flags of the loopback interface");
    }
    request.ifr_flags |= IFF_UP;
    if (::ioctl(socket.get(), SIOCSIFFLAGS, &request) != 0) {
        fail("Cannot set the loopback interface up");
    }
}

// The calling thread enters it.
void create_and_enter() {
    if (::unshare(CLONE_NEWNET) != 0) {
        fail("Cannot create a network namespace (needs CAP_SYS_ADMIN)");
    }
    loopback_up();
}

// A fresh namespace, bound to `path`, which exists.
void populate(const std::string& path) {
    const Scope scope(open_current());
    create_and_enter();
    if (::mount("/proc/thread-self/ns/net", path.c_str(), "none", MS_BIND, nullptr) != 0) {
        fail(fmt::format("Cannot bind a network namespace to {}", path));
    }
}

}  // namespace

std::uint64_t current_cookie() {
    const FileDescriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    std::uint64_t cookie = 0;
    socklen_t length = sizeof(cookie);
    if (!socket || ::getsockopt(socket.get(), SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &length) != 0) {
        fail("Cannot read the cookie of the network namespace (needs Linux 5.14)");
    }
    return cookie;
}

FileDescriptor open_current() {
    FileDescriptor ns(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
    if (!ns) {
        fail("Cannot open the current network namespace; is /proc mounted?");
    }
    return ns;
}

FileDescriptor open_named(const std::string& name) {
    const std::string path = path_of(name);
    FileDescriptor ns;
    in_host_mounts([&] {
        if (!is_namespace(path)) {
            throw std::runtime_error(fmt::format(
                "There is no network namespace '{0}'; 'ip netns add {0}' creates one", name));
        }
        ns = FileDescriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
        if (!ns) {
            fail(fmt::format("Cannot open the network namespace '{}'", name));
        }
    });
    return ns;
}

bool exists(const std::string& name) {
    const std::string path = path_of(name);
    bool found = false;
    in_host_mounts([&] { found = is_namespace(path); });
    return found;
}

void create(const std::string& name) {
    const std::string path = path_of(name);
    in_host_mounts([&] {
        const FileDescriptor lock = prepare_directory();
        const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0));
        if (!file) {
            fail(fmt::format(
                "Cannot create the network namespace '{0}' ('ip netns del {0}' removes an old one)",
                name));
        }
        try {
            populate(path);
        } catch (...) {
            ::unlink(path.c_str());
            throw;
        }
    });
}

FileDescriptor create_unnamed() {
    const Scope scope(open_current());
    create_and_enter();
    return open_current();
}

void remove(const std::string& name) {
    const std::string path = path_of(name);
    in_host_mounts([&] {
        // EINVAL: a plain file, left by a creation that was cut short.
        if (::umount2(path.c_str(), MNT_DETACH) != 0 && errno != EINVAL && errno != ENOENT) {
            fail(fmt::format("Cannot unmount the network namespace '{}'", name));
        }
        if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
            fail(fmt::format("Cannot remove the network namespace '{}'", name));
        }
    });
}

void enter(const FileDescriptor& ns) {
    if (::setns(ns.get(), CLONE_NEWNET) != 0) {
        fail("Cannot enter the network namespace (needs CAP_SYS_ADMIN)");
    }
}

Scope::Scope(const FileDescriptor& ns) : home_(open_current()) {
    enter(ns);
}

// Leaves the destructor's noexcept to end the process if the way back is barred: going on in the
// wrong namespace would configure somebody else's network.
Scope::~Scope() {
    enter(home_);
}

}  // namespace ctgate::netns
