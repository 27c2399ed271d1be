/** An inbox and senders that do everything wrong. */

import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { UsageError } from "../../core/usage_error.ts";
import { serve } from "../../dock/serve.ts";
import { inbox } from "../../protocols/inbox.ts";
import { FakeTime } from "../fake_time.ts";
import { stillContext, tcpAddress } from "../memory.ts";
import { temporaryFolder } from "../temporary_folder.ts";
import { contentsOf, type Heard, servedInbox, sha256, Talker } from "./inbox/talker.ts";

const offer = (name: string, bytes: number, modifiedMs = 0) => ({
  type: "offer",
  name,
  bytes,
  modifiedMs,
});

/** The code of a refusal, and the type of everything else. */
const verdict = ({ type, code }: Heard) => type === "refused" ? code : type;

Deno.test("an inbox keeps a file with its content and time, and takes no permissions over", async () => {
  await using served = await servedInbox();
  await using talker = await Talker.greet(served.url);
  const modifiedMs = Date.UTC(2020, 1, 2);
  await talker.ask({ ...offer("tool", 4, modifiedMs), mode: 0o6777 });
  await talker.content("ahoy");
  const answer = await talker.ask({ type: "end", sha256: await sha256("ahoy") });
  assertEquals(answer, { type: "done", sha256: await sha256("ahoy") });
  const info = await Deno.stat(`${served.path}/tool`);
  assertEquals(await Deno.readTextFile(`${served.path}/tool`), "ahoy");
  assertEquals(info.mtime?.getTime(), modifiedMs);
  await Deno.writeTextFile(`${served.path}/../ours`, "");
  assertEquals(info.mode, (await Deno.stat(`${served.path}/../ours`)).mode);
  assertEquals(await contentsOf(served.path), ["tool"], "nothing temporary is left");
  const { file, bytes, sha256: hash } = await served.log.next("stored");
  assertEquals({ file, bytes, hash }, { file: "tool", bytes: 4, hash: await sha256("ahoy") });
});

Deno.test("an inbox makes the folders of a file, and empty folders", async () => {
  await using served = await servedInbox();
  await using talker = await Talker.greet(served.url);
  assertEquals(verdict(await talker.file("a/b/c", "")), "done");
  assertEquals(await talker.ask({ type: "folder", name: "a/empty" }), { type: "done" });
  assertEquals(await talker.ask({ type: "folder", name: "a" }), { type: "done", already: true });
  assertEquals(await contentsOf(served.path), ["a/", "a/b/", "a/b/c", "a/empty/"]);
});

Deno.test("an inbox replaces nothing, unless it is told to", async () => {
  for (const overwrite of [false, true]) {
    await using served = await servedInbox({ overwrite });
    await Deno.writeTextFile(`${served.path}/same-size`, "old!");
    await Deno.writeTextFile(`${served.path}/other-size`, "older");
    await Deno.mkdir(`${served.path}/folder`);
    await using talker = await Talker.greet(served.url);
    const expected = overwrite ? "done" : "exists";
    assertEquals(verdict(await talker.file("same-size", "new!")), expected);
    assertEquals(verdict(await talker.file("other-size", "new!")), expected);
    assertEquals(verdict(await talker.file("folder", "new!")), "exists");
    assertEquals(await Deno.readTextFile(`${served.path}/same-size`), overwrite ? "new!" : "old!");
    assertEquals(await talker.file("same-size", overwrite ? "new!" : "old!"), {
      type: "done",
      sha256: await sha256(overwrite ? "new!" : "old!"),
      already: true,
    });
  }
});

