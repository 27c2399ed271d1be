/** A chat whose server dies: nothing is lost, nothing is there twice, and the order is kept. */

import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { parseEndpoint } from "../../core/addresses/endpoint.ts";
import { UsageError } from "../../core/usage_error.ts";
import {
  type ChatLinkEvent,
  joinChat,
  type JoinChatOptions,
  type JoinedChat,
  roomOf,
} from "../../dock/join_chat.ts";
import { clientSchemes } from "../../dock/schemes.ts";
import { serve } from "../../dock/serve.ts";
import { chat } from "../../protocols/chat.ts";
import { ChatError, ChatLostError } from "../../protocols/chat/client/chat_over.ts";
import { ScriptedChat } from "../protocols/chat/scripted_server.ts";
import { newSeed, seeded } from "../seeded.ts";
import { temporaryFolder } from "../temporary_folder.ts";

const QUICK: JoinChatOptions = { reconnectFirstMs: 1, reconnectMaxMs: 20, pingAfterMs: Infinity };

async function next<Kind extends ChatLinkEvent["event"]>(
  link: JoinedChat,
  kind: Kind,
): Promise<ChatLinkEvent & { readonly event: Kind }> {
  const events = link[Symbol.asyncIterator]();
  for (;;) {
    const { done, value } = await events.next();
    if (done) throw new Error(`the chat ended without ${kind}`);
    if (value.event === kind) return value as ChatLinkEvent & { readonly event: Kind };
  }
}

/** Reads the texts of messages until there are so many. */
async function texts(link: JoinedChat, count: number): Promise<string[]> {
  const read: string[] = [];
  while (read.length < count) read.push((await next(link, "message")).message.text);
  return read;
}

for (const scheme of ["tcp", "ws", "udp"]) {
  Deno.test(`joinChat() on ${scheme} says all once and in order, whenever its server dies`, async () => {
    const seed = newSeed();
    const random = seeded(seed);
    // A datagram server that dies tells nobody; there it says nothing instead, and acks get lost.
    const room = new ScriptedChat(
      scheme === "udp"
        ? { answer: ({ type }) => type === "say" && random() < 0.2 ? null : undefined }
        : { dies: () => random() < 0.1 },
    );
    await using server = await serve(`${scheme}://127.0.0.1:0`, room.protocol);
    await using ada = await joinChat(server.url, {
      ...QUICK,
      name: "ada",
      random,
      resendAfterMs: 10,
    });
    const said = Array.from({ length: 60 }, (_, n) => `ada ${n}`);
    const acks = said.map((text) => ada.say(text));
    // Another member speaks all the while.
    for (let n = 0; n < 40; n++) {
      await room.said("bob", `bob ${n}`);
      if (n % 4 === 0) await acks[n];
    }
    const ids = (await Promise.all(acks)).map(({ id }) => id);
    assertEquals(room.log.filter(({ name }) => name !== "bob").map(({ text }) => text), said);
    assertEquals(room.log.filter(({ name }) => name !== "bob").map(({ id }) => id), ids);
    const heard = await texts(ada, room.log.length);
    assertEquals(heard, room.log.map(({ text }) => text));
    assertEquals(ada.unsaid, 0);
  });
}

Deno.test("joinChat() comes back to a server that was gone for a while, and hears what it missed", async () => {
  const room = new ScriptedChat();
  let server = await serve("tcp://127.0.0.1:0", room.protocol);
  const { url } = server;
  await using ada = await joinChat(`${url}/harbour`, { ...QUICK, name: "ada" });
  assertEquals([ada.room, (await next(ada, "connected")).again], ["harbour", false]);
  await ada.say("one");
  await server[Symbol.asyncDispose]();
  assertEquals((await next(ada, "message")).message.text, "one");
  assertEquals((await next(ada, "lost")).reason, "the server ended the session");
  const waiting = ada.say("two");
  assertEquals(ada.unsaid, 1);
  const { attempt } = await next(ada, "reconnecting");
  assertEquals(attempt, 1);
  // It is refused at least once.
  while ((await next(ada, "reconnecting")).attempt < 3);
  await assertRejects(() => ada.who(), ChatLostError, "there is no connection just now");
  // More than a newcomer is shown.
  const missed = Array.from({ length: 30 }, (_, n) => `missed ${n}`);
  for (const text of missed) await room.said("bob", text, "harbour");
  server = await serve(url, room.protocol);
  await using _stopping = server;
  assertEquals((await next(ada, "connected")).again, true);
  assertEquals((await waiting).duplicate, false);
  assertEquals(await texts(ada, 31), [...missed, "two"]);
  await ada.close();
});

