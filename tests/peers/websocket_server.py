"""A WebSocket echo server on the package `websockets`, at a free port of 127.0.0.1.

    websocket_server.py [--subprotocol NAME] [--no-compression]

A client that sends "extensions" is told which were agreed on.
"""

import argparse
import asyncio

import websockets


async def echo(socket, path=None):
    await (await socket.ping())
    async for message in socket:
        if message == "extensions":
            message = " ".join(str(extension) for extension in socket.extensions)
        if message == "close":
            await socket.close(4000, "as you wish")
            return
        await socket.send(message)
    print("closed", socket.close_code, flush=True)


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--subprotocol", action="append")
    parser.add_argument("--no-compression", action="store_true")
    arguments = parser.parse_args()
    server = websockets.serve(
        echo,
        "127.0.0.1",
        0,
        subprotocols=arguments.subprotocol,
        compression=None if arguments.no_compression else "deflate",
        max_size=None,
    )
    async with server as running:
        host, port = next(iter(running.sockets)).getsockname()[:2]
        print("listening", host, port, flush=True)
        await asyncio.get_running_loop().create_future()


asyncio.run(main())
