/** Two hundred clients of every transport in the same rooms. They talk for about three seconds, or
 * for as many as CHAT_SECONDS says, longer where the machine is slow. */

import { assert, assertEquals } from "@std/assert";
import type { RoomEvent } from "../../../core/event.ts";
import { connect } from "../../../dock/connect.ts";
import { serve } from "../../../dock/serve.ts";
import { chat } from "../../../protocols/chat.ts";
import { temporaryFolder } from "../../temporary_folder.ts";
import { Client } from "./chat_fixture.ts";

const SECONDS = Number(Deno.env.get("CHAT_SECONDS") ?? 3);
const ROOMS = ["lobby", "harbour", "pier", "quay"];
/** How many of each; together 200. */
const CLIENTS = {
  tcp: 28,
  tls: 24,
  unix: 24,
  ws: 32,
  wss: 12,
  udp: 52,
  dtls: 12,
  unixgram: 8,
  "udp+reliable": 8,
} as const;
const PAUSE_MS = 500;
const ROUNDS = SECONDS * 1000 / PAUSE_MS;

/** What may lose messages on the way: UDP as many as the system counts, Unix datagrams those for and
 * from a socket that was given up because its peer did not read for a moment. */
const LOSSY: ReadonlySet<string> = new Set(["udp", "dtls", "unixgram"]);

/** Datagrams that the system has dropped so far, for want of room. */
function droppedDatagrams(): number {
  try {
    const lines = Deno.readTextFileSync("/proc/net/snmp").split("\n")
      .filter((line) => line.startsWith("Udp: ")).map((line) => line.split(" "));
    const column = lines[0]!.indexOf("InErrors");
    return Number(lines[1]![column]);
  } catch {
    return Infinity;
  }
}

/** One client, which remembers what it was told. */
class Talker {
  readonly heard: string[] = [];
  /** How many messages it could not send. */
  stuck = 0;
  readonly ended: Promise<void>;
  readonly #client: Client;
  readonly name: string;
  readonly room: string;
  readonly scheme: string;
  readonly isRich: boolean;
  #said = 0;

  constructor(client: Client, name: string, room: string, scheme: string, isRich: boolean) {
    this.#client = client;
    this.name = name;
    this.room = room;
    this.scheme = scheme;
    this.isRich = isRich;
    this.ended = this.#listen();
  }

  async say(): Promise<void> {
    const text = `${this.name}.${this.#said++}`;
    const sent = this.#client.send(this.isRich ? { type: "say", text } : text);
    await (this.scheme === "unixgram" ? sent.catch(() => void this.stuck++) : sent);
  }

  async end(): Promise<void> {
    await this.#client.send(this.isRich ? { type: "say", text: "the end" } : "the end");
  }

  async #listen(): Promise<void> {
    for (;;) {
      const line = await this.#client.line();
      if (line === undefined) return;
      const text = this.isRich
        ? (JSON.parse(line) as { readonly type: string; readonly text?: string }).text
        : /^\d\d:\d\d [^ ]+: (.*)$/.exec(line)?.[1];
      if (this.isRich && !line.startsWith('{"type":"message"')) continue;
      if (text === undefined) continue;
      if (text === "the end") return;
      this.heard.push(text);
    }
  }
}

