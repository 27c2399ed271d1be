/** WebSockets on the command line: what is sent with the request, and what is shown of the end. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { runProgram, startProgram } from "../program.ts";
import { rawFrame, RawPeer } from "../raw_websocket.ts";

/** A server that says what it was asked with, and closes with 4002. */
function serveQuestions() {
  return Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    const { headers } = request;
    if (headers.get("cookie") === null) {
      return new Response("<h1>No cookie</h1>\n<p>Log in first.", {
        status: 401,
        headers: { "content-type": "text/html" },
      });
    }
    // They cannot be read any more once the WebSocket is open.
    const asked = ["cookie", "x-a", "origin", "sec-websocket-protocol"]
      .map((name) => headers.get(name)).join(" | ");
    const { socket, response } = Deno.upgradeWebSocket(request, { protocol: "v2.chat" });
    socket.onmessage = ({ data }) => {
      socket.send(`${data}: ${asked}`);
      socket.close(4002, "that is \x1b[31mall");
    };
    return response;
  });
}

Deno.test("connect sends headers and subprotocols, and shows how the server closed", async () => {
  await using server = serveQuestions();
  const { code, stdout, stderr } = await runProgram([
    "connect",
    `ws://127.0.0.1:${server.addr.port}`,
    ...["-H", "Cookie: a=b", "-H", "X-A: one, two", "--origin", "https://app.example"],
    ...["--subprotocol", "v2.chat", "--subprotocol", "chat"],
  ], { stdin: "ahoy\n" });
  assertEquals(code, 0);
  assertEquals(stdout.trim(), "ahoy: a=b | one, two | https://app.example | v2.chat, chat");
  assertEquals(stderr.trim(), 'the peer closed with 4002 "that is \\u001b[31mall"');
});

Deno.test("send fails when the server closes instead of answering, and says why", async () => {
  await using server = await startProgram([
    ...["serve", "echo", "ws://127.0.0.1:0", "--max-message", "4", "--json"],
  ]);
  const { code, stdout, stderr } = await runProgram(["send", server.url, "too long"]);
  assertEquals([code, stdout], [1, ""]);
  assertStringIncludes(stderr, "error: the peer closed with 1009");
  assertEquals((await runProgram(["send", server.url, "ahoy"])).code, 0);
});

Deno.test("connect shows the status and what the server explains when it opens nothing", async () => {
  await using server = serveQuestions();
  const url = `ws://127.0.0.1:${server.addr.port}`;
  const { code, stdout, stderr } = await runProgram(["connect", url], { stdin: "" });
  assertEquals([code, stdout], [1, ""]);
  assertEquals(
    stderr.trim(),
    `error: Cannot connect to ${url}: the server answered 401 Unauthorized: No cookie Log in first.`,
  );
});

Deno.test("serve compresses unless told not to, and its events say how peers closed", async () => {
  const text = `${"all hands on deck ".repeat(500)}\n`;
  for (const flags of [[], ["--no-deflate"]]) {
    await using server = await startProgram([
      "serve",
      "echo",
      "ws://127.0.0.1:0",
      "--json",
      ...flags,
    ]);
    const { stdout } = await runProgram(["connect", server.url], { stdin: text });
    assertEquals(stdout.trim(), text.trim());
    const { reason, bytesSent } = await server.event("closed");
    assertEquals(reason, "done");
    assertEquals(Number(bytesSent) < 1000, flags.length === 0);
    using peer = await RawPeer.open(Number(new URL(server.url).port));
    await peer.write(rawFrame(8, [0x0f, 0xa1, ...new TextEncoder().encode("bye")]));
    assertEquals(await peer.close(), [4001, ""]);
    assertEquals((await server.event("closed")).reason, 'the peer closed with 4001 "bye"');
  }
});

Deno.test("serve pings a silent peer and closes one that does not answer", async () => {
  await using server = await startProgram([
    "serve",
    "echo",
    "ws://127.0.0.1:0",
    "--json",
    ...["--ping-interval", "50ms", "--ping-timeout", "50ms"],
  ]);
  using peer = await RawPeer.open(Number(new URL(server.url).port));
  assertEquals((await peer.frame())?.opcode, 9);
  assertEquals(await peer.close(), [1011, "no answer to a ping"]);
  assertEquals((await server.event("closed")).reason, "no answer to a ping");
});

Deno.test("what the options take is said in help and when it is wrong", async () => {
  const { stdout } = await runProgram(["help", "ws"]);
  for (const flag of ["--[no-]deflate", "--ping-interval", "--ping-timeout", "--allow-origin"]) {
    assertStringIncludes(stdout, flag);
  }
  const wrong = await runProgram(["serve", "echo", "ws://127.0.0.1:0", "--ping-interval", "often"]);
  assert(wrong.code !== 0);
  assertMatch(wrong.stderr, /--ping-interval: expected .*or none, got "often"/);
});
