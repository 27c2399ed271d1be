/** The HTTP client: what it sends, what it makes of answers, and of servers that misbehave. */

import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { fetchUrl } from "../../../clients/http/client.ts";
import type { FetchOptions } from "../../../clients/http/client.ts";
import { UsageError } from "../../../core/usage_error.ts";
import { serve } from "../../../dock/serve.ts";
import { freePort } from "../../free_port.ts";
import { peerTest, startPythonServer } from "../../peer.ts";
import { temporaryFolder } from "../../temporary_folder.ts";
import { answerOf, type RawRequest, startRawServer } from "../raw_server.ts";

/** Asks a server that answers with these bytes, and reads the body. */
async function get(answer: string | Uint8Array, options: FetchOptions = {}) {
  await using server = startRawServer(() => answer);
  await using response = await fetchUrl(server.url, options);
  const { status, statusText, httpVersion, headerList } = response;
  return { status, statusText, httpVersion, headerList, body: await response.text() };
}

/** The error of asking a server that answers with these bytes and closes. */
async function failure(answer: string | Uint8Array, options: FetchOptions = {}): Promise<Error> {
  return await assertRejects(() => get(answer, options), Error);
}

// What is sent.

Deno.test("fetchUrl asks for a path and says who it is", async () => {
  await using server = startRawServer(() => answerOf("200 OK", "hi"));
  await using response = await fetchUrl(`${server.url}/a%20b/ü?c=d#e`);
  assertEquals(await response.text(), "hi");
  const [request] = server.requests;
  assertEquals(request?.line, "GET /a%20b/%C3%BC?c=d HTTP/1.1");
  assertEquals(request?.field("host"), server.url.slice("http://".length));
  assertEquals(request?.field("accept"), "*/*");
  assertEquals(request?.field("user-agent"), "sockdock");
  assertEquals(request?.field("content-length"), undefined);
  assertEquals(request?.field("transfer-encoding"), undefined);
});

Deno.test("fetchUrl sends every method, with a body where there is one", async () => {
  await using server = startRawServer(({ line }) =>
    line.startsWith("HEAD")
      ? "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"
      : answerOf("200 OK", "ok")
  );
  for (const method of ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]) {
    const body = method === "GET" || method === "HEAD" ? {} : { body: "böse" };
    await using response = await fetchUrl(server.url, { method, ...body });
    assertEquals(await response.text(), method === "HEAD" ? "" : "ok");
    const request = server.requests.at(-1);
    assertEquals(request?.line, `${method} / HTTP/1.1`);
    if ("body" in body) assertEquals(request?.field("content-length"), "5");
  }
});

Deno.test("fetchUrl sends JSON, a form and bytes as what they are", async () => {
  await using server = startRawServer(() => answerOf("200 OK", ""));
  const ask = async (options: FetchOptions) => {
    await using _response = await fetchUrl(server.url, options);
    const request = server.requests.at(-1);
    return [request?.line.split(" ")[0], request?.field("content-type"), request?.body];
  };
  assertEquals(await ask({ json: { a: [1, null] } }), [
    "POST",
    "application/json",
    `{"a":[1,null]}`,
  ]);
  assertEquals(await ask({ form: [["a b", "c&d"], ["a b", "="]] }), [
    "POST",
    "application/x-www-form-urlencoded",
    "a+b=c%26d&a+b=%3D",
  ]);
  assertEquals(await ask({ method: "PUT", body: new Uint8Array([0, 65, 13, 10]) }), [
    "PUT",
    undefined,
    "\0A\r\n",
  ]);
  assertEquals(await ask({ json: {}, headers: [["Content-Type", "application/ld+json"]] }), [
    "POST",
    "application/ld+json",
    "{}",
  ]);
  assertEquals(await ask({ method: "POST" }), ["POST", undefined, ""]);
  assertEquals(server.requests.at(-1)?.field("content-length"), "0");
  await assertRejects(() => fetchUrl(server.url, { json: 1, body: "2" }), UsageError, "one body");
});

Deno.test("fetchUrl sends headers in their order, the same one twice too", async () => {
  await using server = startRawServer(() => answerOf("200 OK", ""));
  const headers = [["X-One", "1"], ["Host", "other.example"], ["x-one", "2"]] as const;
  await using _response = await fetchUrl(server.url, { headers });
  const { fields = [] } = server.requests[0] ?? {};
  const sent = fields.filter(([name]) => /^(x-one|host)$/i.test(name));
  assertEquals(sent.filter(([name]) => /x-one/i.test(name)).map(([, value]) => value), ["1", "2"]);
  assertEquals(sent.filter(([name]) => /host/i.test(name)).map(([, value]) => value), [
    "other.example",
  ]);
});

