"""A WebSocket echo server on the package `wsproto`, at a free port of 127.0.0.1, for one client.

    wsproto_server.py [--deflate PARAMETER=VALUE,...]

Prints `listening HOST PORT`, what was agreed on about compression, and how the client closed.
"""

import argparse
import socket

from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Message,
    Ping,
    Request,
    TextMessage,
)
from wsproto.extensions import PerMessageDeflate


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--deflate")
    arguments = parser.parse_args()
    options = {}
    for parameter in filter(None, (arguments.deflate or "").split(",")):
        name, _, value = parameter.partition("=")
        options[name] = int(value) if value else True
    extensions = [] if arguments.deflate is None else [PerMessageDeflate(**options)]
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print("listening", *listener.getsockname(), flush=True)
        sock, _ = listener.accept()
    with sock:
        serve(sock, extensions)


def serve(sock, extensions):
    websocket = WSConnection(ConnectionType.SERVER)
    while True:
        data = sock.recv(65536)
        websocket.receive_data(data or None)
        for event in websocket.events():
            if isinstance(event, Request):
                sock.sendall(websocket.send(AcceptConnection(extensions=extensions)))
                agreed = [str(e.offer()) for e in extensions if e.enabled()]
                print("agreed", *agreed, flush=True)
            elif isinstance(event, (TextMessage, BytesMessage)):
                # Each part goes back as it came, which makes the answers fragmented.
                answer = Message(data=event.data, message_finished=event.message_finished)
                sock.sendall(websocket.send(answer))
            elif isinstance(event, Ping):
                sock.sendall(websocket.send(event.response()))
            elif isinstance(event, CloseConnection):
                sock.sendall(websocket.send(event.response()))
                print("closed", event.code, flush=True)
                return
        if not data:
            print("left", flush=True)
            return


main()
