"""Loads servers in turn, so that whatever else the machine does falls on all of them alike.

Every connection sends a message, waits for the whole answer and sends the next. Each round gives
every server one slice of time, forwards in even rounds and backwards in odd ones. One line of JSON
for each slice: which server, how many answers, seconds, and the CPU seconds the server spent.
"""

import argparse
import json
import select
import socket
import ssl
import time

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("transport", choices=("tcp", "tls", "udp", "ws"))
parser.add_argument("servers", nargs="+", metavar="PORT/PID")
parser.add_argument("--connections", type=int, required=True)
parser.add_argument("--request", help="text to send; without it, --bytes of the letter x")
parser.add_argument("--bytes", type=int, default=64)
parser.add_argument("--seconds", type=float, required=True, help="of each slice")
parser.add_argument("--rounds", type=int, required=True)
given = parser.parse_args()

MESSAGE = (
    b"x" * given.bytes if given.request is None else given.request.encode().replace(b"\\r\\n", b"\r\n")
)
if given.transport == "ws":
    if given.request is not None or given.bytes > 125:
        parser.error("a WebSocket is loaded with --bytes, at most 125")
    # A binary frame, masked with zeros.
    MESSAGE = bytes((0x82, 0x80 | given.bytes, 0, 0, 0, 0)) + MESSAGE
# A datagram that was lost is sent again after this long.
PATIENCE_S = 0.2


class Server:
    """One server and the connections to it, which stay open from slice to slice."""

    def __init__(self, port, pid):
        self.pid = pid
        self.poll = select.epoll()
        self.sockets = {}
        for _ in range(given.connections):
            sock = dialled(port)
            self.sockets[sock.fileno()] = sock
            self.poll.register(sock.fileno(), select.EPOLLIN)
        # A server's frame is like a client's, without the four bytes of the mask.
        echo_bytes = len(MESSAGE) - 4 if given.transport == "ws" else len(MESSAGE)
        self.answer_bytes = echo_bytes if given.request is None else answer_length(port)

    def cpu_seconds(self):
        try:
            # The thread that runs the event loop, in nanoseconds.
            with open(f"/proc/{self.pid}/schedstat") as file:
                return int(file.read().split()[0]) / 1e9
        except OSError:
            return 0.0

    def slice(self, seconds):
        cpu = self.cpu_seconds()
        start = time.monotonic()
        answers = self.exchange(start + seconds)
        return answers, time.monotonic() - start, self.cpu_seconds() - cpu

    def exchange(self, end):
        """Until `end`, then until every answer is in."""
        poll, sockets, buffer = self.poll.poll, self.sockets, bytearray(256 * 1024)
        answer_bytes, answers, going = self.answer_bytes, 0, True
        missing = {}
        unsent = {}
        for fd in sockets:
            missing[fd] = answer_bytes
            self.send(fd, 0, unsent)
        waiting = len(sockets)
        while waiting:
            events = poll(PATIENCE_S, len(sockets))
            if not events and given.transport == "udp":
                for fd in missing:
                    self.send(fd, 0, unsent)
            for fd, event in events:
                if event & select.EPOLLIN:
                    received = receive(sockets[fd], buffer)
                    if fd not in missing:
                        continue  # the second answer to a datagram that was sent twice
                    left = missing[fd] - received
                    if left > 0:
                        missing[fd] = left
                    else:
                        answers += 1
                        if going:
                            missing[fd] = answer_bytes
                            self.send(fd, 0, unsent)
                        else:
                            waiting -= 1
                            del missing[fd]
                elif event & select.EPOLLOUT:
                    self.send(fd, unsent[fd], unsent)
                else:
                    raise SystemExit("the server closed a connection")
            going = going and time.monotonic() < end
        return answers

    def send(self, fd, start, unsent):
        sent = start
        try:
            sent += self.sockets[fd].send(VIEW[start:] if start else MESSAGE)
        except ssl.SSLWantWriteError:
            pass
        if sent < len(MESSAGE):
            unsent[fd] = sent
            self.poll.modify(fd, select.EPOLLIN | select.EPOLLOUT)
        elif start:
            del unsent[fd]
            self.poll.modify(fd, select.EPOLLIN)


def receive(sock, buffer):
    """As much as there is: what TLS has decrypted already, no poll tells of."""
    if given.transport != "tls":
        return sock.recv_into(buffer)
    received = 0
    try:
        received = sock.recv_into(buffer)
        while sock.pending():
            received += sock.recv_into(buffer)
    except ssl.SSLWantReadError:
        pass
    return received


VIEW = memoryview(MESSAGE)


def dialled(port):
    if given.transport == "udp":
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.connect(("127.0.0.1", port))
    else:
        sock = socket.create_connection(("127.0.0.1", port))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if given.transport == "ws":
        upgrade(sock, port)
    if given.transport == "tls":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        sock = context.wrap_socket(sock)
    sock.setblocking(False)
    return sock


def upgrade(sock, port):
    """Opens a WebSocket on a connection."""
    sock.sendall(
        f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
    )
    answer = b""
    while not answer.endswith(b"\r\n\r\n"):
        part = sock.recv(4096)
        if not part:
            raise SystemExit("the server opened no WebSocket")
        answer += part


def answer_length(port):
    """How long the answer to the request is: the same each time."""
    with socket.create_connection(("127.0.0.1", port)) as sock:
        sock.sendall(MESSAGE)
        time.sleep(0.2)
        return len(sock.recv(65536))


servers = []
for place in given.servers:
    port, _, pid = place.partition("/")
    servers.append(Server(int(port), pid))
for server in servers:
    server.slice(given.seconds)  # warm
for round in range(given.rounds):
    order = list(enumerate(servers))
    for index, server in order if round % 2 == 0 else reversed(order):
        answers, seconds, cpu = server.slice(given.seconds)
        print(
            json.dumps({"server": index, "answers": answers, "seconds": seconds, "cpu": cpu}),
            flush=True,
        )
