#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Both ends of the tests' conversations.

peer.py web PORT FILE   GET /payload: FILE; GET /peer: ADDRESS:PORT of the client;
                        PUT /sum: the SHA-256 of what was sent
peer.py udp PORT        sends each datagram back; "peer" is answered with ADDRESS:PORT
peer.py ask ADDRESS PORT SOURCE-PORT TEXT
                        one datagram and its answer; a TEXT that is a number stands for so many
                        random bytes, and "same" is printed when they come back
peer.py converse tcp|udp ADDRESS PORT SOURCE-PORT
                        one socket; for each line of input it asks for, and prints, ADDRESS:PORT
peer.py stream tcp|udp ADDRESS PORT SOURCE-PORT
                        one socket, which asks for ADDRESS:PORT all the time; for each line of input it
                        prints how many answers came, how many did not (one that comes late did), and
                        the last one

Imported by the tests' own programs: enter(), socket_in(), seen_by().
"""
import ctypes
import hashlib
import http.server
import os
import select
import socket
import sys
import time


def new_socket(kind, port):
    result = socket.socket(socket.AF_INET, kind)
    result.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    result.settimeout(3)
    result.bind(("", int(port)))
    return result


def enter(host):
    """Into the namespace of that host of the test's network. Sockets stay where they were made."""
    with open(f"/run/netns/{os.environ['TOPOLOGY']}-{host}", encoding="ascii") as namespace:
        if ctypes.CDLL(None, use_errno=True).setns(namespace.fileno(), 0) != 0:
            raise OSError(ctypes.get_errno(), "setns")


def socket_in(host, kind, port=0):
    """A socket of that host, bound to the port, with a time limit."""
    enter(host)
    return new_socket(kind, port)


def seen_by(connected):
    """ADDRESS:PORT that the service at the other end of a connected socket sees."""
    if connected.type == socket.SOCK_DGRAM:
        connected.send(b"peer")
        return connected.recv(1000).decode()
    connected.send(b"GET /peer HTTP/1.1\r\nHost: test\r\n\r\n")
    answer = b""
    while not answer.partition(b"\r\n\r\n")[2].endswith(b"\n"):
        more = connected.recv(1000)
        if not more:
            raise ConnectionError("the server has closed the connection")
        answer += more
    return answer.split(b"\n")[-2].decode()


class Web(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    payload = b""

    def answer(self, body):
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.path == "/payload":
            self.answer(self.payload)
        else:
            self.answer(b"%s:%d\n" % (self.client_address[0].encode(), self.client_address[1]))

    def do_PUT(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.answer(hashlib.sha256(body).hexdigest().encode() + b"\n")


def web(port, path):
    with open(path, "rb") as file:
        Web.payload = file.read()
    http.server.ThreadingHTTPServer(("", int(port)), Web).serve_forever()


def udp(port):
    with new_socket(socket.SOCK_DGRAM, port) as service:
        service.settimeout(None)
        while True:
            data, peer = service.recvfrom(65535)
            service.sendto(b"%s:%d" % (peer[0].encode(), peer[1]) if data == b"peer" else data, peer)


def ask(address, port, source_port, text):
    data = os.urandom(int(text)) if text.isdigit() else text.encode()
    with new_socket(socket.SOCK_DGRAM, source_port) as client:
        client.setsockopt(socket.IPPROTO_IP, 10, 0)  # IP_MTU_DISCOVER: IP_PMTUDISC_DONT
        client.connect((address, int(port)))
        client.send(data)
        answer = client.recv(65535)
    print(("same" if answer == data else "different") if text.isdigit() else answer.decode())


def converse(protocol, address, port, source_port):
    kind = socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM
    with new_socket(kind, source_port) as client:
        client.connect((address, int(port)))
        for _ in sys.stdin:
            print(seen_by(client), flush=True)


def late_answers(client):
    """How many UDP answers wait that nobody waited for any more."""
    number = 0
    while select.select([client], [], [], 0)[0]:
        try:
            client.recv(1000)
            number += 1
        except OSError:  # an error that ICMP has told of
            pass
    return number


def stream(protocol, address, port, source_port):
    kind = socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM
    answers, lost, last = 0, 0, "nothing"
    with new_socket(kind, source_port) as client:
        client.connect((address, int(port)))
        # TCP sends again by itself, for a while.
        client.settimeout(20 if protocol == "tcp" else 0.1)
        while True:
            try:
                last = seen_by(client)
                answers += 1
            except OSError:
                lost += 1
            time.sleep(0.002)  # leave something of the machine to others
            if protocol == "udp":
                late = late_answers(client)
                answers, lost = answers + late, lost - late
            if select.select([sys.stdin], [], [], 0)[0]:
                if not sys.stdin.readline():
                    return
                print(answers, lost, last, flush=True)


if __name__ == "__main__":
    verbs = {"web": web, "udp": udp, "ask": ask, "converse": converse, "stream": stream}
    verbs[sys.argv[1]](*sys.argv[2:])
