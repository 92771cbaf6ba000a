// SPDX-License-Identifier: GPL-2.0-only
#include "control/gateway.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <exception>
#include <functional>
#include <map>
#include <set>
#include <utility>

#include "control/attachment.hpp"
#include "control/changes.hpp"
#include "control/conntrack.hpp"
#include "control/nft.hpp"
#include "control/rebuilding.hpp"
#include "control/run_time_forwards.hpp"
#include "control/sessions.hpp"
#include "control/settings.hpp"
#include "control/start_checks.hpp"

namespace ctgate {
namespace {

ctgate_link kind_of(const Link& link, const fast_path::State& fast) {
    if (!link.ethernet) {
        return CTGATE_LINK_LAYER3;
    }
    return fast.takes_frames.contains(link.index) ? CTGATE_LINK_XDP : CTGATE_LINK_ETHERNET;
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
    const std::set<std::string> known = first_start_ ? std::set<std::string>() : journal_.keys();
    try {
        change_over({});
    } catch (...) {
        const std::exception_ptr cause = std::current_exception();
        dataplane_.reset();
        undo_all_but(known);
        std::rethrow_exception(cause);
    }
    directory_.keep();
    first_start_ = false;
}

// What can be refused is refused before anything is changed.
void Gateway::reload(Config config, const std::vector<ForwardOption>& run_time) {
    check(config);
    const std::set<std::string> known = journal_.keys();
    const sessions::Loss loss = loss_by(config);
    std::swap(config_, config);
    try {
        change_over(run_time);
        is_between_ = false;
    } catch (...) {
        const std::exception_ptr cause = std::current_exception();
        std::swap(config_, config);
        undo_all_but(known);
        go_back();
        std::rethrow_exception(cause);
    }
    end(loss);
}

// Nobody makes port forwards meanwhile.
void Gateway::change_over(const std::vector<ForwardOption>& forwards) {
    RunTimeForwards run_time(directory_);
    apply(forwards);
    if (!run_time.all().empty()) {
        spdlog::info("{} port forwards made at run time are forgotten", run_time.all().size());
    }
    if (!forwards.empty()) {
        spdlog::info("{} port forwards made at run time are back", forwards.size());
    }
    run_time.write(forwards);
}

void Gateway::refresh() {
    serve();
    forget_vanished_interfaces();
}

std::set<PortSpace> Gateway::set_ports(const PortPlans& ports) {
    std::set<PortSpace> fresh;
    const std::vector<PortSpace> before = port_spaces::all(dataplane_->port_maps());
    for (const auto& [space, plan] : ports) {
        if (std::find(before.begin(), before.end(), space) == before.end()) {
            fresh.insert(space);
        }
    }
    const auto ended = mappings::without_space(dataplane_->port_maps(), ports);
    ended_mappings_.insert(ended_mappings_.end(), ended.begin(), ended.end());
    dataplane_->set_ports(ports);
    return fresh;
}

void Gateway::set_forwards(const Forwards& forwards) {
    for (const DisplacedMapping& each : dataplane_->set_forwards(forwards)) {
        ended_mappings_.push_back(Mapping{
            .protocol = each.protocol, .internal = each.internal, .external = each.external});
    }
}

void Gateway::refresh_ports() {
    set_ports(ports_of(serving_.external));
}

void Gateway::undo_all_but(const std::set<std::string>& known) {
    try {
        undo_if([&](const Change& change) { return !known.contains(change.key); });
    } catch (const std::exception& error) {
        spdlog::error("Not all that was begun could be taken back: {}", error.what());
    }
}

void Gateway::apply(const std::vector<ForwardOption>& forwards) {
    check_capabilities();
    check_kernel();
    move_interfaces();
    check(config_);
    program();
    dataplane_ = Dataplane(directory_, config_.accepted_mark, config_.max_sessions);
    table_.clear();
    serve(merged(config_, forwards));
    drop_what_is_not_configured();
    forget_vanished_interfaces();
}

void Gateway::move_interfaces() {
    for (const std::string& each : config_.move) {
        changes::move_interface(journal_, each, origin_);
    }
}

void Gateway::program() {
    for (const AddressOption& each : config_.addresses) {
        changes::add_address(journal_, each);
    }
    for (const RouteOption& each : config_.routes) {
        changes::add_route(journal_, each);
    }
    settings::set_conntrack(journal_, config_.timeouts);
    if (config_.max_sessions != 0 && !settings::make_room(journal_, config_.max_sessions)) {
        spdlog::warn(
            "--max-sessions {}: this network namespace may not size the kernel's table; "
            "its limit of {} sessions is in force",
            config_.max_sessions, conntrack::limit());
    }
}

void Gateway::serve() {
    const RunTimeForwards run_time(directory_);
    serve(merged(config_, run_time.all()));
}

// What can be refused is refused before anything is changed. Then the order matters. The table
// comes before everything that forwards, so that nothing leaves untranslated; the sessions that are
// there are accepted before guard and dataplane ask for it, and again those that came meanwhile.
void Gateway::serve(const Config& config) {
    Netlink netlink;
    const Plan plan = make_plan(config, netlink, journal_);
    const AttachMode mode = choose_attachment(plan);
    sessions::Loss loss;
    loss.external = serving_.addresses();
    close_what_is_not_configured();
    accept_existing_sessions();
    marks_ |= config.accepted_mark;
    if (program_table(while_changing(plan.ruleset)) && serving_.daemon != 0) {
        serving_.table = fingerprint_;  // `status` compares
        serving_.write(directory_);
    }
    accept_existing_sessions();
    const fast_path::State fast = establish_fast_path(plan, netlink);
    const std::set<PortSpace> fresh = program_maps(plan, nat_tables(config), fast);
    Rebuilding rebuilding(*dataplane_, directory_, config_.accepted_mark, fresh);
    rebuilding.adopt_sessions();
    dataplane_->stage(directory_);
    serve_links(plan, mode);
    rebuilding.adopt_sessions();  // those that the earlier programs have begun meanwhile
    dataplane_->keep(directory_);
    rebuilding.report();
    dataplane_->pin_session_cache(directory_);
    program_table(plan.ruleset);
    marks_ = 0;
    serving_ = {CTGATE_VERSION,        config_.internal,     plan.ruleset.external,
                config_.accepted_mark, config_.max_sessions, ::getpid(),
                fingerprint_,          config_.forwards,     short_path_of(fast),
                serving_.repairs};
    serving_.write(directory_);
    // An address that is no longer given out, but still there, may go on with what it has.
    std::erase_if(loss.external, [&](IpAddress each) { return plan.addresses.contains(each); });
    sessions::end_those_of(loss);
    report(plan);
    served_ = plan;
    note_sessions();
}

// Sessions from before our time were let through by whatever guarded this machine then; those of
// an earlier configuration carry its bit.
void Gateway::accept_existing_sessions() {
    if (first_start_) {
        sessions::end_untranslated();
        sessions::accept(config_.accepted_mark, std::nullopt);
    } else if (serving_.accepted_mark != config_.accepted_mark) {
        sessions::accept(config_.accepted_mark, serving_.accepted_mark);
    }
}

// Programs of an earlier configuration ask for its bit until each has been replaced, and so do
// those of one that could not be had.
Ruleset Gateway::while_changing(Ruleset ruleset) const {
    if (!first_start_) {
        ruleset.accepted_mark |= serving_.accepted_mark | marks_;
    }
    return ruleset;
}

bool Gateway::program_table(const Ruleset& ruleset) {
    std::string text = ruleset.text();
    if (text == table_) {
        return false;
    }
    changes::note_table(journal_);
    nft::run(text, "Cannot set up the nft table 'ip ctgate'");
    table_ = std::move(text);
    fingerprint_ = nft::fingerprint();
    return true;
}

// The ports are there before the pools that lead to them, and go after.
std::set<PortSpace> Gateway::program_maps(const Plan& plan, const NatTables& tables,
                                          const fast_path::State& fast) {
    dataplane_->set_nat(tables);
    std::set<PortSpace> fresh = set_ports(plan.ports);
    set_forwards(plan.forwards);
    dataplane_->set_addresses(plan.addresses);
    std::map<int, ctgate_link> internal;
    for (const Link& link : plan.internal) {
        internal.emplace(link.index, kind_of(link, fast));
    }
    dataplane_->set_internal(internal);
    std::map<int, ctgate_pool> pools;
    for (const Link& link : plan.external) {
        for (const ExternalInterface& each : plan.ruleset.external) {
            if (each.name == link.name) {
                pools.emplace(link.index, to_pool(each, kind_of(link, fast)));
            }
        }
    }
    dataplane_->set_pools(pools);
    return fresh;
}

AttachMode Gateway::choose_attachment(const Plan& plan) const {
    const AttachMode mode =
        attachment::choose(config_.attach, dataplane_->ingress_program(Side::internal, true));
    for (const Link& link : plan.external) {
        attachment::check(link, attachment::Hook::egress, mode);
        attachment::check(link, attachment::Hook::ingress, mode);
    }
    for (const Link& link : plan.internal) {
        attachment::check(link, attachment::Hook::ingress, mode);
    }
    return mode;
}

// In XDP nothing happens before the maps say so.
fast_path::State Gateway::establish_fast_path(const Plan& plan, Netlink& netlink) {
    std::vector<Link> links = plan.external;
    links.insert(links.end(), plan.internal.begin(), plan.internal.end());
    return fast_path::establish(
        config_.fast_path, links, netlink, [&] { return dataplane_->xdp_program(directory_); },
        directory_, journal_);
}

Serving::ShortPath Gateway::short_path_of(const fast_path::State& fast) const {
    const Dataplane::CacheSize cache = dataplane_->session_cache();
    return {.mode = fast.mode,
            .xdp = fast.attached,
            .sessions = cache.sessions,
            .bytes = cache.bytes,
            .reasons = fast.reasons,
            .warnings = fast.warnings};
}

// External interfaces first, each with the guard of what leaves it.
void Gateway::serve_links(const Plan& plan, AttachMode mode) {
    const auto attach = [&](const Link& link, attachment::Hook hook, int program) {
        attachment::attach(link, hook, program, mode, directory_, journal_);
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
            settings::set_forwarding(journal_, link.name, link.index);
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

bool Gateway::is_served(const std::string& interface) const {
    const auto has = [&](const std::vector<std::string>& names) {
        return std::find(names.begin(), names.end(), interface) != names.end();
    };
    return has(config_.internal) || has(config_.external);
}

// Before the table forgets these interfaces: nothing may be forwarded there without it.
void Gateway::close_what_is_not_configured() {
    undo_if([&](const Change& change) {
        const auto interface = settings::forwarding_of(change.key);
        return interface && !is_served(*interface);
    });
}

// What an earlier configuration asked for and this one does not.
void Gateway::drop_what_is_not_configured() {
    Netlink netlink;
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
            if (const auto link = netlink.link(name)) {
                wanted.merge(attachment::keys_of(link->index));
            }
        }
    }
    const std::set<std::string> kinds = {"address", "route", "move", "attachment", "clsact"};
    undo_if([&](const Change& change) {
        const bool depends = kinds.contains(change.details.at("kind")) ||
                             (settings::is_room(change.key) && config_.max_sessions == 0);
        return depends && !wanted.contains(change.key);
    });
}

// Their programs went with them; the pins did not.
void Gateway::forget_vanished_interfaces() {
    Netlink netlink;
    undo_if([&](const Change& change) {
        const std::string kind = change.details.at("kind");
        return (kind == "attachment" || kind == "clsact") &&
               !netlink.link(change.details.at("ifindex").get<int>());
    });
}

void Gateway::undo_if(const std::function<bool(const Change&)>& unwanted) {
    journal_.undo_if(unwanted,
                     [&](const Change& change) { changes::undo(change, directory_, origin_); });
}

}  // namespace ctgate
