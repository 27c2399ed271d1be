/** The dialling half of the chat, over every kind of transport, against servers that keep to the
 * protocol and servers that do not. */

import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { textOf } from "../../../../core/session.ts";
import { connect } from "../../../../dock/connect.ts";
import { serve } from "../../../../dock/serve.ts";
import {
  type ChatClient,
  ChatError,
  type ChatEvent,
  ChatLostError,
  chatOver,
  type ChatOverOptions,
  NoChatError,
} from "../../../../protocols/chat/client/chat_over.ts";
import { chat } from "../../../../protocols/chat.ts";
import { echo } from "../../../../protocols/echo.ts";
import { parseServerMessage } from "../../../../protocols/chat/client/server_message.ts";
import { newSeed, seeded } from "../../../seeded.ts";
import { ScriptedChat } from "../scripted_server.ts";

async function enter(url: string, options: ChatOverOptions = {}): Promise<ChatClient> {
  return await chatOver(await connect(url), { pingAfterMs: Infinity, ...options });
}

/** The next event of a kind; others are passed by. */
async function next<Kind extends ChatEvent["event"]>(
  client: ChatClient,
  kind: Kind,
): Promise<ChatEvent & { readonly event: Kind }> {
  const events = client[Symbol.asyncIterator]();
  for (;;) {
    const { done, value } = await events.next();
    if (done) throw new Error(`the session ended without ${kind}`);
    if (value.event === kind) return value as ChatEvent & { readonly event: Kind };
  }
}

for (const scheme of ["tcp", "udp", "ws"]) {
  Deno.test(`chatOver() on ${scheme} enters, talks, and hears others and itself`, async () => {
    const room = new ScriptedChat({ verified: ["ada"] });
    await room.said("bob", "before you came");
    await using server = await serve(`${scheme}://127.0.0.1:0`, room.protocol);
    using ada = await enter(server.url, { name: "ada", last: 5 });
    assertEquals([ada.name, ada.standing, ada.room, ada.members], ["ada", "verified", "lobby", 1]);
    assertEquals(ada.limits, { history: 500 });
    assertEquals((await next(ada, "message")).message.text, "before you came");
    using bob = await enter(server.url, { name: "bob" });
    assertEquals((await next(ada, "came")).name, "bob");
    const ack = await ada.say("ahoy", { kind: "me" });
    assertEquals([ack.scope, ack.duplicate, ack.seq], ["stored", false, 4]);
    for (const client of [ada, bob]) {
      const { message } = await next(client, "message");
      assertEquals([message.id, message.kind, message.text], [ack.id, "me", "ahoy"]);
      assertEquals([message.name, message.standing], ["ada", "verified"]);
      assert(message.sentAtMs !== undefined && message.timeMs >= message.sentAtMs);
    }
    assertEquals(await bob.say("again", { id: ack.id! }), { ...ack, duplicate: true });
    await bob.whisper("ada", "psst");
    assertEquals((await next(ada, "private")).whisper.text, "psst");
    assertEquals((await bob.who()).map(({ name }) => name), ["ada", "bob"]);
    assertEquals((await bob.history(1)).map(({ text }) => text), ["ahoy"]);
    assertEquals((await bob.search("before", 9)).map(({ text }) => text), ["before you came"]);
    await bob.setName("rob");
    assertEquals([bob.name, (await next(ada, "renamed")).to], ["rob", "rob"]);
    await bob.join("harbour", { last: 0 });
    assertEquals(bob.room, "harbour");
    assertEquals(await bob.rooms(), [{ room: "lobby", members: 1 }, {
      room: "harbour",
      members: 1,
    }]);
    const error = await assertRejects(() => bob.kick("nobody"), ChatError);
    assertEquals(error.code, "not-an-operator");
    await bob.kick("ada", "because");
    if (scheme !== "udp") assertEquals(await ada.ended, "the server ended the session");
    await bob.close();
    assertEquals(await bob.ended, "we left");
    await assertRejects(() => bob.say("too late"), ChatLostError, "we left");
  });
}

Deno.test("chatOver() rejects with the code of the refusal", async () => {
  const room = new ScriptedChat();
  await using server = await serve("tcp://127.0.0.1:0", room.protocol);
  using _ada = await enter(server.url, { name: "ada" });
  const error = await assertRejects(() => enter(server.url, { name: "ada" }), ChatError);
  assertEquals([error.code, error.message], ["name-taken", "the name ada is taken in lobby"]);
});

