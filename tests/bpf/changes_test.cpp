// SPDX-License-Identifier: GPL-2.0-only
// Kernel settings and the journal, in a network namespace made for each test; root. However often
// ctgate changes one, and wherever it is killed, the way back leads to what was there first.
#include "control/changes.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <string>
#include <system_error>

#include "control/netns.hpp"
#include "control/run_directory.hpp"
#include "control/sysctl.hpp"
#include "tests/bpf/scratch_netns.hpp"

namespace ctgate {
namespace {

constexpr const char* name = "net/ipv4/ip_default_ttl";
constexpr const char* impossible = "999";

class ChangesTest : public testing::Test {
  protected:
    ChangesTest() { sysctl::write(name, "60"); }
    ~ChangesTest() override { ::unlink(path_.c_str()); }

    bool set(const std::string& value) {
        Journal journal(path_);
        return changes::set_sysctl(journal, name, value);
    }
    // The journal has it, but the change is not made, as if the process had been killed between.
    void only_note() { EXPECT_THROW(set(impossible), std::system_error); }
    void undo() {
        Journal journal(path_);
        const RunDirectory directory = RunDirectory::create();
        const FileDescriptor here = netns::open_current();
        journal.undo_all([&](const Change& each) { changes::undo(each, directory, here); });
    }
    static std::string current() { return sysctl::read(name).value(); }

  private:
    const ScratchNetns netns_;
    const std::string path_ =
        testing::TempDir() + "ctgate-changes-" + std::to_string(::getpid()) + ".journal";
};

TEST_F(ChangesTest, TheFirstValueComesBack) {
    EXPECT_TRUE(set("70"));
    EXPECT_TRUE(set("80"));
    EXPECT_EQ(current(), "80");
    EXPECT_TRUE(set("60"));
    EXPECT_TRUE(set("90"));
    undo();
    EXPECT_EQ(current(), "60");
}

TEST_F(ChangesTest, AlsoWhenKilledBeforeTheFirstChange) {
    only_note();
    EXPECT_EQ(current(), "60");
    EXPECT_TRUE(set("80"));
    undo();
    EXPECT_EQ(current(), "60");
}

TEST_F(ChangesTest, AlsoWhenKilledBeforeTheSecondChange) {
    EXPECT_TRUE(set("70"));
    only_note();
    EXPECT_EQ(current(), "70");
    EXPECT_TRUE(set("90"));
    undo();
    EXPECT_EQ(current(), "60");
    EXPECT_TRUE(set("70"));
    only_note();
    undo();
    EXPECT_EQ(current(), "60");
}

TEST_F(ChangesTest, WhatSomebodyElseHasSetStays) {
    EXPECT_TRUE(set("70"));
    sysctl::write(name, "75");
    undo();
    EXPECT_EQ(current(), "75");
    EXPECT_TRUE(set("80"));
    sysctl::write(name, "85");
    EXPECT_TRUE(set("90"));
    undo();
    EXPECT_EQ(current(), "85");
}

}  // namespace
}  // namespace ctgate