Deno.test("an inbox follows no link, wherever it leads", async () => {
  await using served = await servedInbox({ overwrite: true });
  await using outside = await temporaryFolder();
  await Deno.writeTextFile(`${outside.path}/target`, "safe");
  await Deno.mkdir(`${served.path}/real`);
  await Deno.symlink(outside.path, `${served.path}/out`);
  await Deno.symlink(`${served.path}/real`, `${served.path}/within`);
  await Deno.symlink(`${outside.path}/target`, `${served.path}/file`);
  await Deno.symlink(`${outside.path}/new`, `${served.path}/dangling`);
  await using talker = await Talker.greet(served.url);
  for (const name of ["out/x", "within/x", "out/target", "file/x"]) {
    assertEquals(verdict(await talker.file(name, "x")), "name", name);
    assertEquals(verdict(await talker.ask({ type: "folder", name })), "name", name);
  }
  for (const name of ["file", "dangling"]) {
    assertEquals(verdict(await talker.file(name, "evil")), "exists", name);
  }
  assertEquals(await Deno.readTextFile(`${outside.path}/target`), "safe");
  assertEquals(await contentsOf(outside.path), ["target"]);
});

Deno.test("an inbox refuses names that would leave it, and goes on", async () => {
  await using served = await servedInbox();
  await using talker = await Talker.greet(served.url);
  const names = [
    "../x",
    "/x",
    "a\\b",
    "a\0b",
    ".sockdock-partial-x",
    "",
    "a/../b",
    ".ssh/x",
    "a/.b",
  ];
  for (const name of names) {
    assertEquals(verdict(await talker.ask(offer(name, 1))), "name", name);
    assertEquals(verdict(await talker.ask({ type: "folder", name })), "name", name);
  }
  assertEquals(verdict(await talker.file("fine", "x")), "done");
  assertEquals(await contentsOf(served.path), ["fine"]);
});

Deno.test("an inbox takes names that begin with a dot when it is told to", async () => {
  await using served = await servedInbox({ hidden: true });
  await using talker = await Talker.greet(served.url);
  assertEquals(verdict(await talker.file(".config/x", "x")), "done");
  assertEquals(verdict(await talker.ask(offer(".sockdock-partial-x", 1))), "name");
  assertEquals(await contentsOf(served.path), [".config/", ".config/x"]);
});

Deno.test("an inbox refuses more and less than was announced, and a wrong hash", async () => {
  await using served = await servedInbox();
  await using talker = await Talker.greet(served.url);
  await talker.ask(offer("more", 3));
  await talker.content("ab");
  await talker.content("cd");
  assertMatch((await talker.hear()).reason as string, /More came than the 3 bytes/);
  await talker.content("what was on its way still");
  await talker.say({ type: "end", sha256: await sha256("abcd") });
  await talker.ask(offer("less", 3));
  await talker.content("ab");
  const less = await talker.ask({ type: "end", sha256: await sha256("ab") });
  assertMatch(less.reason as string, /2 of the 3 bytes/);
  await talker.ask(offer("wrong", 2));
  await talker.content("ab");
  assertEquals(verdict(await talker.ask({ type: "end", sha256: await sha256("xy") })), "hash");
  await talker.ask(offer("taken back", 2));
  assertEquals(verdict(await talker.ask({ type: "abort", reason: "changed" })), "changed");
  assertEquals(await contentsOf(served.path), []);
  assertEquals(verdict(await talker.file("fine", "x")), "done");
});

Deno.test("an inbox ends a session that speaks another language", async () => {
  await using served = await servedInbox();
  const wrong: readonly unknown[] = [
    "not JSON",
    "[]",
    { type: "dance" },
    { type: "offer", name: 7, bytes: 1, modifiedMs: 0 },
    offer("x", -1),
    offer("x", 0.5),
    offer("x", 2 ** 60),
    { type: "hello", version: 1 },
    { type: "end", sha256: "short" },
    "x".repeat(20_000),
  ];
  for (const message of wrong) {
    await using talker = await Talker.greet(served.url);
    const answer = await talker.ask(message);
    assertEquals([answer.code, answer.final], ["protocol", true], JSON.stringify(message));
    assertEquals((await talker.hear()).type, "gone");
  }
  {
    await using impolite = await Talker.connect(served.url);
    assertEquals(verdict(await impolite.ask(offer("x", 1))), "protocol");
  }
  {
    await using future = await Talker.connect(served.url);
    const answer = await future.ask({ type: "hello", version: 2 });
    assertEquals([answer.code, answer.final], ["protocol", true]);
  }
  await using twice = await Talker.greet(served.url);
  await twice.ask(offer("one", 1));
  assertEquals(verdict(await twice.ask(offer("two", 1))), "protocol");
  assertEquals(await contentsOf(served.path), []);
});

