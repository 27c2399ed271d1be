"""The guide's socketserver: answers each request, stripped, in upper case.

A stream connection is one request of at most 1024 bytes; `--datagram` answers datagrams;
`--threads` gives every request a thread of its own.
"""

import socketserver

from endpoint import DATAGRAM, TIMEOUT_SECONDS, arguments, family, say, serve_requests


class StreamHandler(socketserver.BaseRequestHandler):
    def handle(self):
        self.request.settimeout(TIMEOUT_SECONDS)
        data = self.request.recv(1024).strip()
        report(self.client_address, data)
        self.request.sendall(data.upper())


class DatagramHandler(socketserver.BaseRequestHandler):
    def handle(self):
        data, sock = self.request[0].strip(), self.request[1]
        report(self.client_address, data)
        sock.sendto(data.upper(), self.client_address)


def report(client, data):
    host = client[0] if isinstance(client, tuple) else client
    say(f"{host} wrote:\n{data}")


def server_class(datagram, threads, address):
    base = socketserver.UDPServer if datagram else socketserver.TCPServer
    parts = (socketserver.ThreadingMixIn, base) if threads else (base,)
    settings = {"address_family": family(address), "daemon_threads": True}
    return type("UpperServer", parts, settings)


def main():
    given = arguments(__doc__, DATAGRAM, ("--threads", {"action": "store_true"}))
    handler = DatagramHandler if given.datagram else StreamHandler
    kind = server_class(given.datagram, given.threads, given.address)
    with kind(given.address, handler) as server:
        serve_requests(server)


main()
