/**
 * One suite for every protocol on every transport that carries sessions. Both come from their
 * index, so that a new one is tested, or missed in the table below, from its first day.
 */

import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { clientKinds } from "../clients/index.ts";
import type { ClientKind, DialledSession } from "../core/client_kind.ts";
import type { ServerEvent } from "../core/event.ts";
import { framedSession } from "../core/streams/framed_session.ts";
import type { Protocol } from "../core/protocol.ts";
import type { ServerKind } from "../core/server_kind.ts";
import { bytesOf, type Message, textOf } from "../core/session.ts";
import { UsageError } from "../core/usage_error.ts";
import { connect } from "../dock/connect.ts";
import { usesUdp } from "../dock/place.ts";
import { type Dock, serve } from "../dock/serve.ts";
import { protocols } from "../protocols/index.ts";
import { serverKinds } from "../servers/index.ts";
import { misfitsOf } from "./event_schema.ts";
import { EventLog, type EventNamed } from "./memory.ts";
import { temporaryFolder } from "./temporary_folder.ts";
import { withoutDatagramSockets } from "./without_datagram_sockets.ts";

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);

/** A served protocol and one client of it. */
class Talk implements AsyncDisposable {
  readonly dock: Dock;
  readonly session: DialledSession;
  /** Whether the transport has connections, so that a session begins before the first message. */
  readonly connects: boolean;
  readonly #messages: AsyncIterator<Message>;
  readonly #log: EventLog;
  readonly #cleanup: AsyncDisposableStack;

  private constructor(
    dock: Dock,
    session: DialledSession,
    log: EventLog,
    cleanup: AsyncDisposableStack,
  ) {
    this.dock = dock;
    this.session = session;
    this.connects = !["udp", "unixgram"].includes(session.peer.transport);
    this.#messages = session[Symbol.asyncIterator]();
    this.#log = log;
    this.#cleanup = cleanup;
  }

  static async open(
    protocol: Protocol,
    kind: ServerKind,
    options: Readonly<Record<string, unknown>> = {},
  ): Promise<Talk> {
    await using cleanup = new AsyncDisposableStack();
    const { path } = cleanup.use(await temporaryFolder());
    const place = kind.addressing === "host" ? "127.0.0.1:0" : `${path}/socket`;
    const log = new EventLog();
    const misfits = cleanup.adopt<string[]>([], (found) => assertEquals(found, []));
    const dock = cleanup.use(
      await serve(`${kind.name}://${place}`, protocol, {
        now: () => NOW,
        random: () => 0.5,
        emit(event) {
          misfits.push(...misfitsOf(event));
          log.emit(event);
        },
        watch: true,
        ...options,
      }),
    );
    const session = cleanup.use(await connect(dock.url, trustOf(dock, kind)));
    return new Talk(dock, session, log, cleanup.move());
  }

  /** Sends, or on a transport without connections sends something, so that there is a session. */
  async call(message: Message = ""): Promise<void> {
    if (!this.connects || message !== "") await this.session.send(message);
  }

  async next(): Promise<Message | undefined> {
    const { done, value } = await this.#messages.next();
    return done ? undefined : value;
  }

  /** As `next`, when the server ends before it has said anything: a TLS client takes that for a
   * refusal while its own side is open. */
  async lastWord(): Promise<Message | undefined> {
    try {
      return await this.next();
    } catch (error) {
      assertStringIncludes((error as Error).message, "the server closed after the handshake");
      return undefined;
    }
  }

  async nextText(): Promise<string | undefined> {
    const message = await this.next();
    return message === undefined ? undefined : textOf(message);
  }

  /** At least this many bytes of the stream. */
  async read(atLeastBytes: number): Promise<Uint8Array> {
    const bytes: number[] = [];
    while (bytes.length < atLeastBytes) {
      const message = await this.next();
      if (message === undefined) break;
      bytes.push(...bytesOf(message));
    }
    return new Uint8Array(bytes);
  }

