/** What events say, on every kind of server: when, where, in which session, and as docs/ has it. */

import { assert, assertEquals, assertNotEquals } from "@std/assert";
import type { Address } from "../../core/addresses/address.ts";
import type { ServerEvent } from "../../core/event.ts";
import { telling } from "../../core/event_stamp.ts";
import type { Protocol } from "../../core/protocol.ts";
import { statelessProtocol } from "../../core/protocol.ts";
import { connect } from "../../dock/connect.ts";
import { relay } from "../../dock/relay.ts";
import { send } from "../../dock/send.ts";
import { type Dock, serve, type ServeOptions } from "../../dock/serve.ts";
import { echo } from "../../protocols/echo.ts";
import { inspect } from "../../web/inspect.ts";
import { hello } from "../../web/hello.ts";
import { EVENT_NAMES, misfitsOf, misfitsOfJson, schemaOf } from "../event_schema.ts";
import { freePort } from "../free_port.ts";
import { EventLog } from "../memory.ts";

/** A log that holds every event to the schema when it is disposed. */
class CheckedLog extends EventLog implements Disposable {
  [Symbol.dispose](): void {
    assertEquals(this.events.flatMap(misfitsOf), []);
  }

  /** The numbers of the sessions of these events, each once. */
  sessions(...names: readonly ServerEvent["event"][]): number[] {
    const found = this.events.filter(({ event }) => names.includes(event));
    return [...new Set(found.map((event) => (event as { session?: number }).session ?? -1))];
  }
}

async function ended(dock: Dock): Promise<void> {
  await dock.shutdown();
}

Deno.test("all events of a session have its number, and those of another have another", async () => {
  using log = new CheckedLog();
  const dock = await serve("tcp://127.0.0.1:0", echo, { emit: log.emit, watch: true });
  await send(dock.url, "one");
  await send(dock.url, "two");
  await ended(dock);
  const opened = log.only("opened");
  assertEquals(opened.length, 2);
  assertNotEquals(opened[0]!.session, opened[1]!.session);
  for (const { session, peer } of opened) {
    const of = log.events.filter((event) => "session" in event && event.session === session);
    assertEquals(of.map(({ event }) => event), ["opened", "received", "sent", "closed"]);
    for (const event of of) {
      assertEquals(event.url, dock.url);
      assertEquals("peer" in event && event.peer, peer);
    }
  }
  const closed = log.only("closed")[0]!;
  assertEquals([closed.reason, closed.bytesReceived, closed.bytesSent], ["done", 3, 3]);
  assert(closed.durationMs > 0);
  assertEquals(log.events.map(({ event }) => event).at(-1), "stopped");
});

Deno.test("the time of an event is that of the server's clock", async () => {
  using log = new CheckedLog();
  let nowMs = Date.UTC(2026, 10, 30, 9, 41, 7, 5);
  const now = () => nowMs;
  await using dock = await serve("tcp://127.0.0.1:0", echo, { emit: log.emit, now });
  await send(dock.url, "hello");
  nowMs += 1500;
  await dock.shutdown();
  assertEquals(log.only("opened")[0]?.time, "2026-11-30T09:41:07.005Z");
  assertEquals(log.only("stopped")[0]?.time, "2026-11-30T09:41:08.505Z");
});

Deno.test("what happens before a server listens has the time of then and the URL of later", async () => {
  using log = new CheckedLog();
  let nowMs = 0;
  const early: Protocol = {
    ...echo,
    open(options, context) {
      context.emit?.({ event: "notice", text: "early" });
      nowMs = 1000;
      return echo.open(options, context);
    },
  };
  await using dock = await serve("tcp://127.0.0.1:0", early, { emit: log.emit, now: () => nowMs });
  const [listening, notice] = log.events;
  assertEquals([listening?.event, notice?.event], ["listening", "notice"]);
  assertEquals([notice?.url, notice?.time], [dock.url, "1970-01-01T00:00:00.000Z"]);
});

Deno.test("where nobody listens there is nothing to tell an event to", async () => {
  const told: unknown[] = [];
  const asking = statelessProtocol({
    name: "asking",
    summary: "Asks whether somebody listens",
    framing: "none",
    datagramReply: "none",
    serve(_session, context) {
      told.push(context.emit);
      return Promise.resolve();
    },
  });
  await using dock = await serve("tcp://127.0.0.1:0", asking, {
    watch: true,
    changeable: false,
  });
  using session = await connect(dock.url);
  await Array.fromAsync(session);
  assertEquals(told, [undefined]);
});

