/** WebSocket clients: what servers see of them, and what servers do to them. */

import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { connect, type ConnectOptions } from "../../dock/connect.ts";
import { send } from "../../dock/send.ts";
import { serve } from "../../dock/serve.ts";
import { echo } from "../../protocols/echo.ts";
import { UsageError } from "../../core/usage_error.ts";
import { type Message, type Session, textOf } from "../../core/session.ts";
import { FakeTime } from "../fake_time.ts";
import { freePort } from "../free_port.ts";
import { pythonWebSocketsTest, startWebSocketsProgram, wsprotoTest } from "../python_websockets.ts";
import { concat, rawFrame, RawPeer } from "../raw_websocket.ts";
import { newSeed, seeded } from "../seeded.ts";

const DECODER = new TextDecoder();

/** A server that accepts one connection, reads the request and hands both over. */
function listening() {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  return {
    port,
    url: `ws://127.0.0.1:${port}`,
    async accept() {
      const conn = await listener.accept();
      let request = "";
      const buffer = new Uint8Array(4096);
      while (!request.endsWith("\r\n\r\n")) {
        const count = await conn.read(buffer);
        if (count === null) break;
        request += DECODER.decode(buffer.subarray(0, count));
      }
      return { peer: new RawPeer(conn), request };
    },
    [Symbol.dispose]: () => listener.close(),
  };
}

/** The answer that opens a WebSocket, with fields added or replaced. */
async function answerTo(request: string, fields: Record<string, string> = {}): Promise<string> {
  const key = /^Sec-WebSocket-Key: (.*)$/m.exec(request)?.[1]?.trim() ?? "";
  const digest = await crypto.subtle.digest(
    "SHA-1",
    new TextEncoder().encode(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`),
  );
  const all = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Accept": btoa(String.fromCharCode(...new Uint8Array(digest))),
    ...fields,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 101 Switching Protocols\r\n${lines.join("")}\r\n`;
}

/** A session with a server made of bytes, and that server. */
async function openRaw(options: ConnectOptions = {}) {
  using server = listening();
  const connecting = connect(server.url, options);
  const { peer, request } = await server.accept();
  await peer.write(await answerTo(request));
  return { peer, session: await connecting };
}

async function collect(session: Session): Promise<Message[]> {
  const messages: Message[] = [];
  for await (const message of session) messages.push(message);
  return messages;
}

/** A server on Deno's own WebSocket. */
function serveDeno(handle: (socket: WebSocket, request: Request) => void, protocol?: string) {
  return Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    const { socket, response } = Deno.upgradeWebSocket(request, protocol ? { protocol } : {});
    handle(socket, request);
    return response;
  });
}

Deno.test("texts and bytes go to Deno's WebSocket and back, and the close is clean", async () => {
  const closes: [number, boolean][] = [];
  const over = Promise.withResolvers<void>();
  await using server = serveDeno((socket) => {
    socket.onmessage = ({ data }) => socket.send(data);
    socket.onclose = ({ code, wasClean }) => {
      closes.push([code, wasClean]);
      over.resolve();
    };
  });
  {
    using session = await connect(`ws://127.0.0.1:${server.addr.port}`);
    const answers = session[Symbol.asyncIterator]();
    for (const message of ["ahoy ⚓", new Uint8Array(100_000).fill(7), "", new Uint8Array(0)]) {
      await session.send(message);
      assertEquals((await answers.next()).value, message);
    }
    await session.end();
    assertEquals(await answers.next(), { done: true, value: undefined });
    assert(session.signal.aborted);
  }
  await over.promise;
  assertEquals(closes[0], [1000, true]);
});

Deno.test("a session that is disposed of says so to its server", async () => {
  await using server = await serve("ws://127.0.0.1:0", echo);
  {
    using session = await connect(server.url);
    await session.send("ahoy");
  }
  await server.shutdown();
  assertEquals(server.stats().failed, 0);
});

Deno.test("send() works over WebSockets, with TLS too", async () => {
  await using plain = await serve("ws://127.0.0.1:0/chat", echo);
  assertEquals(DECODER.decode(await send(plain.url, "ahoy")), "ahoy");
  await using secure = await serve("wss://127.0.0.1:0", echo);
  await assertRejects(() => send(secure.url, "ahoy"), Error, `Cannot connect to ${secure.url}`);
  const { fingerprint = "" } = secure.certificate ?? {};
  assertEquals(
    DECODER.decode(await send(secure.url, "ahoy", { tlsFingerprint: fingerprint })),
    "ahoy",
  );
});

