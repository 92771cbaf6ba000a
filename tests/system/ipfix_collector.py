# SPDX-License-Identifier: GPL-2.0-only
# ipfix_collector.py PORT: prints the data records of IPFIX messages (RFC 7011) that come to this UDP
# port, as objects of JSON by the numbers of their information elements. Stops at what is no IPFIX.
import ipaddress
import json
import socket
import struct
import sys

ADDRESSES = {8, 12, 225, 226}


def sets_of(message):
    version, length = struct.unpack_from("!HH", message)
    assert version == 10 and length == len(message), message
    offset = 16
    while offset < length:
        number, size = struct.unpack_from("!HH", message, offset)
        assert size >= 4 and offset + size <= length, message
        yield number, message[offset + 4 : offset + size]
        offset += size


def read_templates(data, templates):
    while data:
        number, count = struct.unpack_from("!HH", data)
        fields = struct.unpack_from(f"!{2 * count}H", data, 4)
        templates[number] = list(zip(fields[::2], fields[1::2]))
        data = data[4 + 4 * count :]


def records_of(data, template):
    length = sum(size for _, size in template)
    assert len(data) % length == 0, data
    while data:
        record = {}
        for element, size in template:
            value = int.from_bytes(data[:size], "big")
            record[element] = str(ipaddress.ip_address(value)) if element in ADDRESSES else value
            data = data[size:]
        yield record


collector = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
collector.bind(("127.0.0.1", int(sys.argv[1])))
print("{}", flush=True)
templates = {}
expected = 0
while True:
    message = collector.recv(65535)
    assert struct.unpack_from("!I", message, 8)[0] == expected, "sequence number"
    for number, data in sets_of(message):
        if number == 2:
            read_templates(data, templates)
        else:
            for record in records_of(data, templates[number]):
                expected += 1
                print(json.dumps(record), flush=True)
