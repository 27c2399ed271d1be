"""The guide's exercise: sends a datagram again until it is acknowledged, five times at most."""

import sys

from endpoint import arguments, dialled, say

MAX_ATTEMPTS = 5

given = arguments(__doc__, ("--wait", {"type": float, "default": 0.5, "help": "seconds"}))
message = " ".join(given.words) or "Hello, UDP!"
with dialled(given.address, datagram=True) as sock:
    sock.settimeout(given.wait)
    for attempt in range(1, MAX_ATTEMPTS + 1):
        say(f"Attempt {attempt}/{MAX_ATTEMPTS}: {message}")
        try:
            sock.sendall(message.encode())
            say("Acknowledged:", sock.recv(1024).decode())
            sys.exit(0)
        except OSError as error:
            say("No acknowledgment:", error)
say("Giving up.")
sys.exit(1)
