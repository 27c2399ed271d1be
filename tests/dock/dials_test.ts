/** Talking to servers of this process over the control. */

import { assert, assertEquals } from "@std/assert";
import {
  acknowledge,
  chargen,
  discard,
  echo,
  hello,
  openControl,
  serve,
  statelessProtocol,
} from "../../mod.ts";
import { createAuthority, issueCertificate } from "../../mod/cert.ts";
import { chat, joinChat } from "../../mod/chat.ts";
import { makeKey } from "../../core/keys/make.ts";
import { temporaryFolder } from "../temporary_folder.ts";
import { ask, listen } from "./ask_control.ts";
import { everyServer } from "./every_server.ts";

/** Takes a message, says nothing and goes. */
const LEAVING = statelessProtocol({
  ...{ name: "leaving", summary: "Leaves", framing: "none", datagramReply: "none" },
  async serve(session) {
    for await (const _message of session) return;
  },
});

Deno.test("a question is answered over every transport, with the keys of the server", async () => {
  await using folder = await temporaryFolder();
  await using stack = new AsyncDisposableStack();
  const docks = await everyServer(folder.path);
  docks.forEach((dock) => stack.use(dock));
  await using control = await openControl(docks);
  for (const [at, { url }] of docks.entries()) {
    const { status, body } = await ask(control, "POST", `/api/servers/${at + 1}/ask`, {
      base64: "aGVsbG8A/w==",
      timeoutMs: 60_000,
    });
    assertEquals([status, body.outcome, body.base64], [200, "answered", "aGVsbG8A/w=="], url);
    assert(body.durationMs > 0 && body.connectMs >= 0, url);
  }
  const texts = await ask(control, "POST", "/api/servers/1/ask", { text: "\u6e2f" });
  assertEquals(texts.body.text, "\u6e2f");
});

Deno.test("a question says what is missing, that nothing came, and that the server has ended", async () => {
  const client = makeKey("ed25519", { name: "ada" });
  await using silent = await serve("tcp://127.0.0.1:0", discard);
  await using page = await serve("http://127.0.0.1:0", hello);
  await using signed = await serve("udp+signed://127.0.0.1:0", echo, {
    ...{ signedKey: makeKey("ed25519").text, signedSenders: `${client.publicLine}\n` },
  });
  await using leaving = await serve("tls://127.0.0.1:0", LEAVING);
  await using control = await openControl([silent, page, signed, leaving]);
  const asked = (server: number, body: unknown) =>
    ask(control, "POST", `/api/servers/${server}/ask`, body);
  const late = await asked(1, { text: "x", timeoutMs: 1 });
  assertEquals([late.status, late.body.outcome, "text" in late.body], [200, "late", false]);
  const ended = await asked(4, { text: "x" });
  assertEquals([ended.status, ended.body.outcome, "text" in ended.body], [200, "ended", false]);
  const http = await asked(2, { text: "x" });
  assertEquals(http.status, 422);
  assert(http.body.detail.includes("answers HTTP requests"), http.body.detail);
  const keyless = await asked(3, { text: "x" });
  assertEquals(keyless.status, 422);
  assert(keyless.body.detail.includes("give signed-key"), keyless.body.detail);
  const keyed = await asked(3, { text: "x", options: { "signed-key": client.text } });
  assertEquals(keyed.body.text, "x", JSON.stringify(keyed.body));
  assertEquals((await asked(9, { text: "x" })).status, 404);
  for (
    const [body, detail] of [
      [{}, "either text or base64"],
      [{ text: "x", options: { "sealed-key": "x" } }, "unknown option sealed-key"],
      [{ text: "x", options: { "tls-ca": "/etc/passwd" } }, "was given no folder"],
      [{ text: "x", timeoutMs: 0 }, "body.timeoutMs: expected a number from 1"],
    ] as const
  ) {
    const wrong = await asked(4, body);
    assertEquals(wrong.status, 422);
    assert(wrong.body.detail.includes(detail), wrong.body.detail);
  }
});

