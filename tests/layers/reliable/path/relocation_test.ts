/** When a peer counts as moved, on a clock that the test moves. */

import { assert, assertEquals } from "@std/assert";
import { type Address, formatAddress } from "../../../../core/addresses/address.ts";
import { HostShares } from "../../../../layers/reliable/host_shares.ts";
import { Relocation } from "../../../../layers/reliable/path/relocation.ts";
import type { ConnectionId } from "../../../../layers/reliable/wire/prefix.ts";
import { udpAddress } from "../../../memory.ts";

const NEW = udpAddress(2000);
const OTHER = udpAddress(3000);
const WAIT_MS = 100;

/** A relocation, and what it has asked and decided. */
class Followed {
  nowMs = 0;
  readonly asked: { readonly token: ConnectionId; readonly to: string }[] = [];
  readonly moved: Address[] = [];
  refused = 0;
  readonly relocation: Relocation;

  constructor(perMinute = 10) {
    this.relocation = new Relocation({
      perMinute,
      challenge: (token, to) =>
        void this.asked.push({ token, to: to === undefined ? "known" : formatAddress(to) }),
      admits: () => true,
      moved: (to) => void this.moved.push(to),
      refused: () => void this.refused++,
    }, 0);
  }

  seen(from: Address, bytes = 100, isNewest = true): void {
    this.relocation.seen(from, bytes, isNewest, this.nowMs, WAIT_MS);
  }

  /** Says the last token back that was asked of an address. */
  answer(asked: Address | "known", from?: Address): void {
    const name = asked === "known" ? asked : formatAddress(asked);
    this.relocation.answered(this.asked.findLast(({ to }) => to === name)!.token, from);
  }

  pass(ms: number): void {
    const end = this.nowMs + ms;
    while (this.relocation.dueAtMs <= end) {
      this.nowMs = this.relocation.dueAtMs;
      this.relocation.tick(this.nowMs, WAIT_MS);
    }
    this.nowMs = end;
  }
}

Deno.test("a peer has moved when it answers from the new address, and three times not from the known one", () => {
  const followed = new Followed();
  followed.seen(NEW);
  assertEquals(followed.asked.map(({ to }) => to), ["known", "127.0.0.1:2000"]);
  followed.answer(NEW, NEW);
  followed.pass(299);
  assertEquals(followed.moved, []);
  followed.pass(1);
  assertEquals(followed.moved, [NEW]);
  // An address that has answered is not asked again.
  assertEquals(followed.asked.map(({ to }) => to), ["known", "127.0.0.1:2000", "known", "known"]);
});

Deno.test("a newer datagram, or an answer, of the known address ends the attempt", () => {
  for (const how of ["newer", "answer", "answer brought by another"] as const) {
    const followed = new Followed();
    followed.seen(NEW);
    followed.answer(NEW, NEW);
    followed.pass(250);
    if (how === "newer") followed.relocation.stayed();
    else followed.answer("known", how === "answer" ? undefined : NEW);
    followed.pass(1000);
    assertEquals(followed.moved, [], how);
  }
});

Deno.test("an answer for the new address counts from there alone, and only in its time", () => {
  for (const from of [undefined, OTHER]) {
    const followed = new Followed();
    followed.seen(NEW);
    followed.answer(NEW, from);
    followed.pass(1000);
    followed.answer(NEW, NEW);
    followed.pass(1000);
    assertEquals(followed.moved, []);
  }
});

Deno.test("an old datagram from elsewhere asks nobody, and one address is asked at a time", () => {
  const followed = new Followed();
  followed.seen(OTHER, 100, false);
  assertEquals(followed.asked, []);
  followed.seen(NEW);
  followed.seen(OTHER);
  followed.pass(1000);
  assert(followed.asked.every(({ to }) => to !== formatAddress(OTHER)));
});

Deno.test("an address is sent at most three times what came from it", () => {
  const followed = new Followed();
  followed.seen(NEW, 23);
  followed.pass(1000);
  const toNew = () => followed.asked.filter(({ to }) => to === formatAddress(NEW)).length;
  // A question has 31 bytes.
  assertEquals(toNew(), 2);
  followed.seen(NEW, 10);
  followed.pass(150);
  assertEquals(toNew(), 2);
  followed.seen(NEW, 1, false);
  followed.pass(1000);
  assertEquals(toNew(), 3);
});

Deno.test("attempts are as many as allowed in a minute, and come back with time", () => {
  const followed = new Followed(3);
  for (let count = 0; count < 5; count++) {
    followed.seen(NEW);
    followed.pass(1000);
  }
  assertEquals(followed.refused, 2);
  followed.pass(20_000);
  followed.seen(NEW);
  assertEquals(followed.refused, 2);
});

Deno.test("the memory of a peer that moves counts for its new host from then on", () => {
  const shares = new HostShares(1, 1000);
  const [from, to] = [udpAddress(1, "192.0.2.1"), udpAddress(1, "192.0.2.2")];
  const rooms = shares.add(from);
  rooms.unread.take(300);
  shares.move(rooms, from, to);
  assertEquals([shares.hasRoom(from), shares.hasRoom(to)], [true, false]);
  assertEquals(shares.add(from).unread.bytes, 500);
  assertEquals(rooms.unread.bytes, 200);
  rooms.unread.take(-300);
  assertEquals(rooms.unread.bytes, 500);
});
