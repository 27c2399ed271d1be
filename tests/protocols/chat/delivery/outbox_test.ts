import { assert, assertEquals } from "@std/assert";
import type { Address } from "../../../../core/addresses/address.ts";
import { type Message, type Session, textOf } from "../../../../core/session.ts";
import { Outbox } from "../../../../protocols/chat/delivery/outbox.ts";
import { tcpAddress, udpAddress } from "../../../memory.ts";

/** A session whose sends last until the test lets them go. */
class Gate {
  readonly sent: string[] = [];
  readonly #under: PromiseWithResolvers<void>[] = [];
  readonly session: Session;

  constructor(boundary: "bytes" | "messages", peer: Address) {
    const send = (message: Message) => {
      this.sent.push(textOf(message));
      const under = Promise.withResolvers<void>();
      this.#under.push(under);
      return under.promise;
    };
    this.session = {
      peer,
      sessionId: 1,
      serverUrl: "",
      boundary,
      maxMessageBytes: 1000,
      signal: new AbortController().signal,
      send,
      ...(boundary === "bytes" && { sendFramed: send }),
      end: () => Promise.resolve(),
      close: () => {},
      async *[Symbol.asyncIterator]() {},
      async *messages() {},
    };
  }

  get underWay(): number {
    return this.#under.length;
  }

  /** The oldest send is over. */
  async open(failure?: Error): Promise<void> {
    const under = this.#under.shift()!;
    if (failure === undefined) under.resolve();
    else under.reject(failure);
    for (let turn = 0; turn < 5; turn++) await Promise.resolve();
  }
}

function outboxOf(gate: Gate, limits = { queueMessages: 3, queueSizeBytes: 1000 }) {
  const missed: number[] = [];
  let now = 0;
  const outbox = new Outbox(gate.session, limits, {
    lines: true,
    now: () => now,
    missed(count) {
      missed.push(count);
      return `missed ${count}`;
    },
  });
  return { outbox, missed, pass: (ms: number) => void (now += ms), now: () => now };
}

Deno.test("what waits for a stream leaves in one write", async () => {
  const gate = new Gate("bytes", tcpAddress(1));
  const { outbox } = outboxOf(gate);
  for (const line of ["a", "b", "c"]) outbox.send(line);
  assertEquals(gate.sent, ["a\n"]);
  await gate.open();
  assertEquals(gate.sent, ["a\n", "b\nc\n"]);
  let drained = false;
  const done = outbox.drained().then(() => drained = true);
  await Promise.resolve();
  assertEquals(drained, false);
  await gate.open();
  await done;
});

Deno.test("a gap is one, is told where it is, and ends when all that waited has left", async () => {
  const gate = new Gate("bytes", tcpAddress(1));
  const { outbox, missed } = outboxOf(gate);
  for (const line of ["a", "b", "c", "d", "e", "f"]) outbox.send(line);
  await gate.open();
  assertEquals(gate.sent, ["a\n", "b\nc\nd\n"]);
  // There is room again, but what is sent now would come before it is told what is missing.
  outbox.send("g");
  await gate.open();
  assertEquals(missed, [3]);
  assertEquals(gate.sent.slice(2), ["missed 3\n"]);
  outbox.send("h");
  await gate.open();
  assertEquals(gate.sent.slice(3), ["h\n"]);
});

Deno.test("bytes are limited too, but what is larger than the limit leaves when nothing waits", () => {
  const gate = new Gate("bytes", tcpAddress(1));
  const { outbox, missed } = outboxOf(gate, { queueMessages: 100, queueSizeBytes: 10 });
  outbox.send("x".repeat(50));
  outbox.send("12345678");
  outbox.send("1");
  assertEquals(gate.sent, [`${"x".repeat(50)}\n`]);
  outbox.abandon();
  assertEquals(missed, [], "it is told once a message can be sent");
});

