/** The chat on several machines, and on one that dies: real servers, a real broker, clients that come
 * back. */

import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { joinChat, type JoinedChat } from "../../dock/join_chat.ts";
import { serve } from "../../dock/serve.ts";
import { chat } from "../../protocols/chat.ts";
import { ChatError } from "../../protocols/chat/client/chat_over.ts";
import { peerTest } from "../peer.ts";
import { type Program, startProgram } from "../program.ts";
import { NatsBroker } from "../protocols/chat/cluster/nats_broker.ts";
import { eventually } from "../eventually.ts";
import { temporaryFolder } from "../temporary_folder.ts";

const DEADLINE_MS = 120_000;

/** A server with a history of its own, which can be killed and started again at the same place. */
class Node implements AsyncDisposable {
  readonly #options: readonly string[];
  #program: Program;
  readonly urls: readonly string[];

  private constructor(options: readonly string[], program: Program) {
    this.#options = options;
    this.#program = program;
    this.urls = program.urls;
  }

  static async start(history: string, ...more: readonly string[]): Promise<Node> {
    const options = ["--json", "--history", history, ...more];
    return new Node(options, await serveChat(["tcp://127.0.0.1:0", "udp://127.0.0.1:0"], options));
  }

  get tcp(): string {
    return this.urls[0]!;
  }

  async kill(): Promise<void> {
    await this.#program[Symbol.asyncDispose]();
  }

  async restart(): Promise<void> {
    this.#program = await serveChat(this.urls, this.#options);
  }