Deno.test("the request carries what it was told to", async () => {
  using server = listening();
  const connecting = connect(`${server.url}/a%20path?query=1`, {
    header: ["Cookie: a=b", "X-Empty:"],
    origin: "https://app.example",
    subprotocol: ["v2.chat", "chat"],
    local: "127.0.0.1:0",
  });
  const { peer, request } = await server.accept();
  using _ = peer;
  assertEquals(request.replace(/(?<=Key: )[A-Za-z0-9+/]{22}==/, "KEY").split("\r\n"), [
    "GET /a%20path?query=1 HTTP/1.1",
    `Host: 127.0.0.1:${server.port}`,
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Key: KEY",
    "Sec-WebSocket-Version: 13",
    "Origin: https://app.example",
    "Sec-WebSocket-Protocol: v2.chat, chat",
    "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits",
    "Cookie: a=b",
    "X-Empty: ",
    "",
    "",
  ]);
  await peer.write(await answerTo(request, { "Sec-WebSocket-Protocol": "chat" }));
  using session = await connecting;
  await session.send("masked");
  assertEquals((await peer.frame())?.masked, true);
});

Deno.test("a Host of the user's stands in place of ours", async () => {
  await using server = await serve("ws://127.0.0.1:0", echo, { allowHost: ["box.example"] });
  using session = await connect(server.url, { header: ["host: box.example"] });
  await session.send("ahoy");
  await assertRejects(() => connect(server.url, { header: ["Host: other.example"] }));
});

Deno.test("options that cannot work are refused before anything is dialled", async () => {
  const wrong: [options: ConnectOptions, message: string][] = [
    [{ header: ["nonsense"] }, '--header: expected a header such as "Cookie: a=b", got "nonsense"'],
    [{ header: ["A: b\r\nC: d"] }, '--header: expected a header such as "Cookie: a=b"'],
    [
      { header: ["Sec-WebSocket-Key: x"] },
      "--header: Sec-WebSocket-Key belongs to the WebSocket itself and cannot be set",
    ],
    [{ subprotocol: ["a b"] }, "--subprotocol: expected a word such as chat or v1.example"],
    [{ origin: "a b" }, '--origin: expected an origin such as https://example.com, got "a b"'],
  ];
  for (const [options, message] of wrong) {
    await assertRejects(() => connect("ws://127.0.0.1:1", options), UsageError, message);
  }
});

Deno.test("a refusal is reported with the server's status and reason", async () => {
  await using server = await serve("ws://127.0.0.1:0/chat", echo);
  const url = server.url;
  const refused: [url: string, options: ConnectOptions, answer: string][] = [
    [
      url,
      { origin: "https://evil.example" },
      "403 Forbidden: Pages of https://evil.example may not",
    ],
    [url, { header: ["Host: evil.example"] }, "421 Misdirected Request: "],
    [url.replace("/chat", "/other"), {}, "404 Not Found: the WebSocket is at /chat"],
  ];
  for (const [url, options, answer] of refused) {
    await assertRejects(
      () => connect(url, options),
      Error,
      `Cannot connect to ${url}: the server answered ${answer}`,
    );
  }
});

Deno.test("an answer that opens no WebSocket is refused with what is wrong with it", async () => {
  const wrong: [fields: Record<string, string> | string, message: string][] = [
    [{ "Sec-WebSocket-Accept": "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" }, "a wrong Sec-WebSocket-Accept"],
    [{ "Upgrade": "h2c" }, "the server changed to some other protocol"],
    [{ "Connection": "close" }, "the server changed to some other protocol"],
    [{ "Sec-WebSocket-Protocol": "chat" }, 'chose the subprotocol "chat", which was not offered'],
    [{ "Sec-WebSocket-Extensions": "x" }, 'the extension "x", which was not offered'],
    ["HTTP/1.1 200 OK\r\n\r\n", "the server answered 200 OK"],
    ["HTTP/1.1 302 \r\nLocation: /\r\n\r\n", "the server answered 302"],
    ["SSH-2.0-OpenSSH_9.2\r\n", "the server did not answer as HTTP does: this is not HTTP"],
    ["HTTP/2 200\r\n\r\n", "the answer is not HTTP/1.1"],
    ["220 mail.example ESMTP\r\n", "the server did not answer as HTTP does: this is not HTTP"],
    ["", "the server closed the connection without an answer"],
    ["HTTP/1.1 101", "the server did not answer as HTTP does: the head ended in its middle"],
    [`HTTP/1.1 101 ${"x".repeat(20_000)}`, "the head is longer than 16384 bytes"],
  ];
  for (const [answer, message] of wrong) {
    using server = listening();
    const connecting = assertRejects(() => connect(server.url), Error, message);
    const { peer, request } = await server.accept();
    using _ = peer;
    await peer.write(typeof answer === "string" ? answer : await answerTo(request, answer));
    await peer.conn.closeWrite();
    const error = await connecting;
    assertMatch(error.message, new RegExp(`^Cannot connect to ${server.url}: `));
  }
});

