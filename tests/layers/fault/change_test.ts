import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Carrier } from "../../../core/layer.ts";
import { parseFaults } from "../../../layers/fault/spec.ts";
import { utf8 } from "../../memory.ts";
import { newSeed, seeded } from "../../seeded.ts";
import { advance, faultyConnection, faultySocket, PEER } from "./faulty_network.ts";

/** Faults as a link takes them; an empty text is none. */
function faults(spec: string, carrier: Carrier) {
  return spec === "" ? null : parseFaults([spec], carrier);
}

function decisions(openedMs = 0, seed = 1) {
  return { seed, index: 0, openedMs, did: { in: {}, out: {} } };
}

Deno.test("faults that are set while a read waits concern what it was waiting for", async () => {
  const { peer, connection, clock } = faultyConnection("");
  using _owned = connection;
  const buffer = new Uint8Array(10);
  const reading = connection.read(buffer);
  connection.change(faults("in.latency=100ms", "stream"), decisions());
  await peer.write(utf8("late"));
  await advance(clock, 99);
  assertEquals(await Promise.race([reading, Promise.resolve("waits")]), "waits");
  await advance(clock, 1);
  assertEquals(await reading, 4);
  const next = connection.read(buffer);
  await advance(clock, 0);
  connection.change(null, decisions());
  await peer.write(utf8("now"));
  await advance(clock, 0);
  assertEquals(await next, 3);
});

Deno.test("what a stream holds back comes out at once when the faults are taken away", async () => {
  const { peer, connection, clock } = faultyConnection("out.latency=1h");
  using _owned = connection;
  await connection.write(utf8("one "));
  connection.change(null, decisions());
  await connection.write(utf8("two "));
  await advance(clock, 0);
  await connection.write(utf8("three"));
  await advance(clock, 0);
  await connection.closeWrite();
  assertEquals(await peer.readAll(), "one two three");
});

Deno.test("a longer latency delays nothing that is on its way already", async () => {
  const { peer, connection, clock } = faultyConnection("out.latency=100ms");
  using _owned = connection;
  await connection.write(utf8("one "));
  await advance(clock, 90);
  connection.change(faults("out.latency=200ms", "stream"), decisions(90));
  await connection.write(utf8("two"));
  await advance(clock, 10);
  assertEquals(await peer.readText(), "one ");
  await advance(clock, 189);
  assertEquals(peer.unreadBytes, 0);
  await advance(clock, 1);
  assertEquals(await peer.readText(), "two");
});

Deno.test("1,000 changes under load lose and double no byte of a stream", async () => {
  const random = seeded(newSeed());
  const { peer, connection, clock } = faultyConnection("latency=5ms");
  using _owned = connection;
  const specs = [
    "",
    "latency=20ms~20ms",
    "slice=3",
    "slice=5~4@1ms",
    "bandwidth=200k",
    "blackout=10ms",
    "in.latency=1ms",
    "out.slice=1@1ms",
    "slow-close=3ms",
  ];
  const count = 4000;
  const expected = Array.from({ length: count }, (_, at) => `${at} `).join("");
  const writing = (async () => {
    for (let at = 0; at < count; at++) await connection.write(utf8(`${at} `));
    await connection.closeWrite();
  })();
  const feeding = (async () => {
    for (let at = 0; at < count; at++) await peer.write(utf8(`${at} `));
    await peer.closeWrite();
  })();
  const sent = peer.readAll();
  const received = (async () => {
    let text = "";
    const buffer = new Uint8Array(64);
    for (;;) {
      const read = await connection.read(buffer);
      if (read === null) return text;
      text += new TextDecoder().decode(buffer.subarray(0, read));
    }
  })();
  for (let change = 0; change < 1000; change++) {
    const spec = specs[Math.floor(random() * specs.length)]!;
    connection.change(faults(spec, "stream"), decisions(clock.elapsedMs(), change));
    await advance(clock, Math.floor(random() * 3));
  }
  connection.change(null, decisions());
  await advance(clock, 10);
  await Promise.all([writing, feeding]);
  assertEquals(await sent, expected);
  assertEquals(await received, expected);
});