Deno.test("nothing that is put into a request can become another one", async () => {
  await using server = startRawServer(() => answerOf("200 OK", ""));
  const wrong: readonly FetchOptions[] = [
    { headers: [["X", "a\r\nEvil: b"]] },
    { headers: [["X", "a\nEvil: b"]] },
    { headers: [["X\r\nEvil", "b"]] },
    { headers: [["X: y", "b"]] },
    { headers: [["", "b"]] },
    { headers: [["X", "a\0b"]] },
    { headers: [["X", "\u0100"]] },
    { method: "GET / HTTP/1.1\r\nEvil: b\r\n\r\nGET" },
    { method: "" },
    { credentials: { user: "a:b", password: "c" } },
  ];
  for (const options of wrong) {
    await assertRejects(() => fetchUrl(server.url, options), UsageError);
  }
  await using _response = await fetchUrl(`${server.url}/a\r\nEvil: b`);
  assertEquals(server.requests.map(({ line }) => line), ["GET /aEvil:%20b HTTP/1.1"]);
});

Deno.test("fetchUrl sends credentials at once, and only to the origin of the URL", async () => {
  await using other = startRawServer(() => answerOf("200 OK", "other"));
  await using server = startRawServer(({ line }) => {
    if (line.includes("/away")) return answerOf("302 Found", "", `Location: ${other.url}/`);
    if (line.includes("/near")) return answerOf("302 Found", "", "Location: here");
    return answerOf("200 OK", "here");
  });
  const options: FetchOptions = {
    credentials: { user: "jürgen", password: "a:b" },
    headers: [["Cookie", "c=d"]],
    maxRedirects: 1,
  };
  const expected = `Basic ${btoa("j\xc3\xbcrgen:a:b")}`;
  await using near = await fetchUrl(`${server.url}/near`, options);
  assertEquals(await near.text(), "here");
  assertEquals(server.requests.map(({ field }) => field("authorization")), [expected, expected]);
  await using away = await fetchUrl(`${server.url}/away`, options);
  assertEquals(await away.text(), "other");
  assertEquals(other.requests[0]?.field("authorization"), undefined);
  assertEquals(other.requests[0]?.field("cookie"), undefined);
});

Deno.test("fetchUrl refuses a URL that is none, is of another kind or carries a password", async () => {
  for (const url of ["nonsense", "ftp://host/", "http://user:secret@host/", "http://"]) {
    const error = await assertRejects(() => fetchUrl(url), UsageError);
    assert(!error.message.includes("secret"), error.message);
  }
});

// What comes back.

Deno.test("a response has its head as it came", async () => {
  const { status, statusText, httpVersion, headerList } = await get(
    "HTTP/1.0 299 Rather  Fine\r\nX-One: 1\r\nset-cookie: a\r\nSet-Cookie: b\r\n" +
      "Content-Length: 0\r\n\r\n",
  );
  assertEquals({ status, statusText, httpVersion }, {
    status: 299,
    statusText: "Rather  Fine",
    httpVersion: "1.0",
  });
  assertEquals(headerList, [
    ["X-One", "1"],
    ["set-cookie", "a"],
    ["Set-Cookie", "b"],
    ["Content-Length", "0"],
  ]);
});

Deno.test("a body has a length, chunks, or goes on to the end of the connection", async () => {
  const ok = "HTTP/1.1 200 OK\r\n";
  assertEquals((await get(answerOf("200 OK", "length"))).body, "length");
  assertEquals(
    (await get(
      `${ok}Transfer-Encoding: chunked\r\n\r\n3\r\nchu\r\n3;x=y\r\nnks\r\n0\r\nT: t\r\n\r\n`,
    ))
      .body,
    "chunks",
  );
  assertEquals((await get(`${ok}\r\nto the end`)).body, "to the end");
  assertEquals((await get(answerOf("200 OK", "length") + "and more")).body, "length");
});

