"""The guide's messenger, the client's half: one message without a newline, one acknowledgment."""

from endpoint import DATAGRAM, arguments, dialled, say

given = arguments(__doc__, DATAGRAM)
kind = "UDP" if given.datagram else "TCP"
message = " ".join(given.words) or f"Hi I am a {kind} client written in Python."
with dialled(given.address, given.datagram) as sock:
    say("Sending msg to the server:", message)
    sock.sendall(message.encode())
    reply = sock.recv(1024).decode()
    say("Acknowledgment received from the server:")
    say(reply)
say("Terminating the connection.")