  /** The whole answer to one call: a message where there are messages, else to the end. */
  async answer(): Promise<Uint8Array> {
    if (this.session.boundary === "bytes") return await this.read(Infinity);
    return bytesOf((await this.next())!).slice();
  }

  /** The next event of a kind. */
  event<Name extends ServerEvent["event"]>(name: Name): Promise<EventNamed<Name>> {
    return this.#log.next(name);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#cleanup.disposeAsync();
  }
}

/** What makes a client trust the certificate that the server made on the spot. */
function trustOf(
  { certificate }: Dock,
  { name }: ServerKind,
): { readonly tlsFingerprint?: string } {
  const kinds: readonly ClientKind[] = clientKinds;
  const secure = kinds.some((kind) => kind.name === name && "tlsFingerprint" in kind.options);
  return secure ? { tlsFingerprint: certificate!.fingerprint } : {};
}

/** The printable characters of ASCII, as chargen turns them. */
function chargenLine(number: number): string {
  const characters = Array.from({ length: 72 }, (_, at) => 32 + (number + at) % 95);
  return String.fromCharCode(...characters) + "\r\n";
}

/** How each protocol behaves, whatever carries it. */
const BEHAVIOUR: Readonly<Record<string, (talk: Talk) => Promise<void>>> = {
  async acknowledge(talk) {
    await talk.session.send("ahoy");
    assertEquals(await talk.nextText(), "Message received: ahoy. Thank you.");
    await talk.session.send("grüße\n");
    assertEquals(await talk.nextText(), "Message received: grüße\n. Thank you.");
  },

  async chargen(talk) {
    await talk.call();
    if (talk.session.boundary === "messages") {
      // On a WebSocket as well: each message is answered.
      if (talk.connects) await talk.session.send("more");
      const pattern = Array.from({ length: 10 }, (_, line) => chargenLine(line)).join("");
      assertEquals(await talk.nextText(), pattern.slice(0, 256), "half of 513, rounded down");
      return;
    }
    const lines = textOf(await talk.read(74 * 200)).split(/(?<=\n)/).slice(0, 200);
    assertEquals(lines, Array.from({ length: 200 }, (_, line) => chargenLine(line % 95)));
  },

  async chat(talk) {
    const end = talk.session.boundary === "bytes" ? "\n" : "";
    await talk.session.send(`ahoy${end}`);
    assertEquals(
      (await talk.nextText())?.trimEnd(),
      "* you are guest-1, alone in lobby; /help says more",
    );
    const said = async () => {
      for (;;) {
        const event = await talk.event("chat");
        if (event.kind === "say") return event.text;
      }
    };
    assertEquals(await said(), "ahoy");
    await talk.session.send(`/who${end}`);
    assertEquals((await talk.nextText())?.trimEnd(), "* in lobby: guest-1");
    if (!talk.connects) return;
    await talk.session.send(`/quit${end}`);
    assertEquals(await talk.next(), undefined);
  },

  async daytime(talk) {
    await talk.call();
    assertEquals(textOf(await talk.answer()), "Fri, 02 Jan 2026 03:04:05 +0000\r\n");
  },

  async discard(talk) {
    await talk.session.send("into the void");
    assertEquals(textOf((await talk.event("received")).message), "into the void");
    assertEquals(talk.dock.stats().messagesSent, 0);
    if (!talk.connects) return;
    await talk.session.end();
    assertEquals(await talk.next(), undefined);
  },

  async echo(talk) {
    const everyByte = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    await talk.session.send(everyByte);
    assertEquals((await talk.read(256)).slice(), everyByte);
    if (talk.session.boundary === "messages") {
      await talk.session.send("");
      assertEquals(await talk.nextText(), "", "an empty message is one too");
    }
    if (!talk.connects) return;
    await talk.session.send("last words");
    await talk.session.end();
    assertEquals(textOf(await talk.read(Infinity)), "last words");
  },

  async inbox(talk) {
    const session = framedSession(talk.session, "length");
    const answers = session[Symbol.asyncIterator]();
    const ask = async (message: unknown) => {
      await session.send(JSON.stringify(message));
      return JSON.parse(textOf((await answers.next()).value!));
    };
    assertEquals((await ask({ type: "hello", version: 1 })).type, "welcome");
    const offer = { type: "offer", name: "a/file", bytes: 4, modifiedMs: 0 };
    assertEquals(await ask(offer), { type: "ready", fromBytes: 0 });
    await session.send(Uint8Array.of(0, 97, 104, 111, 121));
    const sha256 = "7b0ecf8d42d9cd8eb6f5dc34eb4ec8c7ac1d33d1d2c1c5dc9f3ad06b7c7d7fcf";
    assertEquals((await ask({ type: "end", sha256 })).code, "hash");
    assertEquals((await ask({ type: "folder", name: "../x" })).code, "name");
  },

  async print(talk) {
    const peer = talk.session.boundary === "bytes" ? "one\r\ntwo\n" : "one";
    await talk.session.send(peer);
    const first = await talk.event("message");
    assertEquals(textOf(first.message), "one");
    assertEquals(first.peer, (await talk.event("opened")).peer);
    if (talk.session.boundary === "bytes") {
      assertEquals(textOf((await talk.event("message")).message), "two");
    }
    assertEquals(talk.dock.stats().messagesSent, 0);
  },

  async qotd(talk) {
    await talk.call();
    const end = talk.session.boundary === "bytes" ? "\r\n" : "";
    const quote = "We reject kings, presidents and voting. " +
      "We believe in rough consensus and running code.\r\n  David Clark, 1992";
    assertEquals(textOf(await talk.answer()), quote + end);
  },

  async relay(talk) {
    const everyByte = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    await talk.session.send(everyByte);
    assertEquals(await talk.read(256), everyByte);
    if (talk.session.boundary === "messages") return;
    await talk.session.send("last words");
    await talk.session.end();
    assertEquals(textOf(await talk.read(Infinity)), "last words");
  },

  async time(talk) {
    await talk.call();
    const answer = await talk.answer();
    assertEquals(answer.length, 4);
    const seconds = new DataView(answer.buffer, answer.byteOffset).getUint32(0);
    assertEquals(seconds, NOW / 1000 + (70 * 365 + 17) * 86_400, "since 1900, leap days included");
  },

  async upper(talk) {
    await talk.session.send("  straße \r\n");
    assertEquals(await talk.nextText(), "STRASSE");
    if (talk.session.boundary === "messages") return;
    // Cut inside a character: its first byte is held back, and nothing else is.
    const bytes = bytesOf("grüße");
    await talk.session.send(bytes.subarray(0, 3));
    assertEquals(await talk.nextText(), "GR");
    await talk.session.send(bytes.subarray(3));
    assertEquals(await talk.nextText(), "ÜSSE");
  },
};

