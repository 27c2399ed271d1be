import { assertEquals } from "@std/assert";
import { Inbox } from "../../../core/datagrams/inbox.ts";

/** Everything that can be read without waiting. */
async function drained(inbox: Inbox): Promise<unknown[]> {
  inbox.end();
  const read: unknown[] = [];
  for (let one = await inbox.next(); !one.done; one = await inbox.next()) read.push(one.value);
  return read;
}

Deno.test("an inbox hands messages out in the order in which they came", async () => {
  const inbox = new Inbox(10, { bytes: 100 });
  for (const message of ["a", "b", "c"]) assertEquals(inbox.push(message), true);
  assertEquals(await drained(inbox), ["a", "b", "c"]);
});

Deno.test("an inbox takes no more messages than it has room for", async () => {
  const inbox = new Inbox(2, { bytes: 100 });
  assertEquals(["a", "b", "c"].map((message) => inbox.push(message)), [true, true, false]);
  assertEquals(await drained(inbox), ["a", "b"]);
});

Deno.test("inboxes that share their room take no more bytes than there are together", async () => {
  const room = { bytes: 10 };
  const [one, other] = [new Inbox(100, room), new Inbox(100, room)];
  assertEquals(one.push("123456"), true);
  assertEquals(other.push("12345"), false);
  assertEquals(other.push("1234"), true);
  assertEquals(room.bytes, 0);
  assertEquals(other.push(""), true, "nothing needs no room");
  await one.next();
  assertEquals(room.bytes, 6);
  assertEquals(other.push("12345"), true);
});

Deno.test("an inbox counts text by its bytes", () => {
  const room = { bytes: 3 };
  assertEquals(new Inbox(10, room).push("éé"), false);
  assertEquals(new Inbox(10, room).push("é"), true);
  assertEquals(room.bytes, 1);
});

Deno.test("a message that is waited for goes straight to its reader", async () => {
  const room = { bytes: 0 };
  const inbox = new Inbox(1, room);
  const waiting = inbox.next();
  assertEquals(inbox.push("no room is needed"), true);
  assertEquals(inbox.push("but for the next it is"), false);
  assertEquals(await waiting, { done: false, value: "no room is needed" });
});

Deno.test("an inbox that ends wakes its reader and takes nothing more", async () => {
  const inbox = new Inbox(10, { bytes: 100 });
  const waiting = inbox.next();
  inbox.end();
  assertEquals(await waiting, { done: true, value: undefined });
  assertEquals(inbox.push("late"), false);
  assertEquals(await inbox.next(), { done: true, value: undefined });
});

Deno.test("what an inbox held when it ended can still be read", async () => {
  const inbox = new Inbox(10, { bytes: 100 });
  inbox.push("kept");
  inbox.end();
  assertEquals(await inbox.next(), { done: false, value: "kept" });
  assertEquals((await inbox.next()).done, true);
});

Deno.test("clear() returns what is unread and gives its room back", async () => {
  const room = { bytes: 100 };
  const inbox = new Inbox(10, room);
  for (const message of ["a", "bb", "ccc"]) inbox.push(message);
  await inbox.next();
  assertEquals(inbox.clear(), ["bb", "ccc"]);
  assertEquals(room.bytes, 100);
  assertEquals(await drained(inbox), []);
});
