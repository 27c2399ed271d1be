import { assertEquals } from "@std/assert";
import type { BoundLayer } from "../../../core/layer.ts";
import { type StreamLimits, streamOptions } from "../../../core/limits.ts";
import { resolveOptions } from "../../../core/options/option.ts";
import type { Framing } from "../../../core/protocol.ts";
import type { Session } from "../../../core/session.ts";
import { serveStream } from "../../../core/streams/serve_stream.ts";
import { FakeTime, settled } from "../../fake_time.ts";
import {
  connectionPair,
  EventLog,
  MemoryAcceptor,
  stillContext,
  tcpAddress,
  utf8,
} from "../../memory.ts";

const URL = "tcp://127.0.0.1:9";

interface Setup {
  readonly serve?: (session: Session) => Promise<void>;
  readonly framing?: Framing;
  readonly limits?: Partial<StreamLimits>;
  readonly layers?: readonly BoundLayer[];
}

async function echo(session: Session): Promise<void> {
  for await (const message of session) await session.send(message);
}

/** A server on a listener in memory. */
function serverOf({ serve = echo, framing = "none", limits = {}, layers = [] }: Setup = {}) {
  const acceptor = new MemoryAcceptor();
  const log = new EventLog();
  const server = serveStream({ url: URL, acceptor }, {
    admits: () => true,
    limits: resolveOptions(streamOptions, limits),
    work: {
      protocol: { name: "test", framing, datagramReply: "none" },
      service: { serve, [Symbol.asyncDispose]: () => Promise.resolve() },
      layers,
      context: stillContext({ emit: log.tell }),
    },
  });
  return { server, acceptor, log };
}

Deno.test("a peer is served until it ends its half, and all of it is an event", async () => {
  const { server, acceptor, log } = serverOf();
  const peer = acceptor.dial(tcpAddress(50_001));
  await peer.write(utf8("hello"));
  await peer.closeWrite();
  assertEquals(await peer.readAll(), "hello");
  await settled();
  const id = { url: URL, peer: "127.0.0.1:50001" };
  assertEquals(log.happened, [
    { event: "opened", ...id },
    { event: "closed", ...id, reason: "done", bytesReceived: 5, bytesSent: 5 },
  ]);
  const { opened, open, messagesReceived, messagesSent, bytesReceived, bytesSent } = server.stats();
  assertEquals([opened, open, messagesReceived, messagesSent], [1, 0, 1, 1]);
  assertEquals([bytesReceived, bytesSent], [5, 5]);
  await server.shutdown();
});

Deno.test("a peer that says nothing is closed when it is idle, and others go on", async () => {
  using time = new FakeTime();
  const { server, acceptor, log } = serverOf({ limits: { idleTimeoutMs: 1000 } });
  const silent = acceptor.dial(tcpAddress(50_001));
  const lively = acceptor.dial(tcpAddress(50_002));
  for (let sent = 0; sent < 4; sent++) {
    await lively.write(utf8("still here"));
    await time.advance(400);
    assertEquals(await lively.readText(), "still here");
  }
  assertEquals(await silent.readText(), null);
  assertEquals([server.stats().idle, server.stats().open], [1, 1]);
  assertEquals(log.only("closed").map(({ peer, reason }) => [peer, reason]), [
    ["127.0.0.1:50001", "idle"],
  ]);
  await server[Symbol.asyncDispose]();
  await settled();
  assertEquals(time.timers, 0);
});

Deno.test("a peer that does not read its answer is idle as well", async () => {
  using time = new FakeTime();
  const { server, acceptor } = serverOf({ limits: { idleTimeoutMs: 1000 } });
  const { client, server: end } = connectionPair();
  end.capacityBytes = 0;
  acceptor.offer(end);
  await client.write(utf8("question"));
  await time.advance(1500);
  assertEquals([server.stats().idle, server.stats().failed, server.stats().open], [1, 0, 0]);
  await server.shutdown();
});

Deno.test("a reset is counted as a failure with its reason, and others go on", async () => {
  const { server, acceptor, log } = serverOf();
  const [broken, whole] = [acceptor.dial(tcpAddress(50_001)), acceptor.dial()];
  await settled();
  broken.reset();
  await whole.write(utf8("still here"));
  assertEquals(await whole.readText(), "still here");
  assertEquals(server.stats().failed, 1);
  assertEquals(log.only("closed").map(({ reason }) => reason), ["connection reset by peer"]);
  await server[Symbol.asyncDispose]();
});

