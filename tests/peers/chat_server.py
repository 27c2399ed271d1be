"""The guide's UDP chat server: passes each datagram to every other client."""

from endpoint import arguments, listening, say

given = arguments(__doc__)
clients = set()
with listening(given.address, datagram=True) as sock:
    while True:
        data, sender = sock.recvfrom(65507)
        clients.add(sender)
        say(f"Received message: {data.decode()} from {sender}")
        for client in clients - {sender}:
            sock.sendto(data, client)
