// SPDX-License-Identifier: GPL-2.0-only
// ctgate_pair() against Bob Jenkins's hash written from his description, as the kernel has it.
#include "ctgate/pairing.h"

#include <gmock/gmock.h>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace {

std::uint32_t rotate(std::uint32_t word, int bits) {
    return word << bits | word >> (32 - bits);
}

// lookup3.c, hashlittle(), byte by byte; include/linux/jhash.h jhash() is the same function.
std::uint32_t jenkins(std::string key, std::uint32_t seed) {
    const std::uint32_t start = 0xdeadbeef + static_cast<std::uint32_t>(key.size()) + seed;
    std::array<std::uint32_t, 3> s = {start, start, start};
    const auto add = [&](std::size_t offset) {
        for (std::size_t i = 0; i < 12 && offset + i < key.size(); i++) {
            s[i / 4] += static_cast<std::uint32_t>(static_cast<unsigned char>(key[offset + i]))
                        << (8 * (i % 4));
        }
    };
    if (key.empty()) {
        return s[2];
    }
    std::size_t offset = 0;
    for (; key.size() - offset > 12; offset += 12) {
        add(offset);
        std::size_t a = 0;
        for (const int bits : {4, 6, 8, 16, 19, 4}) {  // mix()
            const std::size_t b = (a + 1) % 3;
            const std::size_t c = (a + 2) % 3;
            s[a] -= s[c];
            s[a] ^= rotate(s[c], bits);
            s[c] += s[b];
            a = b;
        }
    }
    add(offset);
    std::size_t target = 2;
    for (const int bits : {14, 11, 25, 16, 4, 14, 24}) {  // final()
        const std::size_t from = (target + 2) % 3;
        s[target] ^= s[from];
        s[target] -= rotate(s[from], bits);
        target = (target + 1) % 3;
    }
    return s[2];
}

// What lookup3.c prints of itself.
TEST(Pairing, ReferenceIsJenkinsHash) {
    EXPECT_EQ(jenkins("", 0), 0xdeadbeef);
    EXPECT_EQ(jenkins("", 0xdeadbeef), 0xbd5b7dde);
    EXPECT_EQ(jenkins("Four score and seven years ago", 0), 0x17770551);
    EXPECT_EQ(jenkins("Four score and seven years ago", 1), 0xcd628161);
}

// nft_hash.c: reciprocal_scale(jhash(data, len, seed), modulus).
std::uint32_t nft_choice(const std::array<__u8, 4>& address, std::uint32_t count) {
    const std::uint32_t hash =
        jenkins(std::string(address.begin(), address.end()), CTGATE_PAIRING_SEED);
    return static_cast<std::uint32_t>(static_cast<std::uint64_t>(hash) * count >> 32);
}

TEST(Pairing, EqualsThatOfNftables) {
    for (unsigned i = 0; i < 0x10000; i++) {
        const std::array<__u8, 4> address = {10, static_cast<__u8>(i % 251),
                                             static_cast<__u8>(i >> 8), static_cast<__u8>(i)};
        for (const __u32 count : {1U, 2U, 3U, 7U, 32U}) {
            ASSERT_EQ(ctgate_pair(address.data(), count), nft_choice(address, count)) << i;
        }
    }
}

TEST(Pairing, SpreadsTheHostsOfANetworkOverAllAddresses) {
    std::vector<int> hosts(8);
    for (unsigned i = 1; i < 255; i++) {
        const std::array<__u8, 4> address = {192, 168, 1, static_cast<__u8>(i)};
        hosts.at(ctgate_pair(address.data(), 8))++;
    }
    for (const int each : hosts) {
        EXPECT_GT(each, 15) << "of 254 hosts on 8 addresses";
        EXPECT_LT(each, 50);
    }
}

}  // namespace
