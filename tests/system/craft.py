#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Sends IPv4 packets, each given as an expression of scapy's, or a list of such. The kernel routes
them, whatever source address they have.

craft.py                          each line of input is HOST EXPRESSION; the answer is "sent", or what
                                  was wrong
craft.py --forever EXPRESSION...  all of them, again and again, from where it was started; `turn`
                                  counts the repetitions
"""
import itertools
import logging
import socket
import sys
import time

from peer import enter

logging.getLogger("scapy").setLevel(logging.ERROR)
# pylint: disable=wrong-import-position,wildcard-import,unused-wildcard-import
from scapy.config import conf  # noqa: E402
from scapy.layers.inet import *  # noqa: E402,F403
from scapy.packet import Raw  # noqa: E402,F401


def source_for(destination):
    """What the kernel would choose in this namespace; scapy asks for the whole route."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect((destination, 9))
        return "", probe.getsockname()[0], ""


def new_socket():
    return socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)


def send(raw, expression, turn):  # pylint: disable=unused-argument
    packets = eval(expression)  # pylint: disable=eval-used
    for packet in packets if isinstance(packets, list) else [packets]:
        raw.sendto(bytes(packet), (packet.dst, 0))


def serve():
    sockets = {}
    for line in sys.stdin:
        host, expression = line.rstrip("\n").split(" ", 1)
        try:
            enter(host)
            sockets.setdefault(host, new_socket())
            send(sockets[host], expression, 0)
            print("sent", flush=True)
        except Exception as error:  # pylint: disable=broad-exception-caught
            print(f"{expression}: {error!r}", flush=True)


def flood(expressions):
    raw = new_socket()
    for turn in itertools.count():
        for expression in expressions:
            try:
                send(raw, expression, turn)
            except OSError:
                pass  # no route at the moment, or a full buffer
        time.sleep(0.002)  # leave something of the machine to others


conf.route.route = source_for
if sys.argv[1:2] == ["--forever"]:
    flood(sys.argv[2:])
else:
    serve()
