"""DTLS 1.2 by OpenSSL's library, through ctypes: an echo server, and a load that falls on two servers
in turn.

    dtls_load.py serve CERT KEY
    dtls_load.py load echo|handshakes PORT/PID PORT/PID --seconds S --rounds R [--bytes N]

A server that is written udp:PORT/PID is sent the messages as they are. The load prints one line of JSON for each slice, as load.py does.
"""

import argparse
import ctypes
import ctypes.util
import json
import select
import socket
import time

ssl = ctypes.CDLL(ctypes.util.find_library("ssl") or "libssl.so.3")
crypto = ctypes.CDLL(ctypes.util.find_library("crypto") or "libcrypto.so.3")
P, I, L, B = ctypes.c_void_p, ctypes.c_int, ctypes.c_long, ctypes.c_char_p
for library, name, result, arguments in (
    (ssl, "DTLS_server_method", P, []),
    (ssl, "DTLS_client_method", P, []),
    (ssl, "SSL_CTX_new", P, [P]),
    (ssl, "SSL_CTX_use_certificate_chain_file", I, [P, B]),
    (ssl, "SSL_CTX_use_PrivateKey_file", I, [P, B, I]),
    (ssl, "SSL_CTX_set_verify", None, [P, I, P]),
    (ssl, "SSL_CTX_set_options", ctypes.c_uint64, [P, ctypes.c_uint64]),
    (ssl, "SSL_new", P, [P]),
    (ssl, "SSL_free", None, [P]),
    (ssl, "SSL_set_bio", None, [P, P, P]),
    (ssl, "SSL_ctrl", L, [P, I, L, P]),
    (ssl, "SSL_set_accept_state", None, [P]),
    (ssl, "SSL_set_connect_state", None, [P]),
    (ssl, "SSL_do_handshake", I, [P]),
    (ssl, "SSL_read", I, [P, P, I]),
    (ssl, "SSL_write", I, [P, B, I]),
    (crypto, "BIO_new", P, [P]),
    (crypto, "BIO_s_mem", P, []),
    (crypto, "BIO_write", I, [P, B, I]),
    (crypto, "BIO_read", I, [P, P, I]),
):
    function = getattr(library, name)
    function.restype, function.argtypes = result, arguments

NO_QUERY_MTU = 1 << 12
SET_MTU = 17
HANDLE_TIMEOUT = 74
BUFFER = ctypes.create_string_buffer(65536)


class End:
    """One end of an association, without a socket."""

    def __init__(self, context, server):
        self.ssl = ssl.SSL_new(context)
        self.inward, self.outward = (crypto.BIO_new(crypto.BIO_s_mem()) for _ in range(2))
        ssl.SSL_set_bio(self.ssl, self.inward, self.outward)
        ssl.SSL_ctrl(self.ssl, SET_MTU, 1200, None)
        (ssl.SSL_set_accept_state if server else ssl.SSL_set_connect_state)(self.ssl)
        self.connected = False

    def take(self, datagram):
        """Takes a datagram in; the message in it, if there is one."""
        crypto.BIO_write(self.inward, datagram, len(datagram))
        if not self.connected:
            self.connected = ssl.SSL_do_handshake(self.ssl) == 1
            return None
        count = ssl.SSL_read(self.ssl, BUFFER, 65536)
        return BUFFER.raw[:count] if count > 0 else None

    def out(self):
        """What there is to send, or nothing."""
        count = crypto.BIO_read(self.outward, BUFFER, 65536)
        return BUFFER.raw[:count] if count > 0 else b""

    def seal(self, message):
        ssl.SSL_write(self.ssl, message, len(message))
        return self.out()

    def close(self):
        ssl.SSL_free(self.ssl)


def context_of(method):
    context = ssl.SSL_CTX_new(method)
    ssl.SSL_CTX_set_options(context, NO_QUERY_MTU)
    return context


def serve(cert, key):
    context = context_of(ssl.DTLS_server_method())
    assert ssl.SSL_CTX_use_certificate_chain_file(context, cert.encode()) == 1
    assert ssl.SSL_CTX_use_PrivateKey_file(context, key.encode(), 1) == 1
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("127.0.0.1", 0))
    print(f"dtls://127.0.0.1:{sock.getsockname()[1]}", flush=True)
    ends = {}
    while True:
        datagram, peer = sock.recvfrom(65536)
        end = ends.get(peer)
        # A plain ClientHello with a first message number begins anew.
        if end is None or (end.connected and datagram[0] == 22 and datagram[3:5] == b"\0\0"):
            if end is not None:
                end.close()
            end = ends[peer] = End(context, True)
        message = end.take(datagram)
        answer = end.out() if message is None else end.seal(message)
        if answer:
            sock.sendto(answer, peer)