Deno.test("a response without a body has none, whatever its head says", async () => {
  const announced = "Content-Length: 5\r\n\r\n";
  assertEquals((await get(`HTTP/1.1 200 OK\r\n${announced}`, { method: "HEAD" })).body, "");
  assertEquals((await get(`HTTP/1.1 304 Not Modified\r\n${announced}`)).body, "");
  assertEquals((await get("HTTP/1.1 204 No Content\r\n\r\n")).body, "");
  const chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  assertEquals((await get(chunked, { method: "HEAD" })).body, "");
});

Deno.test("what comes before the response is passed over", async () => {
  const before = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
  const { status, body } = await get(before + answerOf("200 OK", "hi"));
  assertEquals({ status, body }, { status: 200, body: "hi" });
});

Deno.test("a large body arrives whole", async () => {
  const bytes = new Uint8Array(5_000_000).map((_, index) => index * 31 >> 3);
  await using server = await serve("http://127.0.0.1:0", () => new Response(bytes));
  await using response = await fetchUrl(server.url);
  assertEquals(await response.bytes(), bytes);
});

Deno.test("a body that nobody reads waits at its server", async () => {
  let sentBytes = 0;
  const stopped = Promise.withResolvers<void>();
  await using server = startRawServer(async (_request, peer) => {
    await peer.send("HTTP/1.1 200 OK\r\n\r\n");
    const part = new Uint8Array(1_000_000);
    const slow = setTimeout(() => stopped.resolve(), 300);
    for (let count = 0; count < 100; count++) {
      await peer.send(part);
      sentBytes += part.length;
    }
    clearTimeout(slow);
    stopped.resolve();
  });
  await using response = await fetchUrl(server.url);
  await stopped.promise;
  assert(sentBytes < 50_000_000, `${sentBytes} bytes went into memory`);
  assertEquals((await response.bytes().catch((error) => error)) instanceof RangeError, true);
});

Deno.test("a body goes both ways at once", async () => {
  await using server = await serve(
    "http://127.0.0.1:0",
    (request) => Promise.resolve(new Response(request.body)),
  );
  const body = new Uint8Array(3_000_000).fill(7);
  await using response = await fetchUrl(server.url, { body });
  assertEquals(await response.bytes(), body);
});

Deno.test("the first bytes are read, and then the connection is closed", async () => {
  const gone = Promise.withResolvers<void>();
  await using server = startRawServer(async (_request, peer) => {
    await peer.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nfirst bytes and more");
    await peer.gone();
    gone.resolve();
  });
  await using response = await fetchUrl(server.url, { bytes: 11 });
  assertEquals(await response.text(), "first bytes");
  await gone.promise;
});

Deno.test("a response that is not read is closed when it is disposed of", async () => {
  const gone = Promise.withResolvers<void>();
  await using server = startRawServer(async (_request, peer) => {
    await peer.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nfirst");
    await peer.gone();
    gone.resolve();
  });
  const response = await fetchUrl(server.url);
  await response[Symbol.asyncDispose]();
  await gone.promise;
});

Deno.test("a compressed body is undone when that was asked, and only then", async () => {
  const body = "compressed ".repeat(100);
  const encodings = [
    ["gzip", gzipSync(body)],
    ["deflate", deflateSync(body)],
    ["br", brotliCompressSync(body)],
  ] as const;
  for (const [encoding, bytes] of encodings) {
    const head = `HTTP/1.1 200 OK\r\nContent-Encoding: ${encoding}\r\n` +
      `Content-Length: ${bytes.length}\r\n\r\n`;
    await using server = startRawServer(async ({ field }, peer) => {
      await peer.send(head);
      await peer.send(bytes);
      assertEquals(field("accept-encoding")?.includes(encoding) ?? false, asked);
    });
    let asked = true;
    await using undone = await fetchUrl(server.url, { compressed: true });
    assertEquals(await undone.text(), body, encoding);
    asked = false;
    await using kept = await fetchUrl(server.url);
    assertEquals(await kept.bytes(), new Uint8Array(bytes));
  }
  const broken = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope";
  assertMatch((await failure(broken, { compressed: true })).message, /^Cannot fetch http:/);
});

Deno.test("a body larger than is wanted in memory is refused", async () => {
  const error = await assertRejects(
    () => get(answerOf("200 OK", "x".repeat(11)), { maxBodyBytes: 10 }),
    RangeError,
  );
  assertStringIncludes(error.message, "10");
  assertEquals(
    (await get(answerOf("200 OK", "x".repeat(10)), { maxBodyBytes: 10 })).body.length,
    10,
  );
});

