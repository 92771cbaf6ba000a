# SPDX-License-Identifier: GPL-2.0-only
"""UDP: `serve PORT` answers each datagram with the sender's ADDRESS:PORT; `talk ADDRESS PORT` sends one
for each line of standard input and prints the answer."""
import socket
import sys

udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
if sys.argv[1] == "serve":
    udp.bind(("", int(sys.argv[2])))
    while True:
        _, sender = udp.recvfrom(100)
        udp.sendto("{}:{}".format(*sender).encode(), sender)
udp.settimeout(5)
udp.connect((sys.argv[2], int(sys.argv[3])))
for _ in sys.stdin:
    udp.send(b"?")
    print(udp.recv(100).decode(), flush=True)
