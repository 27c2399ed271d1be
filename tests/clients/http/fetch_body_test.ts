/** What the HTTP client sends: streams, files and forms of any size, at the pace of the server. */

import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { fetchUrl } from "../../../clients/http/client.ts";
import type { FormFile } from "../../../clients/http/multipart.ts";
import { UsageError } from "../../../core/usage_error.ts";
import { serve } from "../../../dock/serve.ts";
import { answerOf, startRawServer } from "../raw_server.ts";

const encoder = new TextEncoder();

async function* partsOf(...parts: string[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield await Promise.resolve(encoder.encode(part));
}

/** Tells what a request was: its length and its body. */
const mirror = () =>
  serve("http://127.0.0.1:0", async (request) =>
    Response.json({
      length: request.headers.get("content-length"),
      encoding: request.headers.get("transfer-encoding"),
      type: request.headers.get("content-type"),
      body: await request.text(),
    }));

Deno.test("a stream is sent with its length, or in chunks when nobody knows it", async () => {
  await using server = await mirror();
  await using known = await fetchUrl(server.url, {
    body: partsOf("one", "", "two"),
    bodyLengthBytes: 6,
  });
  assertEquals(await known.json(), { length: "6", encoding: null, type: null, body: "onetwo" });
  await using unknown = await fetchUrl(server.url, { method: "PUT", body: partsOf("one", "two") });
  const { body, length } = await unknown.json() as { body: string; length: string | null };
  assertEquals({ body, length }, { body: "onetwo", length: null });
  await using empty = await fetchUrl(server.url, { body: partsOf() });
  assertEquals((await empty.json() as { body: string }).body, "");
});

Deno.test("a stream that is longer or shorter than announced is an error", async () => {
  for (const [bodyLengthBytes, word] of [[2, "more"], [9, "fewer"]] as const) {
    await using server = startRawServer((_request, peer) => peer.gone());
    const error = await assertRejects(
      () => fetchUrl(server.url, { body: partsOf("onetwo"), bodyLengthBytes }),
      Error,
    );
    assertMatch(error.message, new RegExp(`^Cannot fetch http.* ${word} bytes`));
  }
  await assertRejects(
    () => fetchUrl("http://127.0.0.1:1/", { body: partsOf(), bodyLengthBytes: -1 }),
    RangeError,
  );
});

Deno.test("a stream that fails ends the request with its own words", async () => {
  await using server = startRawServer((_request, peer) => peer.gone());
  async function* failing(): AsyncGenerator<Uint8Array> {
    yield encoder.encode("a");
    throw await Promise.resolve(new Error("the disk is on fire"));
  }
  await assertRejects(
    () => fetchUrl(server.url, { body: failing() }),
    Error,
    "the disk is on fire",
  );
});

Deno.test("a stream is read no faster than its server takes it", async () => {
  let sentBytes = 0;
  const part = new Uint8Array(1024 * 1024);
  const slow = Promise.withResolvers<void>();
  async function* endless(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const timer = setTimeout(() => slow.resolve(), 300);
      try {
        yield await Promise.resolve(part);
      } finally {
        clearTimeout(timer);
      }
      sentBytes += part.length;
      if (sentBytes > 200 * part.length) slow.resolve();
    }
  }
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const giveUp = new AbortController();
  const asking = fetchUrl(`http://127.0.0.1:${listener.addr.port}/`, {
    body: endless(),
    signal: giveUp.signal,
  }).catch((error: Error) => error.message);
  using _conn = await listener.accept();
  await slow.promise;
  giveUp.abort(new Error("enough"));
  assertEquals(await asking, "enough");
  assert(sentBytes < 64 * part.length, `${sentBytes} bytes went into memory`);
  listener.close();
});

Deno.test("a redirect that keeps the body begins a stream anew, or says that it cannot", async () => {
  await using server = startRawServer(({ line }) =>
    line.includes("/there")
      ? answerOf("200 OK", "")
      : answerOf("307 Temporary Redirect", "", "Location: /there")
  );
  const options = { method: "PUT", bodyLengthBytes: 4, maxRedirects: 1 } as const;
  await using _response = await fetchUrl(server.url, { ...options, body: () => partsOf("body") });
  assertEquals(server.requests.map(({ body }) => body), ["body", "body"]);
  await assertRejects(
    () => fetchUrl(server.url, { ...options, body: partsOf("body") }),
    Error,
    "cannot be sent again",
  );
});

Deno.test("an answer that comes before the body was sent is heard, and ends the body", async () => {
  await using server = startRawServer(() => answerOf("413 Content Too Large", "too much"));
  const ended = Promise.withResolvers<void>();
  async function* endless(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) yield await Promise.resolve(new Uint8Array(65536));
    } finally {
      ended.resolve();
    }
  }
  await using response = await fetchUrl(server.url, { body: endless() });
  assertEquals([response.status, await response.text()], [413, "too much"]);
  await response[Symbol.asyncDispose]();
  await ended.promise;
});

Deno.test("a form with files is multipart, in its order, of the length that it says", async () => {
  await using server = await serve("http://127.0.0.1:0", async (request) => {
    const length = request.headers.get("content-length");
    const bytes = await request.clone().bytes();
    const form = await request.formData();
    const fields = await Promise.all(
      [...form].map(async ([name, value]) =>
        typeof value === "string"
          ? [name, value]
          : [name, value.name, value.type, await value.text()]
      ),
    );
    return Response.json({ isExact: length === String(bytes.length), fields });
  });
  const big = "x".repeat(300_000);
  const streamed: FormFile = {
    name: "big",
    type: "",
    size: big.length,
    stream: () => partsOf(big.slice(0, 7), big.slice(7)),
  };
  await using response = await fetchUrl(server.url, {
    form: [
      ["title", "Lögbuch"],
      ["log", new File(["a\r\n--b"], "l\u00f6g.txt", { type: "text/plain" })],
      ["title", ""],
      ["big", streamed],
    ],
  });
  assertEquals(await response.json(), {
    isExact: true,
    fields: [
      ["title", "Lögbuch"],
      ["log", "l\u00f6g.txt", "text/plain", "a\r\n--b"],
      ["title", ""],
      ["big", "big", "application/octet-stream", big],
    ],
  });
});

Deno.test("no name in a form can become another field", async () => {
  await using server = startRawServer(() => answerOf("200 OK", ""));
  const name = 'a"; x="\r\nEvil: yes\r\n\r\n';
  await using _response = await fetchUrl(server.url, {
    form: [[name, "b"], ["f", new File(["c"], name)]],
  });
  const { body = "" } = server.requests[0] ?? {};
  assert(!/^Evil/m.test(body), body);
  await assertRejects(
    () => fetchUrl(server.url, { form: [["f", { ...fakeFile, type: "a\r\nb: c" }]] }),
    UsageError,
    "media type",
  );
});

const fakeFile: FormFile = { name: "f", type: "", size: 0, stream: () => partsOf() };