Deno.test("joinChat() waits longer for every attempt, never longer than told, and shortens by chance", async () => {
  const room = new ScriptedChat();
  const server = await serve("tcp://127.0.0.1:0", room.protocol);
  await using ada = await joinChat(server.url, {
    ...QUICK,
    reconnectFirstMs: 4,
    reconnectAttempts: 5,
    random: () => 0.5,
  });
  await server[Symbol.asyncDispose]();
  const waits: number[] = [];
  for await (const event of ada) {
    if (event.event === "reconnecting") waits.push(event.waitMs);
    if (event.event === "closed") assert(event.reason.includes("refused"), event.reason);
  }
  assertEquals(waits, [3, 6, 12, 15, 15]);
  await assertRejects(() => ada.say("too late"), ChatLostError);
});

Deno.test("joinChat() without history shows none, and still misses nothing afterwards", async () => {
  const room = new ScriptedChat();
  await room.said("bob", "long ago");
  await using server = await serve("tcp://127.0.0.1:0", room.protocol);
  // The clocks of a test have milliseconds alone.
  while (Date.now() <= Date.parse(room.log[0]!.time));
  await using ada = await joinChat(server.url, { ...QUICK, last: 0 });
  await ada.say("one");
  room.drop();
  await room.said("bob", "two");
  assertEquals(await texts(ada, 2), ["one", "two"]);
  await ada.close();
});

Deno.test("joinChat() shows a message once that comes again with its place in the room", async () => {
  const room = new ScriptedChat();
  await using server = await serve("tcp://127.0.0.1:0", room.protocol);
  await using ada = await joinChat(server.url, QUICK);
  // As a node of a cluster does that had lost the others.
  const time = new Date().toISOString();
  const local = {
    type: "message",
    id: "m",
    room: "lobby",
    name: "bob",
    kind: "say",
    text: "1",
    time,
  };
  await room.tell(local);
  await room.tell({ ...local, seq: 900 });
  await room.tell({ ...local, id: "n", seq: 901, text: "2" });
  assertEquals(await texts(ada, 2), ["1", "2"]);
  room.drop();
  await next(ada, "connected");
  assertEquals(room.requests.at(-1)?.after, 901);
  await ada.close();
});

Deno.test("joinChat() takes another name where it may, and the wanted one once that is free", async () => {
  const room = new ScriptedChat();
  await using server = await serve("tcp://127.0.0.1:0", room.protocol);
  const first = await joinChat(server.url, { ...QUICK, name: "ada" });
  const refusal = await assertRejects(() => joinChat(server.url, { name: "ada" }), ChatError);
  assertEquals(refusal.code, "name-taken");
  await using second = await joinChat(server.url, { ...QUICK, name: "ada", otherName: true });
  assertEquals(second.name, "ada-2");
  await first.close();
  assertEquals((await next(second, "named")).name, "ada");
  assertEquals(second.name, "ada");
  await second.close();
});

Deno.test("joinChat() does not come back when it was told to go", async () => {
  const room = new ScriptedChat();
  await using server = await serve("tcp://127.0.0.1:0", room.protocol);
  await using ada = await joinChat(server.url, { ...QUICK, name: "ada" });
  await using bob = await joinChat(server.url, { ...QUICK, name: "bob" });
  await bob.kick("ada");
  assertEquals((await next(ada, "closed")).reason, "kicked by bob");
  await assertRejects(() => ada.say("but"), ChatLostError);
});

for (const scheme of ["tcp", "udp", "ws"]) {
  for (const verb of ["kick", "ban"] as const) {
    Deno.test(`joinChat() does not come back to a server that said ${verb}, on ${scheme}`, async () => {
      const typed = Promise.withResolvers<string>();
      await using server = await serve(`${scheme}://127.0.0.1:0`, chat, {
        lines: (async function* () {
          yield await typed.promise;
          // The operator at the terminal stays.
          await new Promise(() => {});
        })(),
      });
      await using ada = await joinChat(server.url, { ...QUICK, name: "ada" });
      await next(ada, "connected");
      typed.resolve(`/${verb} ada be nice`);
      const { reason, code } = await next(ada, "closed");
      assertMatch(reason, /operator: be nice$/);
      assertEquals(code, verb === "ban" ? "banned" : undefined);
    });
  }
}

