// SPDX-License-Identifier: GPL-2.0-only
#include "control/nft.hpp"

#include <fmt/format.h>
#include <nftables/libnftables.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <mutex>
#include <sstream>
#include <stdexcept>
#include <vector>

namespace ctgate::nft {
namespace {

using Context = std::unique_ptr<nft_ctx, decltype(&nft_ctx_free)>;

Context make_context(Format format) {
    Context context(nft_ctx_new(NFT_CTX_DEFAULT), &nft_ctx_free);
    if (!context || nft_ctx_buffer_output(context.get()) != 0 ||
        nft_ctx_buffer_error(context.get()) != 0) {
        throw std::runtime_error("Cannot set up libnftables");
    }
    if (format != Format::text) {
        nft_ctx_output_set_flags(
            context.get(), format == Format::json ? NFT_CTX_OUTPUT_JSON : NFT_CTX_OUTPUT_STATELESS);
    }
    return context;
}

void run_in(const Context& context, const std::string& commands, const std::string& what) {
    // Nothing says that libnftables may be called by several threads at a time.
    static std::mutex one_at_a_time;
    const std::scoped_lock lock(one_at_a_time);
    if (nft_run_cmd_from_buffer(context.get(), commands.c_str()) != 0) {
        // The first line says it; the others draw arrows below our own text.
        const std::string reason = nft_ctx_get_error_buffer(context.get());
        throw std::runtime_error(fmt::format("{}: {}", what, reason.substr(0, reason.find('\n'))));
    }
}

}  // namespace

std::string run(const std::string& commands, const std::string& what, Format format) {
    const Context context = make_context(format);
    run_in(context, commands, what);
    return nft_ctx_get_output_buffer(context.get());
}

void try_out(const std::string& commands, const std::string& what) {
    const Context context = make_context(Format::text);
    nft_ctx_set_dry_run(context.get(), true);
    run_in(context, commands, what);
}

// `list ruleset` never fails for want of a table, so that an error is an error. Sorted by words,
// because the kernel lists the elements of a set as it likes.
std::string fingerprint() {
    const std::string listing =
        run("list ruleset ip", "Cannot list the nft tables", Format::stateless);
    const std::size_t begin = listing.find("table ip ctgate {\n");
    if (begin == std::string::npos) {
        return "";
    }
    std::istringstream table(listing.substr(begin, listing.find("\n}\n", begin) - begin));
    std::vector<std::string> words((std::istream_iterator<std::string>(table)), {});
    for (std::string& word : words) {
        std::erase(word, ',');
    }
    std::sort(words.begin(), words.end());
    return fmt::format("{}", fmt::join(words, " "));
}

void remove_table() {
    // Adding first makes deleting succeed in any case, in one transaction.
    run("add table ip ctgate\ndelete table ip ctgate\n", "Cannot remove the nft table 'ip ctgate'");
}

}  // namespace ctgate::nft