Deno.test("sessions stay open over every transport, and several at once are heard in one stream", async () => {
  await using folder = await temporaryFolder();
  await using stack = new AsyncDisposableStack();
  const docks = await everyServer(folder.path);
  docks.forEach((dock) => stack.use(dock));
  await using control = await openControl(docks);
  await using events = await listen(control, "/api/messages?holder=page");
  const opened: number[] = [];
  for (const at of docks.keys()) {
    const { status, body } = await ask(control, "POST", "/api/dials", {
      ...{ server: at + 1, holder: "page" },
    });
    assertEquals([status, body.isOpen, body.reason, body.kind], [201, true, null, "session"]);
    opened.push(body.id);
  }
  for (const text of ["one", "two"]) {
    for (const id of opened) {
      const sent = await ask(control, "POST", `/api/dials/${id}/send`, { text });
      assertEquals(sent.status, 204, JSON.stringify(sent.body));
      const heard = [await events.next(id), await events.next(id)];
      assertEquals(heard.map(({ event, text }) => [event, text]), [
        ["sent", text],
        ["received", text],
      ]);
      assert(heard[1]!.atMs >= heard[0]!.atMs);
    }
  }
  assertEquals((await ask(control, "GET", "/api/stats")).body.dials.open, docks.length);
  for (const id of opened) {
    assertEquals((await ask(control, "DELETE", `/api/dials/${id}`)).status, 204);
    const { event, reason } = await events.next(id);
    assertEquals([event, reason], ["closed", "closed over the control"]);
  }
  assertEquals((await ask(control, "GET", "/api/dials")).body.dials, []);
  const { open, opened: all } = (await ask(control, "GET", "/api/stats")).body.dials;
  assertEquals([open, all], [0, docks.length]);
});

Deno.test("our half of a stream is ended, and what the server still sends is heard", async () => {
  await using server = await serve("tcp://127.0.0.1:0", acknowledge);
  await using control = await openControl([server]);
  const { id } = (await ask(control, "POST", "/api/dials", { server: 1 })).body;
  await using events = await listen(control, `/api/dials/${id}/messages`);
  await ask(control, "POST", `/api/dials/${id}/send`, { text: "a" });
  assertEquals((await ask(control, "POST", `/api/dials/${id}/end`)).status, 204);
  const heard = [await events.next(id), await events.next(id), await events.next(id)];
  assertEquals(heard.map(({ event, text, reason }) => [event, text ?? reason]), [
    ["sent", "a"],
    ["received", "Message received: a. Thank you."],
    ["closed", "the server ended the session"],
  ]);
  // It is listed until it is forgotten, and takes nothing any more.
  const [dial] = (await ask(control, "GET", "/api/dials")).body.dials;
  assertEquals([dial.isOpen, dial.reason], [false, "the server ended the session"]);
  assertEquals((await ask(control, "POST", `/api/dials/${id}/send`, { text: "b" })).status, 409);
});

Deno.test("a server that stops closes what was opened to it, and a number is dialled once it is there", async () => {
  await using server = await serve("udp://127.0.0.1:0", echo);
  await using other = await serve("tcp://127.0.0.1:0", echo);
  await using control = await openControl([server, other]);
  const { id } = (await ask(control, "POST", "/api/dials", { server: 1 })).body;
  await using events = await listen(control, `/api/dials/${id}/messages`);
  await server.shutdown({ graceMs: 0 });
  const { event, reason } = await events.next(id);
  assertEquals([event, reason], ["closed", "the server has stopped"]);
  const gone = await ask(control, "POST", "/api/dials", { server: 1 });
  assertEquals([gone.status, gone.body.detail], [
    404,
    "there is no server 1; GET /api/servers lists them",
  ]);
});

Deno.test("no more are open than may be, and those that nobody uses are closed", async () => {
  await using server = await serve("tcp://127.0.0.1:0", echo);
  await using control = await openControl([server], { maxDials: 2, dialIdleMs: 1000 });
  const open = () => ask(control, "POST", "/api/dials", { server: 1, holder: "page" });
  await open();
  await open();
  const third = await open();
  assertEquals([third.status, third.body.detail], [
    429,
    "2 sessions are open already; close one of them",
  ]);
  assertEquals((await ask(control, "POST", "/api/servers/1/ask", { text: "x" })).status, 429);
  while ((await ask(control, "GET", "/api/dials")).body.dials.length > 0);
  const { dials } = (await ask(control, "GET", "/api/stats")).body;
  assertEquals([dials.open, dials.refused, dials.idled], [0, 2, 2]);
  // What is listened to stays, however long that is.
  await using _events = await listen(control, "/api/messages?holder=page");
  await open();
  await ask(control, "GET", "/api/wait?event=stopped&timeout=3");
  assertEquals((await ask(control, "GET", "/api/dials")).body.dials.length, 1);
});

Deno.test("a server that never stops is read slowly, and the newest of it kept", async () => {
  await using server = await serve("tcp://127.0.0.1:0", chargen);
  await using control = await openControl([server], { dialBytes: 100_000 });
  const { id } = (await ask(control, "POST", "/api/dials", { server: 1 })).body;
  await using events = await listen(control, `/api/dials/${id}/messages`);
  await events.next(id);
  await ask(control, "GET", "/api/wait?event=stopped&timeout=2");
  const [session] = (await ask(control, "GET", "/api/sessions")).body.sessions;
  // What the system holds of it comes on top.
  assert(session.bytesSent < 32 * 1024 * 1024, String(session.bytesSent));
  assert((await ask(control, "GET", "/api/stats")).body.dials.forgotten > 0);
});

