/** What events tell of requests and their answers to listeners that want to see bodies. */

import { assert, assertEquals } from "@std/assert";
import { connect } from "../../../dock/connect.ts";
import type { RequestEvent, ServerEvent } from "../../../core/event.ts";
import type { HttpHandler } from "../../../core/http/app.ts";
import { type Dock, serve, type ServeOptions } from "../../../dock/serve.ts";
import { heldBodyBytes } from "../../../servers/http/captured.ts";
import { hello } from "../../../web/hello.ts";
import { inspect } from "../../../web/inspect.ts";
import { misfitsOf } from "../../event_schema.ts";

const SECRET = "open-sesame-swordfish";

/** Hears the requests of a server, with their content. */
function hear(dock: Dock, bodyBytes: number) {
  const heard: RequestEvent[] = [];
  let wake = () => {};
  const stop = dock.listen((event) => {
    assertEquals(misfitsOf(event), []);
    if (event.event !== "request") return;
    heard.push(event);
    wake();
  }, { bodyBytes });
  return {
    stop,
    async next(): Promise<RequestEvent> {
      while (heard.length === 0) await new Promise<void>((resolve) => wake = resolve);
      return heard.shift()!;
    },
  };
}

const upperCase: HttpHandler = async (request) => {
  const text = await request.text();
  return new Response(text.toUpperCase(), { headers: { "x-answer": "yes" } });
};

for (
  const [name, scheme, options, fetchesBy] of [
    ["http", "http", {}, "1.1"],
    ["https, over HTTP/2", "https", {}, "2"],
    ["Deno.serve", "http", { listener: "deno" }, undefined],
  ] as const satisfies readonly (readonly [string, string, ServeOptions, string | undefined])[]
) {
  Deno.test(`heads and bodies are told to those who ask for them: ${name}`, async () => {
    await using dock = await serve(`${scheme}://127.0.0.1:0`, upperCase, options);
    const heard = hear(dock, 100);
    const pem = dock.certificate?.pem;
    using client = Deno.createHttpClient(pem === undefined ? {} : { caCerts: [pem] });
    const answer = await fetch(`${dock.url}/path?query`, {
      ...{ method: "POST", body: "ahoy \u2693", client },
      headers: { authorization: `Bearer ${SECRET}`, "x-plain": "seen" },
    });
    assertEquals(await answer.text(), "AHOY \u2693");
    const { content, ...event } = await heard.next();
    assertEquals([event.method, event.path, event.httpVersion], ["POST", "/path?query", fetchesBy]);
    const { request, response, firstByteMs } = content!;
    assertEquals([request.message, request.bytes, request.cut], ["ahoy \u2693", 8, undefined]);
    assertEquals([response.message, response.bytes, response.cut], ["AHOY \u2693", 8, undefined]);
    const sent = new Map(request.headers.map(([name, value]) => [name.toLowerCase(), value]));
    assertEquals([sent.get("authorization"), sent.get("x-plain")], ["Bearer ***", "seen"]);
    assertEquals(new Map(response.headers).get("x-answer"), "yes");
    assert(firstByteMs! >= 0 && firstByteMs! <= event.durationMs);
    heard.stop();
    assertEquals(heldBodyBytes(), 0);
  });
}

Deno.test("an answer that lies ready is told with its body too, and is the same", async () => {
  await using dock = await serve("http://127.0.0.1:0", hello);
  const ready = await (await fetch(`${dock.url}/hello.txt`)).text();
  const heard = hear(dock, 1000);
  const made = await (await fetch(`${dock.url}/hello.txt`)).text();
  assertEquals(made, ready);
  const { content } = await heard.next();
  assertEquals(content!.response.message, ready);
  heard.stop();
});

Deno.test("only so much of a body is told, whole characters of it, and how long it is", async () => {
  const parts = ["\u6e2f", "\u6e2f\u6e2f", "\u6e2f".repeat(30_000)];
  const streamed: HttpHandler = () =>
    new Response(ReadableStream.from(parts).pipeThrough(new TextEncoderStream()));
  await using dock = await serve("http://127.0.0.1:0", streamed);
  const heard = hear(dock, 10);
  const body = ReadableStream.from(parts).pipeThrough(new TextEncoderStream());
  await (await fetch(dock.url, { method: "PUT", body })).bytes();
  const { content } = await heard.next();
  const { message, bytes, cut } = content!.response;
  assertEquals([message, bytes, cut], ["\u6e2f".repeat(3), 90_009, true]);
  heard.stop();
  const heads = hear(dock, 0);
  await (await fetch(dock.url)).bytes();
  const { content: bodiless } = await heads.next();
  assertEquals([bodiless!.response.message, bodiless!.response.cut], ["", true]);
  heads.stop();
  assertEquals(heldBodyBytes(), 0);
});

