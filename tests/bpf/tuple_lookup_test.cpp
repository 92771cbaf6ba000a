// SPDX-License-Identifier: GPL-2.0-only
// look_up() as `ctgate lookup` uses it: both directions, other namespaces, errors.
#include "control/tuple_lookup.hpp"

#include <gmock/gmock.h>
#include <linux/netfilter/nf_conntrack_common.h>

#include "bpf/create_entry.hpp"
#include "bpf/scratch_netns.hpp"
#include "control/netns_id.hpp"

namespace ctgate {
namespace {

Endpoint endpoint(const char* text) {
    return Endpoint::parse(text).value();
}

NewEntry masqueraded() {
    return {.protocol = IPPROTO_TCP,
            .source = endpoint("10.0.0.2:40000"),
            .destination = endpoint("203.0.113.2:80"),
            .translated_source = endpoint("203.0.113.1:50000"),
            .translated_destination = std::nullopt,
            .mark = 0x80000000,
            .timeout_ms = 100'000};
}

TupleQuery query(const char* source, const char* destination,
                 std::int32_t netns_id = current_netns) {
    return {.protocol = IPPROTO_TCP,
            .source = endpoint(source),
            .destination = endpoint(destination),
            .netns_id = netns_id};
}

class TupleLookup : public testing::Test {
  protected:
    ScratchNetns netns_;
    EntryCreator creator_;
};

TEST_F(TupleLookup, FindsTheOriginalDirection) {
    creator_.create(masqueraded());
    const TupleAnswer answer = look_up(query("10.0.0.2:40000", "203.0.113.2:80"));
    ASSERT_EQ(answer.error, 0);
    EXPECT_FALSE(answer.reply);
    EXPECT_EQ(answer.session.source.text(), "10.0.0.2:40000");
    EXPECT_EQ(answer.session.destination.text(), "203.0.113.2:80");
    EXPECT_EQ(answer.session.reply_source.text(), "203.0.113.2:80");
    EXPECT_EQ(answer.session.reply_destination.text(), "203.0.113.1:50000");
    EXPECT_EQ(answer.session.state, "NONE");
    EXPECT_EQ(answer.session.mark, 0x80000000u);
    EXPECT_TRUE(answer.session.status & IPS_SRC_NAT);
    EXPECT_GT(answer.session.timeout, 90u);
    EXPECT_LE(answer.session.timeout, 100u);
}

TEST_F(TupleLookup, FindsTheReplyDirectionAtTheExternalEndpoint) {
    creator_.create(masqueraded());
    const TupleAnswer answer = look_up(query("203.0.113.2:80", "203.0.113.1:50000"));
    ASSERT_EQ(answer.error, 0);
    EXPECT_TRUE(answer.reply);
    EXPECT_EQ(answer.session.source.text(), "10.0.0.2:40000");
}

TEST_F(TupleLookup, TranslatedOriginalIsNoKey) {
    creator_.create(masqueraded());
    EXPECT_EQ(look_up(query("203.0.113.1:50000", "203.0.113.2:80")).error, ENOENT);
}

TEST_F(TupleLookup, AgreesWithTheDump) {
    creator_.create(masqueraded());
    const Session found = look_up(query("10.0.0.2:40000", "203.0.113.2:80")).session;
    conntrack::for_each([&](const Session& session) {
        EXPECT_EQ(found.status, session.status);
        EXPECT_EQ(found.mark, session.mark);
        EXPECT_EQ(found.state, session.state);
        EXPECT_EQ(found.reply_destination.text(), session.reply_destination.text());
        EXPECT_LE(session.timeout, found.timeout);
        EXPECT_GE(session.timeout + 5, found.timeout);
    });
}

TEST_F(TupleLookup, LooksIntoAnotherNamespaceById) {
    creator_.create(masqueraded());
    const ScratchNetns other;
    EXPECT_EQ(look_up(query("10.0.0.2:40000", "203.0.113.2:80")).error, ENOENT);
    const std::int32_t id = netns::id_of(netns_.handle());
    EXPECT_GE(id, 0);
    EXPECT_EQ(netns::id_of(netns_.handle()), id) << "assigned once";
    EXPECT_EQ(look_up(query("10.0.0.2:40000", "203.0.113.2:80", id)).error, 0);
    EXPECT_EQ(look_up(query("10.0.0.2:40000", "203.0.113.2:80", id + 1)).error, ENONET);
}

TEST_F(TupleLookup, ErrorsAreAnswers) {
    TupleQuery icmp = query("10.0.0.2:1", "203.0.113.2:1");
    icmp.protocol = IPPROTO_ICMP;
    EXPECT_EQ(look_up(icmp).error, EPROTO);
    EXPECT_EQ(look_up(query("10.0.0.2:1", "203.0.113.2:1", -2)).error, EINVAL);
    for (const int number : {ENOENT, EINVAL, EPROTO, ENONET, EAFNOSUPPORT, ENOMEM}) {
        EXPECT_NE(lookup_error(number).name, "unknown");
        EXPECT_EQ(lookup_error(number).number, number);
    }
    EXPECT_EQ(lookup_error(EIO).name, "unknown");
}

}  // namespace
}  // namespace ctgate
