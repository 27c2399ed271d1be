// The events that the control remembers, each with a number, for those who ask what has happened, and
// those who listen from now on. Bounded in count and in bytes.

import type { Emit, InspectedEvent, ServerEvent } from "../../core/event.ts";
import { eventJson } from "../../core/event_json.ts";
import { byteLength, bytesOf, type Message, textOf } from "../../core/session.ts";
import { isSecretField, MASK } from "./mask.ts";

/** How many events are remembered, and how many bytes of them. */
const MAX_EVENTS = 10_000;
const MAX_BYTES = 16 * 1024 * 1024;

/** The most of one message that is remembered. */
const MAX_MESSAGE_BYTES = 64 * 1024;

/** What an event takes besides its message, roughly. */
const EVENT_BYTES = 200;

/** The kinds that are only made while somebody wants them: they cost throughput. */
const TRAFFIC_KINDS: ReadonlySet<string> = new Set(["received", "sent", "request"]);

/** An event with its number. Its JSON is made when it is read: kept, it would be as long again. */
export class LoggedEvent {
  readonly id: number;
  readonly event: ServerEvent;
  /** What it takes, roughly. */
  readonly bytes: number;
  /** Length of the whole message, if only its beginning is kept. */
  readonly #messageBytes: number | undefined;

  constructor(id: number, event: ServerEvent) {
    this.id = id;
    this.event = event.event === "inspected"
      ? { ...event, headers: maskedHeaders(event.headers) }
      : event;
    if (!("message" in event)) {
      this.bytes = EVENT_BYTES + weightOf(event);
      return;
    }
    const length = byteLength(event.message);
    this.bytes = EVENT_BYTES + Math.min(length, MAX_MESSAGE_BYTES);
    if ("headers" in event) this.bytes += weightOf(event.headers);
    if (length <= MAX_MESSAGE_BYTES) return;
    this.#messageBytes = length;
    this.event = { ...this.event, message: beginningOf(event.message) } as ServerEvent;
  }

  get json(): string {
    return JSON.stringify({
      id: this.id,
      ...eventJson(this.event),
      ...(this.#messageBytes !== undefined && { messageBytes: this.#messageBytes }),
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
  if (typeof value !== "object" || value === null) return 0;
  let weight = 0;
  for (const key in value) weight += weightOf((value as Record<string, unknown>)[key]);
  return weight;
}

function maskedHeaders(headers: InspectedEvent["headers"]): InspectedEvent["headers"] {
  return headers.map(([name, value]) => [name, isSecretField(name) ? MASK : value]);
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
}

function fits(
  { kinds, url, session, contains, accepts }: EventFilter,
  logged: LoggedEvent,
): boolean {
  const { event } = logged;
  return (kinds === undefined || kinds.has(event.event)) &&
    (url === undefined || event.url === url) &&
    (session === undefined || ("session" in event && event.session === session)) &&
    (accepts === undefined || accepts(event)) &&
    (contains === undefined || logged.text.includes(contains));
}

/** Whether a filter may want events that cost throughput. */
function wantsTraffic({ kinds }: EventFilter): boolean {
  return kinds === undefined || [...kinds].some((kind) => TRAFFIC_KINDS.has(kind));
}

interface Listener {
  readonly filter: EventFilter;
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

  /** Calls `changed` whenever `wantsTraffic` may have changed. */
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

  readonly add: Emit = (event) => {
    const logged = new LoggedEvent(++this.#lastId, event);
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
    for (const { filter, hear } of this.#listeners) if (fits(filter, logged)) hear(logged);
  };

  /** The events after one that fit, oldest first. */
  *after(id: number, filter: EventFilter): Generator<LoggedEvent> {
    for (let at = this.#first; at < this.#events.length; at++) {
      const logged = this.#events[at]!;
      if (logged.id > id && fits(filter, logged)) yield logged;
    }
  }

  /** Hears the events that fit from now on; the function returned ends that. */
  listen(filter: EventFilter, hear: (event: LoggedEvent) => void): () => void {
    const listener = { filter, hear };
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