Deno.test("what a server says instead of opening is shown, whichever way it comes", async () => {
  const json = "Content-Type: application/problem+json";
  const html = "Content-Type: text/html";
  const said: [answer: string, shown: string][] = [
    [
      `HTTP/1.1 401 Unauthorized\r\n${json}\r\nContent-Length: 15\r\n\r\n{"error":"why"}`,
      '{"error":"why"}',
    ],
    [
      `HTTP/1.1 500 Oops\r\n${html}\r\n\r\n<title>Oops</title>\n<p>No\u001b[31m`,
      "Oops No\u001b[31m",
    ],
    [
      `HTTP/1.1 403 No\r\n${html}\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nnot t\r\n4\r\noday\r\n0\r\n\r\n`,
      "not today",
    ],
    [
      `HTTP/1.1 404 Not Found\r\n${html}\r\nContent-Length: 100000\r\n\r\n${"long ".repeat(2000)}`,
      `${"long ".repeat(40)}...`,
    ],
    [`HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\n\u0089PNG`, ""],
    [`HTTP/1.1 403 No\r\n${html}\r\nContent-Length: -1\r\n\r\nodd`, "odd"],
    [`HTTP/1.1 403 No\r\n${html}\r\nContent-Length: 9000\r\n\r\ncut`, "cut"],
  ];
  for (const [answer, shown] of said) {
    using server = listening();
    const connecting = assertRejects(() => connect(server.url), Error);
    const { peer } = await server.accept();
    using _ = peer;
    await peer.write(answer);
    await peer.conn.closeWrite();
    const status = /^HTTP\/1.1 (.*)\r/.exec(answer)?.[1];
    assertEquals(
      (await connecting).message,
      `Cannot connect to ${server.url}: the server answered ${status}${shown && `: ${shown}`}`,
    );
  }
});

Deno.test("a page that never ends does not keep the error back", async () => {
  using server = listening();
  const connecting = assertRejects(() => connect(server.url), Error, "answered 403 No: half");
  const { peer } = await server.accept();
  using _ = peer;
  await peer.write("HTTP/1.1 403 No\r\nContent-Type: text/plain\r\nContent-Length: 9\r\n\r\nhalf");
  await connecting;
});

Deno.test("a server that does not answer is given up in time, or when the caller says so", async () => {
  using server = listening();
  const late = assertRejects(
    () => connect(server.url, { connectTimeoutMs: 50 }),
    DOMException,
    `Cannot connect to ${server.url}: no answer within 50 ms`,
  );
  using silent = (await server.accept()).peer;
  await late;
  assertEquals(await silent.rest(), new Uint8Array(0));
  const caller = new AbortController();
  const abandoned = assertRejects(() => connect(server.url, { signal: caller.signal }));
  using other = (await server.accept()).peer;
  caller.abort();
  await abandoned;
  assertEquals(await other.rest(), new Uint8Array(0));
});

Deno.test("nobody listening is said as it is on TCP", async () => {
  const port = freePort();
  await assertRejects(
    () => connect(`ws://127.0.0.1:${port}/chat`),
    Error,
    `Cannot connect to ws://127.0.0.1:${port}/chat: connection refused; nothing listens there`,
  );
});

Deno.test("frames that come with the answer are not lost", async () => {
  using server = listening();
  const connecting = connect(server.url);
  const { peer, request } = await server.accept();
  using _ = peer;
  const answer = new TextEncoder().encode(await answerTo(request));
  const unmasked = { mask: null };
  await peer.write(concat(answer, rawFrame(1, "early", unmasked), rawFrame(8, "", unmasked)));
  using session = await connecting;
  assertEquals(await collect(session), ["early"]);
  assertEquals(await peer.close(), [1005, ""]);
});

Deno.test("a server that breaks the protocol is told so, and the reader learns why", async () => {
  const broken: [bytes: Uint8Array, code: number, message: string][] = [
    [rawFrame(1, "a"), 1002, "a server's frame is masked (1002)"],
    [rawFrame(1, [0xff], { mask: null }), 1007, "a text is not UTF-8 (1007)"],
  ];
  for (const [bytes, code, message] of broken) {
    const { peer, session } = await openRaw();
    using _ = peer;
    await peer.write(bytes);
    await assertRejects(() => collect(session), Error, message);
    assertEquals(await peer.close(), [code, message]);
    session.close();
  }
});

