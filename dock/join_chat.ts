// A chat client that reconnects, yields the messages that it missed, and repeats those that were
// not acknowledged. Past 300 lines because it is one state machine: the next message to send
// depends on the connection, on the messages seen and on those that wait.

import { clientKinds } from "../clients/index.ts";
import { type Endpoint, parseEndpoint } from "../core/addresses/endpoint.ts";
import type { ClientKind, DialledSession } from "../core/client_kind.ts";
import { systemClock } from "../core/clock.ts";
import { errorText } from "../core/event.ts";
import { UsageError } from "../core/usage_error.ts";
import {
  type ChatAck,
  type ChatClient,
  ChatError,
  type ChatEvent,
  ChatLostError,
  chatOver,
  type ChatOverOptions,
  type ChatQuestions,
  newMessageId,
  NoChatError,
} from "../protocols/chat/client/chat_over.ts";
import { EventQueue } from "../protocols/chat/client/event_queue.ts";
import type { Member, Room } from "../protocols/chat/client/server_message.ts";
import type { ChatMessage, Standing } from "../protocols/chat/message.ts";
import { connect, type ConnectOptions } from "./connect.ts";
import { clientSchemes } from "./schemes.ts";
import { refuseUnknownDialling } from "./unknown_option.ts";

const clients: readonly ClientKind[] = clientKinds;

/** Events of a chat and of the connection to it. */
export type ChatLinkEvent =
  | Exclude<ChatEvent, { readonly event: "message" }>
  /** A message, yielded once; `own` is true for our own. */
  | { readonly event: "message"; readonly message: ChatMessage; readonly own: boolean }
  /** We have joined a room; missed messages follow. `again`: we had been in the chat before. */
  | {
    readonly event: "connected";
    readonly again: boolean;
    readonly name: string;
    readonly standing: Standing;
    readonly room: string;
    readonly members: number | undefined;
  }
  /** The connection is lost; `unsaid` messages wait to be sent. */
  | { readonly event: "lost"; readonly reason: string; readonly unsaid: number }
  /** The next attempt comes after `waitMs`. */
  | {
    readonly event: "reconnecting";
    readonly attempt: number;
    readonly waitMs: number;
    readonly reason: string;
  }
  /** The chat has ended; `code` is one of docs/chat.md where the server refused us. */
  | { readonly event: "closed"; readonly reason: string; readonly code: string | undefined };

/** Options of `joinChat`: those of `connect`, some of `chatOver`, and these. */
export type JoinChatOptions =
  & ConnectOptions
  & Pick<
    ChatOverOptions,
    "name" | "answerTimeoutMs" | "resendAfterMs" | "resends" | "pingAfterMs"
  >
  & JoinChatHooks;

/** Options of `joinChat` alone. */
export interface JoinChatHooks {
  /** The room. Default: the path of a URL such as `tcp://host:port/harbour`, else the server's
   * choice. The path of `ws://` and `unix://` is that of the socket. */
  readonly room?: string | undefined;
  /** Number of earlier messages to begin with. Default: 20. */
  readonly last?: number;
  /** Begins with what was said after this place in the room's order instead, as somebody does who has
   * been there before. Default: none. */
  readonly after?: number | undefined;
  /** Whether to enter as `name-2` and so on when the name is taken, and to take the name once it is
   * free. Always so after a lost connection, when our old session may still have the name.
   * Default: false. */
  readonly otherName?: boolean;
  /** Number of attempts to reconnect; 0 for none. Default: Infinity. */
  readonly reconnectAttempts?: number;
  /** Delay before the first attempt to reconnect, in milliseconds; doubled for each further
   * attempt, and shortened at random by up to a half. Default: 500. */
  readonly reconnectFirstMs?: number;
  /** Limit of this delay, in milliseconds. Default: 30,000. */
  readonly reconnectMaxMs?: number;
  /** Time for a message's acknowledgement over all attempts, in milliseconds. Default: Infinity. */
  readonly ackTimeoutMs?: number;
  /** Limit of messages that wait to be sent. Default: 1000. */
  readonly maxUnsaid?: number;
  /** Limit of events that wait to be read; the oldest are then dropped and counted in `missed`.
   * Default: 10,000. */
  readonly maxEvents?: number;
  /** Wraps every opened session, for example to record it. */
  readonly wrap?: (session: DialledSession) => DialledSession;
  /** At least 0, below 1. Default: Math.random. */
  readonly random?: () => number;
}

