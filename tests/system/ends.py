#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Sockets in any host of the test's network, by name. Each line of input is a command, and is answered
with one line. LOCAL and REMOTE are [ADDRESS:]PORT.

serve NAME udp|tcp HOST LOCAL         a UDP socket, or a listening one
session NAME udp|tcp HOST LOCAL REMOTE SERVED
                                      a question from there and its answer: what the served socket
                                      took for the other end, or what was wrong
again NAME                            the same in that session, now
begin NAME udp|tcp HOST LOCAL REMOTE  only the first packet
outcome NAME                          of that: "connected", an error such as EHOSTUNREACH, or "nothing"
send NAME REMOTE TEXT                 a datagram from a served socket
receive NAME                          "ADDRESS:PORT TEXT", for TCP "ADDRESS:PORT"; or "nothing"
pending NAME                          the same, without waiting for it
close NAME
"""
import errno
import select
import socket
import sys

from peer import enter

KINDS = {"udp": socket.SOCK_DGRAM, "tcp": socket.SOCK_STREAM}
PATIENCE = 3
ends = {}
served_by = {}


def endpoint(text):
    address, _, port = text.rpartition(":")
    return address, int(port)


def text_of(address):
    return f"{address[0]}:{address[1]}"


def keep(name, end):
    close(name)
    ends[name] = end


def close(name):
    for each in (name, name + ".accepted"):
        if each in ends:
            ends.pop(each).close()
    return "closed"


def new_end(protocol, host, local):
    enter(host)
    end = socket.socket(socket.AF_INET, KINDS[protocol])
    end.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    end.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    end.settimeout(PATIENCE)
    end.bind(endpoint(local))
    return end


def serve(name, protocol, host, local):
    end = new_end(protocol, host, local)
    if protocol == "tcp":
        end.listen(64)
    keep(name, end)
    return "serves"


def session(name, protocol, host, local, remote, served):
    client = new_end(protocol, host, local)
    keep(name, client)
    served_by[name] = served
    client.connect(endpoint(remote))
    if protocol == "tcp":
        accepted, _ = ends[served].accept()
        accepted.settimeout(PATIENCE)
        ends[name + ".accepted"] = accepted
    return again(name)


def again(name):
    client = ends[name]
    client.send(name.encode())
    if client.type == socket.SOCK_STREAM:
        other = ends[name + ".accepted"]
        question, peer = other.recv(1000), other.getpeername()
        other.send(question)
    else:
        other = ends[served_by[name]]
        select.select([client, other], [], [], PATIENCE)
        error = client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if error:
            return errno.errorcode[error]
        if not select.select([other], [], [], 0)[0]:
            return "the question does not arrive"
        question, peer = other.recvfrom(1000)
        other.sendto(question, peer)
    if question != name.encode():
        return f"another question arrives: {question!r} from {text_of(peer)}"
    try:
        answer = client.recv(1000)
    except TimeoutError:
        return f"the answer to {text_of(peer)} does not arrive"
    return text_of(peer) if answer == question else f"another answer arrives: {answer!r}"


def begin(name, protocol, host, local, remote):
    client = new_end(protocol, host, local)
    keep(name, client)
    client.setblocking(False)
    error = client.connect_ex(endpoint(remote))
    if protocol == "udp":
        client.send(name.encode())
    return "begun" if error in (0, errno.EINPROGRESS) else errno.errorcode[error]


def outcome(name):
    client = ends[name]
    tcp = client.type == socket.SOCK_STREAM
    readable, writable, _ = select.select([client], [client] if tcp else [], [], PATIENCE)
    if not readable and not writable:
        return "nothing"
    error = client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if error:
        return errno.errorcode[error]
    return "connected" if tcp else client.recv(1000).decode()


def send(name, remote, *words):
    ends[name].sendto(" ".join(words).encode(), endpoint(remote))
    return "sent"


def receive(name, patience=PATIENCE):
    end = ends[name]
    if not select.select([end], [], [], patience)[0]:
        return "nothing"
    if end.type == socket.SOCK_STREAM:
        accepted, peer = end.accept()
        accepted.settimeout(PATIENCE)
        keep(name + ".accepted", accepted)
        return text_of(peer)
    data, peer = end.recvfrom(65535)
    return f"{text_of(peer)} {data.decode()}"


def pending(name):
    return receive(name, 0)


VERBS = {verb.__name__: verb
         for verb in (serve, session, again, begin, outcome, send, receive, pending, close)}
for line in sys.stdin:
    command, *arguments = line.split()
    try:
        print(VERBS[command](*arguments), flush=True)
    except OSError as problem:
        print(errno.errorcode.get(problem.errno, repr(problem)), flush=True)
    except Exception as problem:  # pylint: disable=broad-exception-caught
        print(repr(problem), flush=True)