Deno.test("a protocol that throws ends its session alone", async () => {
  const { server, acceptor, log } = serverOf({
    async serve(session) {
      if ("port" in session.peer && session.peer.port === 50_001) throw new TypeError("broken");
      await echo(session);
    },
  });
  const broken = acceptor.dial(tcpAddress(50_001));
  const whole = acceptor.dial();
  assertEquals(await broken.readText(), null);
  await whole.write(utf8("still here"));
  assertEquals(await whole.readText(), "still here");
  assertEquals(server.stats().failed, 1);
  assertEquals(log.only("closed").map(({ reason }) => reason), ["broken"]);
  await server[Symbol.asyncDispose]();
});

Deno.test("an oversized line ends its session, is counted, and is not a failure", async () => {
  const { server, acceptor, log } = serverOf({ framing: "line", limits: { maxMessageBytes: 10 } });
  const peer = acceptor.dial();
  await peer.write(utf8("fits\n" + "x".repeat(50)));
  assertEquals(await peer.readAll(), "fits\n");
  await settled();
  assertEquals([server.stats().oversized, server.stats().failed], [1, 0]);
  assertEquals(log.only("closed").map(({ reason }) => reason), ["a message over the limit"]);
  await server.shutdown();
});

Deno.test("a shutdown in mid-reply lets the reply leave whole", async () => {
  const { server, acceptor, log } = serverOf();
  const { client, server: end } = connectionPair();
  end.capacityBytes = 0;
  acceptor.offer(end);
  const waiting = acceptor.dial();
  await client.write(utf8("question"));
  await settled();
  const down = server.shutdown();
  await settled();
  assertEquals(acceptor.disposed, true);
  assertEquals(await waiting.readText(), null, "who was not being answered is gone at once");
  assertEquals(end.disposed, false);
  assertEquals(await client.readText(), "question");
  await client.closeWrite();
  await down;
  assertEquals(log.only("closed").map(({ reason }) => reason), ["shutdown", "shutdown"]);
  assertEquals(server.stats().failed, 0);
});

Deno.test("a shutdown does not wait longer than its grace for a peer that does not read", async () => {
  using time = new FakeTime();
  const { server, acceptor } = serverOf();
  const { client, server: end } = connectionPair();
  end.capacityBytes = 0;
  acceptor.offer(end);
  await client.write(utf8("question"));
  await settled();
  const down = server.shutdown({ graceMs: 500 });
  await time.advance(500);
  await down;
  assertEquals([end.disposed, server.stats().failed, time.timers], [true, 0, 0]);
});

Deno.test("layers stand around the connection before the first byte is read", async () => {
  const rot: BoundLayer = {
    name: "rot",
    rank: 10,
    carriers: ["stream"],
    stream: (connection) => ({
      local: connection.local,
      remote: connection.remote,
      async read(into) {
        const count = await connection.read(into);
        for (let at = 0; at < (count ?? 0); at++) into[at]! -= 1;
        return count;
      },
      write: (all) => connection.write(all.map((byte) => byte + 1)),
      closeWrite: () => connection.closeWrite(),
      [Symbol.dispose]: () => connection[Symbol.dispose](),
    }),
  };
  const heard: number[] = [];
  const { server, acceptor } = serverOf({
    layers: [rot],
    async serve(session) {
      for await (const message of session) {
        heard.push(...message as Uint8Array);
        await session.send(message);
      }
    },
  });
  const peer = acceptor.dial();
  await peer.write(new Uint8Array([2, 3, 4]));
  assertEquals(await peer.readText(), "\x02\x03\x04");
  assertEquals(heard, [1, 2, 3]);
  await server[Symbol.asyncDispose]();
});

Deno.test("a peer that sends while we close gets the whole answer first", async () => {
  const { server, acceptor } = serverOf({ serve: (session) => session.send("the answer") });
  const { client: peer, server: end } = connectionPair();
  acceptor.offer(end);
  await peer.write(utf8("what nobody will read"));
  assertEquals(await peer.readAll(), "the answer");
  assertEquals([end.unreadBytes, end.disposed], [0, false], "closing now would be a reset");
  await peer.closeWrite();
  await server.shutdown();
  assertEquals(server.stats().failed, 0);
});
