"""A WebSocket client on the package `websockets`: sends each line of its input and prints the answer.

    websocket_client.py [--bytes] [--cafile FILE] URL
"""

import argparse
import asyncio
import ssl
import sys

import websockets


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bytes", action="store_true")
    parser.add_argument("--cafile")
    parser.add_argument("url")
    arguments = parser.parse_args()
    options = {}
    if arguments.cafile:
        options["ssl"] = ssl.create_default_context(cafile=arguments.cafile)
    # Compression is offered, as it is by default; the server does without.
    async with websockets.connect(arguments.url, max_size=None, **options) as socket:
        for line in sys.stdin.read().splitlines():
            await socket.send(line.encode() if arguments.bytes else line)
            print(repr(await socket.recv()), flush=True)
        await (await socket.ping())
        print("pong", flush=True)
    print("closed", socket.close_code, flush=True)


asyncio.run(main())