Deno.test("an inbox refuses what goes over its limits before any of it comes", async () => {
  await using served = await servedInbox({ maxFileBytes: 10, filesPerSession: 5, maxDepth: 2 });
  await using talker = await Talker.greet(served.url);
  assertEquals(verdict(await talker.ask(offer("large", 11))), "limit");
  assertEquals(verdict(await talker.ask(offer("a/b/c", 1))), "name");
  for (const name of ["3", "4", "5"]) assertEquals(verdict(await talker.file(name, "x")), "done");
  assertEquals(verdict(await talker.file("6", "x")), "limit");
  assertEquals(await contentsOf(served.path), ["3", "4", "5"]);
});

Deno.test("a sender that offers files without end is sent away, and leaves nothing", async () => {
  await using served = await servedInbox({ filesPerSession: 10 });
  await using talker = await Talker.greet(served.url);
  let answers = 0;
  let last: Heard = {};
  for (let number = 0; number < 5000 && last.final !== true; number++, answers++) {
    last = await talker.ask(offer(`${number}`, 2 ** 50));
  }
  assertEquals([answers, last.code], [1011, "protocol"]);
  assertEquals(await contentsOf(served.path), []);
});

Deno.test("content that nobody asked for ends the session once it is more than a window", async () => {
  await using served = await servedInbox();
  await using talker = await Talker.greet(served.url);
  // The end may overtake the words.
  const over = talker.hear().then(verdict, () => "gone");
  const chunk = new Uint8Array(500_000);
  const sending = (async () => {
    for (let sent = 0; sent <= 8 * 1024 * 1024; sent += chunk.length) await talker.content(chunk);
  })().catch(() => {});
  assertMatch(String(await over), /^(?:protocol|gone)$/);
  await talker[Symbol.asyncDispose]();
  await sending;
  assertEquals((await served.log.next("closed")).reason, "done");
});

Deno.test("ten senders at once stay within the quota together", async () => {
  const bytes = 50_000;
  await using served = await servedInbox({ quotaBytes: 4 * bytes + 4096 });
  const content = new Uint8Array(bytes).fill(7);
  const talkers = await Promise.all(Array.from({ length: 10 }, () => Talker.greet(served.url)));
  const answers = await Promise.all(
    talkers.map((talker, number) => talker.file(`file ${number}`, content)),
  );
  for (const talker of talkers) await talker[Symbol.asyncDispose]();
  const verdicts = answers.map(verdict).sort();
  assertEquals(verdicts, [...Array(4).fill("done"), ...Array(6).fill("quota")]);
  assertEquals((await contentsOf(served.path)).length, 4);
});

Deno.test("the quota counts what lies there, and notices what was taken out", async () => {
  let now = 1_000_000;
  await using folder = await temporaryFolder();
  await Deno.writeFile(`${folder.path}/old`, new Uint8Array(60_000));
  await using served = await servedInbox({
    into: folder.path,
    quotaBytes: 100_000,
    now: () => now,
  });
  await using talker = await Talker.greet(served.url);
  const content = new Uint8Array(50_000);
  assertEquals(verdict(await talker.file("new", content)), "quota");
  await Deno.remove(`${folder.path}/old`);
  now += 10_000;
  assertEquals(verdict(await talker.file("new", content)), "done");
});

