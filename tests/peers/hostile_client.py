"""A peer that misbehaves: `reset`, `silent`, `oversized` or `flood`, with `--count`.

reset      sends a few bytes, then resets the connection, that many times
silent     opens that many connections, says nothing, holds them until its input ends
oversized  sends one message of that many bytes, without a newline
flood      sends that many small messages without reading a reply
"""

import socket
import struct
import sys

from endpoint import DATAGRAM, arguments, dialled, exchange, say

MODES = ("reset", "silent", "oversized", "flood")
given = arguments(
    __doc__,
    DATAGRAM,
    ("--mode", {"choices": MODES, "required": True}),
    ("--count", {"type": int, "default": 1}),
)


def reset():
    for _ in range(given.count):
        sock = dialled(given.address)
        sock.sendall(b"half a mess")
        # Lingering for zero seconds makes close() send RST instead of FIN.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        sock.close()
    say(f"Reset {given.count}")


def silent():
    held = [dialled(given.address, given.datagram) for _ in range(given.count)]
    say(f"Holding {len(held)}")
    sys.stdin.read()
    say("Released")


def oversized():
    message = b"x" * given.count
    with dialled(given.address, given.datagram) as sock:
        try:
            if given.datagram:
                sock.sendall(message)
                say(f"Sent {len(message)} bytes")
                replies = [sock.recv(65536)]
            else:
                replies = list(exchange(sock, message))
            say(f"Received {sum(map(len, replies))} bytes")
        except OSError as error:
            say("Refused:", error)


def flood():
    with dialled(given.address, given.datagram) as sock:
        sent = 0
        try:
            while sent < given.count:
                sock.sendall(b"flood\n")
                sent += 1
        except OSError as error:
            say("Stopped:", error)
        say(f"Sent {sent}")


{"reset": reset, "silent": silent, "oversized": oversized, "flood": flood}[given.mode]()
