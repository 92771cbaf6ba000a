// SPDX-License-Identifier: GPL-2.0-only
// The gateway of one network namespace: everything that `ctgate run` brings about. It outlives
// this object and its process; take_down() ends it.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "control/config.hpp"
#include "control/conntrack.hpp"
#include "control/dataplane.hpp"
#include "control/fast_path.hpp"
#include "control/fd.hpp"
#include "control/journal.hpp"
#include "control/mappings.hpp"
#include "control/netlink.hpp"
#include "control/plan.hpp"
#include "control/run_directory.hpp"
#include "control/serving.hpp"
#include "control/sessions.hpp"

namespace ctgate {

class Gateway {
  public:
    // In the namespace the thread is in. `origin`: the one from which the command was called.
    // Throws when another daemon serves it.
    Gateway(Config config, FileDescriptor origin, bool netns_is_new);

    // Brings everything to the state that the configuration asks for, from nothing or from what an
    // earlier run left. When it throws, what it has changed is taken back.
    void start();
    // The same with another configuration; when it throws, the old one stays in force. Sessions go
    // on, except those below. Of port forwards made at run time, these are there afterwards.
    void reload(Config config, const std::vector<ForwardOption>& run_time);
    // What a reload would say of that configuration; throws as reload() does, changes nothing.
    void check(const Config& config);
    // Sessions that could not go on with it: of internal interfaces that are not served any more,
    // at external addresses that go, and untranslated to destinations that are no longer exempt.
    std::vector<Session> sessions_cut_by(const Config& config);
    // After links or addresses have changed. An interface that is missing is served when it comes.
    void refresh();
    // Puts back what somebody has removed of ours: at once after nft tables have changed, and every
    // second, because of most else the kernel does not tell. What was put back is logged and
    // counted (Serving::repairs). True: something was.
    bool repair();

    // Now and then: the router's own sockets come and go, and the kernel does not tell.
    void refresh_ports();

    // An external interface has an address: the gateway serves.
    bool has_address() const { return serving_.has_address(); }
    const Config& config() const { return config_; }
    // A reload has failed, and so did the way back, until now.
    bool is_between() const { return is_between_; }
    const RunDirectory& directory() const { return directory_; }
    const Serving& serving() const { return serving_; }
    // Mappings that have ended with their address or by a port forward, since the last call.
    std::vector<Mapping> take_ended_mappings() { return std::exchange(ended_mappings_, {}); }

  private:
    sessions::Loss loss_by(const Config& config);
    void end(const sessions::Loss& loss);
    void change_over(const std::vector<ForwardOption>& forwards);
    void apply(const std::vector<ForwardOption>& forwards);
    std::set<PortSpace> set_ports(const PortPlans& ports);  // those that are new
    void set_forwards(const Forwards& forwards);
    void go_back();
    void put_back();
    void move_interfaces();
    void program();
    void serve();  // with the port forwards made at run time
    void serve(const Config& config);
    void accept_existing_sessions();
    Ruleset while_changing(Ruleset ruleset) const;
    bool program_table(const Ruleset& ruleset);  // false: it is as it was
    std::set<PortSpace> program_maps(const Plan& plan, const NatTables& tables,
                                     const fast_path::State& fast);
    AttachMode choose_attachment(const Plan& plan) const;
    fast_path::State establish_fast_path(const Plan& plan, Netlink& netlink);
    Serving::ShortPath short_path_of(const fast_path::State& fast) const;
    void serve_links(const Plan& plan, AttachMode mode);
    void report(const Plan& plan);
    bool is_attached() const;
    void note_sessions();
    bool was_emptied();
    void note_repair(const char* what, const std::string& sentence);
    bool is_served(const std::string& interface) const;
    void close_what_is_not_configured();
    void drop_what_is_not_configured();
    void forget_vanished_interfaces();
    void undo_all_but(const std::set<std::string>& known);  // keys of the journal
    void undo_if(const std::function<bool(const Change&)>& unwanted);

    Config config_;
    FileDescriptor origin_;
    RunDirectory directory_;
    DaemonLock lock_;
    Journal journal_;
    bool first_start_;  // nothing of an earlier run is here
    std::optional<Dataplane> dataplane_;
    std::vector<Mapping> ended_mappings_;
    Serving serving_;                   // as last written, also by an earlier run
    std::string table_;                 // text of the nft table that is in force
    std::string fingerprint_;           // of that table, just after it was set up
    std::vector<std::string> missing_;  // interfaces, as last reported
    Plan served_;                       // links and all, as last served
    using Clock = std::chrono::steady_clock;
    bool is_between_ = false;     // two configurations: neither could be had whole
    Clock::time_point next_try_;  // to put the old one back
    std::uint32_t marks_ = 0;     // accepted bits that attached programs may ask for, more
    std::uint64_t sessions_ = 0;  // in the kernel's table, as last seen
    std::int64_t flushed_ = 0;    // FlushNote::last() then
    bool durable_ = false;        // one of these few would have lasted beyond the next look
};

// Ends what serves the network namespace the thread is in, and takes back every change. False:
// there was nothing.
bool take_down(const FileDescriptor& origin);
// The same in all network namespaces that have a name or a process, and for those that are gone.
// Each is tried; then the first failure is thrown.
bool take_down_everywhere(const FileDescriptor& origin);

}  // namespace ctgate
