#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Sends first fragments of UDP datagrams that never become whole, as fast as it can, from the namespace
where it was started.

first_fragments.py NUMBER SOURCE SOURCES DESTINATION PORT...
    from SOURCES addresses, SOURCE and those that follow it, to each of the ports in turn
"""
import ipaddress
import itertools
import socket
import struct
import sys

MORE_FRAGMENTS = 0x2000
SOURCE_PORTS = range(1024, 1124)
DATA = bytes(8)
WHOLE = 3008  # bytes, the datagram says


def first_fragment(number, source, destination, port):
    # The kernel fills in the lengths and checksum of the IP header.
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 0, number % 0xffff + 1, MORE_FRAGMENTS, 64,
                     socket.IPPROTO_UDP, 0, source.packed, destination.packed)
    return ip + struct.pack("!HHHH", SOURCE_PORTS[number % len(SOURCE_PORTS)], port, WHOLE, 0) + DATA


def flood(number, source, sources, destination, ports):
    port = itertools.cycle(ports)
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as raw:
        for each in range(number):
            packet = first_fragment(each, source + each % sources, destination, next(port))
            raw.sendto(packet, (str(destination), 0))


flood(int(sys.argv[1]), ipaddress.IPv4Address(sys.argv[2]), int(sys.argv[3]),
      ipaddress.IPv4Address(sys.argv[4]), [int(port) for port in sys.argv[5:]])