Deno.test("on bare datagrams a lost hello, say or ack is made up for by the same once more", async () => {
  let heard = 0;
  const room = new ScriptedChat({ answer: () => heard++ % 2 === 0 ? null : undefined });
  await using server = await serve("udp://127.0.0.1:0", room.protocol);
  using client = await enter(server.url, { name: "ada", resendAfterMs: 2000 });
  const ack = await client.say("once");
  assertEquals(room.requests.map(({ type }) => type), ["hello", "hello", "say", "say"]);
  assertEquals(room.requests.slice(2).map(({ id }) => id), [ack.id, ack.id]);
  assertEquals(room.log.map(({ text }) => text), ["once"]);
});

Deno.test("on bare datagrams a say without any ack rejects, and a private message is sent once", async () => {
  const room = new ScriptedChat({
    answer: ({ type }) => type === "say" || type === "msg" ? null : undefined,
  });
  await using server = await serve("udp://127.0.0.1:0", room.protocol);
  using client = await enter(server.url, { resendAfterMs: 10, resends: 3, answerTimeoutMs: 3000 });
  await assertRejects(() => client.say("lost"), ChatLostError, "no answer within 3000 ms");
  assertEquals(room.requests.filter(({ type }) => type === "say").length, 4);
  await assertRejects(() => client.whisper("bob", "lost"), ChatLostError);
  assertEquals(room.requests.filter(({ type }) => type === "msg").length, 1);
});

