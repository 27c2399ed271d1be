"""Tests of a program's own, in Python, that use the control of sockdock as such tests would."""

import json
import os
import socket
import unittest
import urllib.error
import urllib.request

CONTROL = os.environ["CONTROL"]
TOKEN = os.environ["TOKEN"]


def ask(method, path, body=None):
    """Asks the control; returns what it answers, as JSON."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(CONTROL + path, data, method=method)
    request.add_header("Authorization", "Bearer " + TOKEN)
    with urllib.request.urlopen(request, timeout=60) as answer:
        text = answer.read()
    return json.loads(text) if text else None


def server(transport):
    """The echo server on a transport."""
    servers = ask("GET", "/api/servers")["servers"]
    return next(one for one in servers if one["transport"] == transport)


def address(one):
    host, port = one["url"].split("://")[1].rsplit(":", 1)
    return host, int(port)


class ControlTests(unittest.TestCase):
    def setUp(self):
        ask("POST", "/api/reset")

    def test_a_flaky_udp_service_is_survived_by_asking_again(self):
        udp = server("udp")
        path = "/api/servers/%d/faults" % udp["id"]
        ask("PUT", path, {"fault": "in.loss=100%"})
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(0.3)
            client.sendto(b"lost", address(udp))
            with self.assertRaises(TimeoutError):
                client.recv(100)
            # One of two is lost, the same ones each time.
            ask("PUT", path, {"fault": "in.loss=50%", "seed": 3})
            for attempt in range(50):
                client.sendto(b"again", address(udp))
                try:
                    self.assertEqual(client.recv(100), b"again")
                    break
                except TimeoutError:
                    continue
            else:
                self.fail("no answer in 50 attempts")
        self.assertGreaterEqual(ask("GET", path)["faults"]["did"]["in"].get("loss", 0), 0)

    def test_what_the_server_received_can_be_waited_for(self):
        with socket.create_connection(address(server("tcp"))) as client:
            client.sendall(b"order 66")
            event = ask("GET", "/api/wait?event=received&contains=order+66&timeout=60")
            self.assertEqual(event["text"], "order 66")
        closed = ask("GET", "/api/wait?event=closed&session=%d&timeout=60" % event["session"])
        self.assertEqual(closed["bytesReceived"], 8)

    def test_a_reset_leaves_nothing_of_the_test_before(self):
        tcp = server("tcp")
        ask("PUT", "/api/servers/%d/faults" % tcp["id"], {"fault": "latency=1h"})
        started = ask("POST", "/api/servers", {"protocol": "upper", "urls": ["tcp://127.0.0.1:0"]})
        ask("POST", "/api/reset")
        with socket.create_connection(address(tcp)) as client:
            client.sendall(b"quick")
            self.assertEqual(client.recv(100), b"quick")
        with self.assertRaises(ConnectionRefusedError):
            socket.create_connection(address(started["servers"][0]))

    def test_a_session_can_be_ended_under_a_client(self):
        with socket.create_connection(address(server("tcp"))) as client:
            client.sendall(b"here")
            client.recv(100)
            sessions = ask("GET", "/api/sessions")["sessions"]
            own = next(s for s in sessions if s["peer"].endswith(":%d" % client.getsockname()[1]))
            ask("POST", "/api/sessions/%d/send" % own["id"], {"text": "goodbye"})
            self.assertEqual(client.recv(100), b"goodbye")
            ask("DELETE", "/api/sessions/%d" % own["id"])
            self.assertEqual(client.recv(100), b"")

    def test_what_is_wrong_is_said(self):
        with self.assertRaises(urllib.error.HTTPError) as raised:
            ask("PUT", "/api/servers/%d/faults" % server("tcp")["id"], {"fault": "loss=5%"})
        problem = json.loads(raised.exception.read())
        raised.exception.close()
        self.assertEqual(problem["status"], 422)
        self.assertIn("cannot be had on a stream", problem["detail"])


if __name__ == "__main__":
    unittest.main()