for (const scheme of ["http", "https"] as const) {
  Deno.test(`a connection of ${scheme} is a session, and its requests name it`, async () => {
    using log = new CheckedLog();
    const dock = await serve(`${scheme}://127.0.0.1:0`, hello, { emit: log.emit, watch: true });
    const pem = dock.certificate?.pem;
    using client = Deno.createHttpClient(pem === undefined ? {} : { caCerts: [pem] });
    for (const path of ["/", "/hello.txt", "/nothing"]) {
      await (await fetch(`${dock.url}${path}`, { client })).bytes();
    }
    client.close();
    await ended(dock);
    const requests = log.only("request");
    assertEquals(requests.map(({ path, status }) => [path, status]), [
      ["/", 200],
      ["/hello.txt", 200],
      ["/nothing", 404],
    ]);
    const [session] = log.sessions("opened", "request", "closed");
    assertEquals(log.sessions("opened", "request", "closed"), [session]);
    assert(session! > 0);
    const [closed] = log.only("closed");
    assertEquals(closed?.carries, "requests");
    assert(closed!.bytesReceived > 100 && closed!.bytesSent > 300, JSON.stringify(closed));
    assertEquals(requests[0]?.httpVersion, scheme === "http" ? "1.1" : "2");
  });
}

Deno.test("what an HTTP connection took and gave is counted to the byte", async () => {
  using log = new CheckedLog();
  await using dock = await serve("http://127.0.0.1:0", hello, { emit: log.emit });
  const { hostname, port } = new URL(dock.url);
  using conn = await Deno.connect({ hostname, port: Number(port) });
  const question =
    `GET /hello.txt HTTP/1.1\r\nHost: ${hostname}:${port}\r\nConnection: close\r\n\r\n`;
  await conn.write(new TextEncoder().encode(question));
  const answer = await new Response(conn.readable).bytes();
  const { bytesReceived, bytesSent, reason } = await log.next("closed");
  assertEquals([bytesReceived, bytesSent, reason], [question.length, answer.length, "done"]);
  const { bytesReceived: received, bytesSent: sent } = dock.stats();
  assertEquals([received, sent], [question.length, answer.length]);
});

Deno.test("requests on Deno.serve are told without a session", async () => {
  using log = new CheckedLog();
  const options: ServeOptions = { emit: log.emit, watch: true, listener: "deno" };
  await using dock = await serve("http://127.0.0.1:0", hello, options);
  await (await fetch(dock.url)).bytes();
  const request = await log.next("request");
  assertEquals(["session" in request, request.url], [false, dock.url]);
});

Deno.test("a WebSocket in an application is a session of its own", async () => {
  using log = new CheckedLog();
  const options = { emit: log.emit, watch: true, showRequests: true };
  await using dock = await serve("http://127.0.0.1:0", inspect, options);
  {
    using session = await connect(`${dock.url.replace("http", "ws")}/ws`);
    await session.send("ahoy");
    for await (const _ of session) break;
  }
  const first = await log.next("closed");
  assertEquals([first.carries, first.reason], ["requests", "became a WebSocket"]);
  const second = await log.next("closed");
  assertEquals([second.carries, second.peer], [undefined, first.peer]);
  assertNotEquals(second.session, first.session);
  const [request, inspected] = [log.only("request")[0]!, log.only("inspected")[0]!];
  assertEquals([request.session, inspected.session], [first.session, first.session]);
  assertEquals([request.status, inspected.target], [101, `${dock.url}/ws`]);
});

Deno.test("a relay says which session it opened for which, and whose failure it was", async () => {
  using log = new CheckedLog();
  await using upstream = await serve("udp://127.0.0.1:0", echo, { emit: log.emit });
  await using dock = await relay("tcp://127.0.0.1:0", upstream.url, { emit: log.emit });
  await send(dock.url, "through");
  const dialled = await log.next("dialled");
  assertEquals(dialled.upstream, upstream.url);
  assertNotEquals(dialled.upstreamSession, dialled.session);
  const opened = log.only("opened").find(({ url }) => url === dock.url);
  assertEquals(dialled.session, opened?.session);
});

Deno.test("refusals and failures fit the schema, with their session where there is one", async () => {
  using log = new CheckedLog();
  await using denying = await serve("tcp://127.0.0.1:0", echo, {
    emit: log.emit,
    deny: ["127.0.0.1"],
  });
  using denied = await connect(denying.url);
  await Array.fromAsync(denied).catch(() => []);
  assertEquals("session" in await log.next("denied"), false);

  await using secure = await serve("tls://127.0.0.1:0", echo, { emit: log.emit });
  const { hostname, port } = new URL(secure.url);
  using plain = await Deno.connect({ hostname, port: Number(port) });
  await plain.write(new TextEncoder().encode("this is no TLS, and never will be\n"));
  assertEquals((await log.next("failed")).error.startsWith("handshake: "), true);

  await using app = await serve("http://127.0.0.1:0", hello, { emit: log.emit, watch: true });
  await (await fetch(app.url, { method: "POST", headers: { origin: "http://evil.example" } }))
    .bytes();
  const refusal = await log.next("denied");
  const opened = log.only("opened").find(({ url }) => url === app.url);
  assertEquals([refusal.reason.includes("origin"), refusal.session], [true, opened?.session]);

  const nobody = `tcp://127.0.0.1:${freePort()}`;
  await using passing = await relay("ws://127.0.0.1:0", nobody, { emit: log.emit });
  using lost = await connect(passing.url);
  await Array.fromAsync(lost).catch(() => []);
  const failed = await log.next("failed");
  assertEquals([failed.upstream, failed.url], [nobody, passing.url]);
  assert(failed.session !== undefined);
});

