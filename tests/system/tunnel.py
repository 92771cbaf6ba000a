#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""tunnel.py NAMESPACE DEVICE NAMESPACE DEVICE: a layer 3 device (tun) in each of the two network
namespaces, and the packets of either go to the other, until this process ends."""
import ctypes
import fcntl
import os
import select
import struct
import sys

TUNSETIFF = 0x400454CA
IFF_TUN = 0x0001
IFF_NO_PI = 0x1000


def open_tun(namespace, name):
    with open(f"/run/netns/{namespace}", encoding="ascii") as netns:
        if ctypes.CDLL(None, use_errno=True).setns(netns.fileno(), 0) != 0:
            raise OSError(ctypes.get_errno(), "setns")
    tun = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
    return tun


ends = [open_tun(*sys.argv[1:3]), open_tun(*sys.argv[3:5])]
while True:
    for tun in select.select(ends, [], [])[0]:
        packet = os.read(tun, 65535)
        try:
            os.write(ends[1 - ends.index(tun)], packet)
        except OSError:
            pass  # the other end is down: a cable that is not plugged in
