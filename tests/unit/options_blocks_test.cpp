// SPDX-License-Identifier: GPL-2.0-only
// The options about blocks of ports.
#include <gmock/gmock.h>

#include <string>

#include "tests/unit/option_problems.hpp"

namespace ctgate {
namespace {

TEST(BlockOptions, Sizes) {
    EXPECT_EQ(parse({}).port_block_size, 0u);
    EXPECT_EQ(parse({"--port-block-size=64"}).port_block_size, 64u);
    EXPECT_EQ(parse({"--port-block-size=32768"}).port_block_size, 32768u);
    for (const std::string size : {"0", "32", "100", "65536", "-64", "64k", ""}) {
        const std::string given = size.empty() ? "" : "=" + size;
        EXPECT_EQ(problem({"--port-block-size" + given}),
                  size.empty() ? "--port-block-size needs a value: --port-block-size N"
                               : "--port-block-size '" + size +
                                     "' is no size of a port block; write a power of two from 64 "
                                     "to 32768");
    }
}

TEST(BlockOptions, DoNotGoWithSharedPorts) {
    const std::string end = ", by which hosts share ports; keep one";
    expect_problems({
        {{"--port-block-size=64", "--mapping=address-and-port-dependent"},
         "--port-block-size cannot go with --mapping address-and-port-dependent" + end},
        {{"--port-block-size=64", "--host=10.0.0.5/32,mapping=address-and-port-dependent"},
         "--port-block-size cannot go with --host "
         "10.0.0.5/32,mapping=address-and-port-dependent" +
             end},
        {{"--port-block-size=64", "--overload-when-full=yes"},
         "--port-block-size cannot go with --overload-when-full yes" + end},
    });
    EXPECT_EQ(parse({"--port-block-size=64", "--host=10.0.0.5/32,filtering=endpoint-independent"})
                  .port_block_size,
              64u);
}

}  // namespace
}  // namespace ctgate
