"""Echo server: sends back what it receives until the client closes.

One connection as in the guide, or `--multi` for a thread per connection; `--datagram` for UDP.
"""

import socket
import threading

from endpoint import DATAGRAM, arguments, listening, say


def echo_stream(connection, peer):
    with connection:
        say("Connected by", peer)
        try:
            while data := connection.recv(1024):
                connection.sendall(data)
        except OSError as error:
            say("Connection lost:", error)


def echo_datagrams(sock):
    while True:
        data, peer = sock.recvfrom(65535)
        say("Datagram from", peer)
        sock.sendto(data, peer)


def main():
    given = arguments(__doc__, DATAGRAM, ("--multi", {"action": "store_true"}))
    with listening(given.address, given.datagram) as sock:
        try:
            if given.datagram:
                echo_datagrams(sock)
            while True:
                connection, peer = sock.accept()
                connection.settimeout(sock.gettimeout())
                if not given.multi:
                    return echo_stream(connection, peer)
                threading.Thread(target=echo_stream, args=(connection, peer), daemon=True).start()
        except socket.timeout:
            say("Nobody came.")


main()