Deno.test("two hundred mixed clients all get each message of their room once, in one order", async () => {
  await using folder = await temporaryFolder();
  const said = new Map(ROOMS.map((room) => [room, [] as string[]]));
  const saidBy = new Map<string, string>();
  const ended = new Set<string>();
  const take = ({ room, kind, name, text = "" }: RoomEvent) => {
    if (kind !== "say" || ended.has(room)) return;
    if (text === "the end") ended.add(room);
    else {
      said.get(room)!.push(text);
      saidBy.set(text, name);
    }
  };
  const schemes = Object.keys(CLIENTS);
  await using dock = await serve(
    schemes.map((scheme) =>
      scheme.startsWith("unix") ? `${scheme}://${folder.path}/${scheme}` : `${scheme}://127.0.0.1:0`
    ),
    chat,
    { emit: (event) => event.event === "chat" ? take(event) : undefined, presenceMembers: 0 },
  );
  const before = droppedDatagrams();
  const talkers: Talker[] = [];
  const clients: Client[] = [];
  try {
    for (const [at, [scheme, count]] of Object.entries(CLIENTS).entries()) {
      const { certificate } = dock.servers[at]!;
      const trust = certificate === undefined ? {} : { tlsFingerprint: certificate.fingerprint };
      for (let number = 0; number < count; number++) {
        const client = new Client(await connect(dock.urls[at]!, trust));
        clients.push(client);
        const name = `${scheme.replace("+", "_")}-${number}`;
        const room = ROOMS[talkers.length % ROOMS.length]!;
        const isRich = number % 8 < 4;
        if (isRich) await client.hello({ name, room });
        else {
          await client.send(`/name ${name}`);
          await client.until(/^\* you are /);
          if (room !== "lobby") {
            await client.send(`/join ${room}`);
            await client.until(/^\* you are in /);
          }
        }
        talkers.push(new Talker(client, name, room, scheme, isRich));
      }
    }
    assertEquals(talkers.length, 200);

    await Promise.all(talkers.map(async (talker, at) => {
      await new Promise((resolve) => setTimeout(resolve, at * PAUSE_MS / talkers.length));
      for (let round = 0; round < ROUNDS; round++) {
        await talker.say();
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      }
    }));
    // One on a stream has the last word in each room.
    for (const room of ROOMS) {
      await talkers.find((one) => one.room === room && one.scheme === "tcp" && one.isRich)!.end();
    }
    const reliable = talkers.filter(({ scheme }) => !LOSSY.has(scheme));
    await Promise.all(reliable.filter(({ isRich }) => isRich).map(({ ended }) => ended));
    // The others may have lost the last word, but only where something was dropped.
    const all = Promise.all(talkers.map(({ ended }) => ended)).then(() => true);
    const deliveries = () => talkers.reduce((sum, { heard }) => sum + heard.length, 0);
    for (let isOver = false, last = -1; !isOver;) {
      if (droppedDatagrams() > before && deliveries() === last) break;
      last = deliveries();
      const pause = Promise.withResolvers<boolean>();
      const timer = setTimeout(pause.resolve, 5000, false);
      isOver = await Promise.race([all, pause.promise]);
      clearTimeout(timer);
    }
  } finally {
    for (const client of clients) client[Symbol.dispose]();
  }

  let [lost, lostOnUnix] = [0, 0];
  for (const { name, room, scheme, isRich, heard } of talkers) {
    const expected = said.get(room)!.filter((text) => isRich || saidBy.get(text) !== name);
    if (!LOSSY.has(scheme)) {
      assertEquals(heard, expected, `${name} in ${room}`);
      continue;
    }
    assertEquals(new Set(heard).size, heard.length, `${name} got a message twice`);
    const got = new Set(heard);
    // In their order, with gaps at most.
    assertEquals(heard, expected.filter((text) => got.has(text)), `${name} in ${room}`);
    if (scheme === "unixgram") lostOnUnix += expected.length - heard.length;
    else lost += expected.length - heard.length;
  }
  const total = [...said.values()].reduce((sum, texts) => sum + texts.length, 0);
  const dropped = droppedDatagrams() - before;
  const { missed, failed, inboxDropped } = dock.stats();
  console.log(`${total} messages, ${lost} deliveries lost, ${dropped} datagrams dropped`);
  assert(lost <= dropped, `${lost} deliveries were lost, and only ${dropped} datagrams dropped`);
  const stuck = talkers.reduce((sum, talker) => sum + talker.stuck, missed);
  assert(
    lostOnUnix === 0 || stuck > 0,
    `${lostOnUnix} deliveries were lost, and no socket was stuck`,
  );
  assert(total >= 100 * ROUNDS, `${total} messages were said`);
  assertEquals({ failed, inboxDropped }, { failed: 0, inboxDropped: 0 });
});