Deno.test("joinChat() runs on tls and unix with the options of connect", async () => {
  await using folder = await temporaryFolder();
  const room = new ScriptedChat();
  await using tls = await serve("tls://127.0.0.1:0", room.protocol, {
    dataFolder: `${folder.path}/data`,
  });
  await using unix = await serve(`unix://${folder.path}/chat`, room.protocol);
  await using ada = await joinChat(`${tls.url}/harbour`, {
    ...QUICK,
    tlsFingerprint: tls.certificate!.fingerprint,
  });
  await using bob = await joinChat(unix.url, { ...QUICK, room: "harbour" });
  await ada.say("ahoy");
  assertEquals(await texts(bob, 1), ["ahoy"]);
  await assertRejects(() => joinChat(tls.url, QUICK), Error, "Cannot connect to tls://");
  await assertRejects(
    () => joinChat(unix.url, { ...QUICK, insecure: true }),
    UsageError,
    "--insecure has no effect on unix",
  );
  await ada.close();
  await bob.close();
});

Deno.test("joinChat() gives up on a ban when it comes back", async () => {
  let banned = false;
  const error = { type: "error", code: "banned", text: "you are banned", ref: "REF" };
  const room = new ScriptedChat({ answer: () => banned ? [error] : undefined });
  await using server = await serve("tcp://127.0.0.1:0", room.protocol);
  await using ada = await joinChat(server.url, QUICK);
  banned = true;
  room.drop();
  const { reason, code } = await next(ada, "closed");
  assertEquals({ reason, code }, { reason: "you are banned", code: "banned" });
});

Deno.test("joinChat() is patient with a server that says too fast, and goes on in order", async () => {
  let refusals = 1;
  const error = { type: "error", code: "too-fast", text: "slower", ref: "REF" };
  const room = new ScriptedChat({
    answer: ({ type }) => type === "say" && refusals-- > 0 ? [error] : undefined,
  });
  await using server = await serve("tcp://127.0.0.1:0", room.protocol);
  await using ada = await joinChat(server.url, QUICK);
  await Promise.all([ada.say("one"), ada.say("two")]);
  assertEquals(room.log.map(({ text }) => text), ["one", "two"]);
  const refused = await assertRejects(() => ada.say("forbidden"), ChatError);
  assertEquals(refused.code, "text-refused");
  await ada.close();
});

Deno.test("joinChat() bounds what waits, and how long", async () => {
  const room = new ScriptedChat({ answer: ({ type }) => type === "say" ? null : undefined });
  await using server = await serve("tcp://127.0.0.1:0", room.protocol);
  await using ada = await joinChat(server.url, { ...QUICK, maxUnsaid: 2, ackTimeoutMs: 50 });
  const waiting = [ada.say("one"), ada.say("two")];
  await assertRejects(() => ada.say("three"), ChatLostError, "2 messages wait to be said");
  for (const one of waiting) {
    await assertRejects(() => one, ChatLostError, "no acknowledgement within 50 ms");
  }
  assertEquals(ada.unsaid, 0);
  await ada.close();
});

Deno.test("joinChat() goes to another room once what waits has been said, and comes back to that one", async () => {
  const room = new ScriptedChat();
  await room.said("bob", "in the harbour", "harbour");
  await using server = await serve("tcp://127.0.0.1:0", room.protocol);
  await using ada = await joinChat(server.url, QUICK);
  await Promise.all([ada.say("here"), ada.join("harbour"), ada.say("there")]);
  assertEquals(room.log.map(({ room, text }) => `${room} ${text}`), [
    "harbour in the harbour",
    "lobby here",
    "harbour there",
  ]);
  assertEquals(await texts(ada, 3), ["here", "in the harbour", "there"]);
  room.drop();
  assertEquals((await next(ada, "connected")).room, "harbour");
  await ada.close();
});

Deno.test("the room stands in the URL where sockets have no path of their own", async () => {
  const room = (url: string) => roomOf(parseEndpoint(url, clientSchemes));
  assertEquals(room("tcp://host:1/harbour"), "harbour");
  assertEquals(room("udp+sealed://[::1]:1/caf%C3%A9"), "caf\u00e9");
  assertEquals(room("tls://host:1"), undefined);
  assertEquals(room("tls://host:1/"), undefined);
  assertEquals(room("ws://host:1/chat"), undefined);
  assertEquals(room("unix:///run/chat"), undefined);
  assertEquals(room("tcp://host:1/a/b?c"), "a/b");
  await assertRejects(
    () => joinChat("tcp://127.0.0.1:1/harbour", { room: "lobby" }),
    UsageError,
    "names the room harbour and --room lobby; give one",
  );
  await assertRejects(() => joinChat("tcp://127.0.0.1:1/%"), UsageError, "broken percent escape");
});
