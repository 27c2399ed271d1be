import { assertEquals, assertRejects } from "@std/assert";
import { runningServer, type ServerParts } from "../../../core/sessions/server.ts";
import { type Drainable, Ledger } from "../../../core/sessions/life.ts";
import { FakeTime, settled } from "../../fake_time.ts";

/** A server whose loop ends when it stops listening, and what happened to it. */
function serverOf(overrides: Partial<ServerParts> = {}) {
  const happened: string[] = [];
  const loop = Promise.withResolvers<void>();
  const url = "tcp://127.0.0.1:9";
  const ledger = new Ledger(url, () => {});
  const { sessions, counters } = ledger;
  const server = runningServer({
    listening: { url },
    address: { transport: "tcp", hostname: "127.0.0.1", port: 1 },
    ledger,
    stopListening() {
      happened.push("stopped listening");
      loop.resolve();
    },
    release: () => happened.push("released"),
    loop: loop.promise,
    ...overrides,
  });
  /** A session that notes what is asked of it and ends when it is closed. */
  const open = (name: string): Drainable => {
    const session: Drainable = {
      drain: () => happened.push(`${name} drained`),
      close(reason) {
        happened.push(`${name} closed: ${reason}`);
        sessions.delete(session);
      },
    };
    sessions.add(session);
    return session;
  };
  return { server, sessions, counters, happened, open, loop };
}

Deno.test("shutdown() stops listening, drains, waits for the sessions and releases", async () => {
  using time = new FakeTime();
  const { server, sessions, happened, open } = serverOf();
  const session = open("one");
  const down = server.shutdown();
  await settled();
  assertEquals(happened, ["stopped listening", "one drained"]);
  sessions.delete(session);
  await down;
  await server.finished;
  assertEquals(happened, ["stopped listening", "one drained", "released"]);
  assertEquals(time.timers, 0, "the deadline is not left behind");
});

Deno.test("shutdown() closes what is open when the grace is over", async () => {
  using time = new FakeTime();
  const { server, happened, open } = serverOf();
  open("one");
  const down = server.shutdown({ graceMs: 1000 });
  await time.advance(999);
  assertEquals(happened.at(-1), "one drained");
  await time.advance(1);
  await down;
  assertEquals(happened.slice(-2), ["one closed: shutdown", "released"]);
});

Deno.test("the grace is five seconds unless told otherwise", async () => {
  using time = new FakeTime();
  const { server, happened, open } = serverOf();
  open("one");
  const down = server.shutdown();
  await time.advance(4999);
  assertEquals(happened.at(-1), "one drained");
  await time.advance(1);
  await down;
});

Deno.test("a second shutdown() with a shorter grace shortens the wait", async () => {
  using time = new FakeTime();
  const { server, happened, open } = serverOf();
  open("one");
  const slow = server.shutdown({ graceMs: 60_000 });
  await time.advance(100);
  const fast = server.shutdown({ graceMs: 0 });
  await Promise.all([slow, fast]);
  assertEquals(happened, [
    "stopped listening",
    "one drained",
    "one closed: shutdown",
    "released",
  ]);
  assertEquals(time.timers, 0);
});

Deno.test("disposing of a server ends it now, however often", async () => {
  const { server, happened, open } = serverOf();
  open("one");
  await server[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  await server.shutdown();
  assertEquals(happened.filter((event) => event === "released").length, 1);
});

Deno.test("a session that opens while the server drains is drained at once", async () => {
  const { server, sessions, happened, open } = serverOf();
  const first = open("first");
  const down = server.shutdown();
  const late = open("late");
  assertEquals(happened.at(-1), "late drained");
  sessions.delete(first);
  sessions.delete(late);
  await down;
});

Deno.test("a loop that ends by itself takes the server with it", async () => {
  const { server, happened, loop } = serverOf();
  loop.resolve();
  await server.finished;
  assertEquals(happened, ["stopped listening", "released"]);
});

Deno.test("a loop that breaks ends the server now and says why", async () => {
  const cause = new Error("the wire is gone");
  const { server, happened, loop, open } = serverOf();
  open("one");
  loop.reject(cause);
  const error = await assertRejects(() => server.finished, Error);
  assertEquals(error.message, "tcp://127.0.0.1:9 stopped: the wire is gone");
  assertEquals(error.cause, cause);
  await settled();
  assertEquals(happened, [
    "stopped listening",
    "one drained",
    "one closed: shutdown",
    "released",
  ]);
});

Deno.test("stats() is a copy, with the sessions that are open", async () => {
  const { server, counters, open } = serverOf();
  counters.opened = 3;
  open("one");
  const before = server.stats();
  counters.opened = 4;
  assertEquals([before.opened, before.open], [3, 1]);
  assertEquals(server.stats().opened, 4);
  await server[Symbol.asyncDispose]();
});

Deno.test("what is released in vain still ends the server", async () => {
  const { server } = serverOf({
    release() {
      throw new Error("cannot release");
    },
  });
  await assertRejects(() => server.shutdown(), Error, "cannot release");
  await assertRejects(() => server.finished, Error, "cannot release");
});