Deno.test("a datagram server that began anew is noticed by its second welcome", async () => {
  const room = new ScriptedChat();
  await using server = await serve("udp://127.0.0.1:0", room.protocol);
  using client = await enter(server.url, { name: "ada" });
  await room.tell({ ...WELCOME, ref: 7 });
  assertEquals(await client.ended, "the server began anew");
  // It does not leave a ghost behind that keeps its name.
  while (room.requests.at(-1)?.["type"] !== "quit") {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
});

Deno.test("on bare datagrams a silent client says again who it is, and what it has", async () => {
  const room = new ScriptedChat();
  await using server = await serve("udp://127.0.0.1:0", room.protocol);
  using client = await enter(server.url, { name: "ada", pingAfterMs: 10 });
  const { seq } = await client.say("one");
  while (room.requests.filter(({ type }) => type === "hello").length < 3) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const { name, room: its, after } = room.requests.findLast(({ type }) => type === "hello")!;
  assertEquals({ name, its, after }, { name: "ada", its: "lobby", after: seq });
  // One that has forgotten us and will not have us back is left.
  room.script = {
    answer: ({ type }) =>
      type === "hello" ? [{ type: "error", code: "name-taken", text: "", ref: "REF" }] : undefined,
  };
  assertEquals(await client.ended, "the server does not answer");
});

Deno.test("a server that does not answer a ping is left", async () => {
  const room = new ScriptedChat({ answer: ({ type }) => type === "ping" ? null : undefined });
  await using server = await serve("tcp://127.0.0.1:0", room.protocol);
  using client = await enter(server.url, { pingAfterMs: 10, answerTimeoutMs: 3000 });
  assertEquals(await client.ended, "the server does not answer");
});

for (const scheme of ["tcp", "udp", "ws"]) {
  Deno.test(`on ${scheme} a peer that is no chat is told by its first answer`, async () => {
    const talkative = new ScriptedChat({ answer: () => ["HTTP/1.1 400 Bad Request"] });
    await using server = await serve(`${scheme}://127.0.0.1:0`, talkative.protocol);
    await assertRejects(
      () => enter(server.url),
      NoChatError,
      "what answers is no chat of sockdock",
    );
    await using echoing = await serve(`${scheme}://127.0.0.1:0`, echo);
    await assertRejects(() => enter(echoing.url), NoChatError);
  });
}

for (const scheme of ["tcp", "udp"]) {
  Deno.test(`on ${scheme} others in a chat without names are asked nothing twice`, async () => {
    await using server = await serve(`${scheme}://127.0.0.1:0`, chat, { bare: true });
    using bob = await connect(server.url);
    const heard = bob[Symbol.asyncIterator]();
    await bob.send("first");
    const entering = enter(server.url, { resendAfterMs: 60_000 });
    assertMatch(textOf((await heard.next()).value!), /^\{"type":"hello"/);
    // Without an end of line, as the guides send it.
    await bob.send("who is that?");
    await assertRejects(() => entering, NoChatError);
    using carol = await connect(server.url);
    await carol.send("over");
    assertEquals(textOf((await heard.next()).value!), "over");
  });
}

Deno.test("a hello that nothing answers is repeated ever more seldom", async () => {
  let asked = 0;
  const silent = new ScriptedChat({ answer: () => (asked++, null) });
  await using server = await serve("udp://127.0.0.1:0", silent.protocol);
  const options = { resendAfterMs: 200, answerTimeoutMs: 2900 };
  await assertRejects(() => enter(server.url, options), ChatLostError, "no answer within");
  // At first, and after 200, 600 and 1400 ms; a busy machine asks later, and so less often.
  assert(asked > 1 && asked <= 4, `asked ${asked} times`);
});

const WELCOME = {
  type: "welcome",
  version: 1,
  name: "ada",
  standing: "plain",
  room: "lobby",
  members: 1,
  time: new Date().toISOString(),
  limits: {},
};

Deno.test("garbage and wrong types are dropped and counted, and what comes between them is heard", async () => {
  const room = new ScriptedChat();
  await using server = await serve("tcp://127.0.0.1:0", room.protocol);
  using client = await enter(server.url, { name: "ada" });
  const hostile = [
    "\x1b[2J",
    "[]",
    "null",
    "{}",
    '{"type":"message"}',
    '{"type":"message","id":7,"room":"lobby","name":"x","text":"x","time":"now"}',
    '{"type":"who","room":"lobby","members":{"length":9}}',
    '{"type":"rooms","rooms":[null]}',
    '{"type":"missed","count":-1}',
    '{"type":"constructor"}',
    '{"type":"error","code":"","text":""}',
    `{"type":"came","room":"lobby","name":"${"x".repeat(300)}"}`,
    "{".repeat(100_000),
  ];
  for (const line of hostile) await room.raw(line);
  // What nobody asked for resolves nothing.
  await room.tell({ type: "ack", id: "x", scope: "stored", ref: 99 });
  await room.tell({ type: "who", room: "lobby", members: [], ref: "__proto__" });
  await room.said("bob", "still here");
  assertEquals((await next(client, "message")).message.text, "still here");
  assertEquals(client.malformed, hostile.length);
});

Deno.test("a line without an end is no more than the limit, and ends the session", async () => {
  const room = new ScriptedChat();
  await using server = await serve("tcp://127.0.0.1:0", room.protocol);
  const session = await connect(server.url, { maxMessageBytes: 10_000 });
  using client = await chatOver(session, { name: "ada" });
  await room.raw("x".repeat(20_000));
  assertEquals(await client.ended, "the server sent a line of more than 10000 bytes");
});

Deno.test("who does not read its events loses the oldest, and is told how many", async () => {
  const room = new ScriptedChat();
  await using server = await serve("tcp://127.0.0.1:0", room.protocol);
  using client = await enter(server.url, { maxEvents: 10 });
  for (let n = 0; n < 55; n++) await room.said("bob", `${n}`);
  // All came before the answer to this.
  await client.who();
  const { count } = await next(client, "missed");
  assertEquals((await next(client, "message")).message.text, `${count}`);
  assert(count >= 35 && count <= 45, `${count}`);
});

Deno.test("parseServerMessage() never throws, whatever a server sends", () => {
  const random = seeded(newSeed());
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!;
  const values = [null, 1, -1, 1.5, 1e300, "", "x", [], {}, [[]], [{}], true, "2026-01-01", "\0"];
  const keys = ["id", "room", "seq", "name", "to", "text", "time", "members", "rooms", "messages"];
  const types = ["welcome", "message", "ack", "joined", "private", "who", "history", "rooms", "x"];
  for (let round = 0; round < 5000; round++) {
    const fields = Object.fromEntries(keys.map((key) => [key, pick<unknown>(values)]));
    const text = JSON.stringify({ type: pick(types), scope: pick(values), ...fields });
    parseServerMessage(text);
    parseServerMessage(text.slice(0, Math.floor(random() * text.length)));
  }
});
