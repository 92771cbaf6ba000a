// SPDX-License-Identifier: GPL-2.0-only
// The file of `ctgate save`: what is written reads the same; what is cut off, changed, of another
// version or nonsense is refused as a whole.
#include "control/saved_file.hpp"

#include <gmock/gmock.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <netinet/in.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace ctgate::saved {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

Endpoint at(const char* text) {
    return Endpoint::parse(text).value();
}

Session tcp_session() {
    Session session;
    session.protocol = IPPROTO_TCP;
    session.state = "ESTABLISHED";
    session.source = at("10.0.0.2:4100");
    session.destination = at("198.51.100.2:8080");
    session.reply_source = session.destination;
    session.reply_destination = at("203.0.113.1:40001");
    session.status = IPS_SEEN_REPLY | IPS_ASSURED;
    session.mark = 7;
    session.timeout = 7440;
    session.tcp_flags = {3, 35};
    session.tcp_scale = {7, 14};
    return session;
}

// In that order, one of each kind.
std::vector<Record> records() {
    return {Mapping{IPPROTO_UDP, at("203.0.113.1:4000"), at("10.0.0.2:4000"),
                    *IpAddress::parse("198.51.100.2"), 300, 301},
            Mapping{IPPROTO_TCP, at("203.0.113.1:4001"), std::nullopt, {}, 0, 5},
            Contact{IPPROTO_UDP, at("203.0.113.1:4000"), Endpoint::parse("198.51.100.3:0").value()},
            tcp_session()};
}

constexpr std::int64_t saved_at = 1764136800;

std::string file_of(const std::vector<Record>& all, const Header& header = {saved_at, "1.2.3"}) {
    Checksum checksum;
    Counts counts;
    std::string result;
    const auto put = [&](const std::string& line) {
        checksum.add(line);
        result += line + "\n";
    };
    put(to_line(header));
    for (const Record& each : all) {
        put(to_line(each));
        counts.add(each);
    }
    return result + end_line(counts, checksum.value()) + "\n";
}

std::vector<Record> read(const std::string& text) {
    std::istringstream input(text);
    Reader reader(input, "file");
    std::vector<Record> result;
    while (auto record = reader.next()) {
        result.push_back(*record);
    }
    return result;
}

std::string refusal(const std::string& text) {
    try {
        read(text);
    } catch (const std::runtime_error& error) {
        return error.what();
    }
    return "";
}

TEST(Saved, ReadsAsItWasWritten) {
    const std::vector<Record> all = records();
    const std::vector<Record> again = read(file_of(all));
    ASSERT_THAT(again, SizeIs(all.size()));
    for (std::size_t n = 0; n < all.size(); ++n) {
        EXPECT_EQ(to_line(again[n]), to_line(all[n]));
    }
    const auto& session = std::get<Session>(again.back());
    EXPECT_EQ(session.reply_destination.text(), "203.0.113.1:40001");
    EXPECT_EQ(session.status, IPS_SEEN_REPLY | IPS_ASSURED);
    EXPECT_EQ(session.tcp_flags[1], 35);
    EXPECT_EQ(session.tcp_scale[1], 14);
    EXPECT_EQ(session.state, "ESTABLISHED");
}

TEST(Saved, HeaderHasTheTime) {
    std::istringstream input(file_of({}));
    Reader reader(input, "file");
    EXPECT_EQ(reader.header().time, saved_at);
    EXPECT_EQ(reader.header().program, "1.2.3");
    EXPECT_FALSE(reader.next());
}

TEST(Saved, CutOffAnywhereIsRefused) {
    const std::string whole = file_of(records());
    for (std::size_t length = 0; length < whole.size(); ++length) {
        EXPECT_NE(refusal(whole.substr(0, length)), "") << length;
    }
    EXPECT_THAT(refusal(whole + "{}\n"), HasSubstr("follows the end"));
}

TEST(Saved, EachFlippedBitIsRefused) {
    const std::string whole = file_of(records());
    for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
        std::string changed = whole;
        changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << bit % 8));
        // Digits of the checksum itself may be of either case.
        const bool is_case = bit % 8 == 5 && bit / 8 > whole.rfind("crc32\":");
        EXPECT_TRUE(!refusal(changed).empty() || is_case) << bit;
    }
}

TEST(Saved, ALostLineIsRefused) {
    std::string text = file_of(records());
    const std::size_t second = text.find('\n') + 1;
    text.erase(second, text.find('\n', second) + 1 - second);
    EXPECT_THAT(refusal(text), HasSubstr("not as it was written"));
}

