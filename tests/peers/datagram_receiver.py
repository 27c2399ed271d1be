"""The guide's UDP receiver: prints each datagram and its sender, until one says `q`."""

from endpoint import arguments, listening, say

given = arguments(__doc__)
with listening(given.address, datagram=True) as sock:
    say("Waiting for data...")
    while True:
        data, sender = sock.recvfrom(1024)
        if data.decode() == "q":
            say("Receiving ends.")
            break
        say(f"Received message: {data.decode()}")
        say(f"Sender's address: {sender}")
