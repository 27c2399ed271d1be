"""Sends standard input, shuts down its sending side, then prints the replies to their end."""

import sys

from endpoint import arguments, dialled, exchange

given = arguments(__doc__)
with dialled(given.address) as sock:
    for reply in exchange(sock, sys.stdin.buffer.read()):
        sys.stdout.buffer.write(reply)
sys.stdout.flush()
