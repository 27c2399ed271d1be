/** HTTP servers: which requests they serve, and what peers that misbehave do to them. */

import {
  assert,
  assertEquals,
  assertMatch,
  assertNotMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import type { ServerEvent } from "../../core/event.ts";
import type { HttpHandler } from "../../core/http/app.ts";
import { UsageError } from "../../core/usage_error.ts";
import { serve, type ServeOptions } from "../../dock/serve.ts";
import { peerTest, runPeer, runPython, startPeer } from "../peer.ts";
import { RawHttp } from "./raw_http.ts";

const greet: HttpHandler = () => new Response("hi");
const echoBody: HttpHandler = async (request) => new Response(await request.text());

/** The listeners that serve HTTP. */
const listeners = ["guarded", "deno"] as const;
type Listener = (typeof listeners)[number];

/** What does not hold with `--listener deno`, by the name of its test, and why. */
const NOT_ON_DENO: Readonly<Record<string, string>> = {
  "http answers several requests on one connection": "each request counts for itself",
  "a denied address is turned away before it has said anything": "only after a request",
  "a connection beyond --max-connections waits for one to end": "there is no such limit",
  "a connection that says nothing is closed": "there is no such limit",
  "a connection that sends half a head is closed": "there is no such limit",
  "a connection that is done is closed after the keep-alive time": "there is no such limit",
  "half a second head is closed after the keep-alive time": "there is no such limit",
  "a slow handler is not taken for a quiet peer": "there is no such limit",
  "a line that ends with LF alone is refused": "it passes",
  "a body that nobody reads does not keep its connection": "it is read to its end",
  "shutdown cuts off what does not finish in its grace, or at once when told twice":
    "Deno.serve cannot be cut off while it shuts down",
};

/** A test of what both listeners do. */
function eachListener(name: string, body: (start: typeof serving) => Promise<void>): void {
  for (const listener of listeners) {
    if (listener === "deno" && name in NOT_ON_DENO) continue;
    Deno.test(`${name}, by ${listener}`, () => body(servingOn(listener)));
  }
}

/** The same, with programs that nobody here wrote. */
function eachListenerWith(
  peers: Parameters<typeof peerTest>[1],
  name: string,
  body: (start: typeof serving) => Promise<void>,
): void {
  for (const listener of listeners) {
    if (listener === "deno" && name in NOT_ON_DENO) continue;
    peerTest(`${name}, by ${listener}`, peers, () => body(servingOn(listener)));
  }
}

function servingOn(listener: Listener): typeof serving {
  return (handler, options, scheme) => serving(handler, { listener, ...options }, scheme);
}

/** A server whose events can be awaited. */
async function serving(
  handler: HttpHandler = greet,
  options: ServeOptions = {},
  scheme = "http",
) {
  const events: ServerEvent[] = [];
  let changed = Promise.withResolvers<void>();
  const emit = (event: ServerEvent) => {
    events.push(event);
    changed.resolve();
    changed = Promise.withResolvers();
  };
  const server = await serve(`${scheme}://127.0.0.1:0`, handler, {
    ...options,
    emit,
  });
  return {
    server,
    url: server.url,
    host: server.url.slice(server.url.indexOf("//") + 2),
    events,
    /** Resolves once an event of the name has been emitted. */
    async emitted(name: ServerEvent["event"]): Promise<ServerEvent> {
      for (;;) {
        const found = events.find(({ event }) => event === name);
        if (found !== undefined) return found;
        await changed.promise;
      }
    },
    open: () => RawHttp.open(server.url),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** Sends one raw request and returns the status of the answer. */
async function statusOf(url: string, request: string): Promise<number> {
  using raw = await RawHttp.open(url);
  await raw.send(request);
  return (await raw.answer()).status;
}

// What is served.

eachListener("http answers several requests on one connection", async (serving) => {
  await using http = await serving((request) => new Response(new URL(request.url).pathname));
  using raw = await http.open();
  for (const path of ["/one", "/two", "/three"]) {
    await raw.get(path, http.host);
    assertEquals((await raw.answer()).body, path);
  }
  const { opened, open, requests } = http.server.stats();
  assertEquals({ opened, open, requests }, { opened: 1, open: 1, requests: 3 });
});

eachListener("http answers pipelined requests in their order", async (serving) => {
  await using http = await serving(async (request) => {
    await Promise.resolve();
    return new Response(new URL(request.url).pathname);
  });
  using raw = await http.open();
  await Promise.all(["/1", "/2", "/3"].map((path) => raw.get(path, http.host)));
  for (const path of ["/1", "/2", "/3"]) assertEquals((await raw.answer()).body, path);
});

eachListener("http tells the handler who asks", async (serving) => {
  await using http = await serving((_request, { peer }) => Response.json(peer));
  const { transport, hostname } = await (await fetch(http.url)).json();
  assertEquals({ transport, hostname }, { transport: "tcp", hostname: "127.0.0.1" });
});

eachListener("http hands the body to the handler as a stream and as a whole", async (serving) => {
  await using http = await serving(async (request) => {
    if (request.url.endsWith("/stream")) return new Response(request.body);
    return Response.json({ type: request.headers.get("content-type"), body: await request.json() });
  });
  const whole = await fetch(`${http.url}/whole`, {
    method: "PUT",
    body: `{"a":1}`,
    headers: { "content-type": "application/json" },
  });
  assertEquals(await whole.json(), { type: "application/json", body: { a: 1 } });
  const bytes = new Uint8Array(1_000_000).fill(7);
  const streamed = await fetch(`${http.url}/stream`, { method: "POST", body: bytes });
  assertEquals(await streamed.bytes(), bytes);
});

Deno.test("http serves over IPv6 and under the names of loopback", async () => {
  await using server = await serve("http://[::1]:0", greet);
  for (const name of ["[::1]", "localhost"]) {
    const host = server.url.replace("http://[::1]", name);
    using raw = await RawHttp.open(server.url.replace("[::1]", "localhost")).catch(() =>
      RawHttp.open(server.url)
    );
    await raw.get("/", host);
    assertEquals((await raw.answer()).status, 200);
  }
});

eachListener("requests become events only when they are watched", async (serving) => {
  await using quiet = await serving();
  await (await fetch(quiet.url)).text();
  assertEquals(quiet.events.filter(({ event }) => event === "request"), []);

  await using http = await serving(greet, { watch: true });
  await (await fetch(`${http.url}/a?b=c`, { method: "DELETE" })).text();
  const event = await http.emitted("request");
  assert(event.event === "request");
  const { url, method, path, status } = event;
  assertEquals({ url, method, path, status }, {
    url: http.url,
    method: "DELETE",
    path: "/a?b=c",
    status: 200,
  });
  assertMatch(event.peer, /^127\.0\.0\.1:\d+$/);
});

eachListenerWith(
  ["curl"],
  "curl gets a page twice on one connection, its head, and posts",
  async (serving) => {
    await using http = await serving(async (request) =>
      new Response(`${request.method} ${await request.text()}`)
    );
    const twice = await runPeer("curl", ["-sS", http.url, http.url, "-w", "%{num_connects}"]);
    assertEquals(twice.stdout, "GET 1GET 0");
    const head = await runPeer("curl", ["-sS", "--head", http.url]);
    assertMatch(head.stdout, /^HTTP\/1\.1 200 OK\r\n/);
    const post = await runPeer("curl", ["-sS", "-d", "a=b", http.url]);
    assertEquals(post.stdout, "POST a=b");
    // Larger bodies are announced with Expect: 100-continue.
    const large = "x".repeat(2_000_000);
    const put = await runPeer("curl", ["-sS", "-T", "-", "-H", "Expect: 100-continue", http.url], {
      stdin: large,
    });
    assertEquals(put.stdout, `PUT ${large}`);
  },
);

eachListenerWith(
  ["curl"],
  "curl speaks HTTP/2 without encryption when told to",
  async (serving) => {
    await using http = await serving();
    const args = ["-sS", "--http2-prior-knowledge", "-w", " %{http_version}", http.url];
    assertEquals((await runPeer("curl", args)).stdout, "hi 2");
  },
);

eachListenerWith(["python3"], "urllib gets and posts", async (serving) => {
  await using http = await serving(async (request) =>
    new Response(`${request.method} ${await request.text()}`)
  );
  const got = await runPython("http_client.py", [http.url]);
  assertStringIncludes(got.stdout, "200 text/plain;charset=UTF-8");
  assertStringIncludes(got.stdout, "GET ");
  const posted = await runPython("http_client.py", [http.url, "--data", "a=b"]);
  assertStringIncludes(posted.stdout, "POST a=b");
});

// Who may ask.

eachListener("a denied address is turned away before it has said anything", async (serving) => {
  await using http = await serving(greet, { deny: ["127.0.0.0/8"] });
  using raw = await http.open();
  assertEquals(await raw.rest(), "");
  const { denied, opened } = http.server.stats();
  assertEquals({ denied, opened }, { denied: 1, opened: 0 });
});

eachListener("a connection beyond --max-connections waits for one to end", async (serving) => {
  await using http = await serving(greet, { maxConnections: 1 });
  using second = await (async () => {
    using first = await http.open();
    await first.get("/", http.host);
    await first.answer();
    const second = await http.open();
    await second.get("/", http.host);
    assertEquals(http.server.stats().opened, 1);
    return second;
  })();
  assertEquals((await second.answer()).status, 200);
});

eachListener("http wants a Host, and one that it goes by", async (serving) => {
  await using http = await serving();
  const get = (line: string) => statusOf(http.url, `GET / HTTP/1.1\r\n${line}\r\n`);
  assertEquals(await get(""), 400);
  assertEquals(await get("Host: a b\r\n"), 400);
  assertEquals(await get(`Host: ${http.host}/path\r\n`), 400);
  assertEquals(await get("Host: evil.example\r\n"), 421);
  assertEquals(await get(`Host: ${http.host}\r\n`), 200);
  assertEquals(await get("Host: localhost:1\r\n"), 200);
  assertEquals(http.server.stats().forbidden, 4);
  const event = await http.emitted("denied");
  assertMatch(JSON.stringify(event), /no Host/);
});

eachListener("http checks the Host of every request of a connection", async (serving) => {
  await using http = await serving();
  using raw = await http.open();
  for (
    const [host, status] of [
      [http.host, 200],
      ["evil.example", 421],
      [http.host, 200],
      ["127.0.0.1.evil.example", 421],
      ["localhost", 200],
    ] as const
  ) {
    await raw.get("/", host);
    assertEquals((await raw.answer()).status, status, host);
  }
});

eachListener("http holds a whole URL in the request line to the same rule", async (serving) => {
  await using http = await serving();
  const get = (target: string, host: string) =>
    statusOf(http.url, `GET ${target} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  assertEquals(await get("http://evil.example/", http.host), 421);
  assertEquals(await get(`http://${http.host}/`, "evil.example"), 421);
  assertEquals(await get(`http://${http.host}/`, http.host), 200);
});

eachListener("--allow-host lets a server be called by another name", async (serving) => {
  await using http = await serving(greet, { allowHost: ["box.example"] });
  using raw = await http.open();
  await raw.get("/", "box.example");
  assertEquals((await raw.answer()).status, 200);
});

eachListener("a page of another origin may read but not change", async (serving) => {
  await using http = await serving(echoBody);
  const ask = (method: string, origin: string) =>
    statusOf(
      http.url,
      `${method} / HTTP/1.1\r\nHost: ${http.host}\r\nOrigin: ${origin}\r\nContent-Length: 0\r\n\r\n`,
    );
  assertEquals(await ask("GET", "http://evil.example"), 200);
  for (const method of ["POST", "PUT", "PATCH", "DELETE"]) {
    assertEquals(await ask(method, "http://evil.example"), 403, method);
    assertEquals(await ask(method, "null"), 403, method);
    assertEquals(await ask(method, http.url), 200, method);
  }
  assertEquals(http.server.stats().forbidden, 8);
});

eachListener("a wrong --allow-origin is refused and nothing is left open", async (serving) => {
  await assertRejects(() => serving(greet, { allowOrigin: ["nonsense"] }), UsageError);
});

// Peers that take their time.

eachListener("a connection that says nothing is closed", async (serving) => {
  await using http = await serving(greet, { headerTimeoutMs: 40 });
  using raw = await http.open();
  assertEquals(await raw.rest(), "");
  assertEquals(http.server.stats().timedOut, 1);
});

eachListener("a connection that sends half a head is closed", async (serving) => {
  await using http = await serving(greet, { headerTimeoutMs: 40 });
  using raw = await http.open();
  await raw.send(`GET / HTTP/1.1\r\nHost: ${http.host}\r\nX-Slow: `);
  assertEquals(await raw.rest(), "");
  assertEquals(http.server.stats().timedOut, 1);
});

eachListener("a connection that is done is closed after the keep-alive time", async (serving) => {
  await using http = await serving(greet, { headerTimeoutMs: 60_000, keepAliveTimeoutMs: 40 });
  using raw = await http.open();
  await raw.get("/", http.host);
  assertEquals((await raw.answer()).body, "hi");
  assertEquals(await raw.rest(), "");
  const { idle, timedOut } = http.server.stats();
  assertEquals({ idle, timedOut }, { idle: 1, timedOut: 0 });
});

eachListener("half a second head is closed after the keep-alive time", async (serving) => {
  await using http = await serving(greet, { keepAliveTimeoutMs: 40 });
  using raw = await http.open();
  await raw.get("/", http.host);
  await raw.answer();
  await raw.send("GET /again HTTP/1.1\r\n");
  assertEquals(await raw.rest(), "");
  assertEquals(http.server.stats().idle, 1);
});

eachListener("a slow handler is not taken for a quiet peer", async (serving) => {
  const { promise, resolve } = Promise.withResolvers<void>();
  await using http = await serving(async (request) => {
    if (request.url.endsWith("/slow")) await promise;
    return new Response("done");
  }, { keepAliveTimeoutMs: 40, headerTimeoutMs: 60_000 });
  using slow = await http.open();
  await slow.get("/slow", http.host);
  using quiet = await http.open();
  await quiet.get("/", http.host);
  await quiet.answer();
  await quiet.rest();
  resolve();
  assertEquals((await slow.answer()).body, "done");
});

eachListener("a body that stalls is answered with 408", async (serving) => {
  await using http = await serving(echoBody, { bodyTimeoutMs: 40 });
  using raw = await http.open();
  await raw.send(`POST / HTTP/1.1\r\nHost: ${http.host}\r\nContent-Length: 10\r\n\r\nhalf`);
  const { status, headers } = await raw.answer();
  assertEquals([status, headers.get("connection")], [408, "close"]);
  assertEquals(http.server.stats().timedOut, 1);
});

eachListener(
  "a body that was encoded for the transfer is not taken for what it holds",
  async (serving) => {
    await using http = await serving(echoBody);
    for (const [coding, expected] of [["gzip, chunked", 501], ["Chunked", 200]] as const) {
      using raw = await http.open();
      await raw.send(
        `POST / HTTP/1.1\r\nHost: ${http.host}\r\nTransfer-Encoding: ${coding}\r\n\r\n3\r\nabc\r\n0\r\n\r\n`,
      );
      assertEquals((await raw.answer()).status, expected, coding);
    }
  },
);

eachListener("a body that nobody reads does not keep its connection", async (serving) => {
  await using http = await serving();
  using raw = await http.open();
  await raw.send(`POST / HTTP/1.1\r\nHost: ${http.host}\r\nContent-Length: 10\r\n\r\nhalf`);
  assertEquals((await raw.answer()).body, "hi");
  assertEquals(await raw.rest(), "");
});

eachListener("many silent connections leave room for a normal client", async (serving) => {
  await using http = await serving(greet, { headerTimeoutMs: 60_000 });
  using silent = new DisposableStack();
  for (let count = 0; count < 200; count++) silent.use(await http.open());
  assertEquals(await (await fetch(http.url)).text(), "hi");
});

// Bodies that are too large.

eachListener(
  "an announced body over the limit gets 413 and the handler is not asked",
  async (serving) => {
    let asked = 0;
    await using http = await serving(() => {
      asked++;
      return new Response("hi");
    }, { maxBodyBytes: 100 });
    using raw = await http.open();
    await raw.send(`POST / HTTP/1.1\r\nHost: ${http.host}\r\nContent-Length: 101\r\n\r\n`);
    const { status, body } = await raw.answer();
    assertEquals(status, 413);
    assertStringIncludes(body, "100");
    assertEquals({ asked, oversized: http.server.stats().oversized }, { asked: 0, oversized: 1 });
  },
);

eachListener(
  "a chunked body over the limit gets 413 whatever the handler makes of it",
  async (serving) => {
    await using http = await serving(async (request) => {
      try {
        return new Response(await request.text());
      } catch {
        return new Response("never mind");
      }
    }, { maxBodyBytes: 100 });
    const chunk = `64\r\n${"x".repeat(100)}\r\n`;
    const post = (chunks: string) =>
      statusOf(
        http.url,
        `POST / HTTP/1.1\r\nHost: ${http.host}\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}`,
      );
    assertEquals(await post(`${chunk}0\r\n\r\n`), 200);
    assertEquals(await post(`${chunk}1\r\nx\r\n0\r\n\r\n`), 413);
    assertEquals(http.server.stats().oversized, 1);
  },
);

eachListener("a body over the limit cuts off an answer that has begun", async (serving) => {
  await using http = await serving(
    (request) => Promise.resolve(new Response(request.body)),
    { maxBodyBytes: 100 },
  );
  using raw = await http.open();
  const chunk = `64\r\n${"x".repeat(100)}\r\n`;
  await raw.send(
    `POST / HTTP/1.1\r\nHost: ${http.host}\r\nTransfer-Encoding: chunked\r\n\r\n${chunk}`,
  );
  await raw.send(chunk);
  const rest = await raw.rest();
  // What is left of the answer depends on the engine; its end never is.
  assertMatch(rest, /^(?:HTTP\/1\.1 200|$)/);
  assertNotMatch(rest, /\r\n0\r\n/);
});

eachListenerWith(["curl"], "curl is told that its file is too large", async (serving) => {
  await using http = await serving(echoBody, { maxBodyBytes: 1000 });
  const { stdout } = await runPeer(
    "curl",
    ["-sS", "-o", "/dev/null", "-w", "%{http_code}", "-T", "-", http.url],
    { stdin: "x".repeat(3_000_000) },
  );
  assertEquals(stdout, "413");
});

/** A body in parts, as of a file. */
function inParts(...sizes: number[]): ReadableStream<Uint8Array> {
  return ReadableStream.from(sizes.map((size) => new Uint8Array(size).fill(120)));
}

eachListener(
  "a body is sent as far as its length was announced, and no further",
  async (serving) => {
    const headers = { "content-length": "25" };
    await using http = await serving(async () => {
      await Promise.resolve();
      return new Response(inParts(10, 10, 10, 10), { headers });
    });
    using raw = await http.open();
    for (let turn = 0; turn < 2; turn++) {
      await raw.get("/", http.host);
      assertEquals((await raw.answer()).body, "x".repeat(25));
    }
  },
);

eachListener("a body that is shorter than was announced breaks its answer off", async (serving) => {
  const headers = { "content-length": "25" };
  await using http = await serving(async () => {
    await Promise.resolve();
    return new Response(inParts(10, 10), { headers });
  });
  using raw = await http.open();
  await raw.get("/", http.host);
  assertMatch(await raw.rest(), /^(?:HTTP\/1\.1 200[^]*\r\n\r\nx{0,20})?$/);
});

// What goes wrong.

eachListener(
  "a handler that fails is an event and a bare 500, and the server goes on",
  async (serving) => {
    const failing: readonly HttpHandler[] = [
      () => {
        throw new Error("secret detail");
      },
      () => Promise.reject(new Error("secret detail")),
      () => undefined as unknown as Response,
      () => Promise.resolve({} as Response),
    ];
    await using http = await serving((request, info) => {
      const index = Number(new URL(request.url).pathname.slice(1));
      return failing[index]?.(request, info) ?? new Response("fine");
    });
    using raw = await http.open();
    for (const index of [0, 1, 3]) {
      await raw.get(`/${index}`, http.host);
      const { status, body } = await raw.answer();
      assertEquals({ status, body }, { status: 500, body: "Internal Server Error\n" });
    }
    await raw.get("/9", http.host);
    assertEquals((await raw.answer()).body, "fine");
    assertEquals(http.server.stats().failed, 3);
    assertMatch(JSON.stringify(await http.emitted("failed")), /secret detail/);
  },
);

peerTest("a reset in the middle of a body is counted, and nobody else notices", [
  "python3",
], async () => {
  const asked = Promise.withResolvers<void>();
  await using http = await serving((request, info) => {
    asked.resolve();
    return echoBody(request, info);
  });
  await using peer = startPeer("python3", [
    "-c",
    `import socket, struct
conn = socket.create_connection(("127.0.0.1", ${new URL(http.url).port}))
conn.sendall(b"POST / HTTP/1.1\\r\\nHost: ${http.host}\\r\\nContent-Length: 10\\r\\n\\r\\nhalf")
input()
conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
conn.close()`,
  ]);
  await asked.promise;
  await peer.finish("now\n");
  await http.emitted("failed");
  assertEquals(await (await fetch(http.url, { method: "POST", body: "ok" })).text(), "ok");
  assertEquals(http.server.stats().failed, 1);
});

// What the engines make of requests that could be smuggled past a proxy: facts of Deno 2.9.6.

eachListener("what two readers could understand in two ways is refused", async (serving) => {
  await using http = await serving(echoBody);
  const post = (...lines: string[]) =>
    statusOf(http.url, ["POST / HTTP/1.1", `Host: ${http.host}`, ...lines, "", "0"].join("\r\n"));
  assertEquals(await post("Content-Length: 1", "Content-Length: 2"), 400);
  assertEquals(await post("Content-Length: 1", "Transfer-Encoding: chunked"), 400);
  assertEquals(await post("Transfer-Encoding: chunked, identity"), 400);
  assertEquals(await post("Content-Length: +1"), 400);
  assertEquals(await post("Content-Length : 1"), 400);
  assertEquals(await post("Host: other", "Content-Length: 1"), 400);
});

eachListener("a folded line is refused", async (serving) => {
  await using http = await serving();
  const request = `GET / HTTP/1.1\r\nHost: ${http.host}\r\nX: a\r\n folded\r\n\r\n`;
  assertEquals(await statusOf(http.url, request), 400);
});

eachListener("a line that ends with LF alone is refused", async (serving) => {
  await using http = await serving();
  const request = `GET / HTTP/1.1\r\nHost: ${http.host}\nX: a\n\n`;
  assertEquals(await statusOf(http.url, request), 400);
});

eachListener("a head has at most 64 KiB", async (serving) => {
  await using http = await serving();
  const get = (lines: string) =>
    statusOf(http.url, `GET / HTTP/1.1\r\nHost: ${http.host}\r\n${lines}\r\n`);
  assertEquals(await get(`X: ${"x".repeat(60 * 1024)}\r\n`), 200);
  assertEquals(await get("X: x\r\n".repeat(99)), 200);
  assertMatch(String(await get(`X: ${"x".repeat(64 * 1024)}\r\n`)), /^(400|431)$/);
});

// Ends.

eachListener("shutdown closes quiet connections at once", async (serving) => {
  await using http = await serving();
  using idle = await http.open();
  await idle.get("/", http.host);
  await idle.answer();
  using halfway = await http.open();
  await halfway.send("GET / HT");
  using silent = await http.open();
  // The server takes connections in their order: when it answers a fourth, it has the others.
  using last = await http.open();
  await last.get("/", http.host);
  await last.answer();
  const before = performance.now();
  await http.server.shutdown({ graceMs: 30_000 });
  assert(performance.now() - before < 10_000);
  for (const raw of [idle, halfway, silent, last]) assertEquals(await raw.rest(), "");
  await assertRejects(() => http.open());
});

eachListener("shutdown lets what is being answered finish", async (serving) => {
  const asked = Promise.withResolvers<void>();
  const go = Promise.withResolvers<void>();
  await using http = await serving(async () => {
    asked.resolve();
    await go.promise;
    return new Response("finished");
  });
  using raw = await http.open();
  await raw.get("/", http.host);
  await asked.promise;
  const down = http.server.shutdown({ graceMs: 30_000 });
  go.resolve();
  const { body, headers } = await raw.answer();
  assertEquals({ body, connection: headers.get("connection") }, {
    body: "finished",
    connection: "close",
  });
  assertEquals(await raw.rest(), "");
  await down;
});

eachListener("shutdown ends event streams properly", async (serving) => {
  const cancelled = Promise.withResolvers<void>();
  await using http = await serving(() => {
    const events = new ReadableStream<Uint8Array<ArrayBuffer>>({
      start: (controller) => controller.enqueue(new TextEncoder().encode("data: tick\n\n")),
      cancel: () => cancelled.resolve(),
    });
    return Promise.resolve(
      new Response(events, { headers: { "content-type": "text/event-stream" } }),
    );
  });
  const response = await fetch(http.url);
  const reader = response.body!.getReader();
  assertEquals(new TextDecoder().decode((await reader.read()).value), "data: tick\n\n");
  await http.server.shutdown({ graceMs: 30_000 });
  assertEquals((await reader.read()).done, true);
  await cancelled.promise;
});

eachListener(
  "shutdown cuts off what does not finish in its grace, or at once when told twice",
  async (serving) => {
    for (const graces of [[20], [30_000, 0]]) {
      const asked = Promise.withResolvers<void>();
      const never = Promise.withResolvers<Response>();
      await using http = await serving(() => {
        asked.resolve();
        return never.promise;
      });
      using raw = await http.open();
      await raw.get("/", http.host);
      await asked.promise;
      await Promise.all(graces.map((graceMs) => http.server.shutdown({ graceMs })));
      assertEquals(await raw.rest(), "");
      never.resolve(new Response("too late"));
    }
  },
);

eachListener("a handler may shut its own server down and still be heard", async (serving) => {
  const down = Promise.withResolvers<void>();
  await using http = await serving(() => {
    down.resolve(http.server.shutdown());
    return new Response("bye");
  });
  using raw = await http.open();
  await raw.get("/", http.host);
  assertEquals((await raw.answer()).body, "bye");
  await down.promise;
});
