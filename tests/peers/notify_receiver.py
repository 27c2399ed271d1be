"""Receives what a service tells its manager (sd_notify(3)) and prints a line for each message: the
process that the kernel names as the sender, and the assignments.

Usage: notify_receiver.py PATH|@NAME
"""

import socket
import struct
import sys

name = sys.argv[1]
with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
    receiver.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
    receiver.bind("\0" + name[1:] if name.startswith("@") else name)
    print("bound", flush=True)
    while True:
        message, ancillary, _, _ = receiver.recvmsg(4096, socket.CMSG_SPACE(12))
        pid = struct.unpack("3i", ancillary[0][2])[0]
        print(pid, "|".join(message.decode().split("\n")), flush=True)