/** The options that are not those of `connect`. */
const OWN_KEYS: readonly string[] = [
  "name",
  "room",
  "last",
  "after",
  "otherName",
  "reconnectAttempts",
  "reconnectFirstMs",
  "reconnectMaxMs",
  "ackTimeoutMs",
  "maxUnsaid",
  "maxEvents",
  "wrap",
  "random",
  "answerTimeoutMs",
  "resendAfterMs",
  "resends",
  "pingAfterMs",
] satisfies readonly Exclude<keyof JoinChatOptions, keyof ConnectOptions>[];

/** A chat. Iterating it yields its events, until it is closed; there is one reader. */
export interface JoinedChat extends ChatQuestions, AsyncIterable<ChatLinkEvent>, AsyncDisposable {
  /** Our name in the chat. */
  readonly name: string;
  /** Whether we proved to own our name. */
  readonly standing: Standing;
  /** The room that we are in. */
  readonly room: string;
  /** Whether there is a connection now. */
  readonly connected: boolean;
  /** Number of messages that wait to be sent or acknowledged. */
  readonly unsaid: number;
  /** Sends a message to the room. Messages are sent in the order of the calls, each once, however
   * often the connection is lost: resolves once the server has stored it.
   * @param id the one that it had, to say again what may have been said
   * @throws {ChatError} when it is refused
   * @throws {ChatLostError} when the chat is closed first, or the acknowledgement takes too long */
  say(text: string, kind?: "say" | "me", id?: string): Promise<ChatAck>;
  /** Joins another room, after the waiting messages. */
  join(room: string): Promise<void>;
  /** Changes our name, after the waiting messages. */
  setName(name: string): Promise<void>;
  /** Leaves now; messages without an acknowledgement reject. */
  close(): Promise<void>;
}

/** Joins a chat, and rejoins it when the connection is lost: missed messages are yielded, and
 * messages of ours that the server did not acknowledge are sent again under the same id. No
 * message is lost or yielded twice. On bare `udp://` messages of others may be lost, as datagrams
 * are.
 *
 * The first attempt to connect must succeed.
 *
 * @throws {UsageError} when the URL or an option cannot work
 * @throws {ChatError} when the server refuses, such as with `name-taken`
 * @throws {NoChatError} when what answers is no chat
 * @throws {Error} when the server cannot be reached */
export async function joinChat(
  url: string | Endpoint,
  options: JoinChatOptions = {},
): Promise<JoinedChat> {
  const link = new Link(parseEndpoint(url, clientSchemes), options);
  await link.open();
  return link;
}

/** The room that a URL names: its path, on schemes whose sockets have no path of their own. */
export function roomOf({ text, scheme, addressing, path }: Endpoint): string | undefined {
  const kind = clients.find(({ name }) => name === scheme);
  const room = path.replace(/\?.*$/s, "").slice(1);
  if (addressing === "path" || kind?.usesPath || room === "") return undefined;
  try {
    return decodeURIComponent(room);
  } catch {
    throw new UsageError(`"${text}" holds a broken percent escape; a bare % is written %25`);
  }
}

/** Refusals that are final, so that there is no further attempt. */
const FINAL_CODES: ReadonlySet<string> = new Set([
  "banned",
  "name-refused",
  "room-refused",
  "version",
  "bad-request",
]);

/** Limit of remembered ids, by which duplicates and our own messages are recognised. */
const MAX_REMEMBERED_IDS = 10_000;

/** Limit of names to try when one is taken. */
const MAX_OTHER_NAMES = 20;

/** Delay after the server refused us for a rate limit. It sends this refusal at most once a second,
 * and would ignore an earlier attempt. */
const TOO_FAST_WAIT_MS = 1200;

/** A request in the queue, repeated on the next connection until it is answered. */
interface Errand {
  readonly run: (client: ChatClient) => Promise<unknown>;
  readonly isMessage: boolean;
  resolve(value: unknown): void;
  reject(error: unknown): void;
  done: boolean;
}

/** The options that neither `connect` nor `chatOver` takes, complete. */
type Settings = Required<
  Omit<JoinChatHooks, "room" | "after" | "maxEvents">
>;

