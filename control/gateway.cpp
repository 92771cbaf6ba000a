// SPDX-License-Identifier: GPL-2.0-only
#include "control/gateway.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <exception>
#include <map>
#include <set>
#include <utility>

#include "control/attachment.hpp"
#include "control/changes.hpp"
#include "control/conntrack.hpp"
#include "control/kernel_modules.hpp"
#include "control/nft.hpp"
#include "control/settings.hpp"
#include "control/start_checks.hpp"

namespace ctgate {
namespace {

// Gives the bit `accepted` to those sessions that have the bit `earlier`, or to all of them.
void accept_sessions(std::uint32_t accepted, std::optional<std::uint32_t> earlier) {
    conntrack::update([&](const Session& session) {
        const bool qualifies = !earlier || (session.mark & *earlier) != 0;
        return qualifies && (session.mark & accepted) == 0
                   ? conntrack::Change{conntrack::Action::set_mark, session.mark | accepted}
                   : conntrack::Change{};
    });
}

}  // namespace

Gateway::Gateway(Config config, FileDescriptor origin, bool netns_is_new)
    : config_(std::move(config)),
      origin_(std::move(origin)),
      directory_(RunDirectory::create()),
      lock_(directory_),
      journal_(directory_.file("journal")),
      first_start_(journal_.changes().empty() && !Dataplane::left_behind(directory_)),
      serving_(Serving::read(directory_).value_or(Serving{})) {
    if (netns_is_new) {
        changes::note_netns(journal_, config_.netns);
    }
}

void Gateway::start() {
    const std::size_t first = first_start_ ? 0 : journal_.changes().size();
    try {
        apply();
    } catch (...) {
        const std::exception_ptr cause = std::current_exception();
        dataplane_.reset();
        undo_from(first);
        if (first_start_) {
            directory_.remove();
        }
        std::rethrow_exception(cause);
    }
    first_start_ = false;
}

void Gateway::reload(Config config) {
    const std::size_t first = journal_.changes().size();
    std::swap(config_, config);
    try {
        apply();
    } catch (...) {
        const std::exception_ptr cause = std::current_exception();
        std::swap(config_, config);
        undo_from(first);
        dataplane_ = Dataplane(directory_, config_.accepted_mark);
        serve();
        std::rethrow_exception(cause);
    }
}

void Gateway::refresh() {
    serve();
}

void Gateway::restore_table() {
    if (!nft::table_exists()) {
        spdlog::warn("Somebody has removed the nft table 'ip ctgate'; it is put back");
        table_.clear();
        serve();
    }
}

void Gateway::undo_from(std::size_t first) {
    try {
        journal_.undo_from(
            first, [&](const Change& change) { changes::undo(change, directory_, origin_); });
    } catch (const std::exception& error) {
        spdlog::error("Not all that was begun could be taken back: {}", error.what());
    }
}

void Gateway::apply() {
    check();
    program();
    dataplane_ = Dataplane(directory_, config_.accepted_mark);
    serve();
    drop_what_is_not_configured();
}

void Gateway::check() {
    check_capabilities(config_);
    load_kernel_modules();
    check_kernel();
    for (const std::string& each : config_.move) {
        changes::move_interface(journal_, each, origin_);
    }
    check_interfaces(netlink_, config_);
}

void Gateway::program() {
    for (const AddressOption& each : config_.addresses) {
        changes::add_address(journal_, each);
    }
    for (const RouteOption& each : config_.routes) {
        changes::add_route(journal_, each);
    }
    settings::set_conntrack(journal_);
    if (config_.max_sessions != 0 && !settings::make_room(journal_, config_.max_sessions)) {
        spdlog::warn(
            "--max-sessions {}: this network namespace may not size the kernel's table; "
            "its limit of {} sessions is in force",
            config_.max_sessions, conntrack::limit());
    }
}

// The order matters. The table comes before everything that forwards, so that nothing leaves
// untranslated; the sessions that are there are accepted before guard and dataplane ask for it,
// and again those that came meanwhile.
void Gateway::serve() {
    const Plan plan = make_plan(config_, netlink_, journal_);
    accept_existing_sessions();
    program_table(plan.ruleset);
    accept_existing_sessions();
    program_maps(plan);
    serve_links(plan);
    serving_ = {CTGATE_VERSION, config_.internal, plan.ruleset.external, config_.accepted_mark,
                config_.max_sessions};
    serving_.write(directory_);
    report(plan);
}

// Sessions from before our time were let through by whatever guarded this machine then; those of
// an earlier configuration carry its bit.
void Gateway::accept_existing_sessions() {
    if (first_start_) {
        accept_sessions(config_.accepted_mark, std::nullopt);
    } else if (serving_.accepted_mark != config_.accepted_mark) {
        accept_sessions(config_.accepted_mark, serving_.accepted_mark);
    }
}

void Gateway::program_table(const Ruleset& ruleset) {
    std::string text = ruleset.text();
    if (text == table_) {
        return;
    }
    changes::note_table(journal_);
    nft::run(text, "Cannot set up the nft table 'ip ctgate'");
    table_ = std::move(text);
}

void Gateway::program_maps(const Plan& plan) {
    dataplane_->set_addresses(plan.addresses);
    std::set<int> internal;
    for (const Link& link : plan.internal) {
        internal.insert(link.index);
    }
    dataplane_->set_internal(internal);
    std::map<int, ctgate_pool> pools;
    for (const Link& link : plan.external) {
        for (const ExternalInterface& each : plan.ruleset.external) {
            if (each.name == link.name) {
                pools.emplace(link.index, to_pool(each));
            }
        }
    }
    dataplane_->set_pools(pools);
}

// External interfaces first, each with the guard of what leaves it.
void Gateway::serve_links(const Plan& plan) {
    const auto attach = [&](const Link& link, attachment::Hook hook, int program) {
        attachment::attach(link, hook, program, config_.attach, directory_, journal_);
    };
    for (const Link& link : plan.external) {
        attach(link, attachment::Hook::egress, dataplane_->egress_program());
        attach(link, attachment::Hook::ingress,
               dataplane_->ingress_program(Side::external, link.ethernet));
    }
    for (const Link& link : plan.internal) {
        attach(link, attachment::Hook::ingress,
               dataplane_->ingress_program(Side::internal, link.ethernet));
    }
    for (const std::vector<Link>& links : {plan.internal, plan.external}) {
        for (const Link& link : links) {
            settings::set_forwarding(journal_, link.name);
        }
    }
}

void Gateway::report(const Plan& plan) {
    if (plan.missing != missing_) {
        if (!plan.missing.empty()) {
            spdlog::warn("Waiting for interface {}", fmt::join(plan.missing, ", "));
        }
        missing_ = plan.missing;
    }
}

// What an earlier configuration asked for and this one does not.
void Gateway::drop_what_is_not_configured() {
    std::set<std::string> wanted;
    for (const AddressOption& each : config_.addresses) {
        wanted.insert(changes::key_of(each));
    }
    for (const RouteOption& each : config_.routes) {
        wanted.insert(changes::key_of(each));
    }
    for (const std::string& each : config_.move) {
        wanted.insert(changes::key_of_move(each));
    }
    for (const std::vector<std::string>& names : {config_.internal, config_.external}) {
        for (const std::string& name : names) {
            wanted.insert(settings::key_of_forwarding(name));
            if (const auto link = netlink_.link(name)) {
                wanted.merge(attachment::keys_of(link->index));
            }
        }
    }
    const std::set<std::string> kinds = {"address", "route", "move", "attachment", "clsact"};
    journal_.undo_if(
        [&](const Change& change) {
            const bool depends =
                kinds.contains(change.details.at("kind")) || settings::is_forwarding(change.key);
            return depends && !wanted.contains(change.key);
        },
        [&](const Change& change) { changes::undo(change, directory_, origin_); });
}

}  // namespace ctgate
