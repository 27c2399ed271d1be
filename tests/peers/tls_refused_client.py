"""Client over TLS that expects to be refused, and prints how: the alert by its name, or how the
connection was closed.
"""

import ssl

from endpoint import arguments, dialled, say

given = arguments(
    __doc__,
    ("--cafile", {"required": True}),
    ("--version", {"choices": ("1.2", "1.3")}),
    ("--alpn", {}),
    ("--ciphers", {}),
    ("--cert", {}),
    ("--key", {}),
    ("--times", {"type": int, "default": 1}),
)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.load_verify_locations(given.cafile)
if given.version:
    version = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}[given.version]
    context.minimum_version = context.maximum_version = version
if given.alpn:
    context.set_alpn_protocols([given.alpn])
if given.ciphers:
    context.set_ciphers(given.ciphers)
if given.cert:
    context.load_cert_chain(given.cert, given.key)

for _ in range(given.times):
    try:
        # suppress_ragged_eofs: without close_notify the end is an error.
        sock = context.wrap_socket(
            dialled(given.address), server_hostname="localhost", suppress_ragged_eofs=False
        )
        with sock:
            if not given.cert:
                sock.sendall(b"hello")
            say("closed with close_notify" if sock.recv(1024) == b"" else "was served")
    except ssl.SSLError as error:
        say("error:", error)
    except OSError as error:
        say("error:", type(error).__name__)
