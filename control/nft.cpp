// SPDX-License-Identifier: GPL-2.0-only
#include "control/nft.hpp"

#include <fmt/core.h>
#include <nftables/libnftables.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace ctgate::nft {
namespace {

using Context = std::unique_ptr<nft_ctx, decltype(&nft_ctx_free)>;

Context make_context(Format format) {
    Context context(nft_ctx_new(NFT_CTX_DEFAULT), &nft_ctx_free);
    if (!context || nft_ctx_buffer_output(context.get()) != 0 ||
        nft_ctx_buffer_error(context.get()) != 0) {
        throw std::runtime_error("Cannot set up libnftables");
    }
    if (format == Format::json) {
        nft_ctx_output_set_flags(context.get(), NFT_CTX_OUTPUT_JSON);
    }
    return context;
}

}  // namespace

std::string run(const std::string& commands, const std::string& what, Format format) {
    const Context context = make_context(format);
    if (nft_run_cmd_from_buffer(context.get(), commands.c_str()) != 0) {
        throw std::runtime_error(
            fmt::format("{}: {}", what, nft_ctx_get_error_buffer(context.get())));
    }
    return nft_ctx_get_output_buffer(context.get());
}

// `list tables` never fails for want of a table, so that an error is an error.
bool table_exists() {
    const auto document =
        nlohmann::json::parse(run("list tables ip", "Cannot list the nft tables", Format::json));
    for (const auto& item : document.at("nftables")) {
        const auto table = item.find("table");
        if (table != item.end() && table->at("name") == "ctgate") {
            return true;
        }
    }
    return false;
}

void remove_table() {
    // Adding first makes deleting succeed in any case, in one transaction.
    run("add table ip ctgate\ndelete table ip ctgate\n", "Cannot remove the nft table 'ip ctgate'");
}

}  // namespace ctgate::nft
