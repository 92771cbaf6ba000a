// SPDX-License-Identifier: GPL-2.0-only
#include "control/process.hpp"
#include "control/pidfd.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <system_error>

namespace ctgate {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto patience = 3s;  // between SIGTERM and SIGKILL

std::system_error system_error(int code, const std::string& what) {
    return {code, std::generic_category(), what};
}

// Owner of what posix_spawn is told: a session of its own, default signal mask, redirections.
class SpawnSettings {
  public:
    explicit SpawnSettings(int output) {
        posix_spawnattr_init(&attributes);
        posix_spawn_file_actions_init(&actions);
        sigset_t none;
        sigemptyset(&none);
        posix_spawnattr_setsigmask(&attributes, &none);
        posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK);
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
        posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO);
    }
    ~SpawnSettings() {
        posix_spawn_file_actions_destroy(&actions);
        posix_spawnattr_destroy(&attributes);
    }
    SpawnSettings(const SpawnSettings&) = delete;
    SpawnSettings& operator=(const SpawnSettings&) = delete;

    posix_spawnattr_t attributes{};
    posix_spawn_file_actions_t actions{};
};

pid_t spawn(const Words& words, const FileDescriptor& output) {
    const auto path = find_program(words.at(0));
    if (!path) {
        throw std::runtime_error(fmt::format("Cannot find the program '{}'", words[0]));
    }
    std::vector<char*> arguments;
    for (const std::string& word : words) {
        arguments.push_back(const_cast<char*>(word.c_str()));
    }
    arguments.push_back(nullptr);
    const SpawnSettings settings(output.get());
    pid_t pid = -1;
    const int error = ::posix_spawn(&pid, path->c_str(), &settings.actions, &settings.attributes,
                                    arguments.data(), environ);
    if (error != 0) {
        throw system_error(error, fmt::format("Cannot start {}", *path));
    }
    return pid;
}

int remaining_ms(Clock::time_point deadline) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    return static_cast<int>(std::max(left, 0ms).count());
}

}  // namespace

Interrupts::Interrupts() {
    sigset_t signals;
    sigemptyset(&signals);
    for (const int each : {SIGINT, SIGTERM, SIGHUP}) {
        sigaddset(&signals, each);
    }
    fd_ = FileDescriptor(::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!fd_) {
        throw system_error(errno, "Cannot watch for signals");
    }
    pthread_sigmask(SIG_BLOCK, &signals, &before_);
}

Interrupts::~Interrupts() {
    // A signal that was acted upon (the wait threw) must not strike again now.
    signalfd_siginfo taken{};
    while (::read(fd_.get(), &taken, sizeof(taken)) > 0) {
    }
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

void Interrupts::sleep(std::chrono::milliseconds time) const {
    pollfd event{fd_.get(), POLLIN, 0};
    if (::poll(&event, 1, static_cast<int>(time.count())) > 0) {
        throw Interrupted();
    }
}

std::optional<std::string> find_program(const std::string& name) {
    if (name.find('/') != std::string::npos) {
        return name;
    }
    const char* path = std::getenv("PATH");
    std::istringstream directories(std::string(path == nullptr ? "/usr/bin:/bin" : path) +
                                   ":/usr/sbin:/sbin");
    for (std::string directory; std::getline(directories, directory, ':');) {
        const std::string candidate = fmt::format("{}/{}", directory, name);
        if (!directory.empty() && ::access(candidate.c_str(), X_OK) == 0) {
            return candidate;
        }
    }
    return std::nullopt;
}

std::string own_path() {
    return std::filesystem::read_symlink("/proc/self/exe");
}

FileDescriptor memory_file() {
    FileDescriptor file(::memfd_create("output", MFD_CLOEXEC));
    if (!file) {
        throw system_error(errno, "Cannot create a file in memory");
    }
    return file;
}

std::string contents_of(const FileDescriptor& file) {
    std::string contents;
    std::array<char, 16384> buffer{};
    ssize_t length = 0;
    // pread: the offset belongs to the child, which appends there.
    while ((length = ::pread(file.get(), buffer.data(), buffer.size(),
                             static_cast<off_t>(contents.size()))) > 0) {
        contents.append(buffer.data(), static_cast<std::size_t>(length));
    }
    return contents;
}

Process::Process(const Words& words, const FileDescriptor& output)
    : pid_(spawn(words, output)), pidfd_(::pidfd_open(pid_, 0)) {
    if (!pidfd_) {
        const int error = errno;
        ::kill(-pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
        throw system_error(error, "Cannot watch a child process (needs Linux 5.3)");
    }
}

Process::~Process() {
    if (pidfd_) {
        stop();
    }
}

std::optional<int> Process::wait(std::chrono::milliseconds limit, const Interrupts* interrupts) {
    const auto deadline = Clock::now() + limit;
    while (!status_) {
        std::array<pollfd, 2> events{
            {{pidfd_.get(), POLLIN, 0}, {interrupts ? interrupts->fd() : -1, POLLIN, 0}}};
        const int ready = ::poll(events.data(), events.size(), remaining_ms(deadline));
        if (events[1].revents != 0) {
            throw Interrupted();
        }
        if (events[0].revents != 0) {
            int raw = 0;
            ::waitpid(pid_, &raw, 0);
            status_ = WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
        } else if (ready == 0) {
            return std::nullopt;
        }
    }
    return status_;
}

void Process::stop() {
    if (!status_) {
        ::kill(-pid_, SIGTERM);
        if (!wait(patience, nullptr)) {
            ::kill(-pid_, SIGKILL);
            wait(patience, nullptr);
        }
    }
    release();
}

void Process::release() {
    pidfd_ = FileDescriptor();
}

Outcome run_program(const Words& words, std::chrono::milliseconds limit,
                    const Interrupts* interrupts) {
    const FileDescriptor output = memory_file();
    Process process(words, output);
    const auto status = process.wait(limit, interrupts);
    process.stop();
    return {status.value_or(-1), contents_of(output)};
}

}  // namespace ctgate
