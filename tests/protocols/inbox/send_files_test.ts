/** A sender and inboxes that do everything wrong. */

import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { createCounters } from "../../../core/counters.ts";
import { framedSession } from "../../../core/streams/framed_session.ts";
import { type Message, type Session, textOf } from "../../../core/session.ts";
import { StreamSession } from "../../../core/streams/stream_session.ts";
import {
  type FileOutcome,
  InboxRefusedError,
  sendFiles,
} from "../../../protocols/inbox/send_files.ts";
import { connectionPair } from "../../memory.ts";
import { temporaryFolder } from "../../temporary_folder.ts";

const WELCOME = { type: "welcome", version: 1, chunkBytes: 1000, windowBytes: 4000 };
const WRONG_HASH = "0".repeat(64);

/** What a false inbox hears and says. */
interface Inbox {
  hear(): Promise<Message>;
  say(message: unknown): Promise<void>;
  readonly session: Session;
}

/** Sends a file of so many bytes to an inbox that a test plays. */
async function sending(
  bytes: number,
  play: (inbox: Inbox, path: string) => Promise<void>,
  options: { readonly timeoutMs?: number } = {},
): Promise<FileOutcome> {
  return (await sendingAll(["file"], bytes, play, options))[0]!;
}

/** Sends several. */
async function sendingAll(
  names: readonly string[],
  bytes: number,
  play: (inbox: Inbox, path: string) => Promise<void>,
  options: { readonly timeoutMs?: number } = {},
): Promise<FileOutcome[]> {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/file`;
  await Deno.writeFile(path, new Uint8Array(bytes).fill(65));
  const { client, server } = connectionPair();
  const open = (connection: typeof client) =>
    new StreamSession(connection, {
      framing: "none",
      maxMessageBytes: 1_000_000,
      counters: createCounters(),
    });
  using theirs = open(server);
  const session = framedSession(theirs, "length");
  const messages = session[Symbol.asyncIterator]();
  const playing = play({
    session: theirs,
    hear: async () => {
      const { done, value } = await messages.next();
      if (done) throw new Error("the sender ended the session");
      return value;
    },
    say: (message) => session.send(JSON.stringify(message)),
  }, path).catch(() => {});
  using ours = open(client);
  try {
    const files = names.map((name) => ({ kind: "file", path, name, bytes }) as const);
    return await Array.fromAsync(sendFiles(ours, files, options));
  } finally {
    ours.close();
    theirs.close();
    await playing;
  }
}

/** Answers the greeting and one offer. */
async function greet({ hear, say }: Inbox, answer: unknown): Promise<void> {
  assertMatch(textOf(await hear()), /"hello"/);
  await say(WELCOME);
  assertMatch(textOf(await hear()), /"offer"/);
  await say(answer);
}

Deno.test("sendFiles() believes no inbox that has another hash", async () => {
  const outcome = await sending(10, async (inbox) => {
    await greet(inbox, { type: "ready", fromBytes: 0 });
    await inbox.hear();
    await inbox.hear();
    await inbox.say({ type: "done", sha256: WRONG_HASH });
  });
  assertEquals([outcome.status, "reason" in outcome && outcome.reason], [
    "failed",
    "the inbox has worked out another SHA-256 than we have",
  ]);
});

Deno.test("sendFiles() stops at a refusal in the middle, and does not say the end", async () => {
  const heard: number[] = [];
  const outcome = await sending(100_000, async (inbox) => {
    await greet(inbox, { type: "ready", fromBytes: 0 });
    const { length } = await inbox.hear();
    await inbox.say({ type: "refused", code: "disk", reason: "The disk is full." });
    for (;;) heard.push((await inbox.hear()).length, length);
  });
  assertEquals(outcome.status === "failed" && outcome.reason, "The disk is full.");
  assertEquals(heard.every((length) => length === 1001), true, "content alone");
});

Deno.test("sendFiles() has no more than a window under way", async () => {
  let bytes = 0;
  const outcome = sending(10_000, async (inbox) => {
    await greet(inbox, { type: "ready", fromBytes: 0 });
    while (bytes < 4000) bytes += (await inbox.hear()).length - 1;
    const further = inbox.hear();
    const first = await Promise.race([
      further.then(() => "more"),
      new Promise((resolve) => setTimeout(resolve, 50, "held back")),
    ]);
    assertEquals(first, "held back");
    await inbox.say({ type: "got", bytes: 4000 });
    bytes += (await further).length - 1;
    await inbox.say({ type: "refused", code: "disk", reason: "enough" });
  });
  assertEquals((await outcome).status, "failed");
  assertEquals(bytes, 5000);
});

Deno.test("sendFiles() tells when the file changes while it is sent", async () => {
  for (const change of ["shorter", "touched"]) {
    const said: string[] = [];
    const outcome = await sending(10_000, async (inbox, path) => {
      await greet(inbox, { type: "ready", fromBytes: 0 });
      await inbox.hear();
      if (change === "shorter") await Deno.truncate(path, 2000);
      else await Deno.utime(path, new Date(1000), new Date(1000));
      for (let got = 1000;; got += 1000) {
        await inbox.say({ type: "got", bytes: got });
        const message = await inbox.hear();
        if (typeof message === "string" || message[0] !== 0) {
          said.push(textOf(message));
          break;
        }
      }
      await inbox.say({ type: "refused", code: "changed", reason: "taken back" });
    });
    assertEquals(
      outcome.status === "failed" && outcome.reason,
      "it changed while it was being sent",
      change,
    );
    assertMatch(said[0]!, /"abort"/);
  }
});

for (
  const [what, answer] of [
    ["asks for more than there is", { type: "check", bytes: 11 }],
    ["wants to begin behind the end", { type: "ready", fromBytes: 11 }],
    ["greets twice", WELCOME],
    ["says what nobody understands", { type: "dance" }],
    ["answers with a hash that is none", { type: "done", sha256: "x" }],
  ] as const
) {
  Deno.test(`sendFiles() ends with an inbox that ${what}`, async () => {
    await assertRejects(() => sending(10, (inbox) => greet(inbox, answer)), Error);
  });
}

Deno.test("sendFiles() ends with an inbox that answers without end", async () => {
  await assertRejects(
    () =>
      sending(10, async (inbox) => {
        for (;;) await inbox.say({ type: "ready", fromBytes: 0 });
      }),
    Error,
  );
});

Deno.test("sendFiles() gives up on an inbox that falls silent, and not on one that works", async () => {
  const silent = sending(10, (inbox) => greet(inbox, { type: "working" }), { timeoutMs: 50 });
  await assertRejects(() => silent, DOMException, "said nothing for 50 ms");
});

Deno.test("sendFiles() says why it was turned away", async () => {
  const error = await assertRejects(
    () =>
      sending(10, async ({ hear, say }) => {
        await hear();
        await say({ type: "refused", code: "unverified", reason: "Who are you?", final: true });
      }),
    InboxRefusedError,
    "Who are you?",
  );
  assertEquals(error.code, "unverified");
});

Deno.test("sendFiles() offers the next file while the inbox puts the last in its place", async () => {
  const EMPTY_HASH = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
  const heard: unknown[] = [];
  const outcomes = await sendingAll(["one", "two", "three"], 0, async ({ hear, say }) => {
    await hear();
    await say({ ...WELCOME, unsettled: 2 });
    for (const id of [1, 2, 3]) {
      const { type, id: theirs } = JSON.parse(textOf(await hear()));
      heard.push([type, theirs]);
      await say({ type: "ready", fromBytes: 0 });
      heard.push(JSON.parse(textOf(await hear())).type);
      // A refusal that comes late is not taken for one of what was offered since.
      if (id === 2) await say({ type: "refused", id: 1, code: "disk", reason: "It is full." });
    }
    await say({ type: "done", id: 3, sha256: EMPTY_HASH });
    await say({ type: "done", id: 2, sha256: WRONG_HASH });
  });
  assertEquals(heard, [["offer", 1], "end", ["offer", 2], "end", ["offer", 3], "end"]);
  assertEquals(
    outcomes.map((outcome) => [
      outcome.file.name,
      outcome.status,
      outcome.status === "failed" && outcome.reason,
    ]),
    [
      ["one", "failed", "It is full."],
      ["two", "failed", "the inbox has worked out another SHA-256 than we have"],
      ["three", "arrived", false],
    ],
  );
});

Deno.test("sendFiles() has no more files under way than the inbox allows", async () => {
  const order: string[] = [];
  const EMPTY_HASH = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
  await sendingAll(["one", "two", "three"], 0, async ({ hear, say }) => {
    await hear();
    await say({ ...WELCOME, unsettled: 2 });
    for (const id of [1, 2, 3]) {
      const next = hear().then((message) => {
        order.push(`${JSON.parse(textOf(message)).type} ${id}`);
      });
      if (id === 3) {
        // Two wait for their answer already.
        order.push("answers 1");
        await say({ type: "done", id: 1, sha256: EMPTY_HASH });
      }
      await next;
      await say({ type: "ready", fromBytes: 0 });
      await hear();
    }
    await say({ type: "done", id: 2, sha256: EMPTY_HASH });
    await say({ type: "done", id: 3, sha256: EMPTY_HASH });
  });
  assertEquals(order, ["offer 1", "offer 2", "answers 1", "offer 3"]);
});