class Link implements JoinedChat {
  name = "";
  standing: Standing = "plain";
  room = "";
  readonly #endpoint: Endpoint;
  readonly #settings: Settings;
  readonly #over: ChatOverOptions;
  readonly #dial: ConnectOptions & { readonly signal: AbortSignal };
  readonly #events: EventQueue<ChatLinkEvent>;
  readonly #closing = new AbortController();
  #client: ChatClient | undefined;
  #errands: Errand[] = [];
  #working = false;
  #wantedName: string | undefined;
  #wantedRoom: string | undefined;
  /** Whether we have another name because the wanted one was taken. */
  #isStandIn = false;
  /** The highest sequence number seen in the room. */
  #highest: number | undefined;
  /** Messages from before this time, by the server's clock, are not yielded. */
  #hideBeforeMs = 0;
  /** Time of the welcome, by the server's clock and by ours. */
  #welcomed = { serverMs: 0, elapsedMs: 0 };
  readonly #seenIds = new Set<string>();
  readonly #ownIds = new Set<string>();
  #running: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(endpoint: Endpoint, options: JoinChatOptions) {
    const {
      name,
      room,
      last = 20,
      after,
      otherName = false,
      reconnectAttempts = Infinity,
      reconnectFirstMs = 500,
      reconnectMaxMs = 30_000,
      ackTimeoutMs = Infinity,
      maxUnsaid = 1000,
      maxEvents = 10_000,
      wrap = (session) => session,
      random = Math.random,
      answerTimeoutMs,
      resendAfterMs,
      resends,
      pingAfterMs,
      signal,
      ...dial
    } = options;
    refuseUnknownDialling(dial, OWN_KEYS);
    const pathRoom = roomOf(endpoint);
    if (room !== undefined && pathRoom !== undefined && room !== pathRoom) {
      throw new UsageError(
        `"${endpoint.text}" names the room ${pathRoom} and --room ${room}; give one`,
      );
    }
    // A room in the path is said over the session.
    this.#endpoint = pathRoom === undefined ? endpoint : { ...endpoint, path: "" };
    this.#settings = {
      last,
      otherName,
      reconnectAttempts,
      reconnectFirstMs,
      reconnectMaxMs,
      ackTimeoutMs,
      maxUnsaid,
      wrap,
      random,
    };
    this.#over = { answerTimeoutMs, resendAfterMs, resends, pingAfterMs, maxEvents };
    this.#highest = after;
    this.#wantedName = name;
    this.#wantedRoom = room ?? pathRoom;
    this.#events = new EventQueue<ChatLinkEvent>(
      maxEvents,
      (count) => ({ event: "missed", count }),
    );
    this.#dial = {
      ...dial,
      signal: signal ? AbortSignal.any([signal, this.#closing.signal]) : this.#closing.signal,
    };
  }

  get connected(): boolean {
    return this.#client !== undefined;
  }

  get unsaid(): number {
    return this.#errands.filter(({ isMessage, done }) => isMessage && !done).length;
  }

  async open(): Promise<void> {
    this.#running = this.#run(await this.#enter(this.#settings.otherName));
  }

  say(text: string, kind: "say" | "me" = "say", id: string = newMessageId()): Promise<ChatAck> {
    const { maxUnsaid } = this.#settings;
    if (this.#errands.length >= maxUnsaid) {
      return Promise.reject(
        new ChatLostError(`${maxUnsaid} messages wait to be said; it takes no more`),
      );
    }
    // Every attempt has the same id and time.
    const sentAtMs = Date.now();
    remember(this.#ownIds, id);
    return this.#enqueue(true, (client) => client.say(text, { id, kind, sentAtMs }));
  }

  join(room: string): Promise<void> {
    return this.#enqueue(false, async (client) => {
      this.#hideBeforeMs = this.#settings.last === 0 ? this.#serverNowMs() : 0;
      await client.join(room, { last: Math.max(1, this.#settings.last) });
    });
  }

  setName(name: string): Promise<void> {
    return this.#enqueue(false, async (client) => {
      await client.setName(name);
      this.#wantedName = name;
      this.#isStandIn = false;
    });
  }

  async who(): Promise<readonly Member[]> {
    return await this.#connection().who();
  }

  async rooms(): Promise<readonly Room[]> {
    return await this.#connection().rooms();
  }

  async history(count?: number, before?: number): Promise<readonly ChatMessage[]> {
    return await this.#connection().history(count, before);
  }

  async search(words: string, count?: number): Promise<readonly ChatMessage[]> {
    return await this.#connection().search(words, count);
  }

  async whisper(to: string, text: string): Promise<void> {
    await this.#connection().whisper(to, text);
  }

  async kick(name: string, reason?: string): Promise<void> {
    await this.#connection().kick(name, reason);
  }

  async ban(name: string, reason?: string): Promise<void> {
    await this.#connection().ban(name, reason);
  }

  async close(): Promise<void> {
    if (!this.#closed) {
      this.#closed = true;
      await this.#client?.close();
      this.#closing.abort(new ChatLostError("we left"));
    }
    await this.#running;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  [Symbol.asyncIterator](): AsyncIterator<ChatLinkEvent, undefined> {
    return this.#events[Symbol.asyncIterator]();
  }

  #serverNowMs(): number {
    return this.#welcomed.serverMs + systemClock.elapsedMs() - this.#welcomed.elapsedMs;
  }

  #connection(): ChatClient {
    if (this.#client === undefined) throw new ChatLostError("there is no connection just now");
    return this.#client;
  }

  #enqueue<T>(isMessage: boolean, run: (client: ChatClient) => Promise<T>): Promise<T> {
    if (this.#closed) return Promise.reject(new ChatLostError("the chat is closed"));
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const errand: Errand = {
      run,
      isMessage,
      done: false,
      resolve: (value) => resolve(value as T),
      reject,
    };
    this.#errands.push(errand);
    const { ackTimeoutMs } = this.#settings;
    const timer = !Number.isFinite(ackTimeoutMs) ? undefined : setTimeout(() => {
      reject(new ChatLostError(`no acknowledgement within ${ackTimeoutMs} ms`));
      errand.done = true;
      // A message not sent yet is dropped; of one that was sent, it is unknown whether it arrived.
      this.#errands = this.#errands.filter((one) => !one.done);
    }, ackTimeoutMs);
    void this.#work();
    return promise.finally(() => clearTimeout(timer));
  }

  /** Runs the errands one by one, so that no message overtakes one that has to be repeated. */
  async #work(): Promise<void> {
    if (this.#working) return;
    this.#working = true;
    try {
      for (;;) {
        const [errand] = this.#errands;
        const client = this.#client;
        if (errand === undefined || client === undefined) return;
        try {
          errand.resolve(await errand.run(client));
        } catch (error) {
          if (error instanceof ChatLostError) {
            // The errand stays first in the queue. A server that does not answer counts as lost.
            client[Symbol.dispose]();
            if (this.#client === client) this.#client = undefined;
            continue;
          }
          if (error instanceof ChatError && error.code === "too-fast") {
            await this.#pause(TOO_FAST_WAIT_MS);
            continue;
          }
          errand.reject(error);
        }
        errand.done = true;
        this.#errands = this.#errands.filter((one) => !one.done);
      }
    } finally {
      this.#working = false;
    }
  }

  async #enter(otherName: boolean): Promise<ChatClient> {
    const { last, wrap } = this.#settings;
    const again = this.#welcomed.serverMs !== 0;
    for (let attempt = 1;; attempt++) {
      const name = attempt === 1 ? this.#wantedName : `${this.#wantedName}-${attempt}`;
      const session = wrap(await connect(this.#endpoint, this.#dial));
      try {
        const client = await chatOver(session, {
          ...this.#over,
          name,
          room: this.#wantedRoom,
          // A client that has seen no message yet asks for all of them.
          ...(again || this.#highest !== undefined
            ? { after: this.#highest ?? 0 }
            : { last: Math.max(1, last) }),
          signal: this.#dial.signal,
        });
        this.#isStandIn = attempt > 1;
        this.#enteredAs(client, again);
        return client;
      } catch (error) {
        session.close();
        const isTaken = error instanceof ChatError && error.code === "name-taken";
        if (!isTaken || !otherName || attempt >= MAX_OTHER_NAMES) throw error;
        if (this.#wantedName === undefined) throw error;
      }
    }
  }

  #enteredAs(client: ChatClient, again: boolean): void {
    this.#client = client;
    this.name = client.name;
    this.standing = client.standing;
    this.room = client.room;
    this.#wantedRoom = client.room;
    this.#welcomed = {
      serverMs: Math.max(1, client.welcomeTimeMs),
      elapsedMs: systemClock.elapsedMs(),
    };
    // Without history one message is requested all the same: it has the current sequence number.
    if (!again && this.#settings.last === 0) this.#hideBeforeMs = client.welcomeTimeMs;
    const { name, standing, room, members } = client;
    this.#events.push({ event: "connected", again, name, standing, room, members });
    void this.#work();
  }

  /** Reads from one connection after the other until the chat has ended. */
  async #run(first: ChatClient): Promise<void> {
    let client: ChatClient | undefined = first;
    let reason = "we left";
    let code: string | undefined;
    while (client !== undefined) {
      const expelled = await this.#listen(client);
      reason = await client.ended;
      if (this.#client === client) this.#client = undefined;
      if (this.#closed) break;
      this.#events.push({ event: "lost", reason, unsaid: this.unsaid });
      if (expelled !== undefined) {
        ({ reason, code } = expelled);
        break;
      }
      try {
        client = await this.#comeBack(reason);
      } catch (error) {
        reason = errorText(error);
        code = error instanceof ChatError ? error.code : undefined;
        break;
      }
    }
    this.#closed = true;
    for (const errand of this.#errands.splice(0)) errand.reject(new ChatLostError(reason));
    this.#events.push({ event: "closed", reason, code });
    this.#events.end();
  }

  /** Passes on a connection's events until it ends; resolves to the reason if we were removed. */
  async #listen(client: ChatClient): Promise<
    { readonly reason: string; readonly code: string | undefined } | undefined
  > {
    let expelled: { readonly reason: string; readonly code: string | undefined } | undefined;
    for await (const event of client) {
      switch (event.event) {
        case "message":
          expelled = undefined;
          if (this.#isNew(event.message)) {
            this.#events.push({ ...event, own: this.#ownIds.has(event.message.id) });
          }
          continue;
        case "joined":
          // A `went` of our own before it was for the room that we left: we were not removed.
          expelled = undefined;
          if (event.room === this.room) continue;
          this.room = this.#wantedRoom = event.room;
          this.#highest = undefined;
          break;
        case "named":
          this.name = event.name;
          this.standing = event.standing;
          break;
        case "went":
          if (event.name === this.name && event.room === this.room) {
            expelled ??= { reason: event.reason ?? "removed from the room", code: undefined };
          } else this.#reclaim(client, event.name);
          break;
        case "renamed":
          this.#reclaim(client, event.name);
          break;
        case "error":
          if (event.code === "banned") expelled = { reason: event.text, code: event.code };
          break;
      }
      this.#events.push(event);
    }
    return expelled;
  }

  /** Takes the wanted name once it is free. */
  #reclaim(client: ChatClient, freed: string): void {
    if (!this.#isStandIn || freed !== this.#wantedName) return;
    client.setName(freed).then(() => this.#isStandIn = false, () => {});
  }

  /** Whether a message is to be yielded: it is no duplicate, and not from before we joined. */
  #isNew({ id, room, seq, timeMs }: ChatMessage): boolean {
    if (seq !== undefined && room === this.room) this.#highest = Math.max(this.#highest ?? 0, seq);
    if (this.#seenIds.has(id)) return false;
    remember(this.#seenIds, id);
    return timeMs >= this.#hideBeforeMs;
  }

  /** Dials until we are in the chat again.
   * @throws {Error} the last reason, when the attempts are used up */
  async #comeBack(lostBecause: string): Promise<ChatClient> {
    const { reconnectAttempts, reconnectFirstMs, reconnectMaxMs, random } = this.#settings;
    let reason = lostBecause;
    for (let attempt = 1; attempt <= reconnectAttempts; attempt++) {
      const fullMs = Math.min(reconnectMaxMs, reconnectFirstMs * 2 ** Math.min(attempt - 1, 30));
      // Random, so that the clients of a restarted server do not return at the same time.
      const waitMs = Math.round(fullMs * (1 - random() / 2));
      this.#events.push({ event: "reconnecting", attempt, waitMs, reason });
      await this.#pause(waitMs);
      if (this.#closed || this.#dial.signal.aborted) throw new ChatLostError("we left");
      try {
        return await this.#enter(true);
      } catch (error) {
        if (error instanceof UsageError || error instanceof NoChatError) throw error;
        if (error instanceof ChatError && FINAL_CODES.has(error.code)) throw error;
        reason = errorText(error);
      }
    }
    throw new ChatLostError(reason);
  }

  /** Waits, or returns when we leave. */
  async #pause(waitMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, waitMs);
    const signal = this.#dial.signal;
    const stop = () => resolve();
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();
    await promise;
    signal.removeEventListener("abort", stop);
    clearTimeout(timer);
  }
}

/** Adds an id to a set, and forgets the oldest when there are too many. */
function remember(ids: Set<string>, id: string): void {
  ids.add(id);
  if (ids.size <= MAX_REMEMBERED_IDS) return;
  for (const oldest of ids) {
    ids.delete(oldest);
    return;
  }
}
