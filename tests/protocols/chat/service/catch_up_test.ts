/** Clients that come back while others speak, as their raw connection sees it. */

import { assertEquals } from "@std/assert";
import { join } from "node:path";
import type { ChatMessage } from "../../../../protocols/chat/message.ts";
import { temporaryFolder } from "../../../temporary_folder.ts";
import { ChatFixture } from "../chat_fixture.ts";
import { Harbour } from "../harbour.ts";

Deno.test("what the page had is not delivered again, however late the log delivers it", async () => {
  const page: ChatMessage[] = [];
  await using harbour = new Harbour({}, () => ({
    after: (_room, seq) => Promise.resolve(page.filter((one) => one.seq! > seq)),
    last: () => Promise.resolve(page.slice(-1)),
  }));
  for (let seq = 1; seq <= 3; seq++) page.push(message(seq));
  const back = await harbour.join({ type: "hello", version: 1, after: 1 });
  const lastOnly = await harbour.join({ type: "hello", version: 1, last: 1 });
  const upToDate = await harbour.join({ type: "hello", version: 1, after: 3 });
  // Clients of a server that has a new history know a place that it never gave.
  const ahead = await harbour.join({ type: "hello", version: 1, after: 1000 });
  for (let seq = 1; seq <= 5; seq++) harbour.hub.logHooks.deliver(message(seq));
  const heard = async (member: typeof back) => {
    const texts: string[] = [];
    while (texts.at(-1) !== "5") texts.push(JSON.parse(await member.until(/"message"/)).text);
    return texts;
  };
  assertEquals(await heard(back), ["2", "3", "4", "5"]);
  assertEquals(await heard(lastOnly), ["3", "4", "5"]);
  assertEquals(await heard(upToDate), ["4", "5"]);
  assertEquals(await heard(ahead), ["1", "2", "3", "4", "5"]);
});

Deno.test("a client is told which messages are missing on this server", async () => {
  const lost = { count: 7, before: 50, fromMs: 0, toMs: 60_000 };
  await using harbour = new Harbour({}, () => ({
    lostAfter: (seq) => seq < lost.before ? [lost] : [],
  }));
  const back = await harbour.join({ type: "hello", version: 1, after: 1 });
  assertEquals(
    JSON.parse(await back.line() ?? "").text,
    "up to 7 messages are missing here: said elsewhere between 1970-01-01T00:00:00.000Z and " +
      "1970-01-01T00:01:00.000Z, and discarded by the broker before this server was back",
  );
  const upToDate = await harbour.join({ type: "hello", version: 1, after: 60 });
  await upToDate.send({ type: "ping" });
  assertEquals(JSON.parse(await upToDate.line() ?? "").type, "pong");
});

function message(seq: number): ChatMessage {
  return {
    id: `m-${seq}`,
    room: "lobby",
    seq,
    name: "bob",
    standing: "plain",
    kind: "say",
    text: `${seq}`,
    timeMs: 0,
    sentAtMs: undefined,
  };
}

Deno.test("a client that comes back again and again is sent each message once, in order", async () => {
  await using folder = await temporaryFolder();
  await using room = await ChatFixture.open({
    history: join(folder.path, "chat.sqlite"),
    historyPage: 7,
    messageRatePerSecond: 100_000,
    messageBurst: 100_000,
    presenceMembers: 0,
  });
  const talker = await room.rich("talker");
  const speaking = (async () => {
    for (let number = 1; number <= 1200; number++) {
      await talker.send({ type: "say", text: `${number}`, id: `m-${number}` });
      // Some at a time, so that the disk writes many batches while the other comes and goes.
      if (number % 4 === 0) await talker.until(new RegExp(`"ack","id":"m-${number}"`));
    }
  })();
  const seen: string[] = [];
  for (let visit = 0, after = 0; seen.at(-1) !== "1200"; visit++) {
    const reader = await room.client();
    await reader.hello({ name: `reader-${visit}`, after });
    for (let count = 0; count < 1 + visit % 12 && seen.at(-1) !== "1200"; count++) {
      const { seq, text } = await reader.next("message");
      after = Number(seq);
      seen.push(String(text));
    }
    reader[Symbol.dispose]();
  }
  await speaking;
  assertEquals(seen, Array.from({ length: 1200 }, (_, at) => `${at + 1}`));
});
