// The events that the control remembers, each with a number, for those who ask what has happened, and
// those who listen from now on. Bounded in count and in bytes.

import type { Emit, ServerEvent } from "../../core/event.ts";
import { eventJson } from "../../core/event_json.ts";
import { maskedFields } from "../../core/http/secrets.ts";
import { byteLength, bytesOf, type Message, textOf } from "../../core/session.ts";
import type { OfferMessage } from "../../core/traffic.ts";

/** How many events are remembered, and how many bytes of them. */
const MAX_EVENTS = 10_000;
const MAX_BYTES = 16 * 1024 * 1024;

/** The most of one message that is remembered. */
const MAX_MESSAGE_BYTES = 64 * 1024;

/** What an event takes besides its message, roughly. */
const EVENT_BYTES = 200;

/** The kinds that are only made while somebody wants them: they cost throughput. */
const TRAFFIC_KINDS: ReadonlySet<string> = new Set(["received", "sent", "request"]);

/** An event with its number, which it gets when it is kept. Its JSON is made when it is read: kept, it would be as long again. */
export class LoggedEvent {
  /** 0 until then. */
  id = 0;
  readonly event: ServerEvent;
  /** What it takes, roughly. */
  readonly bytes: number;
  /** Length of the whole message, if only its beginning is kept. */
  readonly messageBytes: number | undefined;

  constructor(event: ServerEvent) {
    this.messageBytes = undefined;
    this.event = event.event === "inspected"
      ? { ...event, headers: maskedFields(event.headers) }
      : event;
    if (!("message" in event)) {
      this.bytes = EVENT_BYTES + weightOf(event);
      return;
    }
    const length = byteLength(event.message);
    this.bytes = EVENT_BYTES + Math.min(length, MAX_MESSAGE_BYTES);
    if ("headers" in event) this.bytes += weightOf(event.headers);
    if (length <= MAX_MESSAGE_BYTES) return;
    this.messageBytes = length;
    this.event = { ...this.event, message: beginningOf(event.message) } as ServerEvent;
  }

  get json(): string {
    return JSON.stringify({
      id: this.id,
      ...eventJson(this.event),
      ...(this.messageBytes !== undefined && { messageBytes: this.messageBytes }),
    });
  }

  /** The text that is searched: that of its message, or all of it. */
  get text(): string {
    return "message" in this.event ? textOf(this.event.message) : this.json;
  }
}

/** The beginning of a message that is longer. A copy: part of a text would hold on to the whole. */
function beginningOf(message: Message): Message {
  const bytes = bytesOf(message);
  let end = MAX_MESSAGE_BYTES;
  // Not within a character (RFC 3629), or a text would be none any more.
  while (end > MAX_MESSAGE_BYTES - 4 && (bytes[end]! & 0xc0) === 0x80) end--;
  // Bytes that are no text have no characters.
  if ((bytes[end]! & 0xc0) === 0x80) end = MAX_MESSAGE_BYTES;
  const beginning = bytes.slice(0, end);
  return typeof message === "string" ? textOf(beginning) : beginning;
}

/** The length of all texts in it. */
function weightOf(value: unknown): number {
  if (typeof value === "string") return value.length;
  if (value instanceof Uint8Array) return value.length;
  if (typeof value !== "object" || value === null) return 0;
  let weight = 0;
  for (const key in value) weight += weightOf((value as Record<string, unknown>)[key]);
  return weight;
}

/** Which events somebody wants; what is left out does not matter. */
export interface EventFilter {
  readonly kinds?: ReadonlySet<string>;
  /** URL of the server. */
  readonly url?: string;
  readonly session?: number;
  /** A plain substring. */
  readonly contains?: string;
  /** Whether an event is one of those that are wanted, whatever else. */
  readonly accepts?: (event: ServerEvent) => boolean;
  /** The most of each HTTP body that is wanted, in bytes. The events are shared, so that others may get
   * bodies too, and longer ones. */
  readonly bodyBytes?: number;
}

/** What an event is of, which is known before it is made. */
interface Place {
  readonly kind: ServerEvent["event"];
  readonly url: string;
  readonly session: number | undefined;
}

function placeOf(event: ServerEvent): Place {
  const session = "session" in event ? event.session : undefined;
  return { kind: event.event, url: event.url, session };
}

function isAbout({ kinds, url, session }: EventFilter, place: Place): boolean {
  return (kinds === undefined || kinds.has(place.kind)) &&
    (url === undefined || place.url === url) &&
    (session === undefined || place.session === session);
}

function fits(filter: EventFilter, logged: LoggedEvent): boolean {
  return isAbout(filter, placeOf(logged.event)) &&
    holds(filter, logged);
}