// Redirects.

Deno.test("redirects are followed only when told to, and no further", async () => {
  await using server = startRawServer(({ line }) => {
    const step = Number(/\/(\d)/.exec(line)?.[1] ?? 0);
    return step < 3
      ? answerOf("302 Found", "", `Location: /${step + 1}`)
      : answerOf("200 OK", "arrived");
  });
  const ask = async (maxRedirects: number) => {
    const passed: string[] = [];
    await using response = await fetchUrl(`${server.url}/0`, {
      maxRedirects,
      onRedirect: ({ url }) => passed.push(new URL(url).pathname),
    });
    return [response.status, new URL(response.url).pathname, passed];
  };
  assertEquals(await ask(0), [302, "/0", []]);
  assertEquals(await ask(3), [200, "/3", ["/0", "/1", "/2"]]);
  assertEquals(await ask(9), [200, "/3", ["/0", "/1", "/2"]]);
  const error = await assertRejects(() => ask(1), Error, "on to");
  assertStringIncludes(error.message, "--max-redirects");
});

Deno.test("a redirect keeps the method and body, or turns them into GET", async () => {
  await using server = startRawServer(({ line }) => {
    const status = /\/(30\d)/.exec(line)?.[1];
    return status === undefined
      ? answerOf("200 OK", "")
      : answerOf(`${status} Moved`, "", "Location: /there");
  });
  const cases = [
    ["301", "POST", "GET"],
    ["302", "POST", "GET"],
    ["302", "PUT", "PUT"],
    ["303", "PUT", "GET"],
    ["303", "HEAD", "HEAD"],
    ["307", "POST", "POST"],
    ["308", "PATCH", "PATCH"],
  ] as const;
  for (const [status, method, after] of cases) {
    const body = method === "HEAD" ? {} : { body: "body" };
    await using _response = await fetchUrl(`${server.url}/${status}`, {
      method,
      ...body,
      maxRedirects: 1,
    });
    const request = server.requests.at(-1);
    assertEquals(request?.line, `${after} /there HTTP/1.1`, status);
    assertEquals(request?.body, after === "GET" || after === "HEAD" ? "" : "body");
  }
});

Deno.test("another origin gets of the caller's headers only what tells it nothing", async () => {
  await using other = startRawServer(() => answerOf("200 OK", "there"));
  await using server = startRawServer(({ line }) =>
    line.includes("/here")
      ? answerOf("200 OK", "here")
      : answerOf("307 Moved", "", `Location: ${line.includes("/own") ? "/here" : other.url}/here`)
  );
  const secret = ["Authorization", "Cookie", "Proxy-Authorization", "X-Api-Key", "Private-Token"];
  const others = ["Referer", "Origin", "Host", "X-Accept", "Acceptable", "User-Agent-Key"];
  const harmless = ["Accept", "Accept-Language", "accept-signature", "User-Agent", "Range"];
  const ofBody = ["Content-Type", "Content-Language", "content-digest"];
  const headers = [...secret, ...others, ...harmless, ...ofBody]
    .map((name) => [name, name === "Host" ? "a.test" : `x-${name}`] as const);
  for (const path of ["/own", "/away"]) {
    const options = { method: "PUT", body: "sealed", headers, maxRedirects: 3 };
    await using response = await fetchUrl(server.url + path, options);
    assertEquals(response.status, 200);
  }
  const namesIn = (request: RawRequest | undefined) =>
    headers.map(([name]) => name)
      .filter((name) => request?.field(name.toLowerCase())?.startsWith("x-"));
  const all = headers.map(([name]) => name).filter((name) => name !== "Host");
  assertEquals(namesIn(server.requests[1]), all, "the same origin is sent everything");
  assertEquals(namesIn(other.requests[0]), [...harmless, ...ofBody]);
  assertEquals(other.requests[0]?.body, "sealed");
  assertEquals(other.requests[0]?.field("host"), new URL(other.url).host);
});

Deno.test("a redirect with an empty location is the answer", async () => {
  await using server = startRawServer(() => answerOf("302 Found", "stay", "Location: "));
  await using response = await fetchUrl(`${server.url}/a`, { maxRedirects: 3 });
  assertEquals([response.status, await response.text()], [302, "stay"]);
  assertEquals(server.requests.length, 1);
});