Deno.test("a message over the limit ends the session with 1009", async () => {
  const { peer, session } = await openRaw({ maxMessageBytes: 100 });
  using _ = peer;
  await peer.write(rawFrame(2, new Uint8Array(101), { mask: null }));
  assertEquals((await peer.close())[0], 1009);
  await assertRejects(() => collect(session), Error, "larger than 100 bytes (1009)");
  session.close();
});

Deno.test("a server that leaves without a close frame is an error, with one it is not", async () => {
  const left = await openRaw();
  await left.peer.write(rawFrame(1, "last words", { mask: null }));
  left.peer[Symbol.dispose]();
  const messages: string[] = [];
  await assertRejects(
    async () => {
      for await (const message of left.session) messages.push(textOf(message));
    },
    Error,
    "the peer left without closing the WebSocket (1006)",
  );
  assertEquals(messages, ["last words"]);
  left.session.close();

  const closing = await openRaw();
  using peer = closing.peer;
  await peer.write(rawFrame(8, [0x03, 0xe9], { mask: null }));
  assertEquals(await collect(closing.session), []);
  assertEquals(await peer.close(), [1001, ""]);
  assertEquals(await peer.rest(), new Uint8Array(0));
  await assertRejects(() => closing.session.send("late"), Deno.errors.BrokenPipe);
});

Deno.test("messages are compressed both ways when the server agrees", async () => {
  const offers: [options: ConnectOptions, deflate: boolean, received: boolean][] = [
    [{}, true, true],
    [{ deflate: false }, true, false],
    [{}, false, false],
  ];
  for (const [options, deflate, isCompressed] of offers) {
    await using server = await serve("ws://127.0.0.1:0", echo, { deflate });
    {
      using session = await connect(server.url, options);
      const answers = session[Symbol.asyncIterator]();
      for (const message of ["ahoy ".repeat(10_000), new Uint8Array(50_000), "short"]) {
        await session.send(message);
        assertEquals((await answers.next()).value, message);
      }
      await session.end();
      await answers.next();
    }
    const { bytesReceived, bytesSent } = server.stats();
    assertEquals([bytesReceived < 1000, bytesSent < 1000], [isCompressed, isCompressed]);
  }
});

Deno.test("random messages come back from our server as they were, compressed or not", async () => {
  const random = seeded(newSeed());
  const below = (most: number) => Math.floor(random() * most);
  const words = ["ahoy ", "⚓", "all hands ", "\0", "🚢🚢", "é"];
  for (const deflate of [true, false]) {
    await using server = await serve("ws://127.0.0.1:0", echo, { deflate });
    using session = await connect(server.url);
    const messages = Array.from({ length: 1500 }, (): Message => {
      const length = [below(10), below(2000), 1000 + below(100), below(20_000)][below(4)]!;
      if (below(2) === 0) {
        return Array.from({ length: length >> 2 }, () => words[below(6)]).join("");
      }
      const isNoise = below(2) === 0;
      return Uint8Array.from({ length }, (_, at) => isNoise ? below(256) : at >> 5);
    });
    const sending = (async () => {
      for (const message of messages) await session.send(message);
      await session.end();
    })();
    let at = 0;
    for await (const message of session) assertEquals(message, messages[at++]);
    await sending;
    assertEquals(at, messages.length);
  }
});

Deno.test("a server may keep its context and choose our window", async () => {
  using server = listening();
  const connecting = connect(server.url);
  const { peer, request } = await server.accept();
  using _ = peer;
  await peer.write(
    await answerTo(request, {
      "Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits=9",
    }),
  );
  using session = await connecting;
  const unmasked = { mask: null, rsv: 4 };
  // The examples of RFC 7692 7.2.3.2: the second message refers to the first.
  await peer.write(concat(
    rawFrame(1, [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00], unmasked),
    rawFrame(1, [0xf2, 0x00, 0x11, 0x00, 0x00], unmasked),
  ));
  const answers = session[Symbol.asyncIterator]();
  assertEquals([(await answers.next()).value, (await answers.next()).value], ["Hello", "Hello"]);
  await session.send("x".repeat(5000));
  const { rsv, payload } = (await peer.frame())!;
  assertEquals([rsv, payload.length < 100], [4, true]);
});

