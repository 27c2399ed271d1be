/** Verified members, operators who remove others, and the terminal of the server. */

import { assertEquals, assertMatch } from "@std/assert";
import type { RoomEvent } from "../../../core/event.ts";
import { identity, MemoryChat } from "./memory_chat.ts";

Deno.test("a client that proved its identity has that name, marked, and keeps it", async () => {
  await using room = await MemoryChat.open();
  const bob = await room.join("/name bob");
  const alice = room.connect({ identity: identity("alice.example") });
  await alice.send("/name mallory");
  assertMatch(await alice.line() ?? "", /^\* you are alice\.example✓, with 1 other/);
  assertEquals(await bob.line(), "* alice.example✓ came");
  await alice.send("hello", "/name other");
  assertMatch(await bob.line() ?? "", /^\d\d:\d\d alice\.example✓: hello$/);
  assertEquals(await alice.line(), "* a verified name stays");
  const rich = await room.join({ type: "hello", version: 1 });
  await rich.send({ type: "who" });
  assertMatch(
    await rich.line() ?? "",
    /\{"name":"alice\.example","standing":"verified"\}/,
  );
});

Deno.test("nobody plain may have or keep a name that looks verified", async () => {
  await using room = await MemoryChat.open();
  const early = await room.join("/name a1ice");
  const alice = room.connect({ identity: identity("alice") });
  await alice.send("/who");
  await alice.until(/^\* you are alice✓/);
  assertEquals(
    await early.until(/^\* you are guest/),
    "* you are guest-1 now: alice has come, who is verified",
  );
  for (const name of ["alice", "ALICE", "аlice", "a1ice", "al-ice"]) {
    await early.send(`/name ${name}`);
    assertMatch(
      await early.until(/verified|taken|called/),
      / is the name of a verified member$/,
      name,
    );
  }
  await alice.send("/quit");
  await alice.served;
  await early.send("/name alice");
  await early.until(/ is the name of a verified member$/);
});

