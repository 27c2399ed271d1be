/** The chat with a log that fails and with other nodes beside it. */

import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { speakFromTerminal } from "../../../../protocols/chat/service/terminal_member.ts";
import { TokenBucket } from "../../../../protocols/chat/admission/token_bucket.ts";
import { LocalMember } from "../../../../protocols/chat/hub/local_member.ts";
import { createMemoryLog } from "../../../../protocols/chat/history/memory_log.ts";

import { RefusedError } from "../../../../protocols/chat/refused_error.ts";
import { Harbour } from "../harbour.ts";
import { identity } from "../memory_chat.ts";

Deno.test("what cannot be stored is not said, and its sender hears why", async () => {
  await using harbour = new Harbour({}, () => ({
    append: () => Promise.reject(new Error("the disk is full")),
  }));
  const rich = await harbour.join({ type: "hello", version: 1 });
  const plain = await harbour.join("/name bob");
  await rich.until(/came/);
  await rich.send({ type: "say", text: "x", ref: 5 });
  assertEquals(JSON.parse(await rich.line() ?? ""), {
    type: "error",
    code: "not-stored",
    text: "this could not be stored: the disk is full",
    ref: 5,
  });
  await plain.send("x");
  assertEquals(await plain.line(), "* this could not be stored: the disk is full");
});

Deno.test("old messages that cannot be read end no session", async () => {
  const broken = () => Promise.reject(new Error("the disk is damaged"));
  await using harbour = new Harbour({}, () => ({ last: broken, after: broken, search: broken }));
  const rich = await harbour.join({ type: "hello", version: 1, after: 1 });
  const plain = await harbour.join("/name bob");
  const code = async () => JSON.parse(await rich.until(/"error"/));
  const text = "this could not be read: the disk is damaged";
  assertEquals(await code(), { type: "error", code: "not-readable", text });
  for (const request of [{ type: "history" }, { type: "search", words: "x" }]) {
    await rich.send({ ...request, ref: 1 });
    assertEquals(await code(), { type: "error", code: "not-readable", text, ref: 1 });
  }
  for (const line of ["/history", "/search x"]) {
    await plain.send(line);
    assertEquals(await plain.line(), `* ${text}`);
  }
  await plain.send("still here");
  assertEquals(JSON.parse(await rich.until(/"message"/)).text, "still here");
});

Deno.test("an ack waits until the message is stored, and others are not held up", async () => {
  const stored = Promise.withResolvers<void>();
  await using harbour = new Harbour({}, (hub) => {
    const memory = createMemoryLog({ messages: 100, ageMs: Infinity }, hub.logHooks);
    return {
      append: async (message) => {
        if (message.text === "slow") await stored.promise;
        return await memory.append(message);
      },
    };
  });
  const rich = await harbour.join({ type: "hello", version: 1 });
  await rich.send({ type: "say", text: "slow", ref: 1 }, { type: "ping", ref: 2 });
  assertMatch(await rich.line() ?? "", /pong/);
  stored.resolve();
  assertMatch(await rich.line() ?? "", /"type":"message".*slow/);
  assertMatch(await rich.line() ?? "", /"type":"ack".*"ref":1/);
});

Deno.test("what is not stored yet when its sender ends is still answered", async () => {
  const stored = Promise.withResolvers<void>();
  await using harbour = new Harbour({}, (hub) => {
    const memory = createMemoryLog({ messages: 100, ageMs: Infinity }, hub.logHooks);
    return { append: (message) => stored.promise.then(() => memory.append(message)) };
  });
  const rich = await harbour.join({ type: "hello", version: 1 });
  await rich.send({ type: "say", text: "last", id: "l" });
  await rich.connection.closeWrite();
  stored.resolve();
  await rich.until(/"type":"ack","id":"l"/);
  assertEquals(await rich.line(), undefined);
});

Deno.test("a name that another node has is taken, and a guest gets the next", async () => {
  const taken = new Set(["bob", "guest-1"]);
  const released: string[] = [];
  await using harbour = new Harbour({
    claim: (_room, name) => Promise.resolve(!taken.has(name)),
    release: (_room, name) => void released.push(name),
  });
  const guest = harbour.connect();
  await guest.send("/name bob");
  assertMatch(await guest.line() ?? "", /^\* you are guest-2, alone/);
  assertEquals(await guest.line(), "* another member in lobby is called bob already");
  await guest.send("/name ada");
  assertEquals(await guest.line(), "* you are ada now");
  await guest.send("/quit");
  await guest.served;
  assertEquals(released, ["guest-2", "ada"]);
});

Deno.test("a client that finds the room full after all gives back the name on every node", async () => {
  const asked = Promise.withResolvers<void>();
  const claimed: string[] = [];
  const released: string[] = [];
  await using harbour = new Harbour(
    {
      claim: async (_room, name) => {
        if (claimed.push(name) === 2) asked.resolve();
        await asked.promise;
        return true;
      },
      release: (_room, name) => void released.push(name),
    },
    undefined,
    { maxRoomMembers: 1 },
  );
  const [ada, bob] = [harbour.connect(), harbour.connect()];
  await Promise.all([
    ada.send({ type: "hello", version: 1, name: "Ada" }),
    bob.send({ type: "hello", version: 1, name: "Bob" }),
  ]);
  const answers = await Promise.all([ada.line(), bob.line()]);
  const refused = answers.findIndex((answer) => /"code":"room-full"/.test(answer ?? ""));
  assertEquals(released, [["ada", "bob"][refused]]);
});