Deno.test("a member of a chat hears and says what those over other transports do", async () => {
  await using server = await serve(["tcp://127.0.0.1:0", "udp://127.0.0.1:0"], chat, {
    history: ":memory:",
  });
  await using control = await openControl([server]);
  await using bob = await joinChat(server.urls[1]!, { name: "bob" });
  await bob.say("earlier");
  await using events = await listen(control, "/api/messages?holder=page");
  const { status, body } = await ask(control, "POST", "/api/dials", {
    ...{ server: 1, holder: "page", chat: { name: "ada", last: 5 } },
  });
  assertEquals([status, body.kind], [201, "chat"]);
  const heard = async (kind: string) => {
    for (;;) {
      const { chat } = await events.next(body.id);
      if (chat.event === kind) return chat;
    }
  };
  const { name, room, members } = await heard("connected");
  assertEquals([name, room, members], ["ada", "lobby", 2]);
  assertEquals((await heard("message")).text, "earlier");
  await bob.say("ahoy Ada");
  const { text, mention, own } = await heard("message");
  assertEquals([text, mention, own], ["ahoy Ada", true, false]);
  const asked = (request: unknown) =>
    ask(control, "POST", `/api/dials/${body.id}/chat`, request).then(({ body }) => body);
  const said = await asked({ type: "say", text: "aye", id: "m-1" });
  assertEquals([said.id, said.scope, said.duplicate], ["m-1", "memory", false]);
  assertEquals((await asked({ type: "say", text: "aye", id: "m-1" })).duplicate, true);
  assertEquals((await heard("message")).own, true);
  const { members: there } = await asked({ type: "who" });
  assertEquals(there.map(({ name }: { name: string }) => name).sort(), ["ada", "bob"]);
  assertEquals((await asked({ type: "rooms" })).rooms, [{ room: "lobby", members: 2 }]);
  const { messages } = await asked({ type: "search", words: "ahoy" });
  assertEquals([messages[0].text, messages[0].mention], ["ahoy Ada", true]);
  assertEquals((await asked({ type: "history", count: 1 })).messages[0].text, "aye");
  await asked({ type: "msg", to: "bob", text: "psst" });
  await asked({ type: "name", name: "eve" });
  assertEquals((await heard("named")).name, "eve");
  assertEquals((await asked({ type: "say" })).detail, "body: text is missing, which say needs");
  assertEquals((await asked({ type: "kick", name: "bob" })).status, 409);
  const plain = (await ask(control, "POST", "/api/dials", { server: 1 })).body;
  const no = await ask(control, "POST", `/api/dials/${plain.id}/chat`, { type: "who" });
  assertEquals(no.status, 409);
  assertEquals(
    (await ask(control, "POST", `/api/dials/${body.id}/send`, { text: "" })).status,
    409,
  );
  // Somebody who comes back asks for what was said since.
  await bob.say("meanwhile");
  const again = await ask(control, "POST", "/api/dials", {
    ...{ server: 2, holder: "page", chat: { name: "ada", after: messages[0].seq } },
  });
  const since: string[] = [];
  while (since.length < 2) {
    const { chat } = await events.next(again.body.id);
    if (chat.event === "message") since.push(chat.text);
  }
  assertEquals(since, ["aye", "meanwhile"]);
});

Deno.test("a dial to a server that wants a certificate of others says what is missing", async () => {
  const authority = await createAuthority();
  const { chain, key } = await issueCertificate(authority, { names: ["ada"], use: "client" });
  const own = await createAuthority();
  const wanted = { requireClientCert: true, tlsCa: [authority.cert] };
  const shown = await issueCertificate(own, { names: ["127.0.0.1"] });
  const tls = { tlsCert: shown.chain, tlsKey: shown.key };
  await using server = await serve("tls://127.0.0.1:0", echo, { ...wanted, ...tls });
  await using named = await serve("dtls://127.0.0.1:0", echo, {
    ...{ ...wanted, ...tls, allowIdentity: ["ada"] },
  });
  await using control = await openControl([server, named]);
  for (const [id, who] of [[1, "of an authority in its --tls-ca"], [2, "of ada"]] as const) {
    const { status, body } = await ask(control, "POST", `/api/servers/${id}/ask`, { text: "x" });
    assertEquals(status, 422);
    assert(body.detail.includes(`with a certificate ${who}: give tls-cert`), body.detail);
    const options = { "tls-cert": chain, "tls-key": key };
    const shown = await ask(control, "POST", `/api/servers/${id}/ask`, { text: "x", options });
    assertEquals(shown.body.text, "x", JSON.stringify(shown.body));
  }
});