Deno.test("faults, limits and several endpoints fit the schema", async () => {
  using log = new CheckedLog();
  const options: ServeOptions = {
    emit: log.emit,
    watch: true,
    fault: ["latency=1ms", "loss=2%", "duplicate=50%"],
    maxMessageBytes: 100,
    maxPeers: 1,
  };
  const dock = await serve("udp+reliable://127.0.0.1:0", echo, options);
  using session = await connect(dock.url);
  await session.send("hello");
  for await (const _ of session) break;
  session.close();
  await ended(dock);
  const several = await serve(["tcp://127.0.0.1:0", "udp://127.0.0.1:0"], echo, { emit: log.emit });
  await ended(several);
  const stopped = log.only("stopped").at(-1);
  assertEquals([stopped?.url, stopped?.urls], [several.url, several.urls]);
  assert(log.only("notice").some(({ text }) => text.includes("--seed")));
});

Deno.test("an event of a session cannot be told without it, nor one about a peer without the peer", () => {
  const told: ServerEvent[] = [];
  const tell = telling((event) => void told.push(event), "tcp://127.0.0.1:1", () => 0)!;
  const peer: Address = { transport: "tcp", hostname: "127.0.0.1", port: 2 };
  // Held by the types: each of these lines would not compile without its comment.
  const untold = () => {
    // @ts-expect-error: no session
    tell({ event: "message", message: "ahoy" });
    // @ts-expect-error: no number of the session
    tell({ event: "opened" }, { peer, serverUrl: "" });
    // @ts-expect-error: no peer
    tell({ event: "denied", reason: "address" });
    // @ts-expect-error: a time of its own
    tell({ event: "notice", text: "hello", time: "now" });
  };
  assertEquals(typeof untold, "function");
  tell({ event: "denied", reason: "address" }, { peer, serverUrl: "tcp://127.0.0.1:1" });
  tell({ event: "notice", text: "hello" });
  assertEquals(told.flatMap(misfitsOf), []);
  assertEquals(told[1], {
    event: "notice",
    url: "tcp://127.0.0.1:1",
    time: "1970-01-01T00:00:00.000Z",
    text: "hello",
  });
});

const page = await Deno.readTextFile(new URL("../../docs/events.md", import.meta.url));
const sections = new Map(
  page.split(/^## /m).slice(1).map((text) => {
    const [heading = "", ...rest] = text.split("\n");
    return [heading.replaceAll("`", ""), rest.join("\n")] as const;
  }),
);

Deno.test("docs/events.md has every event of the schema, and no other", () => {
  assertEquals([...sections.keys()], EVENT_NAMES);
});

for (const name of EVENT_NAMES) {
  Deno.test(`docs/events.md names all fields of ${name}, with an example that fits`, () => {
    const section = sections.get(name)!;
    const example = JSON.parse(/```json\n([^]*?)```/.exec(section)![1]!);
    assertEquals(misfitsOfJson(example), []);
    assertEquals(example.event, name);
    const { properties, required } = schemaOf(name);
    const common = new Set(["event", "time", "url", "session", "peer"]);
    const listed = [...section.matchAll(/^- `(\w+)`/gm)].map(([, field]) => field);
    assertEquals(
      listed,
      Object.keys(properties).filter((field) => !common.has(field) || !isGiven(field)),
    );
    function isGiven(field: string): boolean {
      return required.includes(field) || !["session", "peer"].includes(field);
    }
  });
}

Deno.test("the schema refuses what is no event", () => {
  const good = {
    event: "opened",
    time: "2026-11-30T09:41:07.512Z",
    url: "tcp://127.0.0.1:1",
    session: 1,
    peer: "127.0.0.1:2",
  };
  assertEquals(misfitsOfJson(good), []);
  for (
    const bad of [
      { ...good, session: undefined },
      { ...good, session: "1" },
      { ...good, time: "2026-11-30T09:41:07Z" },
      { ...good, more: 1 },
      { ...good, event: "ajar" },
      { ...good, url: "" },
    ]
  ) {
    assertNotEquals(misfitsOfJson(JSON.parse(JSON.stringify(bad))), [], JSON.stringify(bad));
  }
});
