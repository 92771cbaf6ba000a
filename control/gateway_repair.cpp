// SPDX-License-Identifier: GPL-2.0-only
// What somebody else takes away of the gateway while it serves is put back, and so is the old
// configuration after a reload that failed.
#include <fmt/core.h>
#include <netinet/in.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <exception>

#include "control/attachment.hpp"
#include "control/conntrack.hpp"
#include "control/flush_note.hpp"
#include "control/gateway.hpp"
#include "control/nft.hpp"
#include "control/sessions.hpp"
#include "control/xdp.hpp"

namespace ctgate {
namespace {

using namespace std::chrono_literals;

constexpr auto until_next_try = 1s;  // to put the old configuration back

// Sessions of the kernel's table that nobody takes for all at once unless it was flushed.
constexpr std::uint64_t many_sessions = 10;
constexpr std::uint64_t share_left = 10;  // one of so many
constexpr std::uint32_t durable = 5;      // seconds: until well after the next look

// Conntrack ends a TCP session by itself when a reset answers its first packet.
bool is_durable(const Session& session) {
    return session.timeout > durable &&
           (session.protocol != IPPROTO_TCP || session.state == "ESTABLISHED");
}

}  // namespace

void Gateway::note_repair(const char* what, const std::string& sentence) {
    spdlog::warn("{}", sentence);
    ++serving_.repairs[what];
}

// Of the interfaces that are there; those that have gone are a matter of refresh().
bool Gateway::is_attached() const {
    const auto has = [&](const Link& link, attachment::Hook hook) {
        return attachment::find(link.index, hook, directory_) || !Netlink().link(link.index);
    };
    const auto has_ingress = [&](const Link& link) {
        return has(link, attachment::Hook::ingress) &&
               (!serving_.short_path.xdp.contains(link.index) ||
                xdp::is_attached(link.index, directory_) || !Netlink().link(link.index));
    };
    return std::all_of(served_.internal.begin(), served_.internal.end(), has_ingress) &&
           std::all_of(served_.external.begin(), served_.external.end(), [&](const Link& link) {
               return has_ingress(link) && has(link, attachment::Hook::egress);
           });
}

// Of a few sessions, whether one would last.
void Gateway::note_sessions() {
    flushed_ = FlushNote::last(directory_);  // first: what is flushed from now on is news
    sessions_ = conntrack::count();
    durable_ = false;
    if (sessions_ != 0 && sessions_ < many_sessions) {
        conntrack::for_each([&](const Session& each) { durable_ = durable_ || is_durable(each); });
    }
}

// The kernel does not say so, but nothing else makes so many sessions end within a second, or all
// of a few before their time: nothing but `ctgate flush`.
bool Gateway::was_emptied() {
    const std::uint64_t before = sessions_;
    const bool durable_before = durable_;
    const std::int64_t flushed_before = flushed_;
    note_sessions();
    if (FlushNote::last(directory_) != flushed_before) {
        return false;
    }
    return before >= many_sessions ? sessions_ <= before / share_left
                                   : durable_before && sessions_ == 0;
}

// What cannot be done now, repair() tries again.
void Gateway::go_back() {
    is_between_ = true;
    try {
        put_back();
    } catch (const std::exception& error) {
        next_try_ = Clock::now() + until_next_try;
        spdlog::error("Cannot put the old configuration back whole: {}; trying again",
                      error.what());
    }
}

// As it was before a reload that failed, whatever that one came to. What serves comes before what
// is wrong with addresses, routes or interfaces.
void Gateway::put_back() {
    std::exception_ptr failure;
    try {
        move_interfaces();
        program();
    } catch (...) {
        failure = std::current_exception();
    }
    dataplane_ = Dataplane(directory_, config_.accepted_mark, config_.max_sessions);
    table_.clear();
    serve();
    drop_what_is_not_configured();
    if (failure) {
        std::rethrow_exception(failure);
    }
    is_between_ = false;
}

bool Gateway::repair() {
    const auto before = serving_.repairs;
    const bool table = nft::fingerprint() != serving_.table;
    if (table) {
        note_repair("table",
                    "Somebody has changed or removed the nft table 'ip ctgate'; it is put back");
        table_.clear();
    }
    if (!directory_.is_whole()) {
        note_repair("pin", "Somebody has removed ctgate's directory below /run; it is put back");
        directory_.restore();
        lock_.renew(directory_);
        journal_.write();
        dataplane_->pin(directory_);
    } else if (!dataplane_->is_pinned(directory_)) {
        note_repair("pin", "Somebody has removed pins of the dataplane; they are put back");
        dataplane_->pin(directory_);
    }
    if (!is_attached()) {
        note_repair("program",
                    "Somebody has removed a program of ours from an interface; it is put back");
    }
    if (was_emptied()) {
        note_repair(
            "conntrack",
            "All sessions in the kernel's table, or nearly all, were deleted at once, as by "
            "'conntrack -F'; they begin anew with their mappings");
    }
    const bool again = is_between_ && Clock::now() >= next_try_;
    if (serving_.repairs == before && !again) {
        return false;
    }
    if (again) {
        go_back();
    } else {
        serve();
    }
    if (table) {
        sessions::end_untranslated();
        note_sessions();
    }
    if (again && !is_between_) {
        spdlog::info("The old configuration is back, whole");
    }
    return serving_.repairs != before;
}

}  // namespace ctgate