Deno.test("one who is here twice is told apart by a number", async () => {
  await using room = await MemoryChat.open();
  const first = await room.join("", { identity: identity("alice") });
  const second = room.connect({ identity: identity("alice") });
  await second.send("/who");
  assertMatch(await second.line() ?? "", /^\* you are alice#2✓/);
  assertEquals(await second.line(), "* in lobby: alice✓, alice#2✓");
  await second.send("/join harbour", "/who");
  await second.until(/^\* in harbour: alice✓$/);
  assertMatch(await first.until(/left/), /^\* alice#2✓ left \(to harbour\)$/);
});

Deno.test("operators remove and ban, others do not", async () => {
  await using room = await MemoryChat.open({ operator: ["chief"] });
  const address = { transport: "tcp", hostname: "192.0.2.7", port: 4000 } as const;
  const bob = await room.join("/name bob", { address });
  const chief = await room.join("", { identity: identity("chief") });
  await bob.send("/kick chief");
  await bob.until(/only verified operators may do that/);
  // The name alone makes nobody an operator.
  const fake = room.connect();
  await fake.send("/name chief");
  await fake.until(/is the name of a verified member/);

  await chief.send("/kick bob be nice");
  assertEquals(
    await bob.until(/removed/),
    "* you were removed by chief: be nice",
  );
  assertEquals(await bob.line(), undefined);
  await chief.until(/^\* bob left \(removed by chief: be nice\)$/);

  const again = await room.join("/name bob", { address });
  await chief.send("/ban BOB");
  await again.until(/^\* you were banned by chief$/);
  await again.served;
  for (const [line, from] of [["/name bob", undefined], ["/name carol", address]] as const) {
    const back = room.connect(from === undefined ? {} : { address: from });
    await back.send(line);
    await back.until(/^\* an operator has banned you$/);
  }
  const { membersRefused, expelled } = room.service.counters!;
  assertEquals({ membersRefused, expelled }, { membersRefused: 3, expelled: 2 });
});

Deno.test("a banned IPv6 client does not come back from the next address of its network", async () => {
  await using room = await MemoryChat.open({ operator: ["chief"] });
  const from = (hostname: string) => ({
    address: { transport: "tcp", hostname, port: 4000 } as const,
  });
  const bob = await room.join("/name bob", from("2001:db8:0:1::1"));
  const chief = await room.join("", { identity: identity("chief") });
  await chief.send("/ban bob");
  await bob.until(/^\* you were banned/);
  const back = room.connect(from("2001:db8:0:1:abcd::2"));
  await back.send("/name carol");
  await back.until(/^\* an operator has banned you$/);
  await room.join("/name neighbour", from("2001:db8:0:2::1"));
});

Deno.test("a rich client that is removed is told so, and why", async () => {
  await using room = await MemoryChat.open({ operator: ["chief"] });
  const chief = await room.join("", { identity: identity("chief") });
  const bob = await room.join({ type: "hello", version: 1, name: "bob" });
  await chief.send("/kick bob be nice");
  assertEquals(
    JSON.parse(await bob.until(/"went"/)),
    { type: "went", room: "lobby", name: "bob", reason: "removed by chief: be nice" },
  );
  assertEquals(await bob.line(), undefined);
  const again = await room.join({ type: "hello", version: 1, name: "bob" });
  await chief.send("/ban bob");
  await again.until(/"code":"banned"/);
  assertEquals(
    JSON.parse(await again.line() ?? ""),
    { type: "went", room: "lobby", name: "bob", reason: "banned by chief" },
  );
  assertEquals(await again.line(), undefined);
});

Deno.test("a verified member is banned by what it proved, not by where it is", async () => {
  await using room = await MemoryChat.open({ operator: ["chief"] });
  const chief = await room.join({ type: "hello", version: 1 }, { identity: identity("chief") });
  const eve = identity("eve", "ee".repeat(32));
  const first = await room.join({ type: "hello", version: 1 }, { identity: eve });
  await chief.send({ type: "ban", name: "eve", reason: "spam", ref: 1 });
  await chief.until(/"type":"ack".*"ref":1/);
  assertMatch(
    await first.until(/banned/),
    /"code":"banned","text":"you were banned by chief: spam"/,
  );
  const back = room.connect({ identity: eve });
  await back.send({ type: "hello", version: 1, name: "innocent" });
  assertMatch(await back.line() ?? "", /"code":"banned"/);
  assertEquals(await back.line(), undefined);
  await room.join("/name bystander");
});

/** Lines that are typed when the test says so. */
class Typed {
  readonly lines: AsyncIterable<string>;
  readonly #queue: string[] = [];
  #wake = Promise.withResolvers<void>();
  #ended = false;

  constructor() {
    const next = () => this.#queue.shift();
    const changed = () => this.#wake.promise;
    const ended = () => this.#ended;
    this.lines = (async function* () {
      for (;;) {
        const line = next();
        if (line !== undefined) yield line;
        else if (ended()) return;
        else await changed();
      }
    })();
  }

  type(...lines: string[]): void {
    this.#queue.push(...lines);
    this.#wake.resolve();
    this.#wake = Promise.withResolvers();
  }

  end(): void {
    this.#ended = true;
    this.#wake.resolve();
  }
}

Deno.test("the terminal speaks, sees all rooms, removes members and stops the server", async () => {
  const typed = new Typed();
  await using room = await MemoryChat.open({ as: "harbourmaster" }, { lines: typed.lines });
  const bob = await room.join("/name bob");
  await bob.send("/who");
  await bob.until(/^\* in lobby: harbourmaster✓, bob$/);
  typed.type("welcome");
  assertMatch(await bob.line() ?? "", /harbourmaster✓: welcome$/);
  typed.type("/who");
  while ((await room.log.next("notice")).text !== "in lobby: harbourmaster✓, bob");
  await bob.send("/join elsewhere", "far away");
  for (let event: RoomEvent; (event = await room.log.next("chat")).text !== "far away";) {
    assertEquals(event.event, "chat");
  }
  for (const name of ["harbourmaster", "harb0urmaster"]) {
    await bob.send(`/name ${name}`);
    await bob.until(/is the name of a verified member$/);
  }
  typed.type("/join elsewhere", "/kick bob");
  await bob.until(/^\* you were removed by harbourmaster$/);
  typed.type("/quit");
  while (room.stopped.length === 0) await room.log.next("chat");
  assertEquals(room.stopped, ["harbourmaster quit"]);
});

Deno.test("no operator removes the one at the terminal", async () => {
  const typed = new Typed();
  await using room = await MemoryChat.open({ operator: ["chief"] }, { lines: typed.lines });
  const chief = await room.join("", { identity: identity("chief") });
  await chief.send("/kick operator");
  await chief.until(/^\* the operator at the terminal stays$/);
  typed.end();
  await chief.until(/^\* operator✓ left$/);
});
