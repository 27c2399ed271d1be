"""Real network servers for tests: the pytest fixture ``sockdock``, and ``start`` for others.

The program sockdock runs as a child process that ends with its standard input, so it never
outlives the tests, even where Python is killed.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections import deque
from typing import Any, Callable, Deque, Iterator, List, Optional, Tuple

import pytest

__all__ = ["Server", "SockdockError", "sockdock", "start"]

MAX_EVENTS = 10_000
MAX_LOG_LINES = 1000
START_SECONDS = 60.0
STOP_SECONDS = 10.0
#: By which the faults are changed and events are waited for.
CONTROL = ["--control=http://127.0.0.1:0", "--control-traffic"]


class SockdockError(RuntimeError):
    """The program is missing, or it did not start; says why in the program's own words."""


class Server:
    """A running server, or several that one call started. Made by ``start``."""

    #: Where the endpoints listen, in the order in which they were asked for.
    urls: List[str]
    #: What has happened so far: the last 10,000 events as dictionaries, the newest at the end.
    events: Deque[dict[str, Any]]

    def __init__(self, command: List[str], endpoints: int) -> None:
        self.urls = []
        self.events = deque(maxlen=MAX_EVENTS)
        self._log: Deque[str] = deque(maxlen=MAX_LOG_LINES)
        self._changed = threading.Condition()
        self._ended = False
        self._control: Optional[dict[str, Any]] = None
        pipe = subprocess.PIPE
        try:
            self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe)
        except OSError as error:
            raise SockdockError(f"Cannot start {command[0]}: {error}; {REMEDY}") from None
        self._readers = [
            threading.Thread(target=read, daemon=True)
            for read in (self._read_events, self._read_log)
        ]
        for reader in self._readers:
            reader.start()
        with self._changed:
            done = self._changed.wait_for(
                lambda: self._ended or len(self.urls) >= endpoints, START_SECONDS
            )
            ended = self._ended
        if done and not ended:
            return
        self.stop()
        if done:
            raise SockdockError(self._complaint())
        raise SockdockError(f"sockdock did not listen within {START_SECONDS:g} seconds")

    @property
    def url(self) -> str:
        """Where the first endpoint listens, such as ``udp://127.0.0.1:53124``."""
        return self.urls[0]

    @property
    def address(self) -> Tuple[str, int]:
        """The same for the calls of ``socket``: ``("127.0.0.1", 53124)``."""
        host, _, port = self.url.split("://", 1)[1].split("/", 1)[0].rpartition(":")
        if not port:
            raise SockdockError(f"{self.url} is a path; it has no host and port")
        return host.strip("[]"), int(port)

    def set_faults(self, fault: Any, seed: Optional[int] = None) -> None:
        """Replaces the faults of all endpoints, for open sessions too; ``None`` takes them away."""
        for server in self._ask("GET", "/api/servers")["servers"]:
            path = f"/api/servers/{server['id']}/faults"
            if fault is None:
                self._ask("DELETE", path)
            else:
                body = {"fault": fault, **({} if seed is None else {"seed": seed})}
                self._ask("PUT", path, body)

    def wait_for(self, timeout: float = 5, **filters: Any) -> dict[str, Any]:
        """The first event that fits, one that has happened already or the next to come.

        ``event`` is its name, ``contains`` a part of its message, ``after`` the ``id`` of an event
        after which it has to come. What passes (``received``, ``sent``, ``request``) is among them.
        """
        query = urllib.parse.urlencode({"timeout": timeout, **filters})
        return self._ask("GET", f"/api/wait?{query}", timeout=timeout + STOP_SECONDS)

    def reset(self) -> None:
        """Takes all faults away and forgets the events that ``wait_for`` remembers."""
        self._ask("POST", "/api/reset")

    def _ask(self, method: str, path: str, body: Any = None, timeout: float = STOP_SECONDS) -> Any:
        assert self._control is not None
        request = urllib.request.Request(
            self._control["url"] + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": "Bearer " + self._control["token"]},
        )
        # Without the proxies of the environment, which have no business on loopback.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=timeout) as answer:
                text = answer.read()
        except urllib.error.HTTPError as error:
            raise SockdockError(json.loads(error.read())["detail"]) from None
        return json.loads(text) if text else None

    def stop(self) -> None:
        """Stops the servers at once and waits until the program has ended. May be repeated."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.close()
        except OSError:
            pass  # It is gone already.
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for reader in self._readers:
            reader.join(STOP_SECONDS)

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _read_events(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                try:
                    event = json.loads(line)
                except ValueError:
                    continue  # Such as the help that was asked for; its end says the rest.
                with self._changed:
                    if event["event"] == "control":
                        self._control = event
                        continue
                    if event["event"] == "listening":
                        self.urls.append(event["url"])
                    self.events.append(event)
                    self._changed.notify_all()
        # What it said about its end comes with the end, on the other pipe.
        self._readers[1].join(STOP_SECONDS)
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def _read_log(self) -> None:
        assert self._process.stderr is not None
        with self._process.stderr as lines:
            for line in lines:
                self._log.append(line.decode(errors="replace").rstrip())

    def _complaint(self) -> str:
        errors = [line[len("error: ") :] for line in self._log if line.startswith("error: ")]
        return (errors or ["\n".join(self._log) or "sockdock ended without listening"])[0]


REMEDY = (
    "install it with npm (npm install sockdock in the project, or -g), put the executable on "
    "PATH, or set SOCKDOCK to the command that runs it"
)


def _program() -> List[str]:
    """The command that runs sockdock."""
    named = os.environ.get("SOCKDOCK")
    if named:
        return shlex.split(named)
    # Or what the project has installed. Nothing is fetched: a test starts no program by name alone.
    local = os.path.join("node_modules", ".bin")
    found = shutil.which("sockdock") or shutil.which("sockdock", path=local)
    if found:
        return [found]
    raise SockdockError(f"Cannot find sockdock; {REMEDY}")


def _flags(options: dict[str, Any]) -> Iterator[str]:
    for name, value in options.items():
        flag = name.replace("_", "-")
        if isinstance(value, bool):
            yield f"--{flag}" if value else f"--no-{flag}"
        elif value is not None:
            for one in value if isinstance(value, (list, tuple)) else [value]:
                yield f"--{flag}={one}"


def start(protocol: str, *urls: str, endpoints: Optional[int] = None, **options: Any) -> Server:
    """Serves a protocol and returns once every endpoint listens; the caller stops it.

    Any option of the command line is given under its name with underscores:
    ``fault="loss=30%", seed=7`` is ``--fault=loss=30% --seed=7``. ``True`` is the flag alone,
    ``False`` its ``--no-`` form, and a list the flag several times.
    """
    if endpoints is None:
        # At least one: a program that refuses what it was given says so before it listens.
        endpoints = max(1, sum("://" in url for url in urls))
    words = ["serve", protocol, *urls, *_flags(options), *CONTROL, "--json", "--until-eof"]
    return Server([*_program(), *words], endpoints)


@pytest.fixture
def sockdock() -> Iterator[Callable[..., Server]]:
    """Starts servers as ``start`` does, and stops them when the test ends."""
    servers: List[Server] = []

    def start_for_test(protocol: str, *urls: str, **options: Any) -> Server:
        servers.append(start(protocol, *urls, **options))
        return servers[-1]

    try:
        yield start_for_test
    finally:
        for server in reversed(servers):
            server.stop()
