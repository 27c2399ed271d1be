"""Echo client: sends `Hello, world` (or the given words) and prints what one recv returns."""

from endpoint import DATAGRAM, arguments, dialled, say

given = arguments(__doc__, DATAGRAM)
message = " ".join(given.words) or "Hello, world"
with dialled(given.address, given.datagram) as sock:
    sock.sendall(message.encode())
    data = sock.recv(1024)
say("Received", repr(data))
