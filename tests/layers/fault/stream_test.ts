import { assert, assertEquals, assertRejects } from "@std/assert";
import { settled } from "../../fake_time.ts";
import { utf8 } from "../../memory.ts";
import { advance, faultyConnection } from "./faulty_network.ts";

Deno.test("latency delays a stream both ways and keeps its order, whatever the jitter", async () => {
  const { peer, connection, clock } = faultyConnection("latency=100ms~100ms", { seed: 5 });
  using _owned = connection;
  const texts: string[] = [];
  for (let count = 0; count < 50; count++) await connection.write(utf8(`${count} `));
  void connection.closeWrite();
  const reading = peer.readAll();
  await advance(clock, 250);
  assertEquals(await reading, Array.from({ length: 50 }, (_, at) => `${at} `).join(""));
  for (let count = 0; count < 50; count++) await peer.write(utf8(`${count} `));
  await peer.closeWrite();
  const buffer = new Uint8Array(100);
  for (;;) {
    const next = connection.read(buffer);
    await advance(clock, 250);
    const count = await next;
    if (count === null) break;
    texts.push(new TextDecoder().decode(buffer.subarray(0, count)));
  }
  assertEquals(texts.join(""), Array.from({ length: 50 }, (_, at) => `${at} `).join(""));
});

Deno.test("a chunk arrives exactly after the latency, and latency does not slow the rate", async () => {
  const { peer, connection, clock } = faultyConnection("latency=200ms");
  using _owned = connection;
  for (let count = 0; count < 100; count++) await connection.write(new Uint8Array(10_000));
  await advance(clock, 199);
  assertEquals(peer.unreadBytes, 0);
  await advance(clock, 1);
  assertEquals(peer.unreadBytes, 1_000_000);
});

Deno.test("bandwidth lets bytes through at its rate", async () => {
  const { peer, connection, clock } = faultyConnection("bandwidth=10000,queue=100k");
  using _owned = connection;
  await connection.write(new Uint8Array(20_000));
  for (let ms = 100; ms <= 2000; ms += 100) {
    await advance(clock, 100);
    assertEquals(peer.unreadBytes, ms * 10);
  }
});

Deno.test("slices are written one by one, with their pause", async () => {
  const { peer, connection, clock } = faultyConnection("out.slice=2@10ms");
  using _owned = connection;
  await connection.write(utf8("abcde"));
  await advance(clock, 0);
  assertEquals(await peer.readText(), "ab");
  await advance(clock, 9);
  assertEquals(peer.unreadBytes, 0);
  await advance(clock, 1);
  assertEquals(await peer.readText(), "cd");
  await advance(clock, 10);
  assertEquals(await peer.readText(), "e");
});

Deno.test("slices without a pause cut what is read and written", async () => {
  const { peer, connection } = faultyConnection("slice=1");
  using _owned = connection;
  await connection.write(utf8("abc"));
  assertEquals([await peer.readText(), await peer.readText(), await peer.readText()], [
    "a",
    "b",
    "c",
  ]);
  await peer.write(utf8("xyz"));
  const buffer = new Uint8Array(10);
  assertEquals([await connection.read(buffer), await connection.read(buffer)], [1, 1]);
});

Deno.test("reset-after lets exactly so many bytes through and then resets", async () => {
  for (const latency of ["", ",latency=10ms"]) {
    const { peer, inner, connection, clock, counters } = faultyConnection(
      `out.reset-after=5${latency}`,
    );
    let resets = 0;
    const reset = inner.reset.bind(inner);
    inner.reset = () => {
      resets++;
      reset();
    };
    const written = connection.write(utf8("abcdefgh")).catch((error: Error) => error);
    await advance(clock, 20);
    const failure = latency === ""
      ? await written
      : await connection.write(utf8("x")).catch((e: Error) => e);
    assert(failure instanceof Deno.errors.ConnectionReset, `${failure}`);
    assertEquals([resets, counters.faults], [1, 1]);
    await assertRejects(() => connection.read(new Uint8Array(1)), Deno.errors.ConnectionReset);
    await assertRejects(() => peer.read(new Uint8Array(9)), Deno.errors.ConnectionReset);
    connection[Symbol.dispose]();
  }
});

Deno.test("close-after lets exactly so many bytes in, then both sides see an end", async () => {
  const { peer, connection } = faultyConnection("in.close-after=3");
  await peer.write(utf8("abcdef"));
  const buffer = new Uint8Array(10);
  assertEquals(await connection.read(buffer), 3);
  assertEquals(await connection.read(buffer), null);
  await assertRejects(() => connection.write(utf8("x")), Deno.errors.BrokenPipe, "on purpose");
  assertEquals(await peer.readText(), null);
  connection[Symbol.dispose]();
});

