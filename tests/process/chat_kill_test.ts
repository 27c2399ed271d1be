/** The chat, killed again and again while many speak: what was acknowledged is there afterwards. */

import { assert, assertEquals } from "@std/assert";
import { connect } from "../../dock/connect.ts";
import { type ChatClient, chatOver } from "../../protocols/chat/client/chat_over.ts";
import { startProgram } from "../program.ts";
import { newSeed, seeded } from "../seeded.ts";
import { temporaryFolder } from "../temporary_folder.ts";

const ROUNDS = 5;
const SPEAKERS = 4;
const FAST = ["--message-rate", "100000", "--message-burst", "100000", "--history-page", "10000"];

async function enter(url: string, name: string, after?: number): Promise<ChatClient> {
  return await chatOver(await connect(url), { name, after, pingAfterMs: Infinity });
}

Deno.test("after kill -9 of the chat nothing that it acknowledged is lost, and nothing is twice", async () => {
  await using folder = await temporaryFolder();
  const random = seeded(newSeed());
  const args = ["serve", "chat", "tcp://127.0.0.1:0", "ws://127.0.0.1:0", "--json", ...FAST];
  const history = ["--history", `${folder.path}/chat.sqlite`];
  const acknowledged = new Map<string, number>();
  for (let round = 0; round < ROUNDS; round++) {
    await using server = await startProgram([...args, ...history], { endpoints: 2 });
    const killAt = acknowledged.size + Math.floor(random() * 400);
    /** Speaks until the server dies. */
    const speak = async (client: ChatClient, speaker: number) => {
      for (let number = 0;; number++) {
        const id = `r${round}-s${speaker}-${number}`;
        const ack = await client.say(id, { id }).catch(() => undefined);
        if (ack === undefined) return;
        assertEquals(ack.scope, "stored");
        acknowledged.set(id, ack.seq!);
        if (acknowledged.size >= killAt) server.signal("SIGKILL");
      }
    };
    const clients = await Promise.all(
      Array.from(
        { length: SPEAKERS },
        (_, speaker) => enter(server.urls[speaker % 2]!, `speaker-${speaker}`),
      ),
    );
    await Promise.all(clients.map(speak));
    for (const client of clients) client[Symbol.dispose]();
    await server.ended();
  }
  assert(acknowledged.size >= ROUNDS);

  await using server = await startProgram([...args, ...history], { endpoints: 2 });
  using witness = await enter(server.url, "witness", 0);
  using last = await enter(server.url, "last");
  await last.say("end");
  const ids: string[] = [];
  const places = new Map<string, number>();
  for await (const event of witness) {
    if (event.event !== "message") continue;
    if (event.message.text === "end") break;
    ids.push(event.message.id);
    places.set(event.message.id, event.message.seq!);
  }
  assertEquals(ids.length, places.size, "nothing is there twice");
  assertEquals(ids.map((id) => places.get(id)), [...places.values()].toSorted((a, b) => a - b));
  const lost = [...acknowledged].filter(([id, seq]) => places.get(id) !== seq);
  assertEquals(lost, []);
});
