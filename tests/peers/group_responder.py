"""Hears a multicast group, or broadcasts, on loopback, and answers each datagram from an address of
its own, as several machines on a network would.

`--answer-from` is that address; without it nothing is answered. Ends after `--count` datagrams.
"""

import argparse
import ipaddress
import socket
import struct

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("group", help="the group, or 0.0.0.0 for broadcasts")
parser.add_argument("port", type=int)
parser.add_argument("--interface", default="127.0.0.1", help="address, or number for IPv6")
parser.add_argument("--answer-from")
parser.add_argument("--count", type=int, default=1)
given = parser.parse_args()

group = ipaddress.ip_address(given.group)
family = socket.AF_INET if group.version == 4 else socket.AF_INET6
with socket.socket(family, socket.SOCK_DGRAM) as sock:
    sock.settimeout(60)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((given.group if group.version == 4 else "::", given.port))
    if group.is_multicast and group.version == 4:
        request = struct.pack("4s4s", group.packed, socket.inet_aton(given.interface))
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, request)
        sock.setsockopt(socket.IPPROTO_IP, getattr(socket, "IP_RECVTTL", 12), 1)
    elif group.is_multicast:
        request = struct.pack("16sI", group.packed, int(given.interface))
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, request)
    print(f"listening {given.group} {sock.getsockname()[1]}", flush=True)
    for _ in range(given.count):
        data, extra, _flags, sender = sock.recvmsg(2048, 64)
        hops = [struct.unpack("i", value)[0] for level, kind, value in extra if kind == 2]
        print(f"{sender[0]} sent {data.decode()} with {hops[0] if hops else 'no'} hops", flush=True)
        if given.answer_from:
            with socket.socket(family, socket.SOCK_DGRAM) as answering:
                answering.bind((given.answer_from, 0))
                answering.sendto(f"here is {given.answer_from}".encode(), sender)
