"""Opens sockets and passes them to a program that takes its place, as a service manager does.

Usage: socket_passer.py [--limit DESCRIPTORS] [--count TEXT] [--pid TEXT] KIND[=NAME]... -- PROGRAM...

Each KIND is tcp, tcp6, unix:PATH, connected, udp, unixgram:PATH, file or closed. The addresses of sockets of
TCP are printed first, one a line, on standard error.
"""

import os
import resource
import socket
import sys

FIRST = 3


def listening(family, address):
    opened = socket.socket(family)
    opened.bind(address)
    opened.listen(64)
    return opened


def connected():
    with listening(socket.AF_INET, ("127.0.0.1", 0)) as listener:
        kept.append(socket.create_connection(listener.getsockname()))
        return listener.accept()[0]


def datagrams(family, address):
    opened = socket.socket(family, socket.SOCK_DGRAM)
    opened.bind(address)
    return opened


def open_kind(kind):
    name, _, path = kind.partition(":")
    if name == "tcp":
        return listening(socket.AF_INET, ("127.0.0.1", 0)).detach()
    if name == "tcp6":
        return listening(socket.AF_INET6, ("::", 0)).detach()
    if name == "unix":
        return listening(socket.AF_UNIX, path).detach()
    if name == "connected":
        return connected().detach()
    if name == "udp":
        return datagrams(socket.AF_INET, ("127.0.0.1", 0)).detach()
    if name == "unixgram":
        return datagrams(socket.AF_UNIX, path).detach()
    if name == "file":
        return os.open(__file__, os.O_RDONLY)
    return None


kept = []
words = sys.argv[1:]
at = words.index("--")
kinds, program = words[:at], words[at + 1 :]
count = pid = limit = None
while kinds and kinds[0].startswith("--"):
    option, value, *kinds = kinds
    if option == "--limit":
        limit = int(value)
    elif option == "--count":
        count = value
    elif option == "--pid":
        pid = value
named = [kind.partition("=") for kind in kinds]
opened = [open_kind(kind) for kind, _, _ in named]
# First out of the way of the numbers that they are to have.
moved = [None if fd is None else os.dup2(fd, 100 + index) for index, fd in enumerate(opened)]
for index, fd in enumerate(moved):
    if fd is None:
        continue
    os.dup2(fd, FIRST + index, inheritable=True)
    os.close(fd)
    if kinds[index].startswith("tcp"):
        own = socket.socket(fileno=os.dup(FIRST + index))
        print("passed port", own.getsockname()[1], file=sys.stderr, flush=True)
for fd in (socket_.fileno() for socket_ in kept):
    os.set_inheritable(fd, True)
os.environ["LISTEN_FDS"] = str(len(kinds)) if count is None else count
os.environ["LISTEN_PID"] = str(os.getpid()) if pid is None else pid
os.environ["LISTEN_FDNAMES"] = ":".join(name for _, _, name in named)
if limit is not None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
os.execvp(program[0], program)