/** Whether what an event says fits, which is known once it is made. */
function holds({ contains, accepts }: EventFilter, logged: LoggedEvent): boolean {
  return (accepts === undefined || accepts(logged.event)) &&
    (contains === undefined || logged.text.includes(contains));
}

/** Whether a filter may want events that cost throughput. */
function wantsTraffic({ kinds }: EventFilter): boolean {
  return kinds === undefined || [...kinds].some((kind) => TRAFFIC_KINDS.has(kind));
}

/** Who hears events from now on. */
interface Listener {
  readonly filter: EventFilter;
  /** Whether it takes one that fits. Default: every one. */
  readonly takes?: (isTraffic: boolean) => boolean;
  readonly hear: (event: LoggedEvent) => void;
}

export class EventLog {
  /** Listeners that were dropped because they read nothing. */
  dropped = 0;
  /** Events that listeners missed because they read too slowly. */
  missed = 0;
  /** Those among the listeners who wait for one event. */
  waits = 0;
  readonly #events: LoggedEvent[] = [];
  readonly #listeners = new Set<Listener>();
  /** Events that were forgotten because there were too many. */
  forgotten = 0;
  readonly #always: boolean;
  readonly #maxBytes: number;
  #changed: () => void = () => {};
  #first = 0;
  #bytes = 0;
  #lastId = 0;

  /** @param always whether messages and requests are remembered though nobody listens
   * @param maxBytes how many bytes of events are remembered */
  constructor(
    { always, maxBytes = MAX_BYTES }: { readonly always: boolean; readonly maxBytes?: number },
  ) {
    this.#always = always;
    this.#maxBytes = maxBytes;
  }

  /** Whether messages and requests are wanted now. */
  readonly wantsTraffic = (): boolean =>
    this.#always || [...this.#listeners].some(({ filter }) => wantsTraffic(filter));

  /** The most of each HTTP body that is wanted now; undefined for none. */
  readonly wantedBodyBytes = (): number | undefined => {
    const filters = [...this.#listeners].map(({ filter }) => filter).filter(wantsTraffic);
    const wanted = filters.flatMap(({ bodyBytes }) => bodyBytes ?? []);
    return wanted.length === 0 ? undefined : Math.max(...wanted);
  };

  /** Calls `changed` whenever what is wanted may have changed. */
  onChange(changed: () => void): void {
    this.#changed = changed;
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  get lastId(): number {
    return this.#lastId;
  }

  get size(): number {
    return this.#events.length - this.#first;
  }

  readonly add: Emit = (event) => this.#tell(placeOf(event), () => event);

  /** A message is kept, and copied, only for those who take it. */
  readonly offer: OfferMessage = (kind, { serverUrl: url, sessionId: session }, make) =>
    this.#tell({ kind, url, session }, make);

  #tell(place: Place, make: () => ServerEvent): void {
    const isTraffic = TRAFFIC_KINDS.has(place.kind);
    let logged: LoggedEvent | undefined;
    if (!isTraffic || this.#always) this.#keep(logged = new LoggedEvent(make()));
    for (const { filter, takes, hear } of this.#listeners) {
      if (!isAbout(filter, place)) continue;
      if (filter.contains !== undefined || filter.accepts !== undefined) {
        logged ??= new LoggedEvent(make());
        if (!holds(filter, logged)) continue;
      }
      if (takes?.(isTraffic) === false) continue;
      logged ??= new LoggedEvent(make());
      if (logged.id === 0) this.#keep(logged);
      hear(logged);
    }
  }

  #keep(logged: LoggedEvent): void {
    logged.id = ++this.#lastId;
    this.#events.push(logged);
    this.#bytes += logged.bytes;
    while (this.size > MAX_EVENTS || (this.#bytes > this.#maxBytes && this.size > 1)) {
      this.forgotten++;
      this.#bytes -= this.#events[this.#first]!.bytes;
      // The place is kept until many are free: removing the first of an array moves all others.
      (this.#events as (LoggedEvent | undefined)[])[this.#first++] = undefined;
    }
    if (this.#first > MAX_EVENTS) {
      this.#events.splice(0, this.#first);
      this.#first = 0;
    }
  }

  /** The events after one that fit, oldest first. */
  *after(id: number, filter: EventFilter): Generator<LoggedEvent> {
    for (let at = this.#first; at < this.#events.length; at++) {
      const logged = this.#events[at]!;
      if (logged.id > id && fits(filter, logged)) yield logged;
    }
  }

  /** Hears the events that fit from now on; the function returned ends that. */
  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    this.#changed();
    return () => {
      if (this.#listeners.delete(listener)) this.#changed();
    };
  }

  /** Forgets all events. Numbers go on: they stay unique. */
  forget(): void {
    this.#events.length = this.#first = this.#bytes = 0;
  }
}
