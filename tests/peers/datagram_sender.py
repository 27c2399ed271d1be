"""The guide's UDP sender: a datagram for each line of input, until `q`.

The guide's sender keeps its `q`; `--end-receiver` sends it too, which ends the guide's receiver.
"""

import sys

from endpoint import arguments, new_socket, say

given = arguments(__doc__, ("--end-receiver", {"action": "store_true"}))
with new_socket(given.address, datagram=True) as sock:
    for line in sys.stdin:
        message = line.rstrip("\n")
        if message == "q":
            say("Sending ends.")
            if given.end_receiver:
                sock.sendto(b"q", given.address)
            break
        sock.sendto(message.encode(), given.address)
        say(f"Sent message: {message}")
