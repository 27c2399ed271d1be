import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  connect,
  echo,
  openControl,
  openToxiproxy,
  send,
  serve,
  textOf,
  UsageError,
} from "../../mod.ts";
import { ask } from "./ask_control.ts";

// For this test alone, so it is not among the imports of deno.json. Its types do not know that a
// CommonJS module is the default of what is imported.
// deno-lint-ignore no-import-prefix
const client = await import("npm:toxiproxy-node-client@4.1.0");
const { Toxiproxy } = client as unknown as { Toxiproxy: typeof client.default.Toxiproxy };

/** An echo server, the API before it, and its client from npm, as it comes. */
async function opened() {
  const stack = new AsyncDisposableStack();
  const server = stack.use(await serve("tcp://127.0.0.1:0", echo));
  const api = stack.use(await openToxiproxy({ url: "http://127.0.0.1:0" }));
  return {
    server,
    upstream: server.url.slice("tcp://".length).replace("/", ""),
    api,
    client: new Toxiproxy(api.url),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

async function roundTripMs(listen: string): Promise<number> {
  const startMs = performance.now();
  assertEquals(textOf(await send(`tcp://${listen}`, "hello")), "hello");
  return performance.now() - startMs;
}

/** The client leaves the bodies of errors unread. */
const UNREAD = { sanitizeResources: false } as const;

Deno.test(
  "toxiproxy-node-client creates, lists, disables and removes proxies",
  UNREAD,
  async () => {
    await using all = await opened();
    const { client, upstream, api } = all;
    assertEquals(JSON.parse(await client.getVersion()), { version: "2.12.0" });
    const proxy = await client.createProxy({ name: "echo", listen: "127.0.0.1:0", upstream });
    assert(/^127\.0\.0\.1:\d{2,5}$/.test(proxy.listen) && proxy.enabled);
    await roundTripMs(proxy.listen);
    assertEquals(Object.keys(await client.getAll()), ["echo"]);

    using session = await connect(`tcp://${proxy.listen}`);
    const down = await proxy.update({ enabled: false, listen: proxy.listen, upstream });
    assertEquals([down.enabled, down.listen], [false, proxy.listen]);
    assertEquals((await session[Symbol.asyncIterator]().next()).done, true);
    await assertRejects(() => send(`tcp://${proxy.listen}`, "x"));
    await client.reset();
    await roundTripMs((await client.get("echo")).listen);

    const made = await client.populate([
      { name: "echo", listen: proxy.listen, upstream },
      { name: "second", listen: "localhost:0", upstream },
    ]);
    assertEquals(Object.keys(made), ["echo", "second"]);
    await roundTripMs(made.second!.listen);
    await made.second!.remove();
    await assertRejects(() => client.get("second"), Error, "404");
    await assertRejects(
      () => client.createProxy({ name: "echo", listen: "127.0.0.1:0", upstream }),
      Error,
      "409",
    );
    const wrong = await fetch(`${api.url}/proxies/none`);
    assertEquals([wrong.status, await wrong.json()], [
      404,
      { error: "proxy not found", status: 404 },
    ]);
  },
);

Deno.test("toxiproxy-node-client adds every toxic, which does what it says", UNREAD, async () => {
  await using all = await opened();
  const { client, upstream } = all;
  const proxy = await client.createProxy({ name: "echo", listen: "127.0.0.1:0", upstream });
  const toxic = async (
    type: string,
    attributes: Record<string, number>,
    stream = "downstream",
    toxicity = 1,
  ) =>
    // deno-lint-ignore no-explicit-any
    await proxy.addToxic({ name: "", type, stream, toxicity, attributes } as any);

  const latency = await toxic("latency", { latency: 200, jitter: 0 });
  assertEquals([latency.name, latency.stream], ["latency_downstream", "downstream"]);
  assert(await roundTripMs(proxy.listen) >= 200);
  // deno-lint-ignore no-explicit-any
  const shorter = await latency.update({ ...latency.toJson(), attributes: { latency: 1 } } as any);
  assertEquals(shorter.attributes, { latency: 1, jitter: 0 });
  // deno-lint-ignore no-explicit-any
  assertEquals((await proxy.getToxic("latency_downstream")).attributes as any, {
    latency: 1,
    jitter: 0,
  });
  await latency.remove();
  await assertRejects(() => proxy.getToxic("latency_downstream"), Error, "404");

  const bandwidth = await toxic("bandwidth", { rate: 100 });
  const startMs = performance.now();
  await send(`tcp://${proxy.listen}`, "x".repeat(50_000), { timeoutMs: 60_000 });
  assert(performance.now() - startMs >= 400);
  await bandwidth.remove();

  const slow = await toxic("slow_close", { delay: 300 });
  assert(await roundTripMs(proxy.listen) >= 300);
  await slow.remove();

  const limit = await toxic("limit_data", { bytes: 3 });
  assertEquals(textOf(await send(`tcp://${proxy.listen}`, "hello")), "hel");
  await limit.remove();

  const slicer = await toxic("slicer", { average_size: 1, size_variation: 0, delay: 20_000 });
  assert(await roundTripMs(proxy.listen) >= 80);
  await slicer.remove();

  const reset = await toxic("reset_peer", { timeout: 0 }, "upstream");
  await assertRejects(() => send(`tcp://${proxy.listen}`, "hello"));
  await reset.remove();

  const timeout = await toxic("timeout", { timeout: 100 });
  assertEquals((await send(`tcp://${proxy.listen}`, "hello", { timeoutMs: 60_000 })).length, 0);
  await timeout.remove();

  for (const [name, latency] of [["one", 100], ["other", 150]] as const) {
    // deno-lint-ignore no-explicit-any
    await proxy.addToxic({ name, type: "latency", attributes: { latency } } as any);
  }
  assert(await roundTripMs(proxy.listen) >= 250);
  await (await proxy.getToxic("one")).remove();
  await (await proxy.getToxic("other")).remove();

  const never = await toxic("latency", { latency: 3_000_000, jitter: 0 }, "upstream", 0);
  await roundTripMs(proxy.listen);
  await never.remove();
  await (await toxic("latency", { latency: 3_000_000, jitter: 0 }, "upstream", 1e-7)).remove();
  await roundTripMs(proxy.listen);
});

Deno.test("what is wrong, or no program's, changes nothing at Toxiproxy's API", async () => {
  await using all = await opened();
  const { api, client, upstream } = all;
  await client.createProxy({ name: "echo", listen: "127.0.0.1:0", upstream });
  const ask = async (method: string, path: string, body?: string, headers = {}) => {
    const answer = await fetch(api.url + path, {
      method,
      headers,
      ...(body !== undefined && { body }),
    });
    await answer.body?.cancel();
    return answer.status;
  };
  const toxic = (fields: object) => ask("POST", "/proxies/echo/toxics", JSON.stringify(fields));
  assertEquals(await toxic({ type: "sloth" }), 400);
  assertEquals(await toxic({ type: "latency", stream: "sideways" }), 400);
  assertEquals(await toxic({ type: "latency", toxicity: 2 }), 400);
  assertEquals(await toxic({ type: "latency", attributes: { latency: -1 } }), 400);
  assertEquals(await toxic({ type: "latency", attributes: { latency: 1e12 } }), 400);
  assertEquals(await ask("POST", "/proxies/echo/toxics", "{"), 400);
  assertEquals(await toxic({ type: "latency", name: "x".repeat(2000) }), 400);
  // It could be enabled without it.
  assertEquals(await ask("POST", "/proxies/echo", JSON.stringify({ enabled: false })), 200);
  assertEquals(await toxic({ type: "latency", attributes: { latency: 1e12 } }), 400);
  assertEquals(await ask("POST", "/reset"), 204);
  assertEquals(await ask("POST", "/proxies", JSON.stringify({ name: "x" })), 400);
  const open = JSON.stringify({ name: "open", listen: "0.0.0.0:0", upstream });
  assertEquals(await ask("POST", "/proxies", open), 500);
  assertEquals(await ask("POST", "/proxies", "x".repeat(2_000_000)), 413);
  for (
    const headers of [
      { origin: "http://evil.example" },
      { "user-agent": "Mozilla/5.0" },
      { "sec-fetch-site": "cross-site" },
    ]
  ) {
    assertEquals(await ask("POST", "/reset", undefined, headers), 403);
    assertEquals(await ask("GET", "/proxies", undefined, headers), 403);
  }
  assertEquals(await ask("GET", "/nothing"), 404);
  const proxies = await (await fetch(`${api.url}/proxies`)).json();
  assertEquals(Object.keys(proxies), ["echo"]);
  assertEquals(proxies.echo.toxics, []);
  await assertRejects(() => openToxiproxy({ url: "http://0.0.0.0:0" }), UsageError, "loopback");
});

Deno.test("a proxy that is stopped over the control is disabled, and can be enabled again", async () => {
  await using server = await serve("tcp://127.0.0.1:0", echo);
  await using control = await openControl([]);
  await using api = await openToxiproxy({ url: "http://127.0.0.1:0", onStart: control.add });
  const post = async (path: string, body: unknown) => {
    const answer = await fetch(api.url + path, { method: "POST", body: JSON.stringify(body) });
    return await answer.json();
  };
  const upstream = new URL(server.url.replace("tcp:", "http:")).host;
  const { listen } = await post("/proxies", { name: "echo", listen: "127.0.0.1:0", upstream });
  assertEquals((await ask(control, "DELETE", "/api/servers/1")).status, 200);
  const shown = await (await fetch(`${api.url}/proxies/echo`)).json();
  assertEquals([shown.enabled, shown.listen], [false, listen]);
  assertEquals((await post("/proxies/echo", { enabled: true })).enabled, true);
  assertEquals(textOf(await send(`tcp://${listen}`, "again")), "again");
});