Deno.test("a redirect to nowhere that makes sense is an error", async () => {
  for (const location of ["http://[", "ftp://host/", "javascript:alert(1)", "//a:b@host/"]) {
    const answer = answerOf("302 Found", "", `Location: ${location}`);
    const error = await failure(answer, { maxRedirects: 1 });
    assert(!(error instanceof UsageError), "the server's mistake is not the user's");
    assertStringIncludes(error.message, location);
  }
});

// Servers that misbehave.

Deno.test("a response that ends early says by how much", async () => {
  const head = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n";
  assertMatch((await failure(`${head}half`)).message, /^Cannot fetch http:.* 6 bytes early$/);
  assertMatch((await failure(head)).message, /10 bytes early/);
  await using server = startRawServer(() => `${head}half`);
  await using response = await fetchUrl(server.url);
  let received = "";
  await assertRejects(async () => {
    for await (const chunk of response.body) received += new TextDecoder().decode(chunk);
  });
  assertEquals(received, "half");
});

Deno.test("chunks that end early or make no sense are an error", async () => {
  const head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const body of ["5\r\nhal", "4\r\nhalf\r\n", "zz\r\nhalf\r\n0\r\n\r\n", "4\r\nhalfway"]) {
    assertMatch((await failure(head + body)).message, /^Cannot fetch http:/, body);
  }
});

Deno.test("an answer that is none is an error that names the URL", async () => {
  const answers = [
    "",
    "HTTP/1.1 200 OK\r\n",
    "SSH-2.0-OpenSSH_9.2\r\n",
    "HTTP/9.9 what\r\n\r\n",
    "\0\0\0\0",
    "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    `HTTP/1.1 200 OK\r\nX: ${"x".repeat(1_000_000)}\r\n\r\n`,
  ];
  for (const answer of answers) {
    assertMatch((await failure(answer)).message, /^Cannot fetch http:\/\/127/, answer.slice(0, 60));
  }
});

Deno.test("a server that refuses a body while it is sent is heard", async () => {
  await using server = await serve("http://127.0.0.1:0", () => new Response("hi"), {
    maxBodyBytes: 1000,
  });
  await using response = await fetchUrl(server.url, { body: new Uint8Array(5_000_000) });
  assertEquals(response.status, 413);
});

Deno.test("a server that resets is an error that names the URL", async () => {
  // Closing with unread bytes resets.
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const url = `http://127.0.0.1:${listener.addr.port}/`;
  const serving = (async () => (await listener.accept()).close())();
  await assertRejects(() => fetchUrl(url, { body: "x".repeat(100_000) }), Error, url);
  await serving;
  listener.close();
});

Deno.test("nothing that listens is an error that says so", async () => {
  const port = freePort();
  await assertRejects(
    () => fetchUrl(`http://127.0.0.1:${port}/`),
    Error,
    `Cannot connect to http://127.0.0.1:${port}: connection refused`,
  );
});

// Time.

Deno.test("a server that says nothing, stops in the head or in the body runs out of time", async () => {
  for (
    const said of ["", "HTTP/1.1 200 OK\r\nX:", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"]
  ) {
    await using server = startRawServer(async (_request, peer) => {
      await peer.send(said);
      await peer.gone();
    });
    const error = await assertRejects(async () => {
      await using response = await fetchUrl(server.url, { maxTimeMs: 60 });
      await response.text();
    }, DOMException);
    assertEquals(error.name, "TimeoutError");
    assertMatch(error.message, /^Cannot fetch http:\/\/127.* 60 ms/);
  }
});

Deno.test("an address that does not answer runs out of its time to connect", async () => {
  // The backlog is full: nobody accepts, so that further connections wait.
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0, tcpBacklog: 1 });
  using full = new DisposableStack();
  full.defer(() => listener.close());
  const { port } = listener.addr;
  try {
    for (;;) {
      const signal = AbortSignal.timeout(2000);
      const conn = await Deno.connect({ hostname: "127.0.0.1", port, signal });
      full.defer(() => conn.close());
    }
  } catch {
    // It takes no more.
  }
  const error = await assertRejects(
    () => fetchUrl(`http://127.0.0.1:${port}/`, { connectTimeoutMs: 60 }),
    DOMException,
  );
  assertEquals(error.name, "TimeoutError");
  assertMatch(error.message, /^Cannot connect to http:\/\/127.* 60 ms/);
});

