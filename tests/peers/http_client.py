"""urllib client: prints the first bytes of a page, with basic authentication when asked.

`--user NAME --password WORD --realm REALM` install a global opener, as in the guide.
"""

import argparse
import urllib.error
import urllib.request

from endpoint import TIMEOUT_SECONDS, say

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("url")
parser.add_argument("--bytes", type=int, default=300)
parser.add_argument("--data", help="POST this text")
parser.add_argument("--header", action="append", default=[], help="NAME: VALUE")
for name in ("--user", "--password", "--realm"):
    parser.add_argument(name)
given = parser.parse_args()

if given.user:
    handler = urllib.request.HTTPBasicAuthHandler()
    handler.add_password(
        realm=given.realm, uri=given.url, user=given.user, passwd=given.password
    )
    urllib.request.install_opener(urllib.request.build_opener(handler))

headers = dict(line.split(": ", 1) for line in given.header)
body = None if given.data is None else given.data.encode()
request = urllib.request.Request(given.url, data=body, headers=headers)
try:
    with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as response:
        say(response.status, response.headers["Content-Type"])
        say(response.read(given.bytes))
except urllib.error.HTTPError as error:
    say(error.code, error.reason)