Deno.test("members of other nodes are listed, whispered to and removed", async () => {
  const remote = { name: "ada", standing: "verified", room: "lobby" } as const;
  const said: unknown[] = [];
  await using harbour = new Harbour({
    members: (room) => room === "lobby" ? [remote] : [],
    rooms: () => new Map([["lobby", 1], ["far", 3]]),
    whisper: (from, to, text) => {
      said.push([from.name, to, text]);
      return Promise.resolve(to === "ada");
    },
  });
  const bob = await harbour.join("/name bob");
  await bob.send("/who", "/rooms", "/msg ada psst", "/msg nobody psst");
  assertEquals(await bob.line(), "* in lobby: bob, ada✓");
  assertEquals(await bob.line(), "* rooms: far (3), lobby (2)");
  assertEquals(await bob.line(), "* nobody in lobby is called nobody");
  assertEquals(said, [["bob", "ada", "psst"], ["bob", "nobody", "psst"]]);

  const { peerHooks } = harbour.hub;
  assertEquals(peerHooks.whispered("lobby", "BOB", remote, "hi"), true);
  assertMatch(await bob.line() ?? "", /^\d\d:\d\d \[ada✓\] hi$/);
  assertEquals(peerHooks.whispered("far", "bob", remote, "hi"), false);
  peerHooks.nameLost("lobby", "bob");
  assertEquals(await bob.line(), "* you are guest-1 now: bob is taken on another node");
  peerHooks.expelled("lobby", "guest-1", true, "by ada");
  assertEquals(await bob.line(), "* you were banned by ada");
  assertEquals(await bob.line(), undefined);
});

Deno.test("a name in another case is claimed anew, and given back with its member", async () => {
  const calls: string[] = [];
  await using harbour = new Harbour({
    claim: (_room, name) => {
      calls.push(`claim ${name}`);
      return Promise.resolve(true);
    },
    release: (_room, name) => void calls.push(`release ${name}`),
  });
  const bob = await harbour.join("/name Bob");
  await bob.send("/name bob", "/quit");
  await bob.served;
  assertEquals(calls, ["claim Bob", "claim bob", "release bob"]);
});

Deno.test("a ban is told to other nodes, and theirs hold here", async () => {
  const told: string[] = [];
  await using harbour = new Harbour({ ban: (keys) => void told.push(...keys) });
  const { peerHooks } = harbour.hub;
  const bob = await harbour.join("/name bob");
  peerHooks.expelled("lobby", "bob", true, "by ada");
  await bob.until(/^\* you were banned by ada$/);
  assertEquals(told, ["name bob"]);
  peerHooks.banned(["name eve"]);
  const eve = harbour.connect();
  await eve.send("/name eve");
  await eve.until(/^\* an operator has banned you$/);
});

Deno.test("a verified member that is on another node too gets a number behind its name", async () => {
  const elsewhere = new Set<string>();
  await using harbour = new Harbour({
    claim: (_room, name) => Promise.resolve(!elsewhere.has(name)),
  });
  const ada = await harbour.join({ type: "hello", version: 1 }, { identity: identity("ada") });
  elsewhere.add("ada");
  harbour.hub.peerHooks.nameLost("lobby", "ada");
  await ada.until(/^\{"type":"named","name":"ada#2","standing":"verified"\}$/);
});

Deno.test("no other node removes the operator at the terminal", async () => {
  const typed = Promise.withResolvers<void>();
  const lines = (async function* () {
    await typed.promise;
    yield "still here";
  })();
  await using harbour = new Harbour();
  const bob = await harbour.join("/name bob");
  const speaking = speakFromTerminal(harbour.hub, lines);
  await bob.until(/^\* operator✓ came$/);
  harbour.hub.peerHooks.expelled("lobby", "operator", false, "by ada");
  typed.resolve();
  await bob.until(/operator✓: still here$/);
  await speaking;
});

Deno.test("the log's notices reach the operator of the server and all members", async () => {
  await using harbour = new Harbour();
  const bob = await harbour.join("/name bob");
  harbour.hub.logHooks.notice("the broker is gone");
  assertEquals(await bob.line(), "* the broker is gone");
});

/** A datagram client that proves nothing, silent since long ago. */
function unprovenMember(closed: string[]): LocalMember {
  return new LocalMember({
    session: undefined,
    outbox: undefined,
    asText: false,
    bucket: new TokenBucket(1, 1, 0),
    identity: undefined,
    host: undefined,
    claimedHost: "192.0.2.1",
    ghostHost: "192.0.2.1",
    historyLimit: 0,
    historyBytes: 0,
    answerBytes: 0,
    plainMaxBytes: Infinity,
    listLimit: 0,
    onePage: true,
    show: () => {},
    close: (reason) => void closed.push(reason),
  });
}

Deno.test("a client that is back gets its name from its own ghost, also where that was alone", async () => {
  await using harbour = new Harbour();
  const closed: string[] = [];
  const [ghost, back, stranger] = [1, 2, 3].map(() => unprovenMember(closed));
  ghost!.heardAtMs = back!.heardAtMs = performance.now() - 60_000;
  await harbour.hub.enter(ghost!, { name: "alice" });
  await harbour.hub.enter(back!, { name: "alice" });
  assertEquals([ghost!.gone, closed], [true, ["replaced"]]);
  assertEquals(harbour.hub.rooms(), [{ room: "lobby", members: 1 }]);
  back!.heardAtMs = performance.now();
  await assertRejects(
    () => harbour.hub.enter(stranger!, { name: "alice" }),
    RefusedError,
    "is called alice already",
  );
});
