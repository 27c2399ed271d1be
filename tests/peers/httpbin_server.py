"""httpbin at a free port of 127.0.0.1, a thread for each connection."""

import logging

from httpbin import app
from werkzeug.serving import WSGIRequestHandler, make_server

logging.getLogger("werkzeug").setLevel(logging.ERROR)
app.logger.disabled = True


class KeepingAlive(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"


server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=KeepingAlive)
print("listening", *server.server_address, flush=True)
server.serve_forever()
