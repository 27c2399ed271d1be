"""TLS server that ends each session in one way after its handshake, one session after another."""

import socket
import ssl
import struct

from endpoint import arguments, listening, say

given = arguments(
    __doc__,
    ("--cert", {"required": True}),
    ("--key", {"required": True}),
    ("--cafile", {"help": "require a client certificate of this authority"}),
    ("--tls", {"choices": ["1.2", "1.3"], "required": True}),
    ("--end", {"choices": ["reply", "close_notify", "close", "reset", "discard"], "required": True}),
)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(given.cert, given.key)
version = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}[given.tls]
context.minimum_version = context.maximum_version = version
if given.cafile:
    context.load_verify_locations(given.cafile)
    context.verify_mode = ssl.CERT_REQUIRED


def end(secured):
    if given.end == "reply":
        secured.sendall(secured.recv(1024).upper())
    elif given.end == "reset":
        secured.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    elif given.end == "discard":
        while secured.recv(1024):
            pass
    if given.end in ("close_notify", "discard"):
        secured.unwrap()


with listening(given.address) as sock:
    try:
        while True:
            connection, peer = sock.accept()
            connection.settimeout(sock.gettimeout())
            try:
                with context.wrap_socket(connection, server_side=True) as secured:
                    end(secured)
            except (ssl.SSLError, OSError) as error:
                say("Session failed:", error)
    except socket.timeout:
        say("Nobody came.")