  /** Ctrl-C, which it has to take without complaint. */
  async stop(): Promise<void> {
    this.#program.interrupt();
    assertEquals((await this.#program.ended()).stderr, "");
  }

  /** Lets it stand still, or go on. */
  signal(name: "SIGSTOP" | "SIGCONT"): void {
    this.#program.signal(name);
  }

  async noticed(pattern: RegExp): Promise<void> {
    while (!pattern.test(String((await this.#program.event("notice")).text)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}

function serveChat(urls: readonly string[], options: readonly string[]): Promise<Program> {
  return startProgram(["serve", "chat", ...urls, ...options], { endpoints: urls.length });
}

/** A rich client that remembers what it was shown. */
class Witness implements AsyncDisposable {
  readonly chat: JoinedChat;
  readonly shown: string[] = [];
  readonly placed: number[] = [];
  readonly events: string[] = [];
  readonly #reading: Promise<void>;
  #changed = Promise.withResolvers<void>();

  private constructor(chat: JoinedChat) {
    this.chat = chat;
    this.#reading = this.#read();
  }

  static async join(url: string, name: string): Promise<Witness> {
    const pauses = { reconnectFirstMs: 50, reconnectMaxMs: 200 };
    return new Witness(await joinChat(url, { name, last: 0, ...pauses }));
  }

  /** Says so many things, one after the other. Returns which were acknowledged, and how. */
  async say(about: string, count: number): Promise<ReadonlyMap<string, string>> {
    const scopes = new Map<string, string>();
    const all = Array.from({ length: count }, (_, index) => `${about} ${index}`);
    await Promise.all(
      all.map(async (text) => scopes.set(text, (await this.chat.say(text)).scope)),
    );
    return scopes;
  }

  async until(isSo: () => boolean): Promise<void> {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => late.reject(new Error(`${this.shown.join("\n")}\nnever ${isSo}`)),
      DEADLINE_MS,
    );
    try {
      while (!isSo()) await Promise.race([this.#changed.promise, late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  async #read(): Promise<void> {
    for await (const event of this.chat) {
      if (event.event === "message") {
        this.shown.push(event.message.text);
        if (event.message.seq !== undefined) this.placed.push(event.message.seq);
      } else this.events.push(event.event);
      this.#changed.resolve();
      this.#changed = Promise.withResolvers();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.chat.close();
    await this.#reading;
  }
}

const FAST = ["--message-rate", "10000", "--message-burst", "10000"];

peerTest(
  "two servers are one chat, whichever of them or of their broker is killed",
  ["nats-server"],
  async () => {
    await using folder = await temporaryFolder();
    await using broker = await NatsBroker.start(folder.path);
    const cluster = ["--cluster", broker.url, ...FAST];
    await using one = await Node.start(`${folder.path}/one.sqlite`, ...cluster);
    await using two = await Node.start(`${folder.path}/two.sqlite`, ...cluster);
    await using ada = await Witness.join(one.tcp, "Ada");
    await using bob = await Witness.join(two.tcp, "bob");
    await using udp = await Witness.join(two.urls[1]!, "udp");
    const acknowledged = new Map<string, string>();
    const note = (scopes: ReadonlyMap<string, string>) => {
      for (const [text, scope] of scopes) acknowledged.set(text, scope);
    };

    note(await ada.say("all is well", 50));
    note(await udp.say("over UDP", 20));
    assertEquals([...new Set(acknowledged.values())], ["stored"]);
    await udp.until(() => udp.shown.length === 70);
    assertEquals(new Set(udp.shown), new Set(acknowledged.keys()));

    // Killed while messages are under way.
    const underWay = [ada.say("broker", 100), bob.say("broker too", 100)];
    await bob.until(() => bob.shown.some((text) => text.startsWith("broker")));
    await broker.kill();
    await Promise.all([one, two].map((node) => node.noticed(/cannot be reached/)));
    note(await ada.say("alone", 30));
    for (const scopes of await Promise.all(underWay)) note(scopes);
    assertEquals(acknowledged.get("alone 29"), "local");

    // And a node that owes something, before it can share it.
    await one.kill();
    await broker.restart();
    await two.noticed(/is shared over/);
    await one.restart();
    note(await ada.say("back", 30));
    note(await bob.say("the end", 1));

    for (const witness of [ada, bob]) {
      await witness.until(() => new Set(witness.shown).size >= acknowledged.size);
      const { shown, placed } = witness;
      assertEquals(shown.filter((text, at) => shown.indexOf(text) !== at), [], "shown once");
      assertEquals([...acknowledged.keys()].filter((text) => !shown.includes(text)), []);
      assertEquals(placed, placed.toSorted((a, b) => a - b), "in one order");
    }
    const [here, there] = await Promise.all([ada, bob].map(({ chat }) => chat.history(500)));
    assertEquals(here!.map(({ id, seq }) => [id, seq]), there!.map(({ id, seq }) => [id, seq]));
    assertEquals(here!.length, acknowledged.size);

    // Names are those of all nodes.
    await ada.chat.setName("ada");
    const names = async () => (await bob.chat.who()).map(({ name }) => name).sort().join();
    while (await names() !== "ada,bob,udp");
    await bob.chat.whisper("ADA", "psst");
    await ada.until(() => ada.events.includes("private"));
    await ada.chat.close();
    while (await names() !== "bob,udp");
    for (const witness of [bob, udp]) await witness.chat.close();
    for (const node of [one, two]) await node.stop();
  },
);

peerTest(
  "a server starts while its broker is away, and shares later",
  ["nats-server"],
  async () => {
    await using folder = await temporaryFolder();
    await using broker = await NatsBroker.start(folder.path);
    const cluster = ["--cluster", broker.url, ...FAST];
    await broker.kill();
    await using one = await Node.start(`${folder.path}/one.sqlite`, ...cluster);
    await using ada = await Witness.join(one.tcp, "ada");
    const scopes = await ada.say("early", 5);
    assertEquals([...new Set(scopes.values())], ["local"]);
    await broker.restart();
    await one.noticed(/is shared over .*5 messages/);
    // A new node catches up before it takes members.
    await using two = await Node.start(`${folder.path}/two.sqlite`, ...cluster);
    await using bob = await Witness.join(two.tcp, "bob");
    assertEquals((await bob.chat.history()).map(({ text }) => text), [...scopes.keys()]);
    assertEquals(bob.shown, []);
    assertEquals([...(await bob.say("late", 1)).values()], ["stored"]);
    await ada.until(() => ada.shown.length === 6);
  },
);

Deno.test("a server that is killed again and again keeps what it acknowledged", async () => {
  await using folder = await temporaryFolder();
  await using node = await Node.start(`${folder.path}/chat.sqlite`, ...FAST);
  await using ada = await Witness.join(node.tcp, "ada");
  const texts: string[] = [];
  for (let life = 0; life < 3; life++) {
    const saying = ada.say(`life ${life}`, 120);
    await ada.until(() => ada.shown.length > texts.length + 20 * life);
    await node.kill();
    await node.restart();
    const scopes = await saying;
    assertEquals([...new Set(scopes.values())], ["stored"]);
    texts.push(...scopes.keys());
  }
  await ada.until(() => ada.shown.length >= texts.length);
  const { shown, placed } = ada;
  assertEquals(new Set(shown), new Set(texts));
  assertEquals(shown.length, texts.length, "shown once");
  assertEquals(placed, placed.toSorted((a, b) => a - b));
  assertEquals((await ada.chat.history(500)).map(({ text }) => text), shown);
  assertEquals((await ada.chat.search("LIFE 119", 500)).length, 3);
  await ada.chat.say("船は九時に出ます");
  assertEquals((await ada.chat.search("九時")).length, 1);
  const { mode } = await Deno.stat(`${folder.path}/chat.sqlite`);
  if (Deno.build.os !== "windows") assertEquals(mode! & 0o777, 0o600);
});

Deno.test("of two servers on one history the second says what to do", async () => {
  await using folder = await temporaryFolder();
  const history = `${folder.path}/chat.sqlite`;
  await using _first = await Node.start(history);
  const second = Node.start(history).then(() => "started", String);
  assertMatch(
    await second,
    /another server has its history there; stop that one, or give this one a file of its own with --history FILE/,
  );
});

Deno.test("a server that finds no place for its history says so", async () => {
  const env = { SOCKDOCK_DATA_FOLDER: "", XDG_DATA_HOME: "", HOME: "", LOCALAPPDATA: "" };
  await using server = await startProgram(["serve", "chat", "tcp://127.0.0.1:0"], { env });
  await server.stderr.line(/^the history stays in memory \(.*\); --history FILE keeps it$/);
});

peerTest(
  "a ban that was acknowledged holds on a node that stood still",
  ["nats-server"],
  async () => {
    await using folder = await temporaryFolder();
    await using broker = await NatsBroker.start(folder.path);
    await using two = await Node.start(`${folder.path}/two.sqlite`, "--cluster", broker.url);
    const typed = Promise.withResolvers<string>();
    await using one = await serve("tcp://127.0.0.1:0", chat, {
      cluster: [broker.url],
      history: `${folder.path}/one.sqlite`,
      messageRatePerSecond: 10_000,
      messageBurst: 10_000,
      lines: (async function* () {
        yield await typed.promise;
        await new Promise(() => {});
      })(),
    });
    await using bob = await Witness.join(two.tcp, "bob");
    await using ada = await Witness.join(one.url, "ada");
    const others = async () => (await ada.chat.who()).map(({ name }) => name);
    await eventually(async () => (await others()).includes("bob"));
    two.signal("SIGSTOP");
    try {
      typed.resolve("/ban bob");
      await eventually(() =>
        joinChat(one.url, { name: "bob" })
          .then((again) => again.close().then(() => false), ({ code }) => code === "banned")
      );
      // By then what was said to it is older than its patience with the broker.
      await eventually(async () => !(await others()).includes("bob"));
    } finally {
      two.signal("SIGCONT");
    }
    await bob.until(() => bob.events.includes("closed"));
    await assertRejects(() => joinChat(two.tcp, { name: "bob" }), ChatError, "banned you");
  },
);