Deno.test("reset resets its share of connections' chunks, the same ones for the same seed", async () => {
  /** At which write each of 200 connections breaks. */
  async function breaks(seed: number): Promise<number[]> {
    const found: number[] = [];
    for (let index = 0; index < 200; index++) {
      const { connection } = faultyConnection("out.reset=10%", { seed, index });
      let writes = 0;
      await (async () => {
        for (;;) {
          await connection.write(utf8("x"));
          writes++;
        }
      })().catch(() => {});
      found.push(writes);
      connection[Symbol.dispose]();
    }
    return found;
  }
  const first = await breaks(1);
  const mean = first.reduce((sum, count) => sum + count) / first.length;
  assert(mean > 6.5 && mean < 11.5, `${mean}`);
  assertEquals(await breaks(1), first);
  assert(`${await breaks(2)}` !== `${first}`);
});

Deno.test("a blackout delays a stream and loses nothing", async () => {
  const { peer, connection, clock } = faultyConnection("blackout=2s@1s");
  using _owned = connection;
  await connection.write(utf8("before "));
  await advance(clock, 1500);
  await connection.write(utf8("during"));
  await advance(clock, 1499);
  assertEquals(await peer.readText(), "before ");
  assertEquals(peer.unreadBytes, 0);
  await advance(clock, 1);
  assertEquals(await peer.readText(), "during");
});

Deno.test("a peer that does not read makes writers wait instead of filling memory", async () => {
  const { peer, inner, connection, clock } = faultyConnection("bandwidth=100k");
  inner.capacityBytes = 1000;
  let written = 0;
  const writing = (async () => {
    for (;;) {
      await connection.write(new Uint8Array(10_000));
      written += 10_000;
    }
  })().catch(() => "ended");
  for (let second = 0; second < 100; second++) await advance(clock, 1000);
  assert(written <= 300_000, `${written} bytes were taken`);
  assert(peer.unreadBytes < 20_000);
  connection[Symbol.dispose]();
  assertEquals(await writing, "ended");
});

Deno.test("a reader that does not read makes the layer stop reading", async () => {
  const { peer, connection, clock } = faultyConnection("latency=1s,queue=50k");
  peer.capacityBytes = 1000;
  const first = connection.read(new Uint8Array(1));
  let sent = 0;
  const sending = (async () => {
    for (;;) {
      await peer.write(new Uint8Array(10_000));
      sent += 10_000;
    }
  })().catch(() => "ended");
  for (let second = 0; second < 20; second++) await advance(clock, 1000);
  assertEquals(await first, 1);
  assert(sent <= 150_000, `${sent}`);
  connection[Symbol.dispose]();
  assertEquals(await sending, "ended");
});

Deno.test("pieces that wait are few, however small they are", async () => {
  const { peer, connection, clock } = faultyConnection("slice=1@1s");
  peer.capacityBytes = 1000;
  const first = connection.read(new Uint8Array(1));
  let sent = 0;
  const sending = (async () => {
    for (;;) {
      await peer.write(new Uint8Array(1000));
      sent += 1000;
    }
  })().catch(() => "ended");
  await advance(clock, 1000);
  assertEquals(await first, 1);
  assert(sent <= 20_000, `${sent}`);
  connection[Symbol.dispose]();
  assertEquals(await sending, "ended");
});

Deno.test("disposal ends reads and writes that wait, and leaves no timer", async () => {
  const { connection, clock } = faultyConnection("latency=1s,bandwidth=1000,queue=10");
  const reading = connection.read(new Uint8Array(1));
  const writing = connection.write(new Uint8Array(10_000));
  await settled();
  connection[Symbol.dispose]();
  await assertRejects(() => reading, Deno.errors.Interrupted);
  await assertRejects(() => writing, Deno.errors.Interrupted);
  await settled();
  assertEquals(clock.timers, 0);
});

Deno.test("a reset by the peer arrives after what came before it", async () => {
  const { peer, connection, clock } = faultyConnection("latency=10ms");
  using _owned = connection;
  await peer.write(utf8("abc"));
  const buffer = new Uint8Array(10);
  const first = connection.read(buffer);
  await settled();
  peer.reset();
  await advance(clock, 10);
  assertEquals(await first, 3);
  const second = connection.read(buffer);
  second.catch(() => {});
  await advance(clock, 10);
  await assertRejects(() => second, Deno.errors.ConnectionReset);
});

Deno.test("our half ends after what was written, and the other half stays open", async () => {
  const { peer, connection, clock } = faultyConnection("latency=10ms,slice=1@1ms");
  using _owned = connection;
  await connection.write(utf8("abc"));
  const ending = connection.closeWrite();
  const reading = peer.readAll();
  await advance(clock, 50);
  await ending;
  assertEquals(await reading, "abc");
  await peer.write(utf8("still here"));
  const buffer = new Uint8Array(100);
  const next = connection.read(buffer);
  await advance(clock, 50);
  assertEquals(await next, 1);
});

Deno.test("what was written has left before a session is over", async () => {
  const { peer, connection, clock } = faultyConnection("latency=5s");
  using _owned = connection;
  await connection.write(utf8("late"));
  let flushed = false;
  const flushing = connection.flushed().then(() => flushed = true);
  await advance(clock, 4999);
  assertEquals(flushed, false);
  await advance(clock, 1);
  await flushing;
  assertEquals(await peer.readText(), "late");
});
