"""http.client and urllib against a server: several requests of all kinds, some on one connection.

Takes a URL and, for https, the file of a certificate to trust. Prints one line of JSON for each answer:
its status and the beginning of its body.
"""

import http.client
import json
import ssl
import sys
import urllib.error
import urllib.request
from urllib.parse import urlsplit

url = sys.argv[1].rstrip("/")
context = ssl.create_default_context(cafile=sys.argv[2]) if len(sys.argv) > 2 else None
place = urlsplit(url)
BODY = b"x" * 100_000


def say(status, body):
    print(json.dumps([status, body[:40].decode(), len(body)]), flush=True)


if place.scheme == "https":
    connection = http.client.HTTPSConnection(place.hostname, place.port, context=context, timeout=60)
else:
    connection = http.client.HTTPConnection(place.hostname, place.port, timeout=60)
connection.connect()
first = connection.sock.fileno()
for method, path, body, headers in (
    ("GET", "/dynamic", None, {"X-Number": "1"}),
    ("HEAD", "/dynamic", None, {}),
    ("POST", "/body", BODY, {}),
    ("POST", "/body", iter([BODY, b"y"]), {"Transfer-Encoding": "chunked"}),
    ("GET", "/chunked", None, {}),
    ("GET", "/nothing", None, {}),
    ("DELETE", "/none", None, {}),
):
    chunked = "Transfer-Encoding" in headers
    connection.request(method, path, body, headers, encode_chunked=chunked)
    answer = connection.getresponse()
    say(answer.status, answer.read())
    if connection.sock is None or connection.sock.fileno() != first:
        raise SystemExit("the server closed the connection")
connection.close()

for data in (None, BODY):
    request = urllib.request.Request(f"{url}/{'dynamic' if data is None else 'body'}", data=data)
    with urllib.request.urlopen(request, context=context, timeout=60) as answer:
        say(answer.status, answer.read())
try:
    urllib.request.urlopen(f"{url}/none", context=context, timeout=60)
except urllib.error.HTTPError as error:
    say(error.code, error.read())
