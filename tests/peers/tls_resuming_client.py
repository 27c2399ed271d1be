"""Client over TLS that connects several times, each time with the session of the connection before,
and prints whether it was resumed.
"""

import ssl

from endpoint import arguments, dialled, say

given = arguments(
    __doc__,
    ("--cafile", {"required": True}),
    ("--version", {"choices": ("1.2", "1.3")}),
    ("--times", {"type": int, "default": 2}),
    ("--cert", {}),
    ("--key", {}),
)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.load_verify_locations(given.cafile)
version = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}[given.version]
context.minimum_version = context.maximum_version = version
if given.cert:
    context.load_cert_chain(given.cert, given.key)

session = None
for _ in range(given.times):
    sock = dialled(given.address)
    with context.wrap_socket(sock, server_hostname="localhost", session=session) as secure:
        say("resumed" if secure.session_reused else "new")
        # The tickets of TLS 1.3 come with the first data.
        secure.sendall(b"hello")
        secure.recv(16)
        session = secure.session
