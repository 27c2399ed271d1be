/** WebSocket servers: the handshake, the frames by RFC section, and what clients do to them. */

import {
  assert,
  assertEquals,
  assertLess,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import type { ServerEvent } from "../../core/event.ts";
import { type Protocol, statelessProtocol } from "../../core/protocol.ts";
import { type Session, textOf } from "../../core/session.ts";
import { UsageError } from "../../core/usage_error.ts";
import { serve, type ServeOptions } from "../../dock/serve.ts";
import { echo } from "../../protocols/echo.ts";
import { FakeTime } from "../fake_time.ts";
import { pythonWebSocketsTest, startWebSocketsProgram, wsprotoTest } from "../python_websockets.ts";
import { type Below, damaged, goodStream, pieces } from "../random_frames.ts";
import { concat, rawFrame, RawPeer, upgradeText } from "../raw_websocket.ts";
import { newSeed, seeded } from "../seeded.ts";
import { temporaryFolder } from "../temporary_folder.ts";

/** A server whose events can be awaited. */
async function serving(
  protocol: Protocol = echo,
  options: ServeOptions = {},
  url = "ws://127.0.0.1:0",
) {
  const events: ServerEvent[] = [];
  let changed = Promise.withResolvers<void>();
  const emit = (event: ServerEvent) => {
    events.push(event);
    changed.resolve();
    changed = Promise.withResolvers();
  };
  const server = await serve(url, protocol, { ...options, emit });
  return {
    server,
    port: Number(new URL(server.url).port),
    /** The first event of a name, or the one of that number, once there is one. */
    async emitted<Name extends ServerEvent["event"]>(
      name: Name,
      number = 1,
    ): Promise<Extract<ServerEvent, { readonly event: Name }>> {
      for (;;) {
        const found = events.filter((event) => event.event === name)[number - 1];
        if (found !== undefined) return found as Extract<ServerEvent, { readonly event: Name }>;
        await changed.promise;
      }
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** A protocol of one function, for the length of a test. */
function protocolOf(serve: Parameters<typeof statelessProtocol>[0]["serve"]): Protocol {
  return statelessProtocol({
    name: "probe",
    summary: "A protocol of a test",
    framing: "none",
    datagramReply: "none",
    serve,
  });
}

/** What a protocol does that neither reads nor writes. */
function untilAborted({ signal }: Session): Promise<void> {
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve()));
}

/** Opens Deno's own WebSocket. */
async function openDeno(url: string): Promise<WebSocket> {
  const socket = new WebSocket(url);
  socket.binaryType = "arraybuffer";
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = (event) => reject(event instanceof ErrorEvent ? event.error : event);
  });
  return socket;
}

function nextMessage(socket: WebSocket): Promise<string | ArrayBuffer> {
  return new Promise((resolve) => {
    socket.onmessage = ({ data }) => resolve(data);
  });
}

function closed(socket: WebSocket): Promise<CloseEvent> {
  return new Promise((resolve) => {
    socket.onclose = resolve;
  });
}

Deno.test("Deno's WebSocket gets texts back as text, bytes as bytes, and a clean close", async () => {
  await using harbour = await serving();
  const socket = await openDeno(harbour.server.url);
  assertEquals([socket.protocol, socket.extensions], ["", ""]);
  socket.send("ahoy ⚓");
  assertEquals(await nextMessage(socket), "ahoy ⚓");
  for (const length of [0, 64, 126, 65_536, 300_000]) {
    const bytes = crypto.getRandomValues(new Uint8Array(Math.min(length, 65_536)));
    socket.send(bytes);
    assertEquals(new Uint8Array(await nextMessage(socket) as ArrayBuffer), bytes);
  }
  const end = closed(socket);
  socket.close(4001, "bye");
  const { code, reason, wasClean } = await end;
  assertEquals([code, reason, wasClean], [4001, "", true]);
  assertEquals((await harbour.emitted("closed")).reason, 'the peer closed with 4001 "bye"');
  const { messagesReceived, messagesSent, failed } = harbour.server.stats();
  assertEquals([messagesReceived, messagesSent, failed], [6, 6, 0]);
});

Deno.test("many clients in one process, each waiting for its answer, do not stall", async () => {
  await using harbour = await serving();
  const clients = await Promise.all(
    Array.from({ length: 20 }, () => openDeno(harbour.server.url)),
  );
  await Promise.all(clients.map(async (socket, index) => {
    for (let count = 0; count < 500; count++) {
      const text = `${index}:${count}`;
      const answer = nextMessage(socket);
      socket.send(text);
      assertEquals(await answer, text);
    }
    const end = closed(socket);
    socket.close();
    await end;
  }));
  assertEquals(harbour.server.stats().messagesSent, 10_000);
});

