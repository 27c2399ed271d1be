"""The guide's UDP chat client: sends each line of its input and shows what arrives, until `q`.

With `--user NAME` it is the guide's fourth exercise: each message is a JSON object with the user's name
and the time, and so is what it shows.
"""

import json
import sys
import threading
from datetime import datetime, timezone

from endpoint import arguments, new_socket, say

given = arguments(__doc__, ("--user", {}))


def receive(sock):
    while True:
        data, _ = sock.recvfrom(65507)
        if given.user is None:
            say(f"Received message: {data.decode()}")
            continue
        message = json.loads(data)
        if message["type"] == "message":
            say(f"{message['sentAt']} {message['name']}: {message['text']}")


with new_socket(given.address, datagram=True) as sock:
    sock.settimeout(None)
    # The system gives the socket a port before anybody waits on it.
    sock.bind(("", 0))
    threading.Thread(target=receive, args=(sock,), daemon=True).start()
    for line in sys.stdin:
        message = line.rstrip("\n")
        if message == "q":
            say("The chat ends.")
            break
        if given.user is not None:
            message = json.dumps(
                {
                    "type": "say",
                    "name": given.user,
                    "text": message,
                    "sentAt": datetime.now(timezone.utc).isoformat(),
                }
            )
        sock.sendto(message.encode(), given.address)
