// The events of one dock, from its start on: told to its listeners, stamped, in an order that a
// program can rely on.

import { type Address, formatAddress } from "../core/addresses/address.ts";
import { isoTime } from "../core/clock.ts";
import type { Emit, EventBody, ServerEvent, Tell } from "../core/event.ts";
import { stamped } from "../core/event_stamp.ts";
import type { EventOrigin, Message, SessionOrigin } from "../core/session.ts";
import type { OfferMessage, Traffic } from "../core/traffic.ts";

interface Listener {
  readonly emit: Emit;
  /** Whether it hears messages and requests too, which cost throughput, or what messages are offered
   * to. */
  readonly traffic: boolean | OfferMessage;
  /** The most of each HTTP body that it hears, which takes the heads along; undefined for neither. */
  readonly bodyBytes?: number | undefined;
}

/** A program waits for `listening` as the first event: what happens before all endpoints are open,
 * also at those that are, comes after it, or before the error of a start that fails. Disposing it
 * tells what is held back. */
export class Announcer implements Disposable {
  readonly traffic: Traffic = { show: undefined, bodyBytes: undefined };
  readonly #listeners = new Set<Listener>();
  readonly #peers = new WeakMap<Address, string>();
  readonly #now: () => number;
  /** The first endpoint's, for events of the dock as a whole. */
  #url: string;
  #held: ((url: string) => ServerEvent)[] | undefined = [];

  /** @param url the first endpoint's as it was asked for */
  constructor(now: () => number, url: string) {
    this.#now = now;
    this.#url = url;
  }

  /** Adds a listener; the function returned removes it. */
  listen(emit: Emit, wanted: Omit<Listener, "emit">): () => void {
    const listener = { emit, ...wanted };
    this.#listeners.add(listener);
    this.#watch();
    return () => {
      this.#listeners.delete(listener);
      this.#watch();
    };
  }

  readonly tell: Tell = (
    body: EventBody,
    of?: Partial<EventOrigin>,
    timeMs?: number,
  ): void => {
    if (this.#listeners.size === 0) return;
    const atMs = timeMs ?? this.#now();
    if (this.#held === undefined) {
      this.#emit(stamped(body, this.#url, of, atMs));
    } else {
      // The time is that of now, the URL one whose port is not known yet.
      this.#held.push((url) => stamped(body, url, of, atMs));
    }
  };

  /** All endpoints listen: tells that, and then what was held back.
   * @param url the first endpoint's, with its port */
  begin(url: string, listening: () => void): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    this.#url = url;
    listening();
    for (const event of held) this.#emit(event(url));
  }

  [Symbol.dispose](): void {
    this.begin(this.#url, () => {});
  }

  /** What requests carry is for those alone who asked for it: the log of a server has none of it. */
  #emit(event: ServerEvent): void {
    if (event.event !== "request" || event.content === undefined) {
      for (const { emit } of this.#listeners) emit(event);
      return;
    }
    const { content: _, ...bare } = event;
    for (const { emit, bodyBytes } of this.#listeners) emit(bodyBytes === undefined ? bare : event);
  }

  #watch(): void {
    const listeners = [...this.#listeners];
    const isWatched = listeners.some(({ traffic }) => traffic !== false);
    this.traffic.show = isWatched ? this.#show : undefined;
    const wanted = listeners.flatMap(({ bodyBytes }) => bodyBytes ?? []);
    this.traffic.bodyBytes = wanted.length === 0 ? undefined : Math.max(...wanted);
  }

  /** The address as text, made once for each session and each address that it has. */
  #peerOf({ peer }: SessionOrigin): string {
    let text = this.#peers.get(peer);
    if (text === undefined) this.#peers.set(peer, text = formatAddress(peer));
    return text;
  }

  readonly #show = (event: "received" | "sent", of: SessionOrigin, message: Message): void => {
    let told: ServerEvent | undefined;
    // Spelt out, because it is made for every message.
    const make = () =>
      told ??= {
        event,
        time: isoTime(this.#now()),
        url: of.serverUrl,
        session: of.sessionId,
        peer: this.#peerOf(of),
        message: typeof message === "string" ? message : message.slice(),
      };
    for (const { emit, traffic } of this.#listeners) {
      if (traffic === true) emit(make());
      else if (traffic !== false) traffic(event, of, make);
    }
  };
}