Deno.test("how long nothing has left is known", async () => {
  const gate = new Gate("bytes", tcpAddress(1));
  const { outbox, pass, now } = outboxOf(gate);
  pass(100);
  assertEquals(outbox.stuckForMs(now()), 0);
  outbox.send("a");
  outbox.send("b");
  pass(50);
  assertEquals(outbox.stuckForMs(now()), 50);
  await gate.open();
  assertEquals(outbox.stuckForMs(now()), 0);
  pass(20);
  assertEquals(outbox.stuckForMs(now()), 20);
  await gate.open();
  pass(20);
  assertEquals(outbox.stuckForMs(now()), 0);
});

Deno.test("a peer that takes anything is not stuck, however much it has missed", async () => {
  const gate = new Gate("bytes", tcpAddress(1));
  const { outbox, missed, pass, now } = outboxOf(gate);
  for (const line of ["a", "b", "c", "d", "e", "f"]) outbox.send(line);
  pass(50);
  assertEquals(outbox.stuckForMs(now()), 50);
  await gate.open();
  assertEquals([outbox.stuckForMs(now()), missed], [0, []], "the gap is not told yet");
  pass(20);
  assertEquals(outbox.stuckForMs(now()), 20);
});

Deno.test("what the system may hold for a peer counts as taken at 20 kB/s", async () => {
  const gate = new Gate("bytes", tcpAddress(1));
  const { outbox, pass, now } = outboxOf(gate, { queueMessages: 10, queueSizeBytes: 1_000_000 });
  for (let part = 0; part < 2; part++) {
    outbox.send("x".repeat(59_999));
    await gate.open();
  }
  outbox.send("more");
  pass(2000);
  assertEquals(outbox.stuckForMs(now()), 0, "a third of it takes two seconds");
  pass(500);
  assertEquals(outbox.stuckForMs(now()), 500);
  await gate.open();
  outbox.send("last");
  pass(1000);
  assertEquals(outbox.stuckForMs(now()), 0);
  // Of 120 kB 50 were taken, and a third of the rest has been since.
  pass(500);
  assertEquals(outbox.stuckForMs(now()), 334);
  // What was taken while nothing was sent counts too.
  await gate.open();
  pass(60_000);
  outbox.send("again");
  await gate.open();
  outbox.send("and again");
  pass(10);
  assertEquals(outbox.stuckForMs(now()), 10);
});

Deno.test("many lines at once leave in parts, so that a slow peer is seen to take them", async () => {
  const gate = new Gate("bytes", tcpAddress(1));
  const { outbox, pass, now } = outboxOf(gate, { queueMessages: 10, queueSizeBytes: 1_000_000 });
  const lines = `${"x".repeat(99_999)}\n`.repeat(2);
  outbox.sendLines(new TextEncoder().encode(lines), 2);
  outbox.send("last");
  for (let parts = 1; gate.underWay > 0; parts++) {
    assertEquals(gate.sent.length, parts);
    pass(30_000);
    assert(outbox.stuckForMs(now()) > 20_000);
    await gate.open();
    assertEquals(outbox.stuckForMs(now()), 0);
  }
  assertEquals(gate.sent.join(""), `${lines}last\n`);
  assertEquals(gate.sent.every(({ length }) => length <= 64 * 1024), true);
  await outbox.drained();
});

Deno.test("datagrams leave one after the other, and one that fails is missed", async () => {
  const gate = new Gate("messages", udpAddress(1));
  const { outbox, missed } = outboxOf(gate);
  for (const line of ["a", "b", "c"]) outbox.send(line);
  assertEquals(gate.sent, ["a"]);
  await gate.open(new Error("unreachable"));
  assertEquals([gate.sent, missed], [["a", "b"], [1]]);
  await gate.open();
  assertEquals(gate.sent, ["a", "b", "c"]);
  await gate.open();
  await outbox.drained();
});

Deno.test("WebSocket messages are under way together, and a failure ends them all", async () => {
  const gate = new Gate("messages", tcpAddress(1));
  const { outbox } = outboxOf(gate, { queueMessages: 100, queueSizeBytes: 1000 });
  for (let at = 0; at < 30; at++) outbox.send(`${at}`);
  assertEquals(gate.underWay, 16);
  await gate.open(new Error("gone"));
  await outbox.drained();
  outbox.send("more");
  assertEquals(gate.sent.length, 16);
});
