"""http.server: a Hello, World page, and what was posted; `--user` and `--password` protect it."""

import base64
import hmac
import http.server

from endpoint import TIMEOUT_SECONDS, arguments, serve_requests

PAGE = b"<html><body><h1>Hello, World!</h1></body></html>"
given = arguments(
    __doc__,
    ("--user", {}),
    ("--password", {}),
    ("--realm", {"default": "PDQ Application"}),
)


class Handler(http.server.BaseHTTPRequestHandler):
    timeout = TIMEOUT_SECONDS

    def authorized(self):
        if given.user is None:
            return True
        token = base64.b64encode(f"{given.user}:{given.password}".encode()).decode()
        return hmac.compare_digest(self.headers.get("Authorization", ""), f"Basic {token}")

    def reply(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if not self.authorized():
            return self.answer(401, b"A password is needed.", "text/plain")
        if body:
            return self.answer(200, self.command.encode() + b" " + body, "text/plain")
        return self.answer(200, PAGE, "text/html; charset=utf-8")

    def answer(self, status, body, content_type):
        self.send_response(status)
        if status == 401:
            self.send_header("WWW-Authenticate", f'Basic realm="{given.realm}"')
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = reply


with http.server.ThreadingHTTPServer(given.address, Handler) as server:
    serve_requests(server)
