"""Client over TLS by `SSLContext.wrap_socket`: sends `Hello, world`, prints what one recv returns.

It trusts the certificates of `--cafile`, or the one whose SHA-256 fingerprint is given.
"""

import hashlib
import ssl
import sys

from endpoint import arguments, dialled, say

given = arguments(
    __doc__,
    ("--cafile", {}),
    ("--fingerprint", {"help": "hexadecimal, with or without colons"}),
    ("--name", {"default": "localhost", "help": "the name the certificate must carry"}),
)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
if given.fingerprint:
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
else:
    context.load_verify_locations(given.cafile)

message = " ".join(given.words) or "Hello, world"
with context.wrap_socket(dialled(given.address), server_hostname=given.name) as sock:
    if given.fingerprint:
        found = hashlib.sha256(sock.getpeercert(binary_form=True)).hexdigest()
        if found != given.fingerprint.replace(":", "").lower():
            say("Unexpected certificate:", found)
            sys.exit(1)
    say(sock.version())
    sock.sendall(message.encode())
    say("Received", repr(sock.recv(1024)))
