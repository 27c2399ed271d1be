"""Tests of a Python project that uses the fixture."""

import os
import socket

import pytest
import sockdock_pytest


def ask(server, text):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(60)
        client.connect(server.address)
        client.send(text)
        return client.recv(1000)


def test_says_where_and_what_happened(sockdock):
    server = sockdock("echo", "udp://127.0.0.1:0")
    assert server.url.startswith("udp://127.0.0.1:")
    assert ask(server, b"hello") == b"hello"
    server.stop()
    server.stop()
    names = [event["event"] for event in server.events]
    assert names[0] == "listening" and names[-1] == "stopped" and "opened" in names


def test_takes_options(sockdock):
    server = sockdock("upper", "udp://127.0.0.1:0", fault="duplicate=100%", seed=7, once=False)
    assert ask(server, b"loud") == b"LOUD"


def test_a_path_has_no_port(sockdock, tmp_path):
    server = sockdock("echo", f"unix://{tmp_path}/echo.sock")
    with pytest.raises(sockdock_pytest.SockdockError, match="is a path"):
        server.address


def test_several_endpoints(sockdock):
    server = sockdock("echo", "tcp://127.0.0.1:0", "udp://127.0.0.1:0", allow=["127.0.0.1", "::1"])
    assert [url.split(":")[0] for url in server.urls] == ["tcp", "udp"]


def test_faults_change_while_it_runs_and_events_can_be_waited_for(sockdock):
    server = sockdock("echo", "udp://127.0.0.1:0")
    server.set_faults("out.corrupt=100%", seed=7)
    assert ask(server, b"spoilt") != b"spoilt"
    server.set_faults(None)
    assert ask(server, b"intact") == b"intact"
    event = server.wait_for(event="received", contains="intact")
    with pytest.raises(sockdock_pytest.SockdockError, match="event"):
        server.wait_for(contains="intact", event="received", after=event["id"], timeout=0.05)
    server.reset()
    with pytest.raises(sockdock_pytest.SockdockError, match="lost"):
        server.set_faults("out.lost=1%")


def test_what_the_program_refuses_is_an_error_in_its_own_words(sockdock):
    with pytest.raises(sockdock_pytest.SockdockError, match='unknown protocol "ecko" .did you'):
        sockdock("ecko", "tcp://127.0.0.1:0")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = "tcp://127.0.0.1:%d" % taken.getsockname()[1]
        with pytest.raises(sockdock_pytest.SockdockError, match="Cannot listen on " + url):
            sockdock("echo", url)
    with pytest.raises(sockdock_pytest.SockdockError, match="127.0.0.1:0"):
        sockdock("echo", "127.0.0.1:0")
    with pytest.raises(sockdock_pytest.SockdockError, match="ended without listening"):
        sockdock("echo", "tcp://127.0.0.1:0", help=True)


def test_a_missing_program_is_an_error_with_the_remedy(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("SOCKDOCK")
    with pytest.raises(sockdock_pytest.SockdockError, match="Cannot find sockdock; install it"):
        sockdock_pytest.start("echo", "tcp://127.0.0.1:0")
    monkeypatch.setenv("SOCKDOCK", os.path.join(str(tmp_path), "missing"))
    with pytest.raises(sockdock_pytest.SockdockError, match="Cannot start .*missing"):
        sockdock_pytest.start("echo", "tcp://127.0.0.1:0")


@pytest.mark.parametrize("place", ["on_path", "node_modules/.bin"])
def test_the_program_is_found(monkeypatch, tmp_path, place):
    folder = tmp_path / place
    folder.mkdir(parents=True)
    os.symlink(os.environ["SOCKDOCK"], folder / "sockdock")
    monkeypatch.delenv("SOCKDOCK")
    monkeypatch.chdir(tmp_path)
    if place == "on_path":
        monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)
    with sockdock_pytest.start("echo", "tcp://127.0.0.1:0") as server:
        assert server.address[0] == "127.0.0.1"
