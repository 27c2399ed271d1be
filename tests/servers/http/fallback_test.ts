/** HTTP where Deno's engine takes no connection of ours. */

import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { parseEndpoint } from "../../../core/addresses/endpoint.ts";
import type { ServerEvent } from "../../../core/event.ts";
import type { HttpHandler } from "../../../core/http/app.ts";
import { resolveOptions } from "../../../core/options/option.ts";
import type { RunningServer } from "../../../core/running_server.ts";
import { serveWithoutEngine } from "../../../servers/http/fallback.ts";
import { type HttpLimits, httpOptions } from "../../../servers/http/options.ts";
import { readHttpRules } from "../../../servers/http/rules.ts";
import { RawHttp } from "../raw_http.ts";

async function serving(
  handle: HttpHandler,
  given: Partial<HttpLimits> = {},
  url = "http://127.0.0.1:0",
): Promise<RunningServer & { readonly events: ServerEvent[] }> {
  const events: ServerEvent[] = [];
  const limits = resolveOptions(httpOptions, given);
  const endpoint = parseEndpoint(url, new Map([["http", "host"]]));
  const context = {
    signal: new AbortController().signal,
    emit: (event: ServerEvent) => void events.push(event),
    now: Date.now,
    random: Math.random,
    dial: () => Promise.reject(new Error("nothing to dial")),
    checkDial: () => Promise.resolve(),
    stop: () => {},
  };
  const server = await serveWithoutEngine(
    endpoint,
    limits,
    {
      name: "test",
      service: { handle, [Symbol.asyncDispose]: () => Promise.resolve() },
      context,
    },
    await readHttpRules(endpoint, limits, context),
  );
  return { ...server, events };
}

async function statusOf(url: string, request: string): Promise<number> {
  using raw = await RawHttp.open(url);
  await raw.send(request);
  return (await raw.answer()).status;
}

Deno.test("the fallback serves, and says what is lost", async () => {
  await using server = await serving(async (request) => new Response(await request.text()));
  assertEquals(await (await fetch(server.url, { method: "POST", body: "hi" })).text(), "hi");
  assertMatch(JSON.stringify(server.events), /notice.*Deno\.serve.*--header-timeout/);
  assertEquals(server.stats().requests, 1);
});

Deno.test("the fallback turns addresses away by request", async () => {
  await using server = await serving(() => new Response("hi"), { deny: ["127.0.0.1"] });
  const response = await fetch(server.url);
  assertEquals([response.status, await response.text()], [403, ""]);
  assertEquals(server.stats().denied, 1);
});

Deno.test("the fallback holds requests to the same rules", async () => {
  await using server = await serving(async (request) => new Response(await request.text()), {
    maxBodyBytes: 10,
    bodyTimeoutMs: 3000,
  });
  const host = server.url.slice("http://".length);
  const ask = (...lines: string[]) => statusOf(server.url, lines.join("\r\n"));
  assertEquals(await ask("GET / HTTP/1.1", "", ""), 400);
  assertEquals(await ask("GET / HTTP/1.1", "Host: evil.example", "", ""), 421);
  const post = ["POST / HTTP/1.1", `Host: ${host}`];
  assertEquals(await ask(...post, "Origin: http://evil.example", "", ""), 403);
  assertEquals(await ask(...post, "Content-Length: 11", "", ""), 413);
  assertEquals(await ask(...post, "Content-Length: 9", "", "half"), 408);
  assertEquals(await ask(...post, "Content-Length: 4", "", "full"), 200);
});

Deno.test("the fallback survives handlers that fail", async () => {
  await using server = await serving((request) => {
    if (request.url.endsWith("/sync")) throw new Error("secret");
    return Promise.reject(new Error("secret"));
  });
  for (const path of ["/sync", "/async"]) {
    const response = await fetch(server.url + path);
    assertEquals([response.status, await response.text()], [500, "Internal Server Error\n"]);
  }
  assertEquals(server.stats().failed, 2);
});

Deno.test("the fallback ends event streams when it shuts down", async () => {
  await using server = await serving(() => {
    const events = new ReadableStream<Uint8Array<ArrayBuffer>>({
      start: (controller) => controller.enqueue(new TextEncoder().encode("data: tick\n\n")),
    });
    return Promise.resolve(
      new Response(events, { headers: { "content-type": "text/event-stream" } }),
    );
  });
  const response = await fetch(server.url);
  const reader = response.body!.getReader();
  await reader.read();
  await server.shutdown({ graceMs: 30_000 });
  assertEquals((await reader.read()).done, true);
});

Deno.test("the fallback names the URL when it cannot listen", async () => {
  await using server = await serving(() => new Response("hi"));
  await assertRejects(
    () => serving(() => new Response("hi"), {}, server.url),
    Error,
    `Cannot listen on ${server.url}: port`,
  );
});