Deno.test("1,000 changes under load lose and double no datagram", async () => {
  const random = seeded(newSeed());
  const { inner, socket, clock } = faultySocket("latency=5ms");
  using owned = socket;
  const specs = [
    "",
    "latency=20ms~20ms",
    "reorder=50%",
    "bandwidth=10m",
    "in.latency=3ms,reorder=1%",
    "out.latency=1ms",
  ];
  const received: number[] = [];
  const reading = (async () => {
    for (;;) {
      const datagram = await owned.receive();
      if (datagram === null) return;
      if ("bytes" in datagram) received.push(Number(new TextDecoder().decode(datagram.bytes)));
    }
  })();
  let number = 0;
  for (let change = 0; change < 1000; change++) {
    const spec = specs[Math.floor(random() * specs.length)]!;
    socket.change(faults(spec, "datagram"), decisions(clock.elapsedMs(), change));
    for (let more = random() * 5; more > 0; more--) {
      inner.arriveFrom(PEER, String(number));
      await socket.send(utf8(String(number++)), PEER);
    }
    await advance(clock, Math.floor(random() * 3));
  }
  socket.change(null, decisions());
  await advance(clock, 100);
  const all = Array.from({ length: number }, (_, at) => at);
  assertEquals(received.toSorted((one, other) => one - other), all);
  assertEquals(inner.sentTexts.map(Number).toSorted((one, other) => one - other), all);
  socket[Symbol.dispose]();
  await reading;
});

Deno.test("each change begins the decisions of its seed anew", async () => {
  const { inner, socket } = faultySocket("loss=10%");
  using _owned = socket;
  const rounds: string[] = [];
  for (let round = 0; round < 2; round++) {
    socket.change(faults("loss=50%", "datagram"), decisions(0, 7));
    for (let at = 0; at < 100; at++) await socket.send(utf8(String(at)), PEER);
    rounds.push(inner.sentTexts.join(" "));
    inner.sent.length = 0;
  }
  assertEquals(rounds[1], rounds[0]);
  assert(rounds[0]!.split(" ").length < 80);
});

Deno.test("what faults did is counted by name and direction", async () => {
  const { inner, socket } = faultySocket("");
  using _owned = socket;
  const set = decisions(0, 7);
  socket.change(faults("out.loss=100%", "datagram"), set);
  for (let at = 0; at < 3; at++) await socket.send(utf8("x"), PEER);
  assertEquals([inner.sent.length, set.did], [0, { in: {}, out: { loss: 3 } }]);
});

Deno.test("timeout lets nothing pass and closes; taken away, it closes what missed bytes", async () => {
  for (const end of ["time", "change"]) {
    const { peer, connection, clock } = faultyConnection("timeout=5s");
    using _owned = connection;
    const reading = connection.read(new Uint8Array(10));
    await connection.write(utf8("gone"));
    await peer.write(utf8("gone too"));
    await advance(clock, end === "time" ? 4999 : 10);
    assertEquals(peer.unreadBytes, 0);
    if (end === "time") await advance(clock, 1);
    else connection.change(null, decisions());
    assertEquals(await reading, null);
    await assertRejects(() => connection.write(utf8("more")), Deno.errors.BrokenPipe);
  }
});

Deno.test("timeout=0s waits for other faults, which let pass what comes then", async () => {
  const { peer, connection, clock } = faultyConnection("out.timeout=0s");
  using _owned = connection;
  await advance(clock, 1e8);
  connection.change(null, decisions());
  await connection.write(utf8("after"));
  await advance(clock, 0);
  assertEquals(await peer.readText(), "after");
});

Deno.test("reset-in resets after its time, and slow-close ends later than the last byte", async () => {
  const early = faultyConnection("reset-in=50ms");
  using _owned = early.connection;
  const reading = early.connection.read(new Uint8Array(10)).catch((error) => error.name);
  await advance(early.clock, 50);
  assertEquals(await reading, "ConnectionReset");
  assertEquals(early.did.in, { reset: 1 });

  const slow = faultyConnection("out.slow-close=500ms");
  using _slow = slow.connection;
  await slow.connection.write(utf8("bye"));
  void slow.connection.closeWrite();
  await advance(slow.clock, 499);
  assertEquals(await slow.peer.readText(), "bye");
  const ended = slow.peer.readAll();
  await advance(slow.clock, 0);
  assertEquals(await Promise.race([ended, Promise.resolve("open")]), "open");
  await advance(slow.clock, 1);
  assertEquals(await ended, "");
});

Deno.test("slices vary in size within their bounds, the same ones for the same seed", async () => {
  const sizes = async (seed: number) => {
    const { peer, connection } = faultyConnection("out.slice=10~5", { seed });
    using _owned = connection;
    await connection.write(new Uint8Array(1000));
    const found: number[] = [];
    while (peer.unreadBytes > 0) found.push((await peer.readText())!.length);
    return found;
  };
  const found = await sizes(3);
  assertEquals(await sizes(3), found);
  assert(new Set(found).size > 3, `${found}`);
  assert(found.slice(0, -1).every((size) => size >= 5 && size <= 15), `${found}`);
});
