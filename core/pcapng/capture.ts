// Events as a capture that Wireshark reads: what was said, in plain, in packets with made-up headers.
// Every server is an interface, and every session a conversation.

import { concat } from "@std/bytes/concat";
import type { PeerEvent, ServerEvent, SessionEvent } from "../event.ts";
import { bytesOf } from "../session.ts";
import { VERSION } from "../version.ts";
import { enhancedPacket, interfaceDescription, sectionHeader } from "./blocks.ts";
import { datagrams, type Directed, StreamConversation } from "./conversation.ts";
import { httpPayloads } from "./http_text.ts";
import type { Payload } from "./packets.ts";
import { type Ends, endsOf } from "./places.ts";

/** How many sessions, and how many servers, are known at a time. */
const MOST_KNOWN = 65_536;

const DATAGRAM_SCHEMES: ReadonlySet<string> = new Set(["udp", "dtls", "unixgram"]);

/** A session or an HTTP connection, from its first event on. */
interface Known {
  /** Undefined on datagrams. */
  readonly stream: StreamConversation | undefined;
  readonly onInterface: number;
  /** That of the session, or one of its own. */
  readonly number: number;
  /** Of its first packet; undefined once that has been written. */
  comment: string | undefined;
}

type AboutPeer = SessionEvent | PeerEvent;

/** Turns events into a capture, one after the other. */
export class Capture {
  readonly #interfaces = new Map<string, number>();
  readonly #sessions = new Map<string, Known>();
  readonly #mostKnown: number;
  #lastInterface = -1;
  #lastNumber = 0;
  #blocks: Uint8Array[] = [];
  #missed = 0;

  /** @param mostKnown of sessions, and of servers; the oldest is forgotten, and begins anew when it
   * goes on */
  constructor({ mostKnown = MOST_KNOWN }: { readonly mostKnown?: number } = {}) {
    this.#mostKnown = mostKnown;
  }

  /** What comes first. */
  start(): Uint8Array<ArrayBuffer> {
    return sectionHeader(`sockdock ${VERSION}`);
  }

  /** The packets of an event; of many there are none.
   * @param messageBytes the length of its message, of which it may have the beginning alone */
  packets(event: ServerEvent, messageBytes?: number): Uint8Array<ArrayBuffer> {
    switch (event.event) {
      case "opened":
        this.#known(event);
        break;
      case "received":
      case "sent": {
        const bytes = bytesOf(event.message);
        const payload = { bytes, wholeBytes: messageBytes ?? bytes.length };
        this.#say(event, event.event === "received" ? "in" : "out", payload);
        break;
      }
      case "request": {
        const { request, response } = httpPayloads(event);
        this.#say(event, "in", request);
        this.#say(event, "out", response, Date.parse(event.time) + Math.round(event.durationMs));
        break;
      }
      case "closed":
        this.#close(event);
        break;
    }
    const written = concat(this.#blocks);
    this.#blocks = [];
    return written;
  }

  /** Events that are not there: the next packet says so. */
  missed(count: number): void {
    this.#missed += count;
  }

  #say(event: AboutPeer, direction: "in" | "out", payload: Payload, timeMs?: number): void {
    const known = this.#known(event);
    this.#write(
      event,
      known,
      known.stream?.message(direction, payload) ??
        datagrams(this.#endsOf(event, known), direction, payload),
      { timeMs },
    );
  }

  #close(event: AboutPeer & { readonly event: "closed" }): void {
    const known = this.#sessions.get(keyOf(event));
    if (known === undefined) return;
    this.#sessions.delete(keyOf(event));
    const comment = `closed: ${event.reason}`;
    this.#write(event, known, known.stream?.close() ?? [], { comment });
  }

  /** What is known of a session; one that is new is opened. */
  #known(event: AboutPeer): Known {
    const key = keyOf(event);
    const before = this.#sessions.get(key);
    if (before !== undefined) return before;
    const onInterface = this.#interfaceOf(event.url);
    const number = event.session ?? ++this.#lastNumber;
    const isDatagram = DATAGRAM_SCHEMES.has(/^\w+/.exec(event.url)?.[0] ?? "");
    const ends = this.#endsOf(event, { onInterface, number });
    const stream = isDatagram ? undefined : new StreamConversation(ends, number);
    const comment = event.session === undefined
      ? event.url
      : `session ${event.session} of ${event.url}`;
    const known = { stream, onInterface, number, comment };
    remember(this.#sessions, key, known, this.#mostKnown);
    if (stream !== undefined) this.#write(event, known, stream.open());
    return known;
  }

  #endsOf(event: AboutPeer, { onInterface, number }: Pick<Known, "onInterface" | "number">): Ends {
    return endsOf(event.url, event.peer, onInterface, number);
  }

  #interfaceOf(url: string): number {
    const before = this.#interfaces.get(url);
    if (before !== undefined) return before;
    this.#blocks.push(interfaceDescription(url));
    remember(this.#interfaces, url, ++this.#lastInterface, this.#mostKnown);
    return this.#lastInterface;
  }

  /** @param comment of the first packet */
  #write(
    event: AboutPeer,
    known: Known,
    packets: readonly Directed[],
    { timeMs = Date.parse(event.time), comment }: {
      readonly timeMs?: number | undefined;
      readonly comment?: string;
    } = {},
  ): void {
    if (packets.length === 0) return;
    const missed = this.#missed === 0
      ? undefined
      : `${this.#missed} events before this one are not here`;
    const said = [missed, known.comment, comment].filter((text) => text !== undefined);
    this.#missed = 0;
    known.comment = undefined;
    packets.forEach(({ packet, direction }, at) => {
      this.#blocks.push(enhancedPacket(packet, {
        ...{ onInterface: known.onInterface, timeMs, direction },
        comment: at > 0 || said.length === 0 ? undefined : said.join("; "),
      }));
    });
  }
}

/** With --listener deno the requests of a connection have no session. */
function keyOf({ session, url, peer }: AboutPeer): string {
  return session === undefined ? `${url} ${peer}` : String(session);
}

function remember<Key, Value>(known: Map<Key, Value>, key: Key, value: Value, most: number): void {
  known.set(key, value);
  if (known.size > most) known.delete(known.keys().next().value!);
}
