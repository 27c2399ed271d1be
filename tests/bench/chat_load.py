"""Members of a chat that say things to each other, and count what arrives.

`throughput` keeps a window of messages under way and counts lines; `latency` says so many messages a
second and measures how long each takes to some of the members. One line of JSON for each slice, in
turn for each server: lines delivered, seconds, the CPU seconds that the server spent, and the 99th
percentile of the latency in milliseconds.
"""

import argparse
import json
import select
import socket
import time

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("what", choices=("throughput", "latency"))
parser.add_argument("servers", nargs="+", metavar="PORT/PID")
parser.add_argument("--members", type=int, default=100)
parser.add_argument("--bytes", type=int, default=64)
parser.add_argument("--window", type=int, default=1000, help="messages under way")
parser.add_argument("--rate", type=float, default=2000, help="messages a second, for latency")
parser.add_argument("--seconds", type=float, required=True, help="of each slice")
parser.add_argument("--rounds", type=int, required=True)
given = parser.parse_args()

# Whose latency is measured; the others are counted, which costs less.
WATCHED = 10
SENDERS = 8


def cpu_seconds(pid):
    with open(f"/proc/{pid}/schedstat") as file:
        return int(file.read().split()[0]) / 1e9


class Chat:
    def __init__(self, port, pid):
        self.pid = pid
        self.poll = select.epoll()
        self.sockets = {}
        self.buffer = bytearray(1 << 20)
        self.delivered = 0
        self.rest = {}
        self.delays = []
        for _ in range(given.members):
            sock = socket.create_connection(("127.0.0.1", port))
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.sendall(b"hello\n")
            sock.setblocking(False)
            self.sockets[sock.fileno()] = sock
            self.poll.register(sock.fileno(), select.EPOLLIN)
        self.fds = list(self.sockets)
        self.watched = set(self.fds[-WATCHED:]) if given.what == "latency" else set()
        while self.read(0.5):
            pass
        self.reset()

    def reset(self):
        self.delivered = 0
        self.delays.clear()

    def read(self, timeout):
        events = self.poll.poll(timeout, len(self.fds))
        now = time.monotonic_ns()
        for fd, _ in events:
            count = self.sockets[fd].recv_into(self.buffer)
            if count == 0:
                raise SystemExit("the server closed a connection")
            if fd in self.watched:
                self.measure(fd, bytes(self.buffer[:count]), now)
            else:
                self.delivered += self.buffer.count(b"\n", 0, count)
        return bool(events)

    def measure(self, fd, data, now):
        lines = (self.rest.pop(fd, b"") + data).split(b"\n")
        self.rest[fd] = lines.pop()
        self.delivered += len(lines)
        for line in lines:
            at = line.find(b"@")
            if at >= 0:
                self.delays.append(now - int(line[at + 1 : at + 21]))

    def say(self, number, count):
        if given.what == "latency":
            text = b"@%020d" % time.monotonic_ns()
            line = text + b"x" * (given.bytes - len(text) - 1) + b"\n"
        else:
            line = LINE
        self.sockets[self.fds[number % SENDERS]].send(line * count)

    def throughput(self):
        """Until the time is over, then until nothing comes any more."""
        end = time.monotonic() + given.seconds
        each = len(self.fds) - 1
        sent = 0
        while time.monotonic() < end:
            if sent - self.delivered // each < given.window:
                self.say(sent // 50, 50)
                sent += 50
                self.read(0)
            else:
                self.read(0.2)
        while self.delivered < sent * each and self.read(1):
            pass
        return sent * each

    def latency(self):
        start = time.monotonic()
        sent = 0
        while (elapsed := time.monotonic() - start) < given.seconds:
            if sent < elapsed * given.rate:
                self.say(sent, 1)
                sent += 1
                self.read(0)
            else:
                self.read(0.0005)
        each = len(self.fds) - 1
        while self.delivered < sent * each and self.read(1):
            pass
        return sent * each

    def slice(self):
        self.reset()
        cpu, start = cpu_seconds(self.pid), time.monotonic()
        expected = self.throughput() if given.what == "throughput" else self.latency()
        seconds = time.monotonic() - start
        delays = sorted(self.delays)
        return {
            "delivered": self.delivered,
            "expected": expected,
            "seconds": seconds,
            "cpu": cpu_seconds(self.pid) - cpu,
            "p99Ms": delays[len(delays) * 99 // 100] / 1e6 if delays else 0,
        }


LINE = b"x" * (given.bytes - 1) + b"\n"
chats = [Chat(*map(int, server.split("/"))) for server in given.servers]
for _ in range(given.rounds):
    for index, chat in enumerate(chats):
        print(json.dumps({"server": index, **chat.slice()}), flush=True)
