/** Servers that mean harm, and how long things take. */

import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { fetchUrl } from "../../../clients/http/client.ts";
import type { FetchOptions } from "../../../clients/http/client.ts";
import { serve } from "../../../dock/serve.ts";
import { newSeed, seeded } from "../../seeded.ts";
import { answerOf, startRawServer } from "../raw_server.ts";

/** The error of asking a server that answers with these bytes and closes. */
async function failure(answer: string | Uint8Array, options: FetchOptions = {}): Promise<Error> {
  await using server = startRawServer(() => answer);
  return await assertRejects(async () => {
    await using response = await fetchUrl(server.url, options);
    await response.bytes();
  }, Error);
}

function encoded(encoding: string, body: Uint8Array): Uint8Array {
  const head = `HTTP/1.1 200 OK\r\nContent-Encoding: ${encoding}\r\n` +
    `Content-Length: ${body.length}\r\n\r\n`;
  return new Uint8Array([...new TextEncoder().encode(head), ...body]);
}

Deno.test("a small body that unfolds into a huge one is stopped", async () => {
  const bomb = gzipSync(new Uint8Array(64 * 1024 * 1024));
  assert(bomb.length < 100_000);
  for (const body of [encoded("gzip", bomb), encoded("gzip, gzip", gzipSync(bomb))]) {
    const error = await failure(body, { compressed: true, maxBodyBytes: 1024 * 1024 });
    assert(error instanceof RangeError, error.message);
  }
});

Deno.test("a compressed body that ends early or is none is an error", async () => {
  const whole = gzipSync("compressed ".repeat(1000));
  const deflated = deflateSync("compressed ".repeat(1000));
  for (
    const body of [
      encoded("gzip", whole.subarray(0, whole.length / 2)),
      encoded("gzip", whole.subarray(0, whole.length - 1)),
      encoded("deflate", deflated.subarray(0, deflated.length / 2)),
      encoded("br", whole),
      encoded("deflate", whole),
    ]
  ) {
    const error = await failure(body, { compressed: true });
    assertMatch(error.message, /^Cannot fetch http.*encoding of the body is broken/);
  }
});

Deno.test("of what is no HTTP it is said that it may be TLS", async () => {
  const alert = new Uint8Array([21, 3, 3, 0, 2, 2, 50]);
  for (const answer of ["SSH-2.0-OpenSSH_9.2\r\n", alert]) {
    const { message } = await failure(answer);
    assertMatch(message, /does not speak HTTP\/1; if it speaks TLS, write https$/);
  }
  assertMatch((await failure("HTTP/1.1 200 OK\r\nA: \x01\r\n\r\n")).message, /Parse Error/);
});

Deno.test("a response without a body has none to undo", async () => {
  for (const encoding of ["gzip", "deflate", "br", "gzip, br"]) {
    const head = `HTTP/1.1 200 OK\r\nContent-Encoding: ${encoding}\r\nContent-Length: 9\r\n\r\n`;
    await using server = startRawServer(({ line }) =>
      line.startsWith("HEAD") ? head : head.replace("200 OK", "304 Not Modified")
    );
    for (const method of ["HEAD", "GET"]) {
      await using response = await fetchUrl(server.url, { method, compressed: true });
      assertEquals(await response.text(), "", `${method} ${encoding}`);
    }
  }
});

Deno.test("encodings one inside the other are undone, but not without end", async () => {
  const twice = encoded("gzip, br", brotliCompressSync(gzipSync("deep")));
  await using server = startRawServer(() => twice);
  await using response = await fetchUrl(server.url, { compressed: true });
  assertEquals(await response.text(), "deep");
  const many = encoded("gzip, gzip, gzip, gzip, gzip", gzipSync("x"));
  assertMatch((await failure(many, { compressed: true })).message, /5 times/);
  await using odd = startRawServer(() => encoded("zz, gzip", new TextEncoder().encode("as is")));
  await using kept = await fetchUrl(odd.url, { compressed: true });
  assertEquals(await kept.text(), "as is");
});

Deno.test("responses before the last one do not go on for ever", async () => {
  for (const interim of ["103 Early Hints", "102 Processing", "100 Continue"]) {
    await using server = startRawServer(async (_request, peer) => {
      const many = `HTTP/1.1 ${interim}\r\n\r\n`.repeat(50);
      for (let turn = 0; turn < 1000; turn++) await peer.send(many);
      await peer.gone();
    });
    const error = await assertRejects(() => fetchUrl(server.url), Error);
    assertMatch(error.message, /^Cannot fetch http.*before the last one/, interim);
  }
});