Deno.test("what came of a file is kept when the session breaks, and gone on with", async () => {
  await using served = await servedInbox();
  const content = "0123456789".repeat(1000);
  {
    await using first = await Talker.greet(served.url);
    await first.ask(offer("file", content.length));
    await first.content(content.slice(0, 4000));
  }
  await served.log.next("closed");
  assertEquals((await contentsOf(served.path)).length, 1);
  await using second = await Talker.greet(served.url);
  assertEquals(await second.ask(offer("file", content.length)), { type: "check", bytes: 4000 });
  const part = await sha256(content.slice(0, 4000));
  assertEquals(await second.ask({ type: "prefix", sha256: part }), {
    type: "ready",
    fromBytes: 4000,
  });
  await second.content(content.slice(4000));
  assertEquals(verdict(await second.ask({ type: "end", sha256: await sha256(content) })), "done");
  assertEquals(await contentsOf(served.path), ["file"]);
  assertEquals(await Deno.readTextFile(`${served.path}/file`), content);
});

Deno.test("a part of a file with another content is not gone on with", async () => {
  await using served = await servedInbox();
  {
    await using first = await Talker.greet(served.url);
    await first.ask(offer("file", 8));
    await first.content("AAAA");
  }
  await served.log.next("closed");
  await using second = await Talker.greet(served.url);
  assertEquals(verdict(await second.file("file", "bbbbBBBB")), "done");
  assertEquals(await Deno.readTextFile(`${served.path}/file`), "bbbbBBBB");
});

Deno.test("a sender that comes back takes over from its own broken session", async () => {
  await using served = await servedInbox();
  await using stale = await Talker.greet(served.url);
  await stale.ask(offer("file", 8));
  await stale.content("AAAA");
  await using fresh = await Talker.greet(served.url);
  assertEquals(verdict(await fresh.file("file", "AAAABBBB")), "done");
  assertEquals(
    verdict(await stale.ask({ type: "end", sha256: await sha256("AAAA") })),
    "taken-over",
  );
  assertEquals(await contentsOf(served.path), ["file"]);
  assertEquals(verdict(await stale.file("another", "x")), "done");
});

Deno.test("of two senders of one name at once, one wins and the other hears of it", async () => {
  await using served = await servedInbox();
  await using one = await Talker.greet(served.url);
  await using other = await Talker.greet(served.url);
  const answers = await Promise.all([one.file("name", "one", 1), other.file("name", "other", 2)]);
  assertEquals(answers.map(verdict).sort(), ["done", "exists"]);
  const winner = answers[0]!.type === "done" ? "one" : "other";
  assertEquals(await Deno.readTextFile(`${served.path}/name`), winner);
  assertEquals(await contentsOf(served.path), ["name"]);
});

Deno.test("more transfers than allowed are asked to come back", async () => {
  await using served = await servedInbox({ maxTransfers: 1 });
  await using one = await Talker.greet(served.url);
  await using other = await Talker.greet(served.url);
  await one.ask(offer("one", 3));
  const busy = await other.ask(offer("other", 3));
  assertEquals([busy.code, busy.again], ["busy", true]);
  await one.content("abc");
  await one.ask({ type: "end", sha256: await sha256("abc") });
  assertEquals(verdict(await other.file("other", "abc")), "done");
});

Deno.test("a sender that has stalled gives its place to another, and goes on later", async () => {
  await using served = await servedInbox({ maxTransfers: 2 });
  await using stalled = await Talker.greet(served.url);
  await using busy = await Talker.greet(served.url);
  await using other = await Talker.greet(served.url);
  using time = new FakeTime();
  await stalled.ask(offer("stalled", 8));
  await stalled.content("AAAA");
  await busy.ask(offer("busy", 10_000));
  await time.advance(29_000);
  assertEquals(verdict(await other.ask(offer("other", 3))), "busy");
  await busy.content("B".repeat(5000));
  // Its content has been taken when this is answered.
  assertEquals(verdict(await busy.ask({ type: "prefix", sha256: await sha256("") })), "protocol");
  await busy.ask(offer("busy", 10_000));
  await time.advance(1000);
  assertEquals(verdict(await other.file("other", "abc")), "done");
  await stalled.content("BBBB");
  const refusal = await stalled.hear();
  assertEquals([refusal.code, refusal.again], ["busy", true]);
  assertMatch(refusal.reason as string, /too slowly/);
  assertEquals(verdict(await stalled.file("stalled", "AAAABBBB")), "done");
});

