// SPDX-License-Identifier: GPL-2.0-only
// The order in which changes are noted, made and taken back, with fakes in place of the machine.
#include "control/journal.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace ctgate {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class JournalTest : public testing::Test {
  protected:
    JournalTest() {
        char name[] = "/tmp/ctgate-journal-XXXXXX";
        directory_ = ::mkdtemp(name);
    }
    ~JournalTest() override { std::filesystem::remove_all(directory_); }

    std::string path() const { return directory_ + "/journal"; }
    // What a process that comes after a crash finds.
    std::vector<std::string> keys_on_disk() const { return keys(Journal(path())); }

    static std::vector<std::string> keys(const Journal& journal) {
        std::vector<std::string> result;
        for (const Change& each : journal.changes()) {
            result.push_back(each.key);
        }
        return result;
    }

    std::string directory_;
    std::vector<std::string> undone_;
    Journal::Undo undo_ = [this](const Change& change) { undone_.push_back(change.key); };
};

TEST_F(JournalTest, IsOnDiskBeforeTheChangeIsMade) {
    Journal journal(path());
    EXPECT_THAT(keys_on_disk(), IsEmpty());
    journal.record({"table", {{"kind", "table"}}});
    EXPECT_THAT(keys_on_disk(), ElementsAre("table"));
    journal.record({"sysctl a", {{"kind", "sysctl"}, {"before", "0"}}});
    EXPECT_THAT(keys_on_disk(), ElementsAre("table", "sysctl a"));
    EXPECT_EQ(Journal(path()).find("sysctl a")->details.at("before"), "0");
}

TEST_F(JournalTest, UnwindsNewestFirst) {
    Journal journal(path());
    for (const char* key : {"netns", "table", "attachment 2", "forwarding"}) {
        journal.record({key, {{"kind", "x"}}});
    }
    journal.undo_all(undo_);
    EXPECT_THAT(undone_, ElementsAre("forwarding", "attachment 2", "table", "netns"));
    EXPECT_THAT(keys_on_disk(), IsEmpty());
}

TEST_F(JournalTest, AFailedStartTakesBackOnlyItsOwnChanges) {
    Journal earlier(path());
    earlier.record({"table", {{"kind", "x"}}});

    Journal journal(path());
    const std::set<std::string> known = journal.keys();
    journal.record({"address", {{"kind", "x"}}});
    journal.record({"table", {{"kind", "x"}}});  // it was there: still not ours to take back
    journal.record({"route", {{"kind", "x"}}});
    journal.undo_if([&](const Change& each) { return !known.contains(each.key); }, undo_);
    EXPECT_THAT(undone_, ElementsAre("route", "address"));
    EXPECT_THAT(keys_on_disk(), ElementsAre("table"));
}

TEST_F(JournalTest, AStepThatFailsStopsNoOtherAndStaysForTheNextTry) {
    Journal journal(path());
    for (const char* key : {"a", "b", "c"}) {
        journal.record({key, {{"kind", "x"}}});
    }
    const auto undo_but_b = [&](const Change& change) {
        undo_(change);
        if (change.key == "b") {
            throw std::runtime_error("b is busy");
        }
    };
    EXPECT_THROW(
        {
            try {
                journal.undo_all(undo_but_b);
            } catch (const std::runtime_error& error) {
                EXPECT_STREQ(error.what(), "b is busy");
                throw;
            }
        },
        std::runtime_error);
    EXPECT_THAT(undone_, ElementsAre("c", "b", "a"));
    EXPECT_THAT(keys_on_disk(), ElementsAre("b"));
    journal.undo_all(undo_);
    EXPECT_THAT(keys_on_disk(), IsEmpty());
}

TEST_F(JournalTest, AChangeKeepsItsPlaceAndForgettingNeedsNoUndo) {
    Journal journal(path());
    journal.record({"a", {{"value", "1"}}});
    journal.record({"b", {{"value", "1"}}});
    journal.record({"a", {{"value", "2"}}});
    EXPECT_THAT(keys(journal), ElementsAre("a", "b"));
    EXPECT_EQ(journal.find("a")->details.at("value"), "2");
    journal.forget("a");
    EXPECT_THAT(keys_on_disk(), ElementsAre("b"));
    EXPECT_THAT(undone_, IsEmpty());
}

TEST_F(JournalTest, UndoesWhatIsUnwanted) {
    Journal journal(path());
    for (const char* key : {"address 1", "route 1", "address 2"}) {
        journal.record({key, {{"kind", "x"}}});
    }
    journal.undo_if([](const Change& change) { return change.key.starts_with("address"); }, undo_);
    EXPECT_THAT(undone_, ElementsAre("address 2", "address 1"));
    EXPECT_THAT(keys_on_disk(), ElementsAre("route 1"));
}

TEST_F(JournalTest, ADamagedFileIsAnError) {
    std::ofstream(path()) << "[{\"key\": \"a\"";
    EXPECT_THROW(Journal{path()}, std::runtime_error);
}

}  // namespace
}  // namespace ctgate
