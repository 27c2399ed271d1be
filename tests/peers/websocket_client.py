"""A WebSocket client on the package `websockets`: sends each line of its input and prints the answer.

    websocket_client.py [--bytes] [--no-compression] [--cafile FILE] URL

The first line it prints names the extensions that were agreed on.
"""

import argparse
import asyncio
import ssl
import sys

import websockets


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bytes", action="store_true")
    parser.add_argument("--no-compression", action="store_true")
    parser.add_argument("--cafile")
    parser.add_argument("url")
    arguments = parser.parse_args()
    options = {}
    if arguments.cafile:
        options["ssl"] = ssl.create_default_context(cafile=arguments.cafile)
    if arguments.no_compression:
        options["compression"] = None
    async with websockets.connect(arguments.url, max_size=None, **options) as socket:
        print("extensions", *(extension.name for extension in socket.extensions), flush=True)
        for line in sys.stdin.read().splitlines():
            await socket.send(line.encode() if arguments.bytes else line)
            print(repr(await socket.recv()), flush=True)
        await (await socket.ping())
        print("pong", flush=True)
    print("closed", socket.close_code, flush=True)


asyncio.run(main())
