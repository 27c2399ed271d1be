"""The guide's client: sends its words joined by spaces and a newline; prints one recv."""

from endpoint import DATAGRAM, arguments, dialled, say

given = arguments(__doc__, DATAGRAM)
data = " ".join(given.words)
with dialled(given.address, given.datagram) as sock:
    sock.sendall(f"{data}\n".encode())
    received = sock.recv(1024).decode()
say(f"Sent:     {data}")
say(f"Received: {received}")