Deno.test("a sender that stalls is idle in time, and what came is kept", async () => {
  await using served = await servedInbox({ idleTimeoutMs: 3000, maxTransfers: 1 });
  await using slow = await Talker.greet(served.url);
  await slow.ask(offer("slow", 8));
  await slow.content("AAAA");
  assertEquals((await served.log.next("closed")).reason, "idle");
  await using next = await Talker.greet(served.url);
  assertEquals(verdict(await next.file("other", "x")), "done", "its place is free again");
  assertEquals((await contentsOf(served.path)).length, 2);
});

Deno.test("partial files that nobody comes back for go away", async () => {
  await using folder = await temporaryFolder();
  const partial = `${folder.path}/.sockdock-partial-old`;
  await Deno.writeTextFile(partial, "part");
  await Deno.utime(partial, new Date(0), new Date(0));
  await Deno.writeTextFile(`${folder.path}/.sockdock-partial-new`, "part");
  await using _served = await servedInbox({ into: folder.path });
  assertEquals(await contentsOf(folder.path), [".sockdock-partial-new"]);
});

Deno.test("a folder that goes away underneath is said, and others go on", async () => {
  await using served = await servedInbox();
  await using talker = await Talker.greet(served.url);
  await talker.ask(offer("a/file", 4));
  await talker.content("ahoy");
  // In one step, whether the partial file is there already or not.
  await Deno.rename(served.path, `${served.path}-gone`);
  const answer = await talker.ask({ type: "end", sha256: await sha256("ahoy") });
  assertEquals(verdict(answer), "disk");
  assertEquals(verdict(await talker.file("other", "x")), "disk");
});

Deno.test("a folder that cannot be written to is a clear answer", async () => {
  await using served = await servedInbox();
  await Deno.writeTextFile(`${served.path}/file`, "a file where a folder should be");
  await using talker = await Talker.greet(served.url);
  const answer = await talker.file("file/below", "x");
  assertMatch(answer.reason as string, /"file" in the inbox is a file/);
});

Deno.test("from another machine an inbox takes files of verified senders alone", async () => {
  await using folder = await temporaryFolder();
  await using service = await inbox.open({
    into: `${folder.path}/in`,
    overwrite: false,
    hidden: false,
    maxFileBytes: 1000,
    quotaBytes: 100_000,
    filesPerSession: 10,
    maxTransfers: 1,
    maxDepth: 3,
    keepPartialMs: 0,
  }, stillContext());
  const identity = { name: "ada", source: "signature", fingerprint: "ab" } as const;
  const cases = [
    { peer: tcpAddress(1, "192.0.2.7"), answer: "refused" },
    { peer: tcpAddress(1, "2001:db8::1"), answer: "refused" },
    { peer: tcpAddress(1, "192.0.2.7"), identity, answer: "welcome" },
    { peer: tcpAddress(1, "127.0.0.2"), answer: "welcome" },
    { peer: tcpAddress(1, "::1"), answer: "welcome" },
    { peer: { transport: "unix", path: "" } as const, answer: "welcome" },
  ];
  for (const { peer, answer, ...rest } of cases) {
    const said: Heard[] = [];
    await service.serve({
      peer,
      sessionId: 1,
      serverUrl: "",
      ...rest,
      boundary: "messages",
      maxMessageBytes: 1000,
      signal: new AbortController().signal,
      send: (message) => {
        said.push(JSON.parse(new TextDecoder().decode(message as Uint8Array)));
        return Promise.resolve();
      },
      end: () => Promise.resolve(),
      close: () => {},
      async *[Symbol.asyncIterator]() {
        yield JSON.stringify({ type: "hello", version: 1 });
      },
      async *messages() {},
    });
    assertEquals(said.map(({ type }) => type), [answer], JSON.stringify(peer));
    if (answer === "refused") {
      assertEquals([said[0]!.code, said[0]!.final], ["unverified", true]);
      assertMatch(said[0]!.reason as string, /prove who they are/);
    }
  }
});