Deno.test("a server that agrees to what was not offered is refused, saying why", async () => {
  const wrong: [extensions: string, message: string][] = [
    ["permessage-deflate; server_max_window_bits=16", "server_max_window_bits=16, whose value"],
    ["permessage-deflate; mystery", "the server's answer to permessage-deflate has the unknown"],
    ["permessage-deflate, permessage-deflate", "more than one extension"],
    ["permessage-deflate;", "the Sec-WebSocket-Extensions header is malformed"],
  ];
  for (const [extensions, message] of wrong) {
    using server = listening();
    const connecting = assertRejects(() => connect(server.url), Error, message);
    const { peer, request } = await server.accept();
    using _ = peer;
    await peer.write(await answerTo(request, { "Sec-WebSocket-Extensions": extensions }));
    await connecting;
  }
});

Deno.test("a server that is silent is pinged, and one that stays silent has gone", async () => {
  using time = new FakeTime();
  const { peer, session } = await openRaw({ pingIntervalMs: 1000, pingTimeoutMs: 1000 });
  using _ = peer;
  for (let pings = 0; pings < 2; pings++) {
    await time.advance(1250);
    const ping = await peer.frame();
    assertEquals([ping?.opcode, ping?.masked], [9, true]);
    // The answer to a ping of ours says that the answer to its own has been read.
    await peer.write(concat(rawFrame(10, "", { mask: null }), rawFrame(9, "", { mask: null })));
    assertEquals((await peer.frame())?.opcode, 10);
  }
  await time.advance(2500);
  const lost = assertRejects(() => collect(session), Error, "the peer answers no ping");
  assertEquals((await peer.frame())?.opcode, 9);
  assertEquals(await peer.close(), [1011, "no answer to a ping"]);
  await lost;
  assert(session.signal.aborted);
});

Deno.test("sends of several tasks leave whole and in order", async () => {
  const { peer, session } = await openRaw();
  using _ = peer;
  const sizes = [70_000, 5, 200_000, 0, 40_000, 30_000];
  const sent = sizes.map((size, index) => session.send(new Uint8Array(size).fill(index)));
  for (const [index, size] of sizes.entries()) {
    assertEquals((await peer.frame())?.payload, new Uint8Array(size).fill(index));
  }
  await Promise.all(sent);
  session.close("enough");
  assertEquals(await peer.close(), [1000, "enough"]);
});

pythonWebSocketsTest("Python's websockets serve us, with compression and without", async () => {
  const servers: [args: string[], agreed: string][] = [
    [["--no-compression"], ""],
    [[], "PerMessageDeflate("],
  ];
  for (const [args, agreed] of servers) {
    await using server = startWebSocketsProgram("websocket_server.py", [
      "--subprotocol",
      "chat",
      ...args,
    ]);
    const [, host, port] = await server.stdout.line(/^listening (\S+) (\d+)$/);
    const url = `ws://${host}:${port}`;
    {
      using session = await connect(url, { subprotocol: ["other", "chat"] });
      const answers = session[Symbol.asyncIterator]();
      await session.send("extensions");
      assertEquals(textOf((await answers.next()).value ?? "").startsWith(agreed), true);
      const messages = [
        "ahoy",
        new Uint8Array(70_000).fill(1),
        "⚓".repeat(30_000),
        "⚓ ".repeat(999),
      ];
      for (const message of [...messages, ...messages]) {
        await session.send(message);
        const { value } = await answers.next();
        assertEquals(value, message);
      }
      await session.end();
      assertEquals((await answers.next()).done, true);
    }
    await server.stdout.line(/^closed 1000$/);
    using session = await connect(url);
    await session.send("close");
    assertEquals(await collect(session), []);
    assertEquals(session.farewell, 'the peer closed with 4000 "as you wish"');
  }
});

wsprotoTest("wsproto serves us, whatever it agrees to", async () => {
  const servers: [deflate: string | null, agreed: RegExp][] = [
    [null, /^agreed$/],
    ["", /^agreed/],
    ["server_no_context_takeover,client_no_context_takeover", /^agreed.*no_context/],
    ["client_max_window_bits=9,server_max_window_bits=9", /^agreed.*=9/],
  ];
  for (const [deflate, agreed] of servers) {
    const args = deflate === null ? [] : ["--deflate", deflate];
    await using server = startWebSocketsProgram("wsproto_server.py", args);
    const [, host, port] = await server.stdout.line(/^listening (\S+) (\d+)$/);
    using session = await connect(`ws://${host}:${port}`);
    await server.stdout.line(agreed);
    const answers = session[Symbol.asyncIterator]();
    for (const message of ["ahoy ".repeat(20_000), new Uint8Array(200_000).fill(1), "", "⚓"]) {
      for (let again = 0; again < 3; again++) {
        await session.send(message);
        assertEquals((await answers.next()).value, message);
      }
    }
    await session.end();
    await server.stdout.line(/^closed 1000$/);
    assertEquals((await answers.next()).done, true);
  }
});