Deno.test("a request that opens no WebSocket is told why", async () => {
  await using harbour = await serving(echo, {}, "ws://127.0.0.1:0/chat");
  const { port } = harbour;
  const good = (fields = {}, line = "GET /chat HTTP/1.1") => upgradeText(port, fields, line);
  const refused: [why: string, request: string, status: number, fields?: Record<string, string>][] =
    [
      ["no upgrade", good({ Upgrade: null, Connection: null }), 426, { upgrade: "websocket" }],
      ["Upgrade without Connection", good({ Connection: "keep-alive" }), 426],
      ["Connection without Upgrade", good({ Upgrade: null }), 426],
      ["another protocol", good({ Upgrade: "h2c" }), 426],
      ["HTTP/1.0", good({}, "GET /chat HTTP/1.0"), 426],
      ["version 8", good({ "Sec-WebSocket-Version": "8" }), 426, { "sec-websocket-version": "13" }],
      ["no version", good({ "Sec-WebSocket-Version": null }), 426],
      ["no key", good({ "Sec-WebSocket-Key": null }), 400],
      ["a short key", good({ "Sec-WebSocket-Key": "c2hvcnQ=" }), 400],
      ["two keys", good({ "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==" }), 400],
      ["a body", good({ "Content-Length": "3" }), 400],
      ["a chunked body", good({ "Transfer-Encoding": "chunked" }), 400],
      ["POST", good({}, "POST /chat HTTP/1.1"), 405, { allow: "GET" }],
      ["another path", good({}, "GET /other HTTP/1.1"), 404],
      ["the root", good({}, "GET / HTTP/1.1"), 404],
      ["no path", good({}, "GET chat HTTP/1.1"), 400],
      ["no Host", good({ Host: null }), 400],
      ["two Hosts", good({ host: "127.0.0.1" }), 400],
      ["HTTP/2", good({}, "GET /chat HTTP/2.0"), 505],
      ["bare LF", good().replaceAll("\r", ""), 400],
      ["a folded line", good({ "X-A": "b\r\n c" }), 400],
      ["a space before the colon", good({ "X-A ": "b" }), 400],
      ["a head over 64 KiB", good({ Cookie: "a".repeat(65_536) }), 431],
      ["TLS", "\x16\x03\x01\x02\x00\x01", 400],
    ];
  for (const [why, request, status, fields = {}] of refused) {
    using peer = await RawPeer.dial(port);
    await peer.write(request);
    const answer = await peer.answer();
    assertEquals(answer.status, status, why);
    assertStringIncludes(answer.headers.get("connection") ?? "", "close", why);
    for (const [name, value] of Object.entries(fields)) {
      assertEquals(answer.headers.get(name), value, why);
    }
    assertEquals(await peer.rest(), new Uint8Array(0), why);
  }
  // The one without a Host was turned away by the rules on it.
  await harbour.emitted("denied");
  await harbour.emitted("failed", refused.length - 1);
  const { handshakesFailed, forbidden, opened } = harbour.server.stats();
  assertEquals([handshakesFailed, forbidden, opened], [refused.length - 1, 1, 0]);
  using peer = await RawPeer.open(port, {}, "GET /chat?room=1 HTTP/1.1");
  await peer.write(rawFrame(1, "still here"));
  assertEquals(await peer.text(), "still here");
});

for (const auth of [undefined, "ada:secret"]) {
  Deno.test(`a browser that opens it as a page is told what it is${auth ? ", without a password" : ""}`, async () => {
    await using server = await serve(
      "ws://127.0.0.1:0/chat",
      echo,
      auth === undefined ? {} : { auth },
    );
    const url = server.url.replace(/^ws/, "http");
    const ask = async (accept: string, method = "GET") => {
      const response = await fetch(new URL("/any", url), { method, headers: { accept } });
      return { response, text: await response.text() };
    };
    const browser = "text/html,application/xhtml+xml,*/*;q=0.8";
    const { response, text } = await ask(browser);
    assertEquals(response.status, 426);
    assertEquals(response.headers.get("content-type"), "text/html; charset=utf-8");
    assertEquals(response.headers.get("upgrade"), "websocket");
    assertStringIncludes(text, `sockdock connect ${server.url}<`);
    for (const accept of ["*/*", "application/json", "text/html;q=0"]) {
      const plain = await ask(accept);
      assertEquals(plain.response.headers.get("content-type"), "text/plain; charset=utf-8", accept);
    }
    // A page of another name learns nothing.
    using peer = await RawPeer.dial(Number(new URL(url).port));
    await peer.write(`GET / HTTP/1.1\r\nHost: evil.example\r\nAccept: text/html\r\n\r\n`);
    assertMatch(new TextDecoder().decode(await peer.rest()), /^HTTP\/1.1 421 /);
  });
}

