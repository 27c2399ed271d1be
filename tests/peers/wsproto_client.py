"""A WebSocket client on the package `wsproto`: sends messages of all kinds to an echo server, each in
one frame and in several, and compares what comes back.

    wsproto_client.py [--deflate PARAMETER=VALUE,...] HOST PORT

Prints what was agreed on about compression, then `same N` and the code the server closes with.
"""

import argparse
import os
import socket

from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Message,
    Ping,
    Pong,
    Request,
    TextMessage,
)
from wsproto.extensions import PerMessageDeflate

MESSAGES = [
    "short",
    "",
    "a line that comes again and again, ⚓; " * 400,
    "another line that comes again and again, ⚓; " * 4000,
    b"",
    bytes(70_000),
    os.urandom(5_000),
    bytes(range(256)) * 100,
]


def deflate_of(text):
    options = {}
    for parameter in filter(None, text.split(",")):
        name, _, value = parameter.partition("=")
        options[name] = int(value) if value else True
    return PerMessageDeflate(**options)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--deflate")
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    arguments = parser.parse_args()
    extensions = [] if arguments.deflate is None else [deflate_of(arguments.deflate)]
    with socket.create_connection((arguments.host, arguments.port)) as sock:
        sock.settimeout(60)
        websocket = WSConnection(ConnectionType.CLIENT)
        host = f"{arguments.host}:{arguments.port}"
        sock.sendall(websocket.send(Request(host=host, target="/", extensions=extensions)))
        events = received(sock, websocket)
        accepted = next(events)
        assert isinstance(accepted, AcceptConnection), accepted
        print("agreed", *(extension.name for extension in accepted.extensions), flush=True)
        same = 0
        for message in MESSAGES:
            for parts in (1, 3):
                send(sock, websocket, message, parts)
                same += whole(events) == message
        sock.sendall(websocket.send(Ping(payload=b"there?")))
        pong = next(events)
        assert isinstance(pong, Pong) and pong.payload == b"there?", pong
        print("same", same, flush=True)
        sock.sendall(websocket.send(CloseConnection(code=1000, reason="enough")))
        closed = next(events)
        assert isinstance(closed, CloseConnection), closed
        print("closed", closed.code, flush=True)


def received(sock, websocket):
    while True:
        data = sock.recv(65536)
        websocket.receive_data(data or None)
        yield from websocket.events()
        if not data:
            return


def send(sock, websocket, message, parts):
    step = max(1, -(-len(message) // parts))
    for part in range(parts):
        data = message[part * step : (part + 1) * step]
        finished = part == parts - 1
        sock.sendall(websocket.send(Message(data=data, message_finished=finished)))


def whole(events):
    text, binary = "", b""
    for event in events:
        if isinstance(event, TextMessage):
            text += event.data
        elif isinstance(event, BytesMessage):
            binary += bytes(event.data)
        else:
            raise SystemExit(f"no message: {event!r}")
        if event.message_finished:
            return text if isinstance(event, TextMessage) else binary


main()
