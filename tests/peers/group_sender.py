"""Sends one datagram to a multicast group, by an interface: the address of one for IPv4, its number
for IPv6. Prints the answers that come within `--wait` seconds."""

import argparse
import ipaddress
import socket

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("group")
parser.add_argument("port", type=int)
parser.add_argument("message")
parser.add_argument("--interface", default="127.0.0.1")
parser.add_argument("--wait", type=float, default=0)
given = parser.parse_args()

if ipaddress.ip_address(given.group).version == 4:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    interface = socket.inet_aton(given.interface)
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, interface)
else:
    sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, int(given.interface))
with sock:
    sock.sendto(given.message.encode(), (given.group, given.port))
    if given.wait:
        sock.settimeout(given.wait)
        try:
            while True:
                print(sock.recv(2048).decode(), flush=True)
        except TimeoutError:
            pass