Deno.test("a head without end, a status that is none and an unasked upgrade are errors", async () => {
  const answers = [
    `HTTP/1.1 200 OK\r\n${"X: y\r\n".repeat(100_000)}\r\n`,
    `HTTP/1.1 200 ${"x".repeat(200_000)}\r\n\r\n`,
    "HTTP/1.1 20 OK\r\n\r\n",
    "HTTP/1.1 2000 OK\r\n\r\n",
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\nx",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\nx",
    `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;${"x".repeat(200_000)}`,
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\nContent-Length: 4\r\n\r\nabcd",
  ];
  for (const answer of answers) {
    assertMatch((await failure(answer)).message, /^Cannot fetch http/, answer.slice(0, 60));
  }
});

Deno.test("no answer at all makes the client hang or fall", async () => {
  const random = seeded(newSeed());
  const pieces = [
    "HTTP/1.1 ",
    "HTTP/1.0 ",
    "200 OK",
    "302 Found",
    "401 No",
    "\r\n",
    "\r\n\r\n",
    "\n",
    "Location: /",
    "Set-Cookie: a=b",
    'WWW-Authenticate: Basic realm="a"',
    "Content-Length: 5",
    "Content-Length: -5",
    "Transfer-Encoding: chunked",
    "Content-Encoding: gzip",
    "5\r\nhello\r\n",
    "0\r\n\r\n",
    "\0",
    "\xff\xfe",
    ": ",
  ];
  let answer = "";
  await using server = startRawServer(() => answer);
  for (let run = 0; run < 400; run++) {
    const length = Math.floor(random() * 14);
    const start = random() < 0.7 ? "HTTP/1.1 200 OK\r\n" : "";
    answer = start +
      Array.from({ length }, () => pieces[Math.floor(random() * pieces.length)]).join("");
    try {
      await using response = await fetchUrl(server.url, {
        maxTimeMs: 5000,
        maxRedirects: 3,
        compressed: true,
        credentials: { user: "a", password: "b" },
      });
      await response.bytes();
    } catch (error) {
      assert(error instanceof Error, String(error));
      assert(error.name !== "TimeoutError", `${JSON.stringify(answer)}: ${error.message}`);
      assertMatch(error.message, /http:\/\/127/, JSON.stringify(answer));
    }
  }
});

Deno.test("redirects in a circle end with an error that shows the circle", async () => {
  await using server = startRawServer(({ line }) =>
    answerOf("302 Found", "", `Location: ${line.includes("/a ") ? "/b" : "/a"}`)
  );
  const error = await assertRejects(() => fetchUrl(`${server.url}/a`, { maxRedirects: 6 }), Error);
  assertMatch(error.message, /redirects in a circle, back to http.* after 6 redirects/);
  assertEquals(server.requests.length, 7);
  assertMatch(
    (await failure(answerOf("302 Found", "", "Location: file:///etc/passwd"), { maxRedirects: 1 }))
      .message,
    /"file:\/\/\/etc\/passwd", which is not an HTTP URL/,
  );
  assertMatch(
    (await failure(answerOf("302 Found", "", "Location: http://127.0.0.1:0/"), { maxRedirects: 1 }))
      .message,
    /redirects to "http:\/\/127.0.0.1:0\/", on whose port nothing listens/,
  );
});

// Time.

Deno.test("a response tells how long each step took", async () => {
  await using server = await serve("https://127.0.0.1:0", () => new Response("hi"));
  await using response = await fetchUrl(server.url.replace("127.0.0.1", "localhost"), {
    insecure: true,
  });
  const before = response.timing;
  assertEquals(Object.keys(before), ["dnsMs", "connectMs", "tlsMs", "firstByteMs", "totalMs"]);
  await response.bytes();
  const { timing } = response;
  const { totalMs, ...steps } = timing;
  const sum = Object.values(steps).reduce((sum, ms) => sum + ms, 0);
  assert(totalMs >= sum && totalMs >= before.totalMs, JSON.stringify(timing));
  assertEquals(response.timing, timing);
  await using plain = await serve("http://127.0.0.1:0", () => new Response("hi"));
  await using other = await fetchUrl(plain.url);
  assertEquals(Object.keys(other.timing), ["connectMs", "firstByteMs", "totalMs"]);
});

Deno.test("a name that nobody knows is an error that names it", async () => {
  const error = await assertRejects(() => fetchUrl("http://no-such-host.invalid/"), Error);
  assertMatch(error.message, /^Cannot connect to http:\/\/no-such-host\.invalid/);
});
