// SPDX-License-Identifier: GPL-2.0-only
// What the log writes to stderr: for people, or for the journal, and from which level on.
#include "control/log.hpp"

#include <fmt/core.h>
#include <gtest/gtest.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <string>

namespace ctgate {
namespace {

class Log : public testing::Test {
  protected:
    Log() { testing::internal::CaptureStderr(); }
    ~Log() override {
        if (!taken_) {
            written();
        }
        ::unsetenv("JOURNAL_STREAM");
        spdlog::set_default_logger(before_);
    }

    std::string written() {
        taken_ = true;
        return testing::internal::GetCapturedStderr();
    }

    // As systemd does for what it connects to the journal.
    static void name_journal(ino_t more) {
        struct stat info {};
        ASSERT_EQ(::fstat(STDERR_FILENO, &info), 0);
        ::setenv("JOURNAL_STREAM", fmt::format("{}:{}", info.st_dev, info.st_ino + more).c_str(),
                 1);
    }

    static void write_all() {
        spdlog::debug("one");
        spdlog::info("two");
        spdlog::warn("three");
        spdlog::error("four");
    }

  private:
    bool taken_ = false;
    std::shared_ptr<spdlog::logger> before_ = spdlog::default_logger();
};

TEST_F(Log, WordsForPeople) {
    set_up_log(LogLevel::debug);
    write_all();
    EXPECT_EQ(written(),
              "ctgate: debug: one\nctgate: info: two\nctgate: warning: three\nctgate: error: "
              "four\n");
}

TEST_F(Log, NumbersForTheJournal) {
    name_journal(0);
    set_up_log(LogLevel::debug);
    write_all();
    EXPECT_EQ(written(), "<7>one\n<6>two\n<4>three\n<3>four\n");
}

TEST_F(Log, TheJournalOfSomebodyElse) {
    name_journal(1);
    set_up_log(LogLevel::error);
    write_all();
    EXPECT_EQ(written(), "ctgate: error: four\n");
}

TEST_F(Log, FromALevelOn) {
    set_up_log(LogLevel::info);
    set_log_level(LogLevel::warning);
    write_all();
    EXPECT_EQ(written(), "ctgate: warning: three\nctgate: error: four\n");
}

}  // namespace
}  // namespace ctgate
