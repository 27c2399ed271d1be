"""A WebSocket echo server on the package `websockets`, at a free port of 127.0.0.1.

    websocket_server.py [--subprotocol NAME]
"""

import argparse
import asyncio

import websockets


async def echo(socket, path=None):
    await (await socket.ping())
    async for message in socket:
        if message == "close":
            await socket.close(4000, "as you wish")
            return
        await socket.send(message)
    print("closed", socket.close_code, flush=True)


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--subprotocol", action="append")
    arguments = parser.parse_args()
    server = websockets.serve(
        echo, "127.0.0.1", 0, subprotocols=arguments.subprotocol, max_size=None
    )
    async with server as running:
        host, port = next(iter(running.sockets)).getsockname()[:2]
        print("listening", host, port, flush=True)
        await asyncio.get_running_loop().create_future()


asyncio.run(main())
