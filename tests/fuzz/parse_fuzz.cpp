// SPDX-License-Identifier: GPL-2.0-only
// The dataplane's parser on arbitrary bytes: it reads nothing beyond the linear part
// (AddressSanitizer), and what it accepts lies within the packet.
#include <netinet/in.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>

// After netinet/in.h: the kernel's header gives way to that.
#include "../../dataplane/parse_ipv4.h"

namespace {

void require(bool condition) {
    if (!condition) {
        std::abort();
    }
}

// The linear part, with nothing behind it. The IP header is aligned, as network drivers do it.
class LinearPart {
  public:
    LinearPart(const std::uint8_t* bytes, std::size_t size, std::size_t shift)
        : shift_(shift), buffer_(new std::uint8_t[shift + size]), size_(size) {
        if (size > 0) {
            std::memcpy(buffer_.get() + shift, bytes, size);
        }
    }
    const std::uint8_t* begin() const { return buffer_.get() + shift_; }
    const std::uint8_t* end() const { return begin() + size_; }

  private:
    std::size_t shift_;
    std::unique_ptr<std::uint8_t[]> buffer_;
    std::size_t size_;
};

void check(const packet& found, std::uint32_t network, std::uint32_t whole, std::size_t linear) {
    require(found.network == network && found.family == AF_INET);
    require(found.transport >= network + 20 && found.transport <= network + 60);
    const std::uint32_t header = found.protocol == IPPROTO_TCP ? 20 : 8;
    require(found.protocol == IPPROTO_TCP || found.protocol == IPPROTO_UDP);
    require(found.transport + header <= whole);
    require(found.transport + header <= linear);
    require(found.protocol == IPPROTO_TCP || found.tcp_flags == 0);
    require(found.source.words[1] == 0 && found.destination.words[3] == 0);
}

}  // namespace

// Four bytes of control: flags (network header at 14, GSO), linear bytes to leave out, and bytes
// that the packet has beyond what the fuzzer gave.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 4) {
        return 0;
    }
    const std::uint32_t network = (data[0] & 1) != 0 ? 14 : 0;
    const bool gso = (data[0] & 2) != 0;
    const std::size_t given = size - 4;
    const std::size_t linear = given - (given < data[1] ? given : data[1]);
    const auto whole = static_cast<std::uint32_t>(given + data[2] * 256U + data[3]);

    const LinearPart part(data + 4, linear, network % 4);
    packet found{};
    const parse_result result = parse_ipv4(part.begin(), part.end(), network, whole, gso, &found);
    if (result == PARSE_OK) {
        check(found, network, whole, linear);
    }
    // With all of it in the linear part there is nothing more to ask for.
    require(result != PARSE_MORE || linear < whole);
    return 0;
}
