/** What plain clients type, and what they see. */

import { assertEquals, assertMatch } from "@std/assert";
import { assertSaid, ChatFixture } from "../chat_fixture.ts";

Deno.test("a plain client joins with its first line, and others see what it says", async () => {
  await using room = await ChatFixture.open();
  const alice = await room.client();
  await alice.send("hello");
  assertEquals(await alice.line(), "* you are guest-1, alone in lobby; /help says more");
  const bob = await room.plain("bob");
  assertEquals(await alice.line(), "* bob came");
  await bob.send("ahoy");
  const said = await alice.line();
  assertMatch(said!, /^\d\d:\d\d bob: ahoy$/);
  await alice.send("aye");
  assertSaid(await bob.line(), "guest-1: aye");
});

Deno.test("each command of a plain client does what the table says", async () => {
  await using room = await ChatFixture.open();
  const alice = await room.plain("alice");
  const bob = await room.plain("bob");
  assertEquals(await alice.line(), "* bob came");
  const told = async (line: string) => {
    await alice.send(line);
    return await alice.line();
  };

  assertEquals(await told("/who"), "* in lobby: alice, bob");
  assertEquals(await told("/WHO"), "* in lobby: alice, bob");
  assertEquals(await told("/rooms"), "* rooms: lobby (2)");

  await alice.send("/me waves");
  assertSaid(await bob.line(), "* alice waves");
  await alice.send("//etc is a folder");
  assertSaid(await bob.line(), "alice: /etc is a folder");
  await alice.send("/msg BOB psst");
  assertSaid(await bob.line(), "[alice] psst");

  assertEquals(await told("/name Ada"), "* you are Ada now");
  assertEquals(await bob.line(), "* alice is Ada now");

  await alice.send("/history 2");
  assertSaid(await alice.line(), "* alice waves");
  assertSaid(await alice.line(), "alice: /etc is a folder");
  await alice.send("/search FOLDER etc");
  assertSaid(await alice.line(), "alice: /etc is a folder");
  assertEquals(await told("/search nowhere"), "* nothing holds all these words");

  assertEquals(await told("/join #Harbour"), "* you are in harbour now, with 0 others");
  assertEquals(await bob.line(), "* Ada left (to harbour)");
  assertEquals(await told("/join harbour"), "* you are in harbour already");
  assertEquals(await told("/history"), "* nothing has been said in harbour");
  assertEquals(await told("/rooms"), "* rooms: harbour (1), lobby (1)");

  assertMatch(await told("/help") ?? "", /\/name NAME, \/join ROOM.*\/quit/);
  await alice.send("/quit");
  assertEquals(await alice.line(), undefined);
});

const REFUSED: readonly (readonly [line: string, answer: RegExp])[] = [
  ["/nonsense", /^\* there is no \/nonsense; \/help says what there is/],
  ["/ text", /^\* there is no \/;/],
  ["/me", /^\* it is written \/me TEXT$/],
  ["/name", /^\* it is written \/name NAME$/],
  ["/name server", /^\* this cannot be a name: server is reserved$/],
  ["/name bob", /^\* another member in lobby is called bob already$/],
  ["/name BOB", /^\* another member in lobby is called BOB already$/],
  ["/name ｂоｂ", /^\* another member in lobby is called bоb already$/],
  ["/join", /^\* it is written \/join ROOM$/],
  ["/join a b", /^\* this cannot be a room/],
  ["/msg", /^\* it is written \/msg NAME TEXT$/],
  ["/msg bob", /^\* it is written \/msg NAME TEXT$/],
  ["/msg nobody hi", /^\* nobody in lobby is called nobody$/],
  ["/history x", /^\* \/history \[N\]: N is a number from 1$/],
  ["/history 0", /^\* \/history \[N\]: N is a number from 1$/],
  ["/search", /^\* it is written \/search WORDS$/],
  ["/kick bob", /^\* only verified operators may do that$/],
  ["/ban bob", /^\* only verified operators may do that$/],
  ["x".repeat(4097), /^\* a text may be 4096 bytes long, no more$/],
];

Deno.test("what a plain client may not do is said to it alone", async () => {
  await using room = await ChatFixture.open();
  const alice = await room.plain("alice");
  const bob = await room.plain("bob");
  await alice.until(/bob came/);
  for (const [line, answer] of REFUSED) {
    await alice.send(line);
    assertMatch(await alice.line() ?? "", answer);
  }
  await alice.send("done");
  assertSaid(await bob.line(), "alice: done");
});

Deno.test("a first line that cannot be obeyed still joins", async () => {
  await using room = await ChatFixture.open();
  await room.plain("alice");
  const second = await room.client();
  await second.send("/name alice");
  assertMatch(await second.line() ?? "", /^\* you are guest-1, with 1 other in lobby/);
  assertEquals(await second.line(), "* another member in lobby is called alice already");
  const third = await room.client();
  await third.send("/join harbour");
  assertMatch(await third.line() ?? "", /^\* you are guest-2, alone in harbour/);
  const fourth = await room.client();
  await fourth.send("/quit");
  assertEquals(await fourth.line(), undefined);
});

Deno.test("an HTTP request on a stream ends the session and reaches nobody", async () => {
  await using room = await ChatFixture.open();
  const alice = await room.plain("alice");
  for (
    const line of ["GET / HTTP/1.1", "POST /x HTTP/1.1\r", "foo /x http/1.1", "PRI * HTTP/2.0"]
  ) {
    const browser = await room.client();
    await browser.send(line, "", "text of a page's choosing");
    assertEquals(await browser.line(), undefined);
  }
  await alice.send("/who");
  assertEquals(await alice.line(), "* in lobby: alice");
  const later = await room.plain("later");
  await later.send("GET / HTTP/1.1");
  await alice.until(/later: GET \/ HTTP\/1.1$/);
});

Deno.test("a client that says something and ends at once is heard", async () => {
  await using room = await ChatFixture.open();
  const alice = await room.plain("alice");
  const brief = await room.client();
  await brief.send("/name brief", "and gone");
  await brief.session.end();
  await alice.until(/brief: and gone$/);
  assertEquals(await alice.line(), "* brief left");
});

Deno.test("who comes and goes is told in small rooms only", async () => {
  await using room = await ChatFixture.open({ presenceMembers: 1 });
  const alice = await room.plain("alice");
  const bob = await room.plain("bob");
  assertEquals(await alice.line(), "* bob came");
  await room.plain("carol");
  await bob.send("hi");
  assertSaid(await alice.line(), "bob: hi");
});