PATIENCE_S = 0.3


class Plain:
    """What End is for DTLS, for datagrams as they are."""

    connected = True

    def take(self, datagram):
        return datagram

    def out(self):
        return b""

    def seal(self, message):
        return message

    def close(self):
        pass


class Client:
    def __init__(self, context, port, message):
        self.context, self.port, self.message = context, port, message
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.connect(("127.0.0.1", port))
        self.sock.setblocking(False)
        self.begin()

    def begin(self):
        if self.context is None:
            self.end = Plain()
            return
        self.end = End(self.context, False)
        ssl.SSL_do_handshake(self.end.ssl)
        self.last = self.end.out()
        self.sock.send(self.last)

    def again(self):
        """A new socket: the server would hold on to an association of the same address."""
        self.end.close()
        self.sock.close()
        self.__init__(self.context, self.port, self.message)

    def take(self):
        """What arrived; True for an answer, or for a handshake that is done."""
        datagram = self.sock.recv(65536)
        was_connected = self.end.connected
        message = self.end.take(datagram)
        out = self.end.out()
        if out:
            self.last = out
            self.sock.send(out)
        return message is not None or self.end.connected != was_connected

    def say(self):
        self.last = self.end.seal(self.message)
        self.sock.send(self.last)

    def repeat(self):
        self.sock.send(self.last)


class Server:
    def __init__(self, context, port, pid, what, message):
        self.pid, self.what, self.poll, self.clients = pid, what, select.epoll(), {}
        for _ in range(20 if what == "echo" else 4):
            self.watch(Client(context, port, message))

    def watch(self, client):
        self.clients[client.sock.fileno()] = client
        self.poll.register(client.sock.fileno(), select.EPOLLIN)

    def cpu_seconds(self):
        try:
            with open(f"/proc/{self.pid}/schedstat") as file:
                return int(file.read().split()[0]) / 1e9
        except OSError:
            return 0.0

    def slice(self, seconds):
        cpu, start = self.cpu_seconds(), time.monotonic()
        answers = self.echoes(start + seconds) if self.what == "echo" else self.handshakes(start + seconds)
        return answers, time.monotonic() - start, self.cpu_seconds() - cpu

    def echoes(self, end):
        waiting = set(self.clients)
        answers = 0
        for client in self.clients.values():
            client.say() if client.end.connected else client.repeat()
        while waiting:
            events = self.poll.poll(PATIENCE_S)
            if not events:
                for fd in waiting:
                    self.clients[fd].repeat()
            for fd, _ in events:
                if not self.clients[fd].take() or fd not in waiting:
                    continue
                answers += 1
                if time.monotonic() < end:
                    self.clients[fd].say()
                else:
                    waiting.discard(fd)
        return answers

    def handshakes(self, end):
        done = 0
        while time.monotonic() < end:
            events = self.poll.poll(PATIENCE_S)
            if not events:
                for client in self.clients.values():
                    client.repeat()
            for fd, _ in events:
                client = self.clients[fd]
                if client.take():
                    done += 1
                    self.poll.unregister(fd)
                    del self.clients[fd]
                    client.again()
                    self.watch(client)
        return done


def load(what, places, seconds, rounds, message):
    context = context_of(ssl.DTLS_client_method())
    ssl.SSL_CTX_set_verify(context, 0, None)
    servers = []
    for place in places:
        port, _, pid = place.removeprefix("udp:").partition("/")
        used = None if place.startswith("udp:") else context
        servers.append(Server(used, int(port), pid, what, message))
    for server in servers:
        server.slice(seconds)  # warm
    for round in range(rounds):
        order = list(enumerate(servers))
        for index, server in order if round % 2 == 0 else reversed(order):
            answers, passed, cpu = server.slice(seconds)
            slice = {"server": index, "answers": answers, "seconds": passed, "cpu": cpu}
            print(json.dumps(slice), flush=True)


parser = argparse.ArgumentParser(description=__doc__)
commands = parser.add_subparsers(dest="command", required=True)
serving = commands.add_parser("serve")
serving.add_argument("cert")
serving.add_argument("key")
loading = commands.add_parser("load")
loading.add_argument("what", choices=("echo", "handshakes"))
loading.add_argument("servers", nargs=2, metavar="PORT/PID")
loading.add_argument("--seconds", type=float, required=True)
loading.add_argument("--rounds", type=int, required=True)
loading.add_argument("--bytes", type=int, default=1000)
given = parser.parse_args()
if given.command == "serve":
    serve(given.cert, given.key)
else:
    load(given.what, given.servers, given.seconds, given.rounds, b"x" * given.bytes)
