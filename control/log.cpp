// SPDX-License-Identifier: GPL-2.0-only
#include "control/log.hpp"

#include <fmt/core.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>

namespace ctgate {
namespace {

// "<4>": syslog's number of the level.
class JournalLevel : public spdlog::custom_flag_formatter {
  public:
    void format(const spdlog::details::log_msg& message, const std::tm&,
                spdlog::memory_buf_t& out) override {
        const char* number = message.level >= spdlog::level::err    ? "<3>"
                             : message.level == spdlog::level::warn ? "<4>"
                             : message.level == spdlog::level::info ? "<6>"
                                                                    : "<7>";
        out.append(number, number + 3);
    }
    std::unique_ptr<custom_flag_formatter> clone() const override {
        return std::make_unique<JournalLevel>();
    }
};

}  // namespace

spdlog::level::level_enum to_spdlog(LogLevel level) {
    switch (level) {
        case LogLevel::debug:
            return spdlog::level::debug;
        case LogLevel::info:
            return spdlog::level::info;
        case LogLevel::warning:
            return spdlog::level::warn;
        case LogLevel::error:
            break;
    }
    return spdlog::level::err;
}

// "DEVICE:INODE" of what systemd connects stdout and stderr to (systemd.exec(5)).
bool is_journal(int fd) {
    const char* stream = std::getenv("JOURNAL_STREAM");
    struct stat info {};
    return stream != nullptr && ::fstat(fd, &info) == 0 &&
           fmt::format("{}:{}", info.st_dev, info.st_ino) == stream;
}

void set_up_log(LogLevel level) {
    auto logger = std::make_shared<spdlog::logger>(
        "ctgate", std::make_shared<spdlog::sinks::stderr_sink_st>());
    if (is_journal(STDERR_FILENO)) {
        auto formatter = std::make_unique<spdlog::pattern_formatter>();
        formatter->add_flag<JournalLevel>('*').set_pattern("%*%v");
        logger->set_formatter(std::move(formatter));
    } else {
        logger->set_pattern("ctgate: %l: %v");
    }
    logger->set_level(to_spdlog(level));
    logger->flush_on(spdlog::level::debug);
    spdlog::set_default_logger(std::move(logger));
}

void set_log_level(LogLevel level) {
    spdlog::set_level(to_spdlog(level));
}

}  // namespace ctgate