TEST(Saved, RefusalsNameFileLineAndReason) {
    EXPECT_EQ(refusal(""), "file:1: the file is cut off; nothing of it is used");
    EXPECT_THAT(refusal("root:x:0:0\n"), HasSubstr("file:1: this is no JSON object"));
    EXPECT_THAT(refusal("{\"format\":\"tar\"}\n"), HasSubstr("not what 'ctgate save' writes"));
    const std::string header = file_of({}).substr(0, file_of({}).find('\n') + 1);
    EXPECT_THAT(refusal(header + std::string(5000, ' ') + "\n"), HasSubstr("file:2: the line is"));
    std::string newer = header;
    newer.replace(newer.find("\"version\":1"), 11, "\"version\":2");
    EXPECT_THAT(refusal(newer), HasSubstr("version 2, and this ctgate reads version 1"));
}

// What a record with a valid checksum around it must not say.
TEST(Saved, HostileRecordsAreRefused) {
    const std::string mapping = to_line(records()[0]);
    const std::string session = to_line(records()[3]);
    const auto with = [](std::string line, const std::string& from, const std::string& to) {
        const std::size_t found = line.find(from);
        EXPECT_NE(found, std::string::npos) << from;
        return line.replace(found, from.size(), to);
    };
    for (const std::string& line : {std::string("[]"),
                                    std::string("{}"),
                                    std::string("null"),
                                    std::string("{\"session\":[]}"),
                                    std::string("{\"room\":{}}"),
                                    std::string(500, '['),
                                    with(mapping, "udp", "icmp"),
                                    with(mapping, "\"udp\"", "17"),
                                    with(mapping, "10.0.0.2:4000", "10.0.0.2:70000"),
                                    with(mapping, "10.0.0.2:4000", "0.0.0.0:4000"),
                                    with(mapping, "203.0.113.1:4000", "::1"),
                                    with(mapping, "203.0.113.1:4000", "203.0.113.1:0"),
                                    with(mapping, "300", "-1"),
                                    with(mapping, "300", "4294967295"),
                                    with(mapping, "300", "1e3"),
                                    with(mapping, "\"held\"", "\"hold\""),
                                    with(mapping, "198.51.100.2", "everywhere"),
                                    with(session, "ESTABLISHED", "UNKNOWN"),
                                    with(session, "ESTABLISHED", "established"),
                                    with(session, "203.0.113.1:40001", "10.0.0.2:4100"),
                                    with(session, "[3,35]", "[3]"),
                                    with(session, "[3,35]", "[3,256]"),
                                    with(session, "[7,14]", "[7,15]"),
                                    with(session, "true", "1"),
                                    with(session, "\"mark\":7", "\"mark\":4294967296")}) {
        EXPECT_THROW(parse_line(line), BadRecord) << line;
    }
}

// A directory that goes with the test.
class SavedFile : public testing::Test {
  protected:
    SavedFile() {
        std::string name = testing::TempDir() + "ctgate-saved.XXXXXX";
        directory_ = ::mkdtemp(name.data());
    }
    ~SavedFile() override { std::filesystem::remove_all(directory_); }

    std::string path(const char* name) const { return directory_ + "/" + name; }
    std::size_t files() const {
        const std::filesystem::directory_iterator entries(directory_);
        return static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
    }

  private:
    std::string directory_;
};

TEST_F(SavedFile, IsThereOnceItIsComplete) {
    std::ofstream(path("file")) << "before";
    {
        Writer writer(path("file"), {saved_at, "1"});
        writer.put(tcp_session());
        EXPECT_EQ(files(), 2u);
        EXPECT_EQ(std::filesystem::file_size(path("file")), 6u);
        EXPECT_EQ(writer.finish().sessions, 1u);
    }
    EXPECT_EQ(files(), 1u);
    struct stat info {};
    ASSERT_EQ(::stat(path("file").c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 07777, 0600u);
    std::ifstream input(path("file"));
    Reader reader(input, "file");
    EXPECT_TRUE(reader.next());
    EXPECT_FALSE(reader.next());
}

TEST_F(SavedFile, VanishesWhenItIsNotFinished) {
    { const Writer writer(path("file"), {saved_at, "1"}); }
    EXPECT_EQ(files(), 0u);
    EXPECT_THROW(Writer(path("none/file"), {saved_at, "1"}), std::system_error);
    EXPECT_THROW(Writer(path(""), {saved_at, "1"}), std::runtime_error);
}

}  // namespace
}  // namespace ctgate::saved
