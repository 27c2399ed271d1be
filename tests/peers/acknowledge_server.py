"""The guide's messenger, the server's half: acknowledges one message, then closes.

`--ignore N` leaves the first N datagrams unanswered, for clients that send again.
"""

from endpoint import DATAGRAM, arguments, listening, say


def acknowledgement(message):
    say("Message received from the client:")
    say(message.decode())
    say("Sending acknowledgment to the client.")
    return b"Message received: " + message + b". Thank you."


def main():
    given = arguments(__doc__, DATAGRAM, ("--ignore", {"type": int, "default": 0}))
    with listening(given.address, given.datagram) as sock:
        if given.datagram:
            for number in range(1, given.ignore + 1):
                sock.recvfrom(1024)
                say(f"Ignored datagram {number}.")
            message, client = sock.recvfrom(1024)
            sock.sendto(acknowledgement(message), client)
            return
        client, address = sock.accept()
        with client:
            client.settimeout(sock.gettimeout())
            say(f"Connection established with client at address {address}")
            client.sendall(acknowledgement(client.recv(1024)))
            say("Terminating the connection.")


main()
