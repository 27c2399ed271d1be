"""What every peer program here needs: where to listen or dial, and a deadline on every socket.

A place is `HOST PORT`, or the path of a Unix socket (anything with a slash in it). A server prints
`listening HOST PORT` (or `listening PATH`) first, so that a test can bind port 0.
"""

import argparse
import atexit
import os
import socket
import sys
import threading

TIMEOUT_SECONDS = 60


def arguments(description, *options):
    """Parses `(name, settings)` options and a place; returns them with `address` and `words`."""
    parser = argparse.ArgumentParser(description=description)
    for name, settings in options:
        parser.add_argument(name, **settings)
    parser.add_argument("words", nargs="+", metavar="HOST PORT | PATH, words")
    parsed = parser.parse_intermixed_args()
    taken = 1 if "/" in parsed.words[0] else 2
    if len(parsed.words) < taken:
        parser.error("a host needs a port")
    place, parsed.words = parsed.words[:taken], parsed.words[taken:]
    parsed.address = place[0] if taken == 1 else (place[0], int(place[1]))
    return parsed


DATAGRAM = ("--datagram", {"action": "store_true", "help": "UDP, or a Unix datagram socket"})


def family(address):
    if isinstance(address, str):
        return socket.AF_UNIX
    return socket.AF_INET6 if ":" in address[0] else socket.AF_INET


def new_socket(address, datagram):
    sock = socket.socket(family(address), socket.SOCK_DGRAM if datagram else socket.SOCK_STREAM)
    sock.settimeout(TIMEOUT_SECONDS)
    return sock


def say(*words):
    """Prints a line at once and in one piece, also into a pipe and from several threads."""
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


def announce(sock):
    """Prints where the socket ended up: with port 0 only the system knows."""
    name = sock.getsockname()
    say("listening", name if isinstance(name, str) else f"{name[0]} {name[1]}")


def listening(address, datagram=False, backlog=5):
    """A bound socket, listening when it is a stream socket."""
    sock = new_socket(address, datagram)
    sock.bind(address)
    if not datagram:
        sock.listen(backlog)
    announce(sock)
    return sock


def dialled(address, datagram=False):
    """A socket connected to the address: a datagram from anywhere else is not taken for the reply."""
    sock = new_socket(address, datagram)
    if datagram and isinstance(address, str):
        # A Unix datagram socket without a name of its own cannot be answered.
        own = f"{address}.{os.getpid()}"
        sock.bind(own)
        atexit.register(os.unlink, own)
    sock.connect(address)
    return sock


def exchange(sock, data):
    """Sends all the data, shuts down the sending side, and yields the replies to their end."""

    def send():
        try:
            sock.sendall(data)
            sock.shutdown(socket.SHUT_WR)
        except OSError as error:
            print("Stopped sending:", error, file=sys.stderr, flush=True)

    # Sending and reading at once: an echo server stops reading while nobody takes its replies.
    threading.Thread(target=send, daemon=True).start()
    while reply := sock.recv(65536):
        yield reply


def serve_requests(server):
    """Handles one request after another of a socketserver, until nobody comes any more."""

    def leave():
        say("Nobody came.")
        sys.exit(0)

    announce(server.socket)
    server.timeout = TIMEOUT_SECONDS
    server.handle_timeout = leave
    while True:
        server.handle_request()
