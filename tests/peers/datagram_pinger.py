"""The exercise with pings over UDP: one datagram after the other, and which of them are missed.

Ends at the end of its input.
"""

import sys
import threading
import time

from endpoint import arguments, dialled, say

given = arguments(__doc__, ("--wait", {"type": float, "default": 1.0, "help": "seconds"}))
ended = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
number = 0
with dialled(given.address, datagram=True) as sock:
    while not ended.is_set():
        number += 1
        ping = f"Ping {number}"
        sent = time.monotonic()
        sock.sendall(ping.encode())
        try:
            # An answer that comes too late belongs to an earlier ping.
            while True:
                sock.settimeout(max(0.001, sent + given.wait - time.monotonic()))
                if sock.recv(1024).decode() == ping:
                    break
            say(f"{ping}: answered after {(time.monotonic() - sent) * 1000:.1f} ms")
            ended.wait(0.05)
        except OSError:
            say(f"{ping}: missed")