Deno.test("a body that repeats the secrets of its head is masked, also where it was cut", async () => {
  await using dock = await serve("http://127.0.0.1:0", inspect);
  const ask = async (bodyBytes: number, path = "/headers") => {
    const heard = hear(dock, bodyBytes);
    await (await fetch(`${dock.url}${path}`, {
      headers: { authorization: `Basic ${btoa(`ada:${SECRET}`)}`, cookie: `sid=${SECRET}` },
    })).bytes();
    const { content } = await heard.next();
    heard.stop();
    return JSON.stringify(content);
  };
  const whole = await ask(10_000);
  assert(whole.includes("sid=***"), whole);
  for (let bytes = 40; bytes < 400; bytes += 7) {
    const content = await ask(bytes);
    for (const secret of [SECRET, btoa(`ada:${SECRET}`)]) {
      assert(!content.includes(secret.slice(0, 6)), content);
    }
  }
  assert(!(await ask(10_000, `/cookies/set?sid=${SECRET}`)).includes(`sid=${SECRET};`));
});

Deno.test("a body that is no text is told as bytes", async () => {
  const bytes = new Uint8Array([0, 255, 254]);
  await using dock = await serve("http://127.0.0.1:0", () => new Response(bytes));
  const heard = hear(dock, 100);
  await (await fetch(dock.url)).bytes();
  assertEquals((await heard.next()).content!.response.message, bytes);
  heard.stop();
});

Deno.test("a WebSocket's request is told with the head of its answer", async () => {
  await using dock = await serve("http://127.0.0.1:0", inspect);
  const heard = hear(dock, 100);
  using session = await connect(`${dock.url.replace("http", "ws")}/ws`);
  const { status, content } = await heard.next();
  assertEquals(status, 101);
  const names = content!.response.headers.map(([name]) => name.toLowerCase());
  assert(names.includes("sec-websocket-accept"), names.join());
  session.close();
  heard.stop();
});

Deno.test("those who ask for no bodies hear of none, and the record of a server has none", async () => {
  const recorded: ServerEvent[] = [];
  await using dock = await serve("http://127.0.0.1:0", hello, {
    emit: (event) => recorded.push(event),
    requests: true,
  });
  const bare: ServerEvent[] = [];
  const stop = dock.listen((event) => bare.push(event), { traffic: true });
  const heard = hear(dock, 100);
  await (await fetch(dock.url)).bytes();
  assert((await heard.next()).content !== undefined);
  for (const events of [recorded, bare]) {
    const request = events.find(({ event }) => event === "request");
    assert(request !== undefined && !("content" in request));
  }
  stop();
  heard.stop();
});

Deno.test("what is kept is bounded, and given back when its clients leave", async () => {
  const asked = Promise.withResolvers<void>();
  let count = 0;
  const hanging: HttpHandler = async (request) => {
    await request.bytes();
    if (++count === 12) asked.resolve();
    return await new Promise<Response>(() => {});
  };
  await using dock = await serve("http://127.0.0.1:0", hanging);
  const heard = hear(dock, 1024 * 1024);
  const { hostname, port } = new URL(dock.url);
  const conns: Deno.Conn[] = [];
  for (let at = 0; at < 12; at++) {
    const conn = await Deno.connect({ hostname, port: Number(port) });
    conns.push(conn);
    const head = `POST / HTTP/1.1\r\nHost: ${hostname}:${port}\r\nContent-Length: 1048576\r\n\r\n`;
    const bytes = new Uint8Array(head.length + 1_048_576);
    new TextEncoder().encodeInto(head, bytes);
    for (let sent = 0; sent < bytes.length;) sent += await conn.write(bytes.subarray(sent));
  }
  await asked.promise;
  assertEquals(heldBodyBytes(), 8 * 1024 * 1024);
  for (const conn of conns) conn.close();
  await dock.shutdown({ graceMs: 0 });
  assertEquals(heldBodyBytes(), 0);
  heard.stop();
});