Deno.test("the caller's signal ends a request, also while its body is read", async () => {
  await using server = startRawServer(async ({ line }, peer) => {
    if (line.includes("/body")) await peer.send("HTTP/1.1 200 OK\r\n\r\nhalf");
    await peer.gone();
  });
  const early = new AbortController();
  const waiting = fetchUrl(server.url, { signal: early.signal });
  early.abort(new Error("changed my mind"));
  await assertRejects(() => waiting, Error, "changed my mind");

  const late = new AbortController();
  await using response = await fetchUrl(`${server.url}/body`, { signal: late.signal });
  await assertRejects(
    async () => {
      for await (const _chunk of response.body) late.abort(new Error("changed my mind"));
    },
    Error,
    "changed my mind",
  );
});

// Ways there.

Deno.test("fetchUrl goes through a Unix socket when told to", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/socket`;
  const listener = Deno.listen({ transport: "unix", path });
  const serving = (async () => {
    using conn = await listener.accept();
    const buffer = new Uint8Array(4096);
    const count = await conn.read(buffer) ?? 0;
    await conn.write(new TextEncoder().encode(answerOf("200 OK", "over the socket")));
    return new TextDecoder().decode(buffer.subarray(0, count));
  })();
  await using response = await fetchUrl("http://box.example/path", { unixSocket: path });
  assertEquals(await response.text(), "over the socket");
  assertMatch(await serving, /^GET \/path HTTP\/1\.1\r\nhost: box\.example\r\n/i);
  listener.close();
});

Deno.test("fetchUrl dials from the address and by the family that it is told", async () => {
  await using server = await serve(
    "http://127.0.0.1:0",
    (_request, { peer }) => Response.json(peer),
  );
  await using local = await fetchUrl(server.url, { local: "127.0.0.5:0" });
  assertStringIncludes(await local.text(), "127.0.0.5");
  const name = server.url.replace("127.0.0.1", "localhost");
  await using ipv4 = await fetchUrl(name, { ipv4: true });
  assertStringIncludes(await ipv4.text(), "127.0.0.1");
});

Deno.test("fetchUrl verifies the server, unless told not to", async () => {
  await using server = await serve("https://127.0.0.1:0", () => new Response("secure"));
  await assertRejects(() => fetchUrl(server.url), Error, "Cannot connect to https://127.0.0.1");
  await using insecure = await fetchUrl(server.url, { insecure: true });
  assertEquals(await insecure.text(), "secure");
  const tlsFingerprint = server.certificate?.fingerprint ?? "";
  await using pinned = await fetchUrl(server.url, { tlsFingerprint });
  assertEquals(await pinned.text(), "secure");
  await using folder = await temporaryFolder();
  const tlsCa = `${folder.path}/ca.pem`;
  await Deno.writeTextFile(tlsCa, server.certificate?.pem ?? "");
  await using trusted = await fetchUrl(server.url, { tlsCa: [tlsCa] });
  assertEquals(await trusted.text(), "secure");
});

peerTest("fetchUrl reads a page of Python's http.server", ["python3"], async () => {
  await using server = await startPythonServer("http_server.py", ["127.0.0.1", "0"]);
  await using response = await fetchUrl(`http://${server.place}/`);
  assertEquals([response.status, response.httpVersion], [200, "1.0"]);
  assertMatch(response.headers.get("content-type") ?? "", /^text\/html/);
  assertStringIncludes(await response.text(), "Hello, World!");
});

Deno.test("fetchUrl speaks TLS through a Unix socket too", async () => {
  await using server = await serve("https://127.0.0.1:0", () => new Response("over both"));
  await using folder = await temporaryFolder();
  const path = `${folder.path}/socket`;
  const listener = Deno.listen({ transport: "unix", path });
  const passing = (async () => {
    const conn = await listener.accept();
    const { port, hostname } = new URL(server.url);
    const there = await Deno.connect({ hostname, port: Number(port) });
    await Promise.allSettled([
      conn.readable.pipeTo(there.writable),
      there.readable.pipeTo(conn.writable),
    ]);
  })();
  {
    await using response = await fetchUrl("https://localhost/", {
      unixSocket: path,
      tlsFingerprint: server.certificate?.fingerprint ?? "",
    });
    assertEquals(await response.text(), "over both");
  }
  await passing;
  listener.close();
});