Deno.test("an inbox says what is wrong with its folder", async () => {
  await using folder = await temporaryFolder();
  await Deno.writeTextFile(`${folder.path}/file`, "");
  const open = (into: string) => serve("tcp://127.0.0.1:0", inbox, { into });
  await assertRejects(() => open(`${folder.path}/file`), UsageError, "it is a file");
  await assertRejects(() => open(`${folder.path}/a/b`), UsageError, "is not there");
});

Deno.test("files with an id may follow each other before they are in their place", async () => {
  await using served = await servedInbox();
  await using talker = await Talker.greet(served.url);
  const heard: Heard[] = [];
  for (const id of [1, 2, 3]) {
    // The third is the first once more, which may not be in its place yet.
    const name = id === 2 ? "other" : "same";
    await talker.say({ ...offer(name, 0), id });
    for (;;) {
      const said = await talker.hear();
      heard.push(said);
      if (said.type === "ready" || said.type === "check") break;
    }
    const end = heard.at(-1)!.type === "ready" ? "end" : "prefix";
    await talker.say({ type: end, sha256: await sha256("") });
  }
  await talker.say({ ...offer("wrong", 0), id: 4 });
  await talker.say({ type: "end", sha256: await sha256("else") });
  const outcomes = () => heard.filter(({ type }) => type === "done" || type === "refused");
  while (outcomes().length < 4) heard.push(await talker.hear());
  const seen = outcomes().map(({ id, already, code }) => [id, already ?? code ?? "new"]);
  assertEquals(seen.sort(), [[1, "new"], [2, "new"], [3, true], [4, "hash"]]);
  assertEquals(await contentsOf(served.path), ["other", "same"]);
});

Deno.test("many who replace one file at once do not make the quota wider", async () => {
  await using folder = await temporaryFolder();
  await Deno.writeFile(`${folder.path}/file`, new Uint8Array(60_000));
  await using served = await servedInbox({
    ...{ into: folder.path, quotaBytes: 110_000, overwrite: true },
    now: () => 1_000_000,
  });
  const talkers = await Promise.all(Array.from({ length: 8 }, () => Talker.greet(served.url)));
  const answers = await Promise.all(
    talkers.map((talker, number) => talker.file("file", `content ${number}`, number)),
  );
  assertEquals(answers.map(verdict), Array(8).fill("done"));
  assertEquals(verdict(await talkers[0]!.ask(offer("large", 107_000))), "quota");
  assertEquals(verdict(await talkers[0]!.ask(offer("large", 105_000))), "ready");
  for (const talker of talkers) await talker[Symbol.asyncDispose]();
});

Deno.test("the quota covers the folders that a file lies in", async () => {
  await using served = await servedInbox({ quotaBytes: 4 * 4096 });
  await using talker = await Talker.greet(served.url);
  assertEquals(verdict(await talker.file("a/b/c/d", "content")), "done");
  assertEquals(verdict(await talker.file("e", "content")), "quota");
  await using other = await servedInbox({ quotaBytes: 4 * 4096 });
  await using writer = await Talker.greet(other.url);
  assertEquals(verdict(await writer.file("a/b/c/d/e", "content")), "quota");
});

Deno.test("what a killed inbox left beside a finished file goes away when it is sent again", async () => {
  await using served = await servedInbox();
  await using first = await Talker.greet(served.url);
  await first.ask(offer("file", 7));
  await first.content("con");
  await first[Symbol.asyncDispose]();
  await served.log.next("closed");
  const [partial = ""] = await contentsOf(served.path);
  assertMatch(partial, /partial/);
  await Deno.writeTextFile(`${served.path}/${partial}`, "content");
  await Deno.link(`${served.path}/${partial}`, `${served.path}/file`);
  await using talker = await Talker.greet(served.url);
  assertEquals((await talker.file("file", "content")).already, true);
  assertEquals(await contentsOf(served.path), ["file"]);
});
