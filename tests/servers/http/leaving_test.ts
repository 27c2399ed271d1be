/** Clients that leave before they have their answer. */

import { assertEquals } from "@std/assert";
import { connect, type Socket } from "node:net";
import type { HttpHandler } from "../../../core/http/app.ts";
import { serve, type ServeOptions } from "../../../dock/serve.ts";
import { RawHttp } from "../raw_http.ts";

function serving(handle: HttpHandler, options: ServeOptions = {}) {
  return serve("http://127.0.0.1:0", handle, options);
}

/** A client that has asked for `/`, and can reset its connection. */
async function asking(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on("error", () => {});
  await new Promise<void>((resolve) => socket.once("connect", resolve));
  socket.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  return socket;
}

Deno.test("the signal of a request is aborted when its client resets the connection", async () => {
  const asked = Promise.withResolvers<void>();
  const left = Promise.withResolvers<void>();
  await using server = await serving(async ({ signal }) => {
    signal.addEventListener("abort", () => left.resolve());
    asked.resolve();
    await left.promise;
    return new Response("nobody reads this");
  });
  const socket = await asking(server.url);
  await asked.promise;
  socket.resetAndDestroy();
  await left.promise;
  await server.shutdown();
  assertEquals(server.stats().failed, 1);
});

Deno.test("the signal of a request that was answered is not aborted", async () => {
  const signals: AbortSignal[] = [];
  await using server = await serving(({ signal }) => {
    signals.push(signal);
    return new Response("hi");
  });
  using raw = await RawHttp.open(server.url);
  for (let turn = 0; turn < 2; turn++) {
    await raw.get("/", "localhost");
    assertEquals((await raw.answer()).body, "hi");
  }
  assertEquals(signals.map(({ aborted }) => aborted), [false, false]);
});

Deno.test("a body that is being made is cancelled when its client resets the connection", async () => {
  const cancelled = Promise.withResolvers<void>();
  const read = Promise.withResolvers<void>();
  await using server = await serving(() =>
    new Response(
      new ReadableStream({
        start: (controller) => controller.enqueue(new TextEncoder().encode("part")),
        cancel: () => cancelled.resolve(),
      }),
    )
  );
  const socket = await asking(server.url);
  socket.once("data", () => read.resolve());
  await read.promise;
  socket.resetAndDestroy();
  await cancelled.promise;
});

Deno.test("a client that ended its half and waits is answered, after the keep-alive time it is given up", async () => {
  const asked = Promise.withResolvers<void>();
  const left = Promise.withResolvers<void>();
  await using server = await serving(async ({ url, signal }) => {
    if (url.endsWith("/soon")) {
      signal.throwIfAborted();
      return new Response("soon");
    }
    signal.addEventListener("abort", () => left.resolve());
    asked.resolve();
    await left.promise;
    return new Response("never");
  }, { keepAliveTimeoutMs: 1000 });
  {
    using raw = await RawHttp.open(server.url);
    await raw.get("/soon", "localhost");
    await raw.closeWrite();
    assertEquals((await raw.answer()).body, "soon");
  }
  using raw = await RawHttp.open(server.url);
  await raw.get("/never", "localhost");
  await raw.closeWrite();
  await asked.promise;
  await left.promise;
  assertEquals(await raw.rest(), "");
});
