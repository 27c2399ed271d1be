"""Loads servers over TLS in turn.

    tls_load.py handshakes KIND/PORT/PID... --seconds S --rounds R
    tls_load.py alone PORT/PID/PATH... --seconds S --rounds R

`handshakes` opens connections, a few at a time, each for one byte there and back. KIND is `full`, or
`resumed`: then each continues the session of the one before, and only those count of which the server
accepts that. One line of JSON for each slice of time, as load.py prints it.

`alone` asks for one page after another over https on a connection that is kept alive, without ever a
second request on its way. For each round and server one line of JSON: the milliseconds of the slowest
tenth of the requests for the slowest page.
"""

import argparse
import itertools
import json
import select
import socket
import ssl
import time

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("what", choices=("handshakes", "alone"))
parser.add_argument("servers", nargs="+")
parser.add_argument("--seconds", type=float, required=True, help="of each slice")
parser.add_argument("--rounds", type=int, required=True)
given = parser.parse_args()

AT_ONCE = 4
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE
# A port that was left waits for a minute, so each address would give 28,000 connections in all.
ADDRESSES = itertools.cycle(f"127.0.1.{last}" for last in range(1, 255))


def cpu_seconds(pid):
    try:
        # The thread that runs the event loop, in nanoseconds.
        with open(f"/proc/{pid}/schedstat") as file:
            return int(file.read().split()[0]) / 1e9
    except OSError:
        return 0.0


class Handshakes:
    def __init__(self, place):
        self.kind, port, self.pid = place.split("/")
        self.port = int(port)
        self.session = None

    def begin(self, poll):
        sock = socket.create_connection(("127.0.0.1", self.port), source_address=(next(ADDRESSES), 0))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setblocking(False)
        session = self.session if self.kind == "resumed" else None
        secure = context.wrap_socket(sock, do_handshake_on_connect=False, session=session)
        # A ticket of TLS 1.3 is for one connection.
        self.session = None if session is not None else self.session
        # By edges: it may be written to at once, and every step reads until nothing is left.
        poll.register(secure.fileno(), select.EPOLLIN | select.EPOLLOUT | select.EPOLLET)
        self.open[secure.fileno()] = [secure, False]

    def step(self, fd):
        """True once the byte is back."""
        secure, greeted = self.open[fd]
        try:
            if not greeted:
                secure.do_handshake()
                secure.send(b"x")
                self.open[fd][1] = True
            if secure.recv(16) == b"":
                raise SystemExit("the server closed a connection")
            return True
        except ssl.SSLWantReadError:
            return False

    def slice(self, seconds):
        cpu, start = cpu_seconds(self.pid), time.monotonic()
        poll, self.open, answers = select.epoll(), {}, 0
        for _ in range(AT_ONCE):
            self.begin(poll)
        while self.open:
            for fd, _ in poll.poll():
                if not self.step(fd):
                    continue
                secure, _ = self.open.pop(fd)
                answers += secure.session_reused or self.kind == "full"
                self.session = secure.session
                poll.unregister(fd)
                try:
                    secure.unwrap()
                except (ssl.SSLError, OSError):
                    pass  # our close_notify is sent; the server's is not waited for
                secure.close()
                if time.monotonic() - start < seconds:
                    self.begin(poll)
        spent = time.monotonic() - start
        return {"answers": answers, "seconds": spent, "cpu": cpu_seconds(self.pid) - cpu}


class Alone:
    def __init__(self, place):
        port, self.pid, *pages = place.split("/")
        self.pages = pages
        sock = socket.create_connection(("127.0.0.1", int(port)))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock = context.wrap_socket(sock)

    def ask(self, page):
        """The milliseconds from the request to the last byte of its answer."""
        start = time.monotonic()
        self.sock.sendall(f"GET /{page} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        head = b""
        while b"\r\n\r\n" not in head:
            part = self.sock.recv(65536)
            if part == b"":
                raise SystemExit("the server closed the connection")
            head += part
        head, body = head.split(b"\r\n\r\n", 1)
        if not head.startswith(b"HTTP/1.1 200"):
            raise SystemExit(f"the answer was {head!r}")
        fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
        missing = int(fields[b"content-length"]) - len(body)
        while missing > 0:
            missing -= len(self.sock.recv(65536))
        return (time.monotonic() - start) * 1000

    def slice(self, seconds):
        end = time.monotonic() + seconds
        times = {page: [] for page in self.pages}
        while time.monotonic() < end or len(times[self.pages[-1]]) < 10:
            for page in self.pages:
                times[page].append(self.ask(page))
        return {"ms": max(sorted(of)[len(of) * 9 // 10] for of in times.values())}


servers = [(Handshakes if given.what == "handshakes" else Alone)(place) for place in given.servers]
for server in servers:
    server.slice(given.seconds)  # warm
for round in range(given.rounds):
    order = list(enumerate(servers))
    for index, server in order if round % 2 == 0 else reversed(order):
        print(json.dumps({"server": index, **server.slice(given.seconds)}), flush=True)