const named = (name: string): Protocol => protocols.find((protocol) => protocol.name === name)!;

const sessionKinds = (serverKinds as readonly ServerKind[])
  .filter((kind) => kind.carries === "sessions");

Deno.test("every protocol has its behaviour written down, and nothing else has", () => {
  assertEquals(Object.keys(BEHAVIOUR).sort(), protocols.map(({ name }) => name).sort());
});

Deno.test("every transport that carries sessions can be dialled", () => {
  const dialled = new Set<string>(clientKinds.map(({ name }) => name));
  assertEquals(sessionKinds.filter(({ name }) => !dialled.has(name)), []);
});

/** Each transport, those with a choice of listener with Deno's own too, and those on UDP where the
 * project has no Deno.listenDatagram. */
const ways = sessionKinds.flatMap((kind) => {
  const way = { kind, way: kind.name, given: {}, onNode: false };
  if ("listener" in kind.options) {
    return [way, { ...way, way: `${kind.name} --listener deno`, given: { listener: "deno" } }];
  }
  return usesUdp(kind) ? [way, { ...way, way: `${kind.name} on node:dgram`, onNode: true }] : [way];
});

for (const { kind, way, given, onNode } of ways) {
  const test = (name: string, body: () => Promise<void>) =>
    Deno.test(name, async () => {
      using _project = onNode ? withoutDatagramSockets() : undefined;
      await body();
    });
  for (const protocol of protocols) {
    if (protocol.needsOrder && kind.carries === "sessions" && kind.carrier === "datagram") {
      test(`${protocol.name} refuses to run on bare ${way}`, async () => {
        await assertRejects(() => Talk.open(protocol, kind), UsageError, "in order");
      });
      continue;
    }
    test(`${protocol.name} over ${way}`, async () => {
      await using upstream = protocol.dials
        ? await serve("tcp://127.0.0.1:0", named("echo"))
        : undefined;
      await using folder = await temporaryFolder();
      await using talk = await Talk.open(protocol, kind, {
        ...given,
        ...(upstream && { to: upstream.url }),
        ...("into" in protocol.options && { into: `${folder.path}/in` }),
      });
      await BEHAVIOUR[protocol.name]!(talk);
      const { opened, failed, oversized, inboxDropped, denied } = talk.dock.stats();
      assert(opened >= 1);
      assertEquals({ failed, oversized, inboxDropped, denied }, {
        failed: 0,
        oversized: 0,
        inboxDropped: 0,
        denied: 0,
      });
    });
  }

  test(`an oversized message over ${way} is counted and reaches nobody`, async () => {
    await using talk = await Talk.open(named("print"), kind, { ...given, maxMessageBytes: 10 });
    await talk.session.send("x".repeat(100));
    if (talk.connects) {
      assertEquals(await talk.lastWord(), undefined, "the connection is over");
    } else {
      await talk.session.send("fits");
      assertEquals(textOf((await talk.event("message")).message), "fits");
    }
    const { oversized, failed } = talk.dock.stats();
    assertEquals({ oversized, failed }, { oversized: 1, failed: 0 });
  });

  test(`once over ${way} stops the server after one session`, async () => {
    await using talk = await Talk.open(named("echo"), kind, { ...given, once: true });
    await talk.session.send("only");
    assertEquals(await talk.nextText(), "only");
    if (talk.connects) await talk.session.end();
    await talk.dock.finished;
  });

  test(`until over ${way} stops the server at its message`, async () => {
    await using talk = await Talk.open(named("print"), kind, { ...given, until: "q" });
    const end = talk.session.boundary === "bytes" ? "\n" : "";
    await talk.session.send(`not q${end}`);
    await talk.session.send(`q${end}`);
    assertEquals(textOf((await talk.event("message")).message), "not q");
    await talk.dock.finished;
  });

  test(`a peer that says nothing over ${way} is idle in time`, async () => {
    const limit = "peerTimeoutMs" in kind.options ? "peerTimeoutMs" : "idleTimeoutMs";
    await using talk = await Talk.open(named("echo"), kind, { ...given, [limit]: 100 });
    await talk.call();
    assertEquals((await talk.event("closed")).reason, "idle");
    assertEquals(talk.dock.stats().idle, 1);
    if (talk.connects) assertEquals(await talk.lastWord(), undefined);
  });

  test(`a shutdown over ${way} in mid-reply lasts no longer than its grace`, async () => {
    await using talk = await Talk.open(named("chargen"), kind, given);
    await talk.call();
    // A stream now fills up, since nobody reads it.
    await talk.event(talk.session.boundary === "bytes" ? "sent" : "opened");
    await talk.dock.shutdown({ graceMs: 50 });
    const { open, failed } = talk.dock.stats();
    assertEquals({ open, failed }, { open: 0, failed: 0 });
  });
}
