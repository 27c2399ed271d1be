"""Echo server over TLS by `SSLContext.wrap_socket`, a thread for each connection."""

import socket
import ssl
import threading

from endpoint import arguments, listening, say

given = arguments(
    __doc__,
    ("--cert", {"required": True}),
    ("--key", {"required": True}),
    ("--keys", {"help": "write the keys of sessions to this file"}),
)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(given.cert, given.key)
if given.keys:
    context.keylog_filename = given.keys


def serve(connection, peer):
    try:
        with context.wrap_socket(connection, server_side=True) as secured:
            say("Connected by", peer, secured.version())
            while data := secured.recv(1024):
                secured.sendall(data)
    except (ssl.SSLError, OSError) as error:
        say("Connection failed:", error)


with listening(given.address) as sock:
    try:
        while True:
            connection, peer = sock.accept()
            connection.settimeout(sock.gettimeout())
            threading.Thread(target=serve, args=(connection, peer), daemon=True).start()
    except socket.timeout:
        say("Nobody came.")
