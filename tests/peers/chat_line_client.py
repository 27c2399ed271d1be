"""A chat client for TCP: says each line of its input, and shows each line that comes."""

import sys
import threading

from endpoint import arguments, dialled, say

given = arguments(__doc__)
with dialled(given.address) as sock:
    sock.settimeout(None)

    def show():
        with sock.makefile(encoding="utf-8") as lines:
            for line in lines:
                say(line.rstrip("\n"))

    threading.Thread(target=show, daemon=True).start()
    for line in sys.stdin:
        sock.sendall(line.encode())