Deno.test("HEAD is answered without a body", async () => {
  await using harbour = await serving();
  using peer = await RawPeer.dial(harbour.port);
  await peer.write(upgradeText(harbour.port, {}, "HEAD / HTTP/1.1"));
  const text = new TextDecoder().decode(await peer.rest());
  assert(text.startsWith("HTTP/1.1 426 Upgrade Required\r\n") && text.endsWith("\r\n\r\n"), text);
});

Deno.test("the handshake answers the key of RFC 6455 1.3, however its fields are written", async () => {
  await using harbour = await serving();
  using peer = await RawPeer.dial(harbour.port);
  await peer.write(upgradeText(harbour.port, {
    Upgrade: "h2c, WebSocket",
    Connection: "keep-alive, UPGRADE",
    "Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits",
  }, `GET http://127.0.0.1:${harbour.port}/any HTTP/1.1`));
  const { status, headers } = await peer.answer();
  assertEquals(status, 101);
  assertEquals(headers.get("sec-websocket-accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  assertEquals(
    headers.get("sec-websocket-extensions"),
    "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
  );
});

Deno.test("a subprotocol is agreed on only when the server was given some", async () => {
  const agreed = async (ours: string[], theirs: string | null) => {
    await using harbour = await serving(echo, { subprotocol: ours });
    using peer = await RawPeer.dial(harbour.port);
    await peer.write(upgradeText(harbour.port, { "Sec-WebSocket-Protocol": theirs }));
    return (await peer.answer()).headers.get("sec-websocket-protocol");
  };
  assertEquals(await agreed([], "chat"), null);
  assertEquals(await agreed(["v2.chat", "chat"], "chat, v2.chat"), "v2.chat");
  assertEquals(await agreed(["v2.chat"], "chat"), null);
  assertEquals(await agreed(["v2.chat"], null), null);
  await assertRejects(
    () => serving(echo, { subprotocol: ["two words"] }),
    UsageError,
    '--subprotocol: expected a word such as chat or v1.example, got "two words"',
  );
});

Deno.test("frames that come with the request are not lost", async () => {
  await using harbour = await serving();
  using peer = await RawPeer.dial(harbour.port);
  const request = new TextEncoder().encode(upgradeText(harbour.port));
  await peer.write(concat(request, rawFrame(1, "early"), rawFrame(8)));
  assertEquals((await peer.answer()).status, 101);
  assertEquals(await peer.text(), "early");
  assertEquals(await peer.close(), [1005, ""]);
});

Deno.test("clients that say nothing or half a header are closed in time and counted", async () => {
  await using harbour = await serving(echo, { handshakeTimeoutMs: 100 });
  using silent = await RawPeer.dial(harbour.port);
  using halfway = await RawPeer.dial(harbour.port);
  await halfway.write("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n");
  assertEquals(await silent.rest(), new Uint8Array(0));
  assertEquals(await halfway.rest(), new Uint8Array(0));
  assertEquals(harbour.server.stats().handshakesFailed, 2);
  assertEquals(
    (await harbour.emitted("failed")).error,
    "handshake: not finished within 100 ms",
  );
});

Deno.test("a name that is not ours and a page that is not ours are forbidden", async () => {
  const refused: [fields: Record<string, string>, status: number, reason: string][] = [
    [{ Host: "evil.example" }, 421, "host evil.example"],
    [{ Origin: "https://evil.example" }, 403, "origin https://evil.example"],
    [{ Origin: "null" }, 403, 'origin "null"'],
  ];
  for (const [fields, status, reason] of refused) {
    await using harbour = await serving();
    {
      using peer = await RawPeer.dial(harbour.port);
      await peer.write(upgradeText(harbour.port, fields));
      assertEquals((await peer.answer()).status, status);
      assertEquals(await peer.rest(), new Uint8Array(0));
    }
    assertEquals((await harbour.emitted("denied")).reason, reason);
    const { forbidden, handshakesFailed, opened } = harbour.server.stats();
    assertEquals([forbidden, handshakesFailed, opened], [1, 0, 0]);
  }
});

Deno.test("pages of the same host and those of --allow-origin may open a WebSocket", async () => {
  await using harbour = await serving(echo, {
    allowOrigin: ["https://app.example"],
    allowHost: ["box.example"],
  });
  const served: Record<string, string>[] = [
    { Origin: `http://127.0.0.1:${harbour.port}` },
    { Origin: "https://app.example" },
    { Host: "box.example", Origin: "http://box.example" },
  ];
  for (const fields of served) {
    using peer = await RawPeer.open(harbour.port, fields);
    await peer.write(rawFrame(1, "welcome"));
    assertEquals(await peer.text(), "welcome");
  }
});

Deno.test("a server whose options are wrong leaves nothing open", async () => {
  await assertRejects(() => serving(echo, { allowHost: ["a b"] }), UsageError, "--allow-host");
});

Deno.test("a peer on the deny list is closed before it is read", async () => {
  await using harbour = await serving(echo, { deny: ["127.0.0.0/8"] });
  using peer = await RawPeer.dial(harbour.port);
  assertEquals(await peer.rest(), new Uint8Array(0));
  assertEquals((await harbour.emitted("denied")).reason, "address");
  assertEquals(harbour.server.stats().denied, 1);
});

Deno.test("a peer that breaks the protocol is told with what code, and only it is closed", async () => {
  await using harbour = await serving(echo, { maxMessageBytes: 1000 });
  using bystander = await RawPeer.open(harbour.port);
  const broken: [why: string, bytes: Uint8Array, code: number][] = [
    ["5.1: a frame without a mask", rawFrame(1, "a", { mask: null }), 1002],
    ["5.2: a reserved bit", rawFrame(1, "a", { rsv: 4 }), 1002],
    ["5.2: a reserved opcode", rawFrame(3, "a"), 1002],
    ["5.4: a continuation of nothing", rawFrame(0, "a"), 1002],
    ["5.5: a fragmented ping", rawFrame(9, "", { fin: false }), 1002],
    ["5.5.1: half a close code", rawFrame(8, [3]), 1002],
    ["7.4: a close code that is not for sending", rawFrame(8, [0x03, 0xed]), 1002],
    ["8.1: a text that is not UTF-8", rawFrame(1, [0xff]), 1007],
    ["8.1: a close reason that is not UTF-8", rawFrame(8, [0x03, 0xe8, 0xff]), 1007],
    ["10.4: a message over the limit", rawFrame(2, new Uint8Array(1001)), 1009],
    [
      "10.4: fragments over the limit",
      concat(rawFrame(2, new Uint8Array(900), { fin: false }), rawFrame(0, new Uint8Array(101))),
      1009,
    ],
    [
      "10.4: a length over the limit, of which nothing comes",
      rawFrame(2, "", { length: { bytes: 8, value: 1n << 50n } }),
      1009,
    ],
  ];
  for (const [why, bytes, code] of broken) {
    using peer = await RawPeer.open(harbour.port);
    await peer.write(bytes);
    assertEquals((await peer.close())[0], code, why);
    assertEquals(await peer.rest(), new Uint8Array(0), why);
  }
  await bystander.write(rawFrame(1, "unharmed"));
  assertEquals(await bystander.text(), "unharmed");
  assertEquals(harbour.server.stats().oversized, 3);
});

Deno.test("hundreds of peers with damaged frames are each closed, and nobody else is harmed", async () => {
  const random = seeded(newSeed());
  const below: Below = (most) => Math.floor(random() * most);
  await using harbour = await serving(echo, { maxMessageBytes: 3000 });
  using bystander = await RawPeer.open(harbour.port);
  const extensions = { "Sec-WebSocket-Extensions": "permessage-deflate" };
  for (let round = 0; round < 10; round++) {
    await Promise.all(Array.from({ length: 40 }, async () => {
      const parts = pieces(damaged(goodStream(below), below), below);
      using peer = await RawPeer.open(harbour.port, below(2) === 0 ? extensions : {});
      const ended = peer.rest();
      try {
        for (const part of parts.slice(0, 50)) await peer.write(part);
        await peer.write(concat(...parts.slice(50)));
        await peer.conn.closeWrite();
      } catch {
        // The server has closed already.
      }
      // That this resolves is the test.
      await ended;
    }));
    await bystander.write(rawFrame(1, "unharmed"));
    assertEquals(await bystander.text(), "unharmed");
  }
  await harbour.emitted("closed", 400);
});

Deno.test("what came before the protocol was broken is still a message", async () => {
  const heard = Promise.withResolvers<string[]>();
  await using harbour = await serving(protocolOf(async (session) => {
    const messages: string[] = [];
    try {
      for await (const message of session) messages.push(textOf(message));
    } finally {
      heard.resolve(messages);
    }
  }));
  {
    using peer = await RawPeer.open(harbour.port);
    await peer.write(concat(rawFrame(1, "good"), rawFrame(1, "too"), rawFrame(7)));
    assertEquals(await heard.promise, ["good", "too"]);
  }
  assertEquals((await harbour.emitted("closed")).reason, "opcode 7 is reserved (1002)");
  assertEquals(harbour.server.stats().failed, 1);
});

Deno.test("a ping between two fragments is answered before the message is", async () => {
  await using harbour = await serving();
  using peer = await RawPeer.open(harbour.port);
  await peer.write(concat(
    rawFrame(1, [0xe2, 0x82], { fin: false }),
    rawFrame(9, "still there?"),
    rawFrame(10, "unasked"),
    rawFrame(0, [0xac, 0x21]),
  ));
  const pong = await peer.frame();
  assertEquals([pong?.opcode, new TextDecoder().decode(pong?.payload)], [10, "still there?"]);
  const answer = await peer.frame();
  assertEquals([answer?.opcode, answer?.fin, answer?.masked], [1, true, false]);
  assertEquals(new TextDecoder().decode(answer?.payload), "€!");
});

Deno.test("every ping is answered, in order, also while the protocol is busy", async () => {
  const release = Promise.withResolvers<void>();
  await using harbour = await serving(protocolOf(() => release.promise));
  using peer = await RawPeer.open(harbour.port);
  const pings = Array.from({ length: 50 }, (_, index) => rawFrame(9, `ping ${index}`));
  await peer.write(concat(...pings));
  for (let index = 0; index < 50; index++) {
    const pong = await peer.frame();
    assertEquals(
      [pong?.opcode, new TextDecoder().decode(pong?.payload)],
      [10, `ping ${index}`],
    );
  }
  release.resolve();
});

Deno.test("what came before a close frame is answered before the close frame is", async () => {
  await using harbour = await serving(protocolOf(async (session) => {
    for await (const message of session) {
      await new Promise((resolve) => queueMicrotask(() => resolve(null)));
      await session.send(`${textOf(message)}, aye`);
    }
  }));
  using peer = await RawPeer.open(harbour.port);
  const goingAway = rawFrame(8, [0x03, 0xe9, ...new TextEncoder().encode("gone")]);
  await peer.write(concat(rawFrame(1, "one"), rawFrame(1, "two"), goingAway));
  assertEquals([await peer.text(), await peer.text()], ["one, aye", "two, aye"]);
  assertEquals(await peer.close(), [1001, ""]);
  assertEquals(await peer.rest(), new Uint8Array(0));
  assertEquals((await harbour.emitted("closed")).reason, 'the peer closed with 1001 "gone"');
  assertEquals(harbour.server.stats().failed, 0);
});

Deno.test("a protocol that is not listening does not keep a peer from closing", async () => {
  const over = Promise.withResolvers<void>();
  await using harbour = await serving(protocolOf(async (session) => {
    await untilAborted(session);
    over.resolve();
  }));
  using peer = await RawPeer.open(harbour.port);
  await peer.write(rawFrame(8, [0x03, 0xe8]));
  assertEquals(await peer.close(), [1000, ""]);
  await over.promise;
});

Deno.test("when the protocol is done the server closes first and waits for the peer", async () => {
  await using harbour = await serving(protocolOf((session) => session.send("that is all")));
  using peer = await RawPeer.open(harbour.port);
  assertEquals(await peer.text(), "that is all");
  assertEquals(await peer.close(), [1000, ""]);
  assertEquals(harbour.server.stats().open, 1);
  await peer.write(concat(rawFrame(1, "crossing"), rawFrame(8, [0x03, 0xe8])));
  assertEquals(await peer.rest(), new Uint8Array(0));
  assertEquals((await harbour.emitted("closed")).reason, "done");
});

Deno.test("after end() the peer can still say its last", async () => {
  const heard = Promise.withResolvers<string>();
  await using harbour = await serving(protocolOf(async (session) => {
    await session.end();
    await assertRejects(() => session.send("late"), Deno.errors.BrokenPipe);
    for await (const message of session) heard.resolve(textOf(message));
  }));
  using peer = await RawPeer.open(harbour.port);
  assertEquals(await peer.close(), [1000, ""]);
  await peer.write(concat(rawFrame(1, "last words"), rawFrame(8, [0x03, 0xe8])));
  assertEquals(await heard.promise, "last words");
  assertEquals((await harbour.emitted("closed")).reason, "done");
});

Deno.test("a protocol may close with a reason, and one that throws is an internal error", async () => {
  await using kicking = await serving(protocolOf((session) => {
    session.close("no room");
    return Promise.resolve();
  }));
  using kicked = await RawPeer.open(kicking.port);
  assertEquals(await kicked.close(), [1000, "no room"]);
  assertEquals((await kicking.emitted("closed")).reason, "no room");
  await using failing = await serving(protocolOf(() => Promise.reject(new Error("oh no"))));
  using failed = await RawPeer.open(failing.port);
  // What went wrong inside is for the operator and not for the peer.
  assertEquals(await failed.close(), [1011, ""]);
  await failed.write(rawFrame(8, [0x03, 0xf3]));
  assertEquals((await failing.emitted("closed")).reason, "oh no");
  assertEquals(failing.server.stats().failed, 1);
});

Deno.test("a peer that leaves without a close frame is reported as 1006", async () => {
  await using harbour = await serving();
  {
    using peer = await RawPeer.open(harbour.port);
    await peer.write(rawFrame(1, "ahoy"));
    await peer.text();
  }
  assertEquals(
    (await harbour.emitted("closed")).reason,
    "the peer left without closing the WebSocket (1006)",
  );
  assertEquals(harbour.server.stats().failed, 1);
});

Deno.test("a peer that only ends its half still gets its answers", async () => {
  await using harbour = await serving();
  using peer = await RawPeer.open(harbour.port);
  await peer.write(concat(...["a", "b", "c"].map((text) => rawFrame(1, text))));
  await peer.conn.closeWrite();
  assertEquals([await peer.text(), await peer.text(), await peer.text()], ["a", "b", "c"]);
  assertEquals(await peer.frame(), null);
});

Deno.test("a peer that resets the connection is counted and nobody else is harmed", async () => {
  await using harbour = await serving();
  using bystander = await RawPeer.open(harbour.port);
  {
    using peer = await RawPeer.open(harbour.port);
    await peer.write(rawFrame(2, new Uint8Array(500_000)));
    // One byte of the answer is enough to know that there is more: closing then resets.
    await peer.conn.read(new Uint8Array(1));
  }
  await harbour.emitted("closed");
  assertEquals(harbour.server.stats().failed, 1);
  await bystander.write(rawFrame(1, "unharmed"));
  assertEquals(await bystander.text(), "unharmed");
});

Deno.test("a flood of messages is answered in order", async () => {
  await using harbour = await serving();
  using peer = await RawPeer.open(harbour.port);
  const count = 20_000;
  const flood = (async () => {
    for (let index = 0; index < count; index += 1000) {
      const frames = Array.from({ length: 1000 }, (_, more) => rawFrame(1, `${index + more}`));
      await peer.write(concat(...frames));
    }
  })();
  for (let index = 0; index < count; index++) assertEquals(await peer.text(), `${index}`);
  await flood;
});

/** Writes for as long as the server takes it, but no more than 64 MiB, until it closes. */
async function pour(peer: RawPeer, bytes: Uint8Array): Promise<void> {
  try {
    for (let left = 64 * 1024 * 1024; left > 0; left -= bytes.length) await peer.write(bytes);
  } catch {
    // The server has closed.
  }
}

Deno.test("a peer that never reads fills no memory and is ended when idle", async () => {
  const pours: [what: string, bytes: Uint8Array][] = [
    ["messages", rawFrame(2, new Uint8Array(60_000))],
    ["pings", concat(...Array.from({ length: 1000 }, () => rawFrame(9, "x".repeat(125))))],
  ];
  for (const [what, bytes] of pours) {
    await using harbour = await serving(echo, { idleTimeoutMs: 300 });
    using bystander = await RawPeer.open(harbour.port);
    using peer = await RawPeer.open(harbour.port);
    const poured = pour(peer, bytes);
    const { reason, bytesReceived, bytesSent } = await harbour.emitted("closed");
    await poured;
    assertEquals(reason, "idle", what);
    assertEquals(harbour.server.stats().idle >= 1, true, what);
    // What was taken in and not given out again is what was held: some messages, a read buffer.
    assertLess(bytesReceived - bytesSent, 512 * 1024, what);
    await bystander.write(rawFrame(1, "unharmed")).catch(() => {});
  }
});

Deno.test("a protocol that does not read keeps a peer from sending", async () => {
  await using harbour = await serving(protocolOf(untilAborted), { idleTimeoutMs: 300 });
  using peer = await RawPeer.open(harbour.port);
  const poured = pour(peer, rawFrame(2, new Uint8Array(60_000)));
  assertLess((await harbour.emitted("closed")).bytesReceived, 512 * 1024);
  await poured;
});

Deno.test("a session that says nothing ends with going away", async () => {
  await using harbour = await serving(echo, { idleTimeoutMs: 50 });
  using peer = await RawPeer.open(harbour.port);
  assertEquals(await peer.close(), [1001, "idle"]);
  assertEquals(await peer.rest(), new Uint8Array(0));
  assertEquals((await harbour.emitted("closed")).reason, "idle");
  assertEquals(harbour.server.stats().idle, 1);
});

Deno.test("a peer that answers pings is idle all the same when it says nothing", async () => {
  using time = new FakeTime();
  await using harbour = await serving(echo, { idleTimeoutMs: 10_000, pingIntervalMs: 1000 });
  using peer = await RawPeer.open(harbour.port);
  await harbour.emitted("opened");
  for (let pings = 0; pings < 3; pings++) {
    await time.advance(1250);
    assertEquals((await peer.frame())?.opcode, 9);
    await peer.write(concat(rawFrame(10), rawFrame(9)));
    assertEquals((await peer.frame())?.opcode, 10);
  }
  await time.advance(10_000);
  assertEquals((await peer.frame())?.opcode, 9);
  assertEquals(await peer.close(), [1001, "idle"]);
  assertEquals((await harbour.emitted("closed")).reason, "idle");
});

Deno.test("a message that is still coming is no silence", async () => {
  using time = new FakeTime();
  const limits = { idleTimeoutMs: 10_000, pingIntervalMs: Infinity };
  await using harbour = await serving(echo, limits);
  using peer = await RawPeer.open(harbour.port);
  await harbour.emitted("opened");
  const bytes = rawFrame(1, "x".repeat(20));
  // The head and each byte come well within the idle time, the whole does not.
  for (
    const part of [
      bytes.subarray(0, 6),
      ...Array.from(bytes.subarray(6), (byte) => Uint8Array.of(byte)),
    ]
  ) {
    const { bytesReceived } = harbour.server.stats();
    await peer.write(part);
    await time.until(() => harbour.server.stats().bytesReceived > bytesReceived);
    await time.advance(2500);
  }
  assertEquals((await peer.text()).length, 20);
});

Deno.test("a peer that answers no ping is closed and counted, one that we do not read is not", async () => {
  using time = new FakeTime();
  const limits = { pingIntervalMs: 1000, pingTimeoutMs: 1000 };
  await using harbour = await serving(echo, limits);
  using peer = await RawPeer.open(harbour.port);
  await harbour.emitted("opened");
  await time.advance(2500);
  assertEquals((await peer.frame())?.opcode, 9);
  assertEquals(await peer.close(), [1011, "no answer to a ping"]);
  assertEquals((await harbour.emitted("closed")).reason, "no answer to a ping");
  const { idle, failed } = harbour.server.stats();
  assertEquals([idle, failed], [1, 0]);

  const release = Promise.withResolvers<void>();
  await using busy = await serving(
    protocolOf(async (session) => {
      await release.promise;
      for await (const message of session) await session.send(message);
    }),
    limits,
  );
  using patient = await RawPeer.open(busy.port);
  // More than is read ahead, so that nothing more is read until the protocol goes on.
  const [count, readAhead] = [100, 16];
  await patient.write(concat(...Array.from({ length: count }, (_, at) => rawFrame(1, `${at}`))));
  await time.until(() => busy.server.stats().messagesReceived >= readAhead);
  await time.advance(60_000);
  release.resolve();
  for (let at = 0; at < count; at++) assertEquals(await patient.text(), `${at}`);
});

Deno.test("a message before a violation is answered before the close frame", async () => {
  await using harbour = await serving(protocolOf(async (session) => {
    for await (const message of session) {
      await new Promise((resolve) => queueMicrotask(() => resolve(null)));
      await session.send(message);
    }
  }));
  using peer = await RawPeer.open(harbour.port);
  await peer.write(concat(rawFrame(1, "one"), rawFrame(1, "two"), rawFrame(3)));
  assertEquals([await peer.text(), await peer.text()], ["one", "two"]);
  assertEquals((await peer.close())[0], 1002);
  await using absent = await serving(protocolOf(untilAborted));
  using other = await RawPeer.open(absent.port);
  await other.write(rawFrame(3));
  // Nobody asks for what came before, so it is not waited for long.
  assertEquals((await other.close())[0], 1002);
});

Deno.test("a shutdown lets an answer finish and tells everybody that the server goes away", async () => {
  const begun = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  await using harbour = await serving(protocolOf(async (session) => {
    for await (const message of session) {
      begun.resolve();
      await release.promise;
      await session.send(`${textOf(message)}, done`);
    }
  }));
  using waiting = await RawPeer.open(harbour.port);
  using working = await RawPeer.open(harbour.port);
  await working.write(concat(rawFrame(1, "first"), rawFrame(1, "second")));
  await begun.promise;
  const down = harbour.server.shutdown();
  assertEquals(await waiting.close(), [1001, ""]);
  await waiting.write(rawFrame(8, [0x03, 0xe9]));
  release.resolve();
  assertEquals(await working.text(), "first, done");
  assertEquals(await working.close(), [1001, ""]);
  await working.write(rawFrame(8, [0x03, 0xe9]));
  await down;
  assertEquals((await harbour.emitted("closed")).reason, "shutdown");
  assertEquals(harbour.server.stats().failed, 0);
  await assertRejects(() => RawPeer.dial(harbour.port), Deno.errors.ConnectionRefused);
});

Deno.test("a shutdown without grace ends sessions and handshakes now", async () => {
  const harbour = await serving(protocolOf(untilAborted));
  using unfinished = await RawPeer.dial(harbour.port);
  await unfinished.write("GET /");
  using peer = await RawPeer.open(harbour.port);
  await harbour.emitted("opened");
  const stopped = harbour.server.shutdown({ graceMs: 0 });
  assertEquals(await peer.close(), [1001, "shutdown"]);
  assertEquals(await peer.rest(), new Uint8Array(0));
  assertEquals(await unfinished.rest(), new Uint8Array(0));
  await stopped;
});

Deno.test("with --once the server ends after its first session, not after a failed handshake", async () => {
  await using harbour = await serving(echo, { once: true });
  {
    using refused = await RawPeer.dial(harbour.port);
    await refused.write(upgradeText(harbour.port, { Upgrade: null }));
    assertEquals((await refused.answer()).status, 426);
  }
  using peer = await RawPeer.open(harbour.port);
  await peer.write(concat(rawFrame(1, "only"), rawFrame(8, [0x03, 0xe8])));
  assertEquals(await peer.text(), "only");
  assertEquals(await peer.close(), [1000, ""]);
  await harbour.server.finished;
});

Deno.test("connections over the limit wait for one to end", async () => {
  await using harbour = await serving(echo, { maxConnections: 1 });
  const first = await RawPeer.open(harbour.port);
  using second = await RawPeer.dial(harbour.port);
  await second.write(upgradeText(harbour.port));
  await first.write(rawFrame(1, "here"));
  assertEquals(await first.text(), "here");
  assertEquals(harbour.server.stats().opened, 1);
  first[Symbol.dispose]();
  assertEquals((await second.answer()).status, 101);
});

pythonWebSocketsTest("Python's websockets talk with the server, over TLS too", async () => {
  await using folder = await temporaryFolder();
  for (const scheme of ["ws", "wss"]) {
    await using harbour = await serving(echo, {}, `${scheme}://127.0.0.1:0/chat`);
    const cafile = `${folder.path}/ca.pem`;
    await Deno.writeTextFile(cafile, harbour.server.certificate?.pem ?? "");
    for (const flag of [[], ["--bytes"], ["--no-compression"]]) {
      const args = [...flag, ...(scheme === "wss" ? ["--cafile", cafile] : []), harbour.server.url];
      await using client = startWebSocketsProgram("websocket_client.py", args);
      const { stdout, stderr } = await client.finish(`ahoy\n${"x".repeat(70_000)}\n`);
      const b = flag[0] === "--bytes" ? "b" : "";
      const agreed = flag[0] === "--no-compression" ? "" : " permessage-deflate";
      assertEquals(
        stdout,
        `extensions${agreed}\n${b}'ahoy'\n${b}'${"x".repeat(70_000)}'\npong\nclosed 1000\n`,
        stderr,
      );
    }
    const { opened, failed, handshakesFailed, bytesReceived } = harbour.server.stats();
    assertEquals([opened, failed, handshakesFailed], [3, 0, 0]);
    // Only the third sent its 70,000 letters in full.
    assertLess(bytesReceived, 72_000);
  }
});

wsprotoTest("wsproto gets every message back, whatever it offers", async () => {
  const offers: [deflate: string | null, agreed: string][] = [
    [null, "agreed"],
    ["", "agreed permessage-deflate"],
    ["client_no_context_takeover,server_no_context_takeover", "agreed permessage-deflate"],
    ["client_max_window_bits=9", "agreed permessage-deflate"],
    ["server_max_window_bits=9,client_max_window_bits=10", "agreed permessage-deflate"],
  ];
  for (const [deflate, agreed] of offers) {
    await using harbour = await serving();
    const args = deflate === null ? [] : ["--deflate", deflate];
    await using client = startWebSocketsProgram("wsproto_client.py", [
      ...args,
      "127.0.0.1",
      String(harbour.port),
    ]);
    const { stdout, stderr } = await client.finish();
    assertEquals(stdout, `${agreed}\nsame 16\nclosed 1000\n`, stderr);
  }
});

pythonWebSocketsTest("Python's websockets are told of a violation and of a shutdown", async () => {
  await using harbour = await serving(echo, { maxMessageBytes: 10 });
  await using large = startWebSocketsProgram("websocket_client.py", [harbour.server.url]);
  assertStringIncludes((await large.finish("more than ten bytes\n")).stderr, "1009");
  await using waiting = startWebSocketsProgram("websocket_client.py", [harbour.server.url]);
  await harbour.emitted("opened", 2);
  await harbour.server.shutdown();
  assertStringIncludes((await waiting.finish("too late\n")).stderr, "1001");
});
